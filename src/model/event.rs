//! What LiveKit tells us, and what it proves about who was there.

use chrono::{DateTime, TimeDelta, Utc};

use super::{participant::RECORDER_IDENTITY_PREFIX, recording::Report};

/// One webhook, as far as we read it. Kinds that we do not know pass through.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// LiveKit's id of the event.
    pub id: String,
    /// Such as `participant_joined`.
    pub kind: String,
    /// When it happened, as LiveKit says: whole seconds.
    pub created_at: DateTime<Utc>,
    pub room: Option<RoomFact>,
    pub participant: Option<ParticipantFact>,
    /// What it says of a recording.
    pub recorder: Option<Report>,
}

/// What an event or a listing says of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomFact {
    pub sid: String,
    pub name: String,
    /// Absent in track events.
    pub created_at: Option<DateTime<Utc>>,
}

/// What an event or a listing says of a participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantFact {
    pub sid: String,
    pub identity: String,
    /// Absent in track events.
    pub name: Option<String>,
    /// Absent in track events.
    pub joined_at: Option<DateTime<Utc>>,
    /// Why they left, such as `CLIENT_INITIATED`.
    pub leave_reason: Option<String>,
    /// Whether this is LiveKit's recorder, which is nobody's presence.
    pub recorder: bool,
}

impl ParticipantFact {
    /// Whether somebody of this kind and identity is the recorder: track events do not carry the kind.
    pub fn is_recorder(kind: Option<&str>, identity: &str) -> bool {
        kind == Some("EGRESS") || identity.starts_with(RECORDER_IDENTITY_PREFIX)
    }
}

/// What an event proves about a room's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomProof {
    /// It was open at that moment.
    Alive,
    /// It is over since that moment.
    Ended,
    /// Nothing.
    Nothing,
}

/// What an event proves about somebody's presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceProof {
    /// They were there at that moment.
    There,
    /// They left at that moment.
    Left,
    /// Nothing.
    Nothing,
}

impl Event {
    /// When the event happened, as exactly as can be known.
    ///
    /// LiveKit gives whole seconds, cut off. A delivery that arrived within that second narrows it down; a later one
    /// (a retry, or a queue) leaves the end of the second, which is never before the event.
    pub fn happened_at(&self, received_at: DateTime<Utc>) -> DateTime<Utc> {
        let end_of_second = self.created_at + TimeDelta::milliseconds(999);
        received_at.clamp(self.created_at, end_of_second)
    }

    /// What the event proves about the room that it names.
    pub fn room_proof(&self) -> RoomProof {
        match self.kind.as_str() {
            "room_started" | "participant_joined" | "track_published" => RoomProof::Alive,
            "room_finished" => RoomProof::Ended,
            // Also a leave: it may be the last thing before the finish, told in the same second.
            _ => RoomProof::Nothing,
        }
    }

    /// What the event proves about the participant that it names.
    ///
    /// `participant_connection_aborted` proves nothing: they never got in, and LiveKit told no join.
    pub fn presence_proof(&self) -> PresenceProof {
        match self.kind.as_str() {
            "participant_joined" | "track_published" | "track_unpublished" => PresenceProof::There,
            "participant_left" => PresenceProof::Left,
            _ => PresenceProof::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> Event {
        Event {
            id: "EV_1".to_owned(),
            kind: kind.to_owned(),
            created_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            room: None,
            participant: None,
            recorder: None,
        }
    }

    #[test]
    fn an_event_happened_within_its_second_and_not_after_its_arrival() {
        let event = event("participant_left");
        let second = event.created_at;
        let at = |ms| second + TimeDelta::milliseconds(ms);

        assert_eq!(event.happened_at(at(137)), at(137));
        assert_eq!(event.happened_at(at(15_000)), at(999));
        assert_eq!(event.happened_at(at(-40)), second, "a receiver's clock that is behind");
    }

    #[test]
    fn kinds_that_nobody_knows_prove_nothing() {
        let event = event("hologram_projected");
        assert_eq!(event.room_proof(), RoomProof::Nothing);
        assert_eq!(event.presence_proof(), PresenceProof::Nothing);
    }
}
