//! Under which names identity providers know accounts.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::model::id::AccountId;

use super::DbError;

/// One name at one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    pub issuer: &'a str,
    pub subject: &'a str,
}

/// Whose name it is.
pub async fn find(db: impl PgExecutor<'_>, identity: Identity<'_>) -> Result<Option<AccountId>, DbError> {
    let id = sqlx::query_scalar!(
        "select account_id from account_identities where issuer = $1 and subject = $2",
        identity.issuer,
        identity.subject,
    );
    Ok(id.fetch_optional(db).await?.map(AccountId))
}

/// Notes that they signed in with it.
pub async fn touch(db: impl PgExecutor<'_>, identity: Identity<'_>, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "update account_identities set signed_in_at = greatest(signed_in_at, $3) where issuer = $1 and subject = $2",
        identity.issuer,
        identity.subject,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives the account a name at a provider; `Taken` when the name is another's, or the account has another name there.
pub async fn insert(
    db: impl PgExecutor<'_>,
    identity: Identity<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into account_identities (issuer, subject, account_id, created_at, signed_in_at)
         values ($1, $2, $3, $4, $4)",
        identity.issuer,
        identity.subject,
        account.0,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
