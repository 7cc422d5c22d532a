//! API keys.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    api_key::{ApiKey, KeyHolder, Scopes},
    credential::CredentialHash,
    id::{AccountId, ApiKeyId},
    page::{Cursor, Limit},
};

use super::{DbError, accounts, error::unreadable, keyset};

struct Row {
    id: Uuid,
    name: String,
    shown: String,
    scopes: Vec<String>,
    account_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for ApiKey {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: ApiKeyId(row.id),
            name: row.name,
            shown: row.shown,
            scopes: scopes(&row.scopes)?,
            owner: row.account_id.map(AccountId),
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
            revoked_at: row.revoked_at,
        })
    }
}

fn scopes(names: &[String]) -> Result<Scopes, DbError> {
    Scopes::parse(names.iter().map(String::as_str)).map_err(unreadable)
}

macro_rules! api_keys {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, name, shown, scopes, account_id, created_at, expires_at, used_at, revoked_at from api_keys "
                + $tail
            $(, $argument)*
        )
    };
}

/// A new row.
pub async fn insert(db: impl PgExecutor<'_>, key: &ApiKey, hash: CredentialHash) -> Result<(), DbError> {
    sqlx::query!(
        "insert into api_keys (id, key_hash, name, shown, scopes, account_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.id.0,
        &hash.0[..],
        key.name,
        key.shown,
        &key.scopes.names(),
        key.owner.map(|owner| owner.0),
        key.created_at,
        key.expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who holds that key, if it is good at `now`. A key ends with the account that it belongs to.
pub async fn find(
    db: impl PgExecutor<'_>,
    hash: CredentialHash,
    now: DateTime<Utc>,
) -> Result<Option<KeyHolder>, DbError> {
    let row = sqlx::query!(
        "select k.id, k.name, k.scopes, k.expires_at, k.account_id,
                (select a.role from accounts a where a.id = k.account_id) as role
         from api_keys k
         where k.key_hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)
           and not exists (select from accounts a where a.id = k.account_id and a.disabled_at is not null)",
        &hash.0[..],
        now,
    )
    .fetch_optional(db)
    .await?;

    row.map(|row| {
        let owner = match (row.account_id, row.role) {
            (Some(id), Some(role)) => Some((AccountId(id), accounts::role(&role)?)),
            _ => None,
        };
        let (key_id, scopes) = (ApiKeyId(row.id), scopes(&row.scopes)?);
        Ok(KeyHolder { key_id, name: row.name, scopes, owner, expires_at: row.expires_at })
    })
    .transpose()
}

/// Notes that the key was used.
pub async fn touch(db: impl PgExecutor<'_>, id: ApiKeyId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("update api_keys set used_at = $2 where id = $1", id.0, now).execute(db).await?;
    Ok(())
}

/// The keys of an account, or all; the newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    owner: Option<AccountId>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<ApiKey>, DbError> {
    let (at, id) = keyset(after);
    let rows = match owner {
        None => {
            api_keys!(
                "where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3",
                at,
                id,
                limit.and_one_more()
            )
            .fetch_all(db)
            .await?
        }
        Some(owner) => {
            api_keys!(
                "where account_id = $4 and (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3",
                at,
                id,
                limit.and_one_more(),
                owner.0
            )
            .fetch_all(db)
            .await?
        }
    };
    rows.into_iter().map(ApiKey::try_from).collect()
}

/// How many good keys an account has.
pub async fn count(db: impl PgExecutor<'_>, owner: AccountId, now: DateTime<Utc>) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        "select count(*) as \"count!\" from api_keys
         where account_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        owner.0,
        now,
    );
    Ok(count.fetch_one(db).await?)
}

/// Takes a key back, of an account or any; answers its hash and its name, or nothing when there is no such key that is good.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    id: ApiKeyId,
    owner: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<Option<(CredentialHash, String)>, DbError> {
    let row = sqlx::query!(
        "update api_keys set revoked_at = $2
         where id = $1 and revoked_at is null and ($3::uuid is null or account_id = $3) returning key_hash, name",
        id.0,
        now,
        owner.map(|owner| owner.0),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| Some((CredentialHash(row.key_hash.try_into().ok()?), row.name))))
}
