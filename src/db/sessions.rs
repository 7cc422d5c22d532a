//! Sessions, and the browsers that have signed in before.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::model::{
    credential::CredentialHash,
    id::{AccountId, SessionId},
    session::{Session, SessionHolder, Transport},
};

use super::{DbError, accounts};

/// A new row.
pub async fn insert(db: impl PgExecutor<'_>, session: &Session, hash: CredentialHash) -> Result<(), DbError> {
    sqlx::query!(
        "insert into sessions (id, token_hash, account_id, transport, created_at, seen_at, expires_at, address, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        session.id.0,
        &hash.0[..],
        session.account_id.0,
        session.transport.as_str(),
        session.created_at,
        session.seen_at,
        session.expires_at,
        session.address,
        session.user_agent,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose session has that token, if it is good at `now` and was seen after `idle_since`.
pub async fn find(
    db: impl PgExecutor<'_>,
    hash: CredentialHash,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<SessionHolder>, DbError> {
    let row = sqlx::query!(
        "select s.id, s.account_id, s.transport, s.seen_at, s.expires_at, a.name, a.role
         from sessions s join accounts a on a.id = s.account_id
         where s.token_hash = $1 and s.expires_at > $2 and s.seen_at > $3 and a.disabled_at is null",
        &hash.0[..],
        now,
        idle_since,
    )
    .fetch_optional(db)
    .await?;

    row.map(|row| {
        Ok(SessionHolder {
            session_id: SessionId(row.id),
            account_id: AccountId(row.account_id),
            name: row.name,
            role: accounts::role(&row.role)?,
            transport: transport(&row.transport)?,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
        })
    })
    .transpose()
}

fn transport(text: &str) -> Result<Transport, DbError> {
    Transport::parse(text).ok_or_else(|| DbError::unknown("transport", text))
}

/// Notes that the session was used.
pub async fn touch(db: impl PgExecutor<'_>, id: SessionId, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("update sessions set seen_at = greatest(seen_at, $2) where id = $1", id.0, now).execute(db).await?;
    Ok(())
}

/// The sessions of an account that are good, the newest first. An account has few: the oldest go when there are more.
pub async fn list(
    db: impl PgExecutor<'_>,
    account: AccountId,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<Session>, DbError> {
    let rows = sqlx::query!(
        "select id, account_id, transport, created_at, seen_at, expires_at, address, user_agent
         from sessions where account_id = $1 and expires_at > $2 and seen_at > $3
         order by created_at desc, id desc",
        account.0,
        now,
        idle_since,
    )
    .fetch_all(db)
    .await?;

    rows.into_iter()
        .map(|row| {
            Ok(Session {
                id: SessionId(row.id),
                account_id: AccountId(row.account_id),
                transport: transport(&row.transport)?,
                created_at: row.created_at,
                seen_at: row.seen_at,
                expires_at: row.expires_at,
                address: row.address,
                user_agent: row.user_agent,
            })
        })
        .collect()
}

/// Ends one session of an account; answers the hash of its token, or nothing when there is no such session.
pub async fn delete(
    db: impl PgExecutor<'_>,
    account: AccountId,
    id: SessionId,
) -> Result<Option<CredentialHash>, DbError> {
    let hash = sqlx::query_scalar!(
        "delete from sessions where id = $1 and account_id = $2 returning token_hash",
        id.0,
        account.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(hash.and_then(to_hash))
}

/// Ends all sessions of an account but `kept`; answers the hashes of their tokens.
pub async fn delete_all(
    db: impl PgExecutor<'_>,
    account: AccountId,
    kept: Option<SessionId>,
) -> Result<Vec<CredentialHash>, DbError> {
    let hashes = sqlx::query_scalar!(
        "delete from sessions where account_id = $1 and ($2::uuid is null or id <> $2) returning token_hash",
        account.0,
        kept.map(|id| id.0),
    )
    .fetch_all(db)
    .await?;
    Ok(hashes.into_iter().filter_map(to_hash).collect())
}

/// Ends the oldest sessions of an account beyond the newest `most`; answers the hashes of their tokens.
pub async fn delete_oldest(
    db: impl PgExecutor<'_>,
    account: AccountId,
    most: i64,
) -> Result<Vec<CredentialHash>, DbError> {
    let hashes = sqlx::query_scalar!(
        "delete from sessions where id in (
             select id from sessions where account_id = $1 order by created_at desc, id desc offset $2
         ) returning token_hash",
        account.0,
        most,
    )
    .fetch_all(db)
    .await?;
    Ok(hashes.into_iter().filter_map(to_hash).collect())
}

fn to_hash(bytes: Vec<u8>) -> Option<CredentialHash> {
    bytes.try_into().ok().map(CredentialHash)
}

/// Deletes up to `most` sessions that are over; answers how many.
pub async fn prune(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
    most: i64,
) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from sessions where id in (
             select id from sessions where expires_at <= $1 or seen_at <= $2 limit $3 for update skip locked
         )",
        now,
        idle_since,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Notes that an account has signed in from this browser.
pub async fn remember_browser(
    db: impl PgExecutor<'_>,
    hash: CredentialHash,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into known_browsers (token_hash, account_id, seen_at) values ($1, $2, $3)
         on conflict (token_hash, account_id) do update set seen_at = excluded.seen_at",
        &hash.0[..],
        account.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the account has signed in from this browser since then.
pub async fn knows_browser(
    db: impl PgExecutor<'_>,
    hash: CredentialHash,
    account: AccountId,
    since: DateTime<Utc>,
) -> Result<bool, DbError> {
    let known = sqlx::query_scalar!(
        "select exists (select from known_browsers where token_hash = $1 and account_id = $2 and seen_at > $3)
             as \"known!\"",
        &hash.0[..],
        account.0,
        since,
    );
    Ok(known.fetch_one(db).await?)
}

/// Forgets the browsers of an account.
pub async fn forget_browsers(db: impl PgExecutor<'_>, account: AccountId) -> Result<(), DbError> {
    sqlx::query!("delete from known_browsers where account_id = $1", account.0).execute(db).await?;
    Ok(())
}

/// Deletes up to `most` browsers that nobody has signed in from since then; answers how many.
pub async fn prune_browsers(db: impl PgExecutor<'_>, since: DateTime<Utc>, most: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from known_browsers where (token_hash, account_id) in (
             select token_hash, account_id from known_browsers where seen_at <= $1 limit $2 for update skip locked
         )",
        since,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
