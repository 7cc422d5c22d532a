//! An invitation: a link that lets somebody into one meeting, in a role.

use chrono::{DateTime, Utc};

use super::{
    id::{InvitationId, MeetingId},
    policy::MeetingRole,
};

/// An invitation, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub meeting_id: MeetingId,
    pub role: MeetingRole,
    /// For whom or what it is, in the words of whoever made it; may be empty.
    pub label: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// How many different people may use it.
    pub max_uses: Option<u32>,
    pub uses: u32,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// Whether it opens the door at `now` to somebody; `before` says whether they have used it already.
    pub fn is_good(&self, now: DateTime<Utc>, before: bool) -> bool {
        let in_time = self.expires_at.is_none_or(|end| now < end);
        let has_room = before || self.max_uses.is_none_or(|most| self.uses < most);
        self.revoked_at.is_none() && in_time && has_room
    }
}
