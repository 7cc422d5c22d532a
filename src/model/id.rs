//! Ids: one type each, so that they cannot be mixed up.

use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $id(pub Uuid);

        impl std::fmt::Display for $id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A meeting's id.
    MeetingId,
    /// An instance's id: one sitting of a meeting.
    InstanceId,
    /// A participant's id: somebody's stay in a sitting, under one identity.
    ParticipantId,
    /// An account's id.
    AccountId,
    /// A session's id, which is not its secret.
    SessionId,
    /// An API key's id, which is not its secret.
    ApiKeyId,
    /// An invitation's id.
    InvitationId,
    /// A ticket's id: somebody's place at the door of a meeting.
    TicketId,
    /// A recording's id; it stands in the key of its object.
    RecordingId,
    /// An audit entry's id.
    AuditId,
}
