//! An API key: what a program uses the API with.

use chrono::{DateTime, Utc};

use super::{
    account::AccountRole,
    id::{AccountId, ApiKeyId},
};

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// Its beginning.
    pub shown: String,
    pub scopes: Scopes,
    /// Whose meetings it reaches; none for a key of the whole house.
    pub owner: Option<AccountId>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Who holds a key, and how far it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    pub key_id: ApiKeyId,
    pub name: String,
    pub scopes: Scopes,
    /// Whose meetings it reaches; none for a key of the whole house.
    pub owner: Option<(AccountId, AccountRole)>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// One thing that a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    TokensCreate,
    MeetingsRead,
    MeetingsWrite,
    RecordingsRead,
    RecordingsWrite,
    /// Everything.
    Admin,
}

/// Every scope there is.
pub const SCOPES: [Scope; 6] = [
    Scope::TokensCreate,
    Scope::MeetingsRead,
    Scope::MeetingsWrite,
    Scope::RecordingsRead,
    Scope::RecordingsWrite,
    Scope::Admin,
];

impl Scope {
    /// As it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TokensCreate => "tokens:create",
            Self::MeetingsRead => "meetings:read",
            Self::MeetingsWrite => "meetings:write",
            Self::RecordingsRead => "recordings:read",
            Self::RecordingsWrite => "recordings:write",
            Self::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn parse(text: &str) -> Option<Self> {
        SCOPES.into_iter().find(|scope| scope.as_str() == text)
    }

    /// Whether whoever has `self` may do what needs `needed`: who writes also reads, and `admin` is everything.
    fn covers(self, needed: Self) -> bool {
        self == needed
            || self == Self::Admin
            || matches!((self, needed), (Self::MeetingsWrite, Self::MeetingsRead))
            || matches!((self, needed), (Self::RecordingsWrite, Self::RecordingsRead))
    }
}

/// What a key may do.
///
/// Invariant: at least one scope, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

/// The scopes are none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopesError {
    #[error("a key needs at least one scope")]
    None,
    #[error(
        "there is no scope `{0}`; there are tokens:create, meetings:read, meetings:write, recordings:read, \
         recordings:write and admin"
    )]
    Unknown(String),
}

impl Scopes {
    /// The scopes of those names.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, ScopesError> {
        let mut scopes = Vec::new();
        for name in names {
            let scope = Scope::parse(name).ok_or_else(|| ScopesError::Unknown(name.to_owned()))?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        if scopes.is_empty() { Err(ScopesError::None) } else { Ok(Self(scopes)) }
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|scope| scope.as_str().to_owned()).collect()
    }

    /// Whether they allow what needs `needed`.
    pub fn allow(&self, needed: Scope) -> bool {
        self.0.iter().any(|scope| scope.covers(needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_and_not_none() {
        let scopes = Scopes::parse(["meetings:read", "tokens:create", "meetings:read"]).unwrap();
        assert_eq!(scopes.names(), ["meetings:read", "tokens:create"]);
        assert_eq!(Scopes::parse([]), Err(ScopesError::None));
        assert_eq!(Scopes::parse(["root"]), Err(ScopesError::Unknown("root".to_owned())));
    }

    #[test]
    fn who_writes_also_reads_and_admin_is_everything() {
        let may = |has: &str, needs: Scope| Scopes::parse([has]).unwrap().allow(needs);
        for needed in SCOPES {
            assert!(may("admin", needed), "{needed:?}");
            assert!(may(needed.as_str(), needed), "{needed:?}");
            assert_eq!(may("meetings:write", needed), matches!(needed, Scope::MeetingsWrite | Scope::MeetingsRead));
            assert_eq!(
                may("recordings:write", needed),
                matches!(needed, Scope::RecordingsWrite | Scope::RecordingsRead)
            );
            assert_eq!(may("tokens:create", needed), needed == Scope::TokensCreate);
            assert_eq!(may("meetings:read", needed), needed == Scope::MeetingsRead);
        }
    }
}
