//! A participant: somebody's stay in a sitting, under one identity; and the names that people go by.

use chrono::{DateTime, Utc};

use super::id::{InstanceId, ParticipantId};

/// How LiveKit's recorder names itself in a room: it is nobody's presence.
pub const RECORDER_IDENTITY_PREFIX: &str = "EG_";

/// Somebody's stay in a sitting, under one identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    pub id: ParticipantId,
    pub instance_id: InstanceId,
    pub identity: String,
    /// What they typed; may be empty.
    pub name: String,
    pub joined_at: DateTime<Utc>,
    /// Whether and when they left.
    pub leave: Leave,
}

/// What is known of somebody's leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// They are still there.
    Present,
    /// LiveKit told us.
    Told { at: DateTime<Utc>, reason: Option<String> },
    /// LiveKit did not tell: they were last known to be there at `after`, and known to be gone at `before`.
    Inferred { after: DateTime<Utc>, before: DateTime<Utc> },
}

/// What a person wants to be called in a meeting.
///
/// Invariant: 1 to 80 characters, no control characters, no white space at the ends. LiveKit takes 256 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

/// The text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 80 characters, at most 256 bytes, and no control characters")]
pub struct DisplayNameError;

impl DisplayName {
    /// The text as a name; white space at its ends is dropped.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let text = text.trim();
        let fits = (1..=80).contains(&text.chars().count()) && text.len() <= 256;

        if fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(DisplayNameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who somebody is to LiveKit: whoever joins with the same identity takes the other's place.
///
/// Invariant: 1 to 128 visible ASCII characters, not in the recorder's name space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(String);

/// The text is not an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an identity has 1 to 128 visible ASCII characters and does not begin with `EG_`, which is the recorder's")]
pub struct IdentityError;

impl Identity {
    /// The text as an identity that a program chose.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());

        if fits && !text.starts_with(RECORDER_IDENTITY_PREFIX) { Ok(Self(text.to_owned())) } else { Err(IdentityError) }
    }

    /// An identity that we make, from chance that nobody can guess.
    pub fn made(chance: uuid::Uuid) -> Self {
        Self(format!("p_{}", chance.simple()))
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(DisplayName::parse(" Ada Lovelace ").unwrap().as_str(), "Ada Lovelace");
        for bad in ["", " ", "a\nb", "a\u{7}", &"x".repeat(81), &"😀".repeat(65)] {
            assert_eq!(DisplayName::parse(bad), Err(DisplayNameError), "{bad:?}");
        }
    }

    #[test]
    fn an_identity_never_looks_like_the_recorder() {
        assert!(Identity::parse("ada@example.org").is_ok());
        for bad in ["", "EG_abc", "a b", "ünlü", &"x".repeat(129)] {
            assert_eq!(Identity::parse(bad), Err(IdentityError), "{bad:?}");
        }
        assert!(Identity::parse(Identity::made(uuid::Uuid::nil()).as_str()).is_ok());
    }
}
