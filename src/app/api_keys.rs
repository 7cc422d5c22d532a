//! API keys: made, listed, taken back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tracing::info;
use uuid::Uuid;

use crate::{
    db::{self, DbError},
    model::{
        account::AccountRole,
        api_key::{ApiKey, Scope, Scopes},
        credential::{Credential, CredentialKind},
        id::{AccountId, ApiKeyId},
        page::{Cursor, Limit, Page},
    },
};

use super::{
    App,
    access::{Asker, Caller, Denied, Reach},
    audit::{self, Deed},
    credentials,
};

/// The most good keys of one account.
const MOST_KEYS: i64 = 100;

/// What a new key shall be like.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: KeyName,
    pub scopes: Scopes,
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a key is called by whoever made it.
///
/// Invariant: 1 to 80 characters, no control characters, no white space at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

/// The text is no name for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key's name has 1 to 80 characters and no control characters")]
pub struct KeyNameError;

impl KeyName {
    /// The text as a name; white space at its ends is dropped.
    pub fn parse(text: &str) -> Result<Self, KeyNameError> {
        let text = text.trim();
        let fits = (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(KeyNameError) }
    }
}

/// What was asked about a key cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is no such key, or it was taken back already")]
    NotFound,
    #[error("only administrators make keys with the scope `admin`")]
    AdminScope,
    #[error("a key expires later than now")]
    ExpiresInPast,
    #[error("an account has at most {MOST_KEYS} keys; take one back first")]
    TooMany,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Makes a key that reaches what its maker reaches; answers it with its secret, which is told only now.
pub async fn create(app: &App, asker: &Asker, wish: NewKey) -> Result<(ApiKey, Credential), KeyError> {
    let owner = match &asker.caller {
        Caller::Account(holder) => Some((holder.account_id, holder.role)),
        Caller::Key(holder) => holder.owner,
        Caller::Nobody | Caller::Guest(_) => return Err(Denied::AccountsOnly.into()),
    };
    // Also by a key: one of an administrator's may outlive the role.
    if matches!(owner, Some((_, AccountRole::Host))) && wish.scopes.allow(Scope::Admin) {
        return Err(KeyError::AdminScope);
    }
    let owner = owner.map(|(id, _)| id);
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let made = insert(app, &mut tx, owner, wish).await?;
    audit::note(app, &mut *tx, asker, created(&made.0)).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(made)
}

/// Makes a key at the operator's word: of one account, or of the whole house.
pub async fn create_by_operator(
    app: &App,
    owner: Option<AccountId>,
    wish: NewKey,
) -> Result<(ApiKey, Credential), KeyError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let made = insert(app, &mut tx, owner, wish).await?;
    audit::note_operator(app, &mut *tx, created(&made.0)).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(made)
}

fn created(key: &ApiKey) -> Deed<'static> {
    Deed::to("api_key.created", "api_key", key.id, &key.name).with("scopes", &key.scopes.names().join(" "))
}

async fn insert(
    app: &App,
    tx: &mut PgConnection,
    owner: Option<AccountId>,
    wish: NewKey,
) -> Result<(ApiKey, Credential), KeyError> {
    let now = app.clock.now();
    if wish.expires_at.is_some_and(|end| end <= now) {
        return Err(KeyError::ExpiresInPast);
    }
    if let Some(owner) = owner
        && db::api_keys::count(&mut *tx, owner, now).await? >= MOST_KEYS
    {
        return Err(KeyError::TooMany);
    }
    let secret = credentials::make(CredentialKind::ApiKey);
    let key = ApiKey {
        id: ApiKeyId(Uuid::new_v4()),
        name: wish.name.0,
        shown: secret.shown().to_owned(),
        scopes: wish.scopes,
        owner,
        created_at: now,
        expires_at: wish.expires_at,
        used_at: None,
        revoked_at: None,
    };
    db::api_keys::insert(tx, &key, secret.hash()).await?;
    info!(key.id = %key.id, "created API key {}", key.id);
    Ok((key, secret))
}

/// The keys that somebody looks after: their own, or all.
pub async fn list(app: &App, caller: &Caller, after: Option<Cursor>, limit: Limit) -> Result<Page<ApiKey>, KeyError> {
    let keys = db::api_keys::list(&app.db, only_of(caller)?, after, limit).await?;
    Ok(Page::cut(keys, limit, |key| Cursor { at: key.created_at, id: key.id.0 }))
}

/// All keys, for the operator.
pub async fn list_all(app: &App, after: Option<Cursor>, limit: Limit) -> Result<Page<ApiKey>, KeyError> {
    let keys = db::api_keys::list(&app.db, None, after, limit).await?;
    Ok(Page::cut(keys, limit, |key| Cursor { at: key.created_at, id: key.id.0 }))
}

fn only_of(caller: &Caller) -> Result<Option<AccountId>, Denied> {
    match caller.reach() {
        Reach::All => Ok(None),
        Reach::Of(account) => Ok(Some(account)),
        Reach::Nothing => Err(Denied::AccountsOnly),
    }
}

/// Takes a key back: from this moment on it opens nothing.
pub async fn revoke(app: &App, asker: &Asker, id: ApiKeyId) -> Result<(), KeyError> {
    let only_of = only_of(&asker.caller)?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let (hash, name) = db::api_keys::revoke(&mut *tx, id, only_of, app.clock.now()).await?.ok_or(KeyError::NotFound)?;
    audit::note(app, &mut *tx, asker, Deed::to("api_key.revoked", "api_key", id, &name)).await?;
    tx.commit().await.map_err(DbError::from)?;
    app.known.forget(&[hash]);
    Ok(())
}

/// The same at the operator's word.
pub async fn revoke_by_operator(app: &App, id: ApiKeyId) -> Result<(), KeyError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let (_, name) = db::api_keys::revoke(&mut *tx, id, None, app.clock.now()).await?.ok_or(KeyError::NotFound)?;
    audit::note_operator(app, &mut *tx, Deed::to("api_key.revoked", "api_key", id, &name)).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(())
}
