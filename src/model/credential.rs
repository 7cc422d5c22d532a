//! Credentials: long secrets that we make, give away once, and keep only the hash of.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// How many random bytes stand in a credential.
const BYTES: usize = 32;

/// What a credential is good for; it stands at its beginning, so that people and secret scanners recognise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A signed-in browser or program.
    Session,
    /// A program's key.
    ApiKey,
    /// A guest's place in a meeting.
    Ticket,
    /// What an invitation's link carries.
    Invitation,
    /// What the link for the first administrator carries.
    SetupLink,
    /// A browser that has signed in before.
    Browser,
    /// A browser that is on its way to the identity provider and back.
    OidcAttempt,
}

const KINDS: [CredentialKind; 7] = [
    CredentialKind::Session,
    CredentialKind::ApiKey,
    CredentialKind::Ticket,
    CredentialKind::Invitation,
    CredentialKind::SetupLink,
    CredentialKind::Browser,
    CredentialKind::OidcAttempt,
];

impl CredentialKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Session => "meetbox_session_",
            Self::ApiKey => "meetbox_key_",
            Self::Ticket => "meetbox_ticket_",
            Self::Invitation => "meetbox_invitation_",
            Self::SetupLink => "meetbox_setup_",
            Self::Browser => "meetbox_browser_",
            Self::OidcAttempt => "meetbox_attempt_",
        }
    }
}

/// A secret that opens something.
///
/// Invariant: the prefix of its kind, and 32 bytes in URL-safe base64 without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    kind: CredentialKind,
    text: String,
}

/// The SHA-256 of a credential. A fast hash is enough: nobody guesses 32 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CredentialHash(pub [u8; 32]);

impl Credential {
    /// A new one, from chance that nobody can guess.
    pub fn made(kind: CredentialKind, chance: [u8; BYTES]) -> Self {
        Self { kind, text: format!("{}{}", kind.prefix(), URL_SAFE_NO_PAD.encode(chance)) }
    }

    /// The text as a credential of whatever kind its beginning says.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = KINDS.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let chance = URL_SAFE_NO_PAD.decode(&text[kind.prefix().len()..]).ok()?;
        (chance.len() == BYTES).then(|| Self { kind, text: text.to_owned() })
    }

    /// The text as a credential of that kind, and of no other.
    pub fn parse_as(kind: CredentialKind, text: &str) -> Option<Self> {
        Self::parse(text).filter(|credential| credential.kind == kind)
    }

    /// What it is good for.
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// The credential, for the one it is given to.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is kept of it.
    pub fn hash(&self) -> CredentialHash {
        CredentialHash(Sha256::digest(self.text.as_bytes()).into())
    }

    /// Its beginning, by which people tell several of a kind apart.
    pub fn shown(&self) -> &str {
        // The prefix and four of 43 characters: 24 of 256 bits, which help nobody to guess the rest.
        &self.text[..self.kind.prefix().len() + 4]
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({:?}, …)", self.kind)
    }
}

impl CredentialHash {
    /// The hash of anything else that is kept only as a hash, `what` told apart by its kind.
    pub fn of(kind: &str, what: &str) -> Self {
        Self(Sha256::new().chain_update(kind).chain_update([0]).chain_update(what).finalize().into())
    }

    /// As it stands in a key of the cache.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_credential_comes_back_as_it_went_and_only_as_its_kind(chance: [u8; 32], n in 0_usize..7) {
            let made = Credential::made(KINDS[n], chance);
            let parsed = Credential::parse(made.expose());
            prop_assert_eq!(parsed.as_ref(), Some(&made));
            for kind in KINDS {
                prop_assert_eq!(Credential::parse_as(kind, made.expose()).is_some(), kind == KINDS[n]);
            }
            let debug = format!("{made:?}");
            prop_assert!(!debug.contains(made.expose()) && made.shown().len() < made.expose().len() - 38);
        }

        #[test]
        fn no_other_text_is_a_credential(text in "\\PC{0,80}") {
            prop_assert_eq!(Credential::parse(&text), None);
        }
    }

    #[test]
    fn a_credential_of_another_length_is_none() {
        let whole = Credential::made(CredentialKind::ApiKey, [7; 32]).expose().to_owned();
        for bad in [&whole[..whole.len() - 1], &format!("{whole}A"), "meetbox_key_", "meetbox_key_€€€"] {
            assert_eq!(Credential::parse(bad), None, "{bad}");
        }
    }
}
