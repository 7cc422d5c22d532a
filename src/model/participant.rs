//! A participant: somebody's stay in a sitting, under one identity; and the names that people go by.

use chrono::{DateTime, Utc};

use super::id::{AccountId, InstanceId, ParticipantId, TicketId};

/// How LiveKit's recorder names itself in a room: it is nobody's presence.
pub const RECORDER_IDENTITY_PREFIX: &str = "EG_";

/// How identities begin that we make: of accounts, whose second window takes the place of the first, and of guests.
const ACCOUNT_IDENTITY_PREFIX: &str = "a_";
const GUEST_IDENTITY_PREFIX: &str = "g_";

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

/// Whether the identity is a guest's: of somebody who has no account, and goes by a name that nobody has checked.
pub fn is_guest_identity(identity: &str) -> bool {
    identity.starts_with(GUEST_IDENTITY_PREFIX)
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
/// Invariant: 1 to 80 characters, at most 256 bytes (as LiveKit takes), none of which is invisible or turns the
/// direction of writing; words are parted by one space, and none stands at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

/// The text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name has 1 to 80 characters that can be seen, and at most 256 bytes")]
pub struct DisplayNameError;

impl DisplayName {
    /// The text as a name: what cannot be seen is dropped, and runs of white space become one space.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = (1..=80).contains(&name.chars().count()) && name.len() <= 256;

        if fits && !name.chars().any(char::is_control) { Ok(Self(name)) } else { Err(DisplayNameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What makes one name look like another, or a list of names unreadable.
// Source: Unicode's general category Cf as far as it is drawn from by spoofers (UTS #39): zero-width characters, marks that
// turn the direction of writing, soft hyphens and tags. The joiners of Indic and Arabic names and of emoji stay.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Who somebody is to LiveKit: whoever joins with the same identity takes the other's place.
///
/// Invariant: 1 to 128 visible ASCII characters, not in the recorder's name space. One that a program chose is not in ours
/// either, so that nobody is taken for an account or a guest that they are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(String);

/// The text is not an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an identity has 1 to 128 visible ASCII characters and does not begin with `EG_`, which is the recorder's, nor with \
     `a_` or `g_`, which are ours"
)]
pub struct IdentityError;

impl Identity {
    /// The text as an identity that a program chose.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        let reserved = [RECORDER_IDENTITY_PREFIX, ACCOUNT_IDENTITY_PREFIX, GUEST_IDENTITY_PREFIX];

        if fits && !reserved.iter().any(|prefix| text.starts_with(prefix)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdentityError)
        }
    }

    /// The identity of an account, the same in every meeting.
    pub fn of_account(id: AccountId) -> Self {
        Self(format!("{ACCOUNT_IDENTITY_PREFIX}{}", id.0.simple()))
    }

    /// The identity of a guest, for one ticket.
    pub fn of_guest(id: TicketId) -> Self {
        Self(format!("{GUEST_IDENTITY_PREFIX}{}", id.0.simple()))
    }

    /// The ticket of a guest's identity.
    pub fn guest_ticket(&self) -> Option<TicketId> {
        let id = self.0.strip_prefix(GUEST_IDENTITY_PREFIX)?;
        uuid::Uuid::try_parse(id).ok().map(TicketId)
    }

    /// An identity for somebody whom a program lets in without saying who they are; nobody can guess it.
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
    fn names_are_cleaned_and_bounded() {
        for (typed, name) in [
            (" Ada Lovelace ", "Ada Lovelace"),
            ("Ada\u{200b} \n\t  Love\u{202e}lace", "Ada Lovelace"),
            ("\u{feff}李\u{3000}小龍", "李 小龍"),
            ("👩\u{200d}🔬", "👩\u{200d}🔬"),
        ] {
            assert_eq!(DisplayName::parse(typed).unwrap().as_str(), name, "{typed:?}");
        }
        for bad in ["", " ", "\u{200b}", "a\u{7}", &"x".repeat(81), &"😀".repeat(65)] {
            assert_eq!(DisplayName::parse(bad), Err(DisplayNameError), "{bad:?}");
        }
    }

    #[test]
    fn a_chosen_identity_never_looks_like_the_recorder_or_like_one_of_ours() {
        assert!(Identity::parse("ada@example.org").is_ok());
        for bad in ["", "EG_abc", "a_1", "g_1", "a b", "ünlü", &"x".repeat(129)] {
            assert_eq!(Identity::parse(bad), Err(IdentityError), "{bad:?}");
        }
        assert!(Identity::parse(Identity::made(uuid::Uuid::nil()).as_str()).is_ok());
        assert!(is_guest_identity(Identity::of_guest(TicketId(uuid::Uuid::nil())).as_str()));
        let ticket = TicketId(uuid::Uuid::from_u128(7));
        assert_eq!(Identity::of_guest(ticket).guest_ticket(), Some(ticket));
        assert!(!is_guest_identity(Identity::of_account(AccountId(uuid::Uuid::nil())).as_str()));
    }
}
