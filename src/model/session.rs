//! A session: a signed-in browser or program.

use chrono::{DateTime, Utc};

use super::{
    account::AccountRole,
    id::{AccountId, SessionId},
};

/// A signed-in browser or program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub account_id: AccountId,
    pub transport: Transport,
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
    /// From where it signed in.
    pub address: String,
    /// What its browser or program called itself.
    pub user_agent: String,
}

/// Whose session it is, and how far it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionHolder {
    pub session_id: SessionId,
    pub account_id: AccountId,
    pub name: String,
    pub role: AccountRole,
    pub transport: Transport,
    pub seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// How a session's token travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// In a cookie that no script can read: browsers.
    Cookie,
    /// In the `Authorization` header: programs.
    Bearer,
}

impl Transport {
    /// As it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::Bearer => "bearer",
        }
    }

    /// The transport of that name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cookie, Self::Bearer].into_iter().find(|transport| transport.as_str() == text)
    }
}
