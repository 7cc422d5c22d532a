//! A ticket: somebody's place at the door of a meeting.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    id::{AccountId, MeetingId, TicketId},
    policy::MeetingRole,
};

/// How long somebody who waits and no longer asks is still taken to be there. Clients ask every few seconds.
pub const LOBBY_PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// How long an answer at the door holds after it was given or its ticket was last used: a long day of meetings.
pub const TICKET_LIFE: TimeDelta = TimeDelta::hours(12);

/// How long somebody who was not let in is told so, before they may knock again.
pub const DENIAL_LIFE: TimeDelta = TimeDelta::minutes(10);

/// Somebody's place at the door of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub id: TicketId,
    pub meeting_id: MeetingId,
    /// None for a guest.
    pub account_id: Option<AccountId>,
    /// Under which identity its holder joins.
    pub identity: String,
    pub name: String,
    pub role: MeetingRole,
    pub state: TicketState,
    pub created_at: DateTime<Utc>,
    /// When its holder last asked for a token.
    pub seen_at: DateTime<Utc>,
    pub decided_at: Option<DateTime<Utc>>,
}

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TicketState {
    /// In the lobby.
    Waiting,
    /// May come in, and come back.
    Admitted,
    /// Was not let in.
    Denied,
}

impl TicketState {
    /// As it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Admitted => "admitted",
            Self::Denied => "denied",
        }
    }

    /// The state of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Admitted, Self::Denied].into_iter().find(|state| state.as_str() == text)
    }
}

impl Ticket {
    /// Whether it still says anything at `now`.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        let last = self.decided_at.map_or(self.seen_at, |decided| decided.max(self.seen_at));
        match self.state {
            TicketState::Waiting => now < self.seen_at + LOBBY_PATIENCE,
            TicketState::Admitted => now < last + TICKET_LIFE,
            // From the decision, and not from the last try: whoever asks again and again must not stay out for ever.
            TicketState::Denied => now < self.decided_at.unwrap_or(self.seen_at) + DENIAL_LIFE,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_ticket_is_good_for_as_long_as_its_state_says() {
        let begin = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let ticket = |state, decided: Option<TimeDelta>| Ticket {
            id: TicketId(Uuid::nil()),
            meeting_id: MeetingId(Uuid::nil()),
            account_id: None,
            identity: "g_1".to_owned(),
            name: "Gus".to_owned(),
            role: MeetingRole::Speaker,
            state,
            created_at: begin,
            seen_at: begin + TimeDelta::seconds(20),
            decided_at: decided.map(|after| begin + after),
        };
        let last_good =
            |ticket: &Ticket| (0..50_000).rev().find(|second| ticket.is_good(begin + TimeDelta::seconds(*second)));

        assert_eq!(last_good(&ticket(TicketState::Waiting, None)), Some(49), "30 seconds after they last asked");
        let admitted = ticket(TicketState::Admitted, Some(TimeDelta::seconds(10)));
        assert_eq!(last_good(&admitted), Some(12 * 3600 + 19), "twelve hours after they last came");
        let denied = ticket(TicketState::Denied, Some(TimeDelta::seconds(10)));
        assert_eq!(last_good(&denied), Some(609), "ten minutes after they were told");
    }
}
