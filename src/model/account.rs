//! An account: somebody who can sign in.

use std::fmt;

use chrono::{DateTime, Utc};

use super::{id::AccountId, participant::DisplayName};

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub email: Email,
    pub name: DisplayName,
    pub role: AccountRole,
    /// Whether it can sign in with a password, and not only through an identity provider.
    pub has_password: bool,
    pub created_at: DateTime<Utc>,
    /// Since when it is kept out.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// What somebody may do beyond their own meetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountRole {
    /// Everything, also with what belongs to others.
    Admin,
    /// Make meetings, and run their own.
    Host,
}

impl AccountRole {
    /// The role as it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Host => "host",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Host].into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for AccountRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The address an account signs in with.
///
/// Invariant: 3 to 254 characters in small letters, one `@` with something before it and a name after it, no white space.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address has 3 to 254 characters and an @, such as ada@example.org")]
pub struct EmailError;

impl Email {
    /// The text as an address. Capitals are made small: people do not tell addresses apart by them.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim().to_lowercase();
        let length_fits = (3..=254).contains(&text.chars().count());
        let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
        let parts = text.split_once('@').filter(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });

        if length_fits && plain && parts.is_some() { Ok(Self(text)) } else { Err(EmailError) }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A password that somebody wants to have from now on.
///
/// Invariant: 10 to 256 characters, not all the same few.
// Source: NIST SP 800-63B, section 5.1.1.2: length counts, rules of composition do not.
pub struct NewPassword(String);

/// The text is no password that keeps anybody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password has 10 to 256 characters, of which at least five are different")]
pub struct NewPasswordError;

impl NewPassword {
    /// The text as a password.
    pub fn parse(text: &str) -> Result<Self, NewPasswordError> {
        let mut characters = text.chars().collect::<Vec<_>>();
        let length_fits = (10..=256).contains(&characters.len());
        characters.sort_unstable();
        characters.dedup();

        if length_fits && characters.len() >= 5 { Ok(Self(text.to_owned())) } else { Err(NewPasswordError) }
    }

    /// The password, for the one who hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_made_small_and_checked() {
        assert_eq!(Email::parse("  Ada@Example.ORG ").unwrap().as_str(), "ada@example.org");
        assert_eq!(Email::parse("ada@localhost").unwrap().domain(), "localhost");
        for bad in ["", "ada", "@example.org", "ada@", "a da@x.org", "a@b@c", "a@.org", "a\n@b.org"] {
            assert_eq!(Email::parse(bad), Err(EmailError), "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("{}@x.org", "a".repeat(250))), Err(EmailError));
    }

    #[test]
    fn passwords_are_long_and_varied_and_never_shown() {
        assert!(NewPassword::parse("correct horse").is_ok());
        for bad in ["short", "aaaaaaaaaaaa", "abababababab", &"abcdefgh".repeat(40)] {
            assert!(NewPassword::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(format!("{:?}", NewPassword::parse("correct horse").unwrap()), "NewPassword(…)");
    }
}
