//! An instance: one sitting of a meeting.

use chrono::{DateTime, Utc};

use super::id::{InstanceId, MeetingId};

/// One sitting of a meeting, from the start of its room to the finish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub meeting_id: MeetingId,
    /// LiveKit's id of the room.
    pub room_sid: String,
    pub started_at: DateTime<Utc>,
    /// None while it is running.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the end was worked out because LiveKit did not tell it.
    pub ended_inferred: bool,
}
