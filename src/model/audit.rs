//! The audit log: who did what to what, from where and when.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::id::{AuditId, MeetingId};

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    pub id: AuditId,
    pub at: DateTime<Utc>,
    pub actor: Actor,
    /// Such as `meeting.deleted`.
    pub action: String,
    pub subject: Subject,
    pub meeting_id: Option<MeetingId>,
    /// From where it was asked; empty for the operator.
    pub address: String,
    /// A JSON object, as text.
    pub details: String,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
    pub name: String,
}

/// What kind of somebody did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKind {
    Account,
    Key,
    Guest,
    /// Somebody at the machine's command line.
    Operator,
    /// Somebody who showed nothing, or nothing that is good.
    Nobody,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Account, Self::Key, Self::Guest, Self::Operator, Self::Nobody];

    /// As it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Key => "key",
            Self::Guest => "guest",
            Self::Operator => "operator",
            Self::Nobody => "nobody",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What it was done to: the kind of thing, its id as text, and what people call it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub kind: String,
    pub id: String,
    pub name: String,
}
