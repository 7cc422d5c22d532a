//! Ids: one type each, so that they cannot be mixed up.

use uuid::Uuid;

/// A meeting's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeetingId(pub Uuid);

/// An instance's id: one sitting of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub Uuid);

/// A participant's id: somebody's stay in a sitting, under one identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParticipantId(pub Uuid);

macro_rules! shown_as_uuid {
    ($($id:ident),*) => {$(
        impl std::fmt::Display for $id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

shown_as_uuid!(MeetingId, InstanceId, ParticipantId);
