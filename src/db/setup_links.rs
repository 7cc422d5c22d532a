//! Links with which the first administrator makes their account.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::model::credential::CredentialHash;

use super::DbError;

/// A new link.
pub async fn insert(
    db: impl PgExecutor<'_>,
    hash: CredentialHash,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into setup_links (token_hash, created_at, expires_at) values ($1, $2, $3)",
        &hash.0[..],
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses the link up; `false` when it is unknown, used or too old.
pub async fn take(db: impl PgExecutor<'_>, hash: CredentialHash, now: DateTime<Utc>) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update setup_links set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2",
        &hash.0[..],
        now,
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Makes every link that was not used useless: the first account is there.
pub async fn close(db: impl PgExecutor<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("update setup_links set expires_at = $1 where used_at is null and expires_at > $1", now)
        .execute(db)
        .await?;
    Ok(())
}
