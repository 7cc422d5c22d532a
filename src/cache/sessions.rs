//! Sessions that were asked about a moment ago, for all processes.

use std::time::Duration;

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{
    account::AccountRole,
    credential::CredentialHash,
    id::{AccountId, SessionId},
    session::{SessionHolder, Transport},
};

use super::{Cache, CacheError};

/// How long Redis remembers a session. So long at most is one still good that was ended while Redis was away.
const KEPT_FOR: Duration = Duration::from_secs(15);

/// A session as it stands in Redis.
#[derive(Serialize, Deserialize)]
struct Kept {
    session_id: Uuid,
    account_id: Uuid,
    name: String,
    role: String,
    transport: String,
    /// Milliseconds since 1970.
    seen_at: i64,
    expires_at: i64,
}

impl Kept {
    fn of(holder: &SessionHolder) -> Self {
        Self {
            session_id: holder.session_id.0,
            account_id: holder.account_id.0,
            name: holder.name.clone(),
            role: holder.role.as_str().to_owned(),
            transport: holder.transport.as_str().to_owned(),
            seen_at: holder.seen_at.timestamp_millis(),
            expires_at: holder.expires_at.timestamp_millis(),
        }
    }

    /// None for what another version wrote.
    fn holder(self) -> Option<SessionHolder> {
        Some(SessionHolder {
            session_id: SessionId(self.session_id),
            account_id: AccountId(self.account_id),
            name: self.name,
            role: AccountRole::parse(&self.role)?,
            transport: Transport::parse(&self.transport)?,
            seen_at: DateTime::from_timestamp_millis(self.seen_at)?,
            expires_at: DateTime::from_timestamp_millis(self.expires_at)?,
        })
    }
}

fn key(hash: CredentialHash) -> String {
    format!("meetbox:session:{}", hash.to_hex())
}

impl Cache {
    /// Whose session that is, if somebody asked a moment ago.
    pub async fn session(&self, hash: CredentialHash) -> Result<Option<SessionHolder>, CacheError> {
        let kept = self.get(&key(hash)).await?;
        Ok(kept.and_then(|kept| serde_json::from_slice::<Kept>(&kept).ok()).and_then(Kept::holder))
    }

    /// Remembers whose session that is.
    pub async fn keep_session(&self, hash: CredentialHash, holder: &SessionHolder) -> Result<(), CacheError> {
        let kept = serde_json::to_vec(&Kept::of(holder)).unwrap_or_default();
        self.set(&key(hash), &kept, KEPT_FOR).await
    }

    /// Forgets sessions.
    pub async fn forget_sessions(&self, hashes: &[CredentialHash]) -> Result<(), CacheError> {
        let keys = hashes.iter().map(|hash| key(*hash)).collect::<Vec<_>>();
        self.delete(&keys).await
    }
}
