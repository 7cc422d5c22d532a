//! Sign-ins that went out to the identity provider and are not back yet.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::model::{credential::CredentialHash, return_path::ReturnPath};

use super::{DbError, error::unreadable};

/// An attempt, as far as it is needed when it comes back.
pub struct Attempt {
    pub nonce: String,
    pub verifier: String,
    pub return_to: ReturnPath,
}

/// What the browser carries of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct Carried {
    pub state: CredentialHash,
    pub browser: CredentialHash,
}

/// A new row.
pub async fn insert(
    db: impl PgExecutor<'_>,
    carried: Carried,
    attempt: &Attempt,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into oidc_attempts (state_hash, browser_hash, nonce, verifier, return_to, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        &carried.state.0[..],
        &carried.browser.0[..],
        attempt.nonce,
        attempt.verifier,
        attempt.return_to.as_str(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the attempt out, so that nobody takes it again. None when there is none, when it is older than `since`, or when
/// another browser began it; that one may still come.
pub async fn take(db: impl PgExecutor<'_>, carried: Carried, since: DateTime<Utc>) -> Result<Option<Attempt>, DbError> {
    let row = sqlx::query!(
        "delete from oidc_attempts where state_hash = $1 and browser_hash = $2 and created_at > $3
         returning nonce, verifier, return_to",
        &carried.state.0[..],
        &carried.browser.0[..],
        since,
    )
    .fetch_optional(db)
    .await?;

    row.map(|row| {
        let return_to = ReturnPath::parse(&row.return_to).map_err(unreadable)?;
        Ok(Attempt { nonce: row.nonce, verifier: row.verifier, return_to })
    })
    .transpose()
}

/// Deletes up to `most` attempts from before `before`; answers how many.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>, most: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from oidc_attempts where state_hash in (
             select state_hash from oidc_attempts where created_at <= $1 limit $2 for update skip locked
         )",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
