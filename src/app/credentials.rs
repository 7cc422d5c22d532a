//! New credentials, and whose those are that somebody shows.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rand::Rng;
use tokio::time::timeout;
use tracing::debug;

use crate::{
    db::{self, DbError},
    model::{
        credential::{Credential, CredentialHash, CredentialKind},
        id::{AccountId, ApiKeyId, SessionId},
        session::SessionHolder,
    },
    telemetry,
};

use super::{App, access::Caller};

/// How long a process takes somebody for who they were a moment ago. What another process takes back holds on here for as long.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// How many are remembered at once.
const KNOWN_AT_MOST: u64 = 10_000;
/// How often it is written down that a session or a key was used …
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// … and how long that may take, before it is left for the next minute.
const NOTED_WITHIN: Duration = Duration::from_millis(100);

/// A credential that nobody has had before.
pub(super) fn make(kind: CredentialKind) -> Credential {
    Credential::made(kind, rand::rng().random())
}

/// What this process remembers of credentials that it saw a moment ago.
#[derive(Clone)]
pub(crate) struct Known {
    callers: moka::sync::Cache<CredentialHash, Caller>,
    /// Whose use was written down a moment ago.
    noted: moka::sync::Cache<CredentialHash, ()>,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            callers: moka::sync::Cache::builder().max_capacity(KNOWN_AT_MOST).time_to_live(KNOWN_FOR).build(),
            noted: moka::sync::Cache::builder().max_capacity(KNOWN_AT_MOST).time_to_live(NOTED_EVERY).build(),
        }
    }

    /// Forgets credentials that were taken back.
    pub(super) fn forget(&self, hashes: &[CredentialHash]) {
        hashes.iter().for_each(|hash| self.callers.invalidate(hash));
    }

    /// Forgets whatever an account is known by: its sessions and its keys.
    pub(super) fn forget_all_of(&self, account: AccountId) {
        let stale = self.callers.iter().filter(|(_, caller)| caller.account() == Some(account));
        stale.for_each(|(hash, _)| self.callers.invalidate(&*hash));
    }
}

/// Who shows that credential; none when it is unknown, has expired or was taken back.
pub async fn identify(app: &App, credential: &Credential) -> Result<Option<Caller>, DbError> {
    let hash = credential.hash();
    let caller = match app.known.callers.get(&hash) {
        Some(caller) if is_current(app, &caller) => Some(caller),
        _ => look_up(app, credential.kind(), hash).await?,
    };
    if let Some(caller) = &caller {
        note_use(app, hash, caller).await;
    }
    Ok(caller)
}

fn is_current(app: &App, caller: &Caller) -> bool {
    let now = app.clock.now();
    match caller {
        Caller::Nobody | Caller::Guest(_) => true,
        Caller::Account(holder) => holder.expires_at > now,
        Caller::Key(holder) => holder.expires_at.is_none_or(|end| end > now),
    }
}

async fn look_up(app: &App, kind: CredentialKind, hash: CredentialHash) -> Result<Option<Caller>, DbError> {
    let now = app.clock.now();
    let caller = match kind {
        CredentialKind::Session => look_up_session(app, hash, now).await?.map(Caller::Account),
        CredentialKind::ApiKey => db::api_keys::find(&app.db, hash, now).await?.map(Caller::Key),
        // Not remembered: what a host decides about somebody at the door holds from this moment on.
        CredentialKind::Ticket => return Ok(db::tickets::find(&app.db, hash).await?.map(Caller::Guest)),
        CredentialKind::Invitation
        | CredentialKind::SetupLink
        | CredentialKind::Browser
        | CredentialKind::OidcAttempt => None,
    };
    if let Some(caller) = &caller {
        app.known.callers.insert(hash, caller.clone());
    }
    Ok(caller)
}

/// Whose session that is: by Redis, where somebody has just asked, else by Postgres, which alone decides it.
async fn look_up_session(
    app: &App,
    hash: CredentialHash,
    now: DateTime<Utc>,
) -> Result<Option<SessionHolder>, DbError> {
    // What is wrong with Redis, the cache has told the log; Postgres knows as much.
    if let Ok(Some(holder)) = app.cache.session(hash).await
        && holder.expires_at > now
    {
        return Ok(Some(holder));
    }
    let holder = db::sessions::find(&app.db, hash, now, now - app.session_idle).await?;
    if let Some(holder) = &holder {
        let _ = app.cache.keep_session(hash, holder).await;
    }
    Ok(holder)
}

/// Forgets sessions that were ended, here and in Redis. Where Redis does not hear of it, it forgets by itself soon.
pub(super) async fn forget_sessions(app: &App, hashes: &[CredentialHash]) {
    app.known.forget(hashes);
    let _ = app.cache.forget_sessions(hashes).await;
}

/// Writes down that a session or a key is in use: once a minute, and never at the cost of the request.
async fn note_use(app: &App, hash: CredentialHash, caller: &Caller) {
    enum Used {
        Session(SessionId),
        Key(ApiKeyId),
    }
    let used = match caller {
        Caller::Account(holder) => Used::Session(holder.session_id),
        Caller::Key(holder) => Used::Key(holder.key_id),
        Caller::Nobody | Caller::Guest(_) => return,
    };
    if app.known.noted.contains_key(&hash) {
        return;
    }
    app.known.noted.insert(hash, ());
    let now = app.clock.now();
    let noted = async {
        match used {
            Used::Session(id) => db::sessions::touch(&app.db, id, now).await,
            Used::Key(id) => db::api_keys::touch(&app.db, id, now).await,
        }
    };
    match timeout(NOTED_WITHIN, noted).await {
        Ok(Ok(())) => {}
        Ok(Err(err)) => debug!(error = telemetry::chain(&err), "cannot note that a credential was used"),
        Err(_) => debug!("postgres is too slow to note that a credential was used"),
    }
}
