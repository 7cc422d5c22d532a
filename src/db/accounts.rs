//! Accounts: who can sign in.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    account::{Account, AccountRole, Email},
    id::AccountId,
    page::{Cursor, Limit},
    participant::DisplayName,
};

use super::{DbError, error::unreadable, keyset};

/// The constraint that keeps addresses apart.
pub const EMAIL_KEY: &str = "accounts_email_key";

struct Row {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    has_password: bool,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Account {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: AccountId(row.id),
            email: Email::parse(&row.email).map_err(unreadable)?,
            name: DisplayName::parse(&row.name).map_err(unreadable)?,
            role: role(&row.role)?,
            has_password: row.has_password,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        })
    }
}

/// A role as it was written.
pub(super) fn role(text: &str) -> Result<AccountRole, DbError> {
    AccountRole::parse(text).ok_or_else(|| DbError::unknown("role", text))
}

macro_rules! accounts {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, email, name, role, password_hash is not null as \"has_password!\", created_at, disabled_at
             from accounts " + $tail
            $(, $argument)*
        )
    };
}

/// A new row; `Taken` when its address is in use.
pub async fn insert(db: impl PgExecutor<'_>, account: &Account, password_hash: Option<&str>) -> Result<(), DbError> {
    sqlx::query!(
        "insert into accounts (id, email, name, role, password_hash, created_at) values ($1, $2, $3, $4, $5, $6)",
        account.id.0,
        account.email.as_str(),
        account.name.as_str(),
        account.role.as_str(),
        password_hash,
        account.created_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The account.
pub async fn get(db: impl PgExecutor<'_>, id: AccountId) -> Result<Option<Account>, DbError> {
    accounts!("where id = $1", id.0).fetch_optional(db).await?.map(Account::try_from).transpose()
}

/// The account, kept from changing until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, id: AccountId) -> Result<Option<Account>, DbError> {
    accounts!("where id = $1 for update", id.0).fetch_optional(db).await?.map(Account::try_from).transpose()
}

/// The account with that address.
pub async fn find(db: impl PgExecutor<'_>, email: &Email) -> Result<Option<Account>, DbError> {
    accounts!("where email = $1", email.as_str()).fetch_optional(db).await?.map(Account::try_from).transpose()
}

/// The hash of an account's password.
pub async fn password_hash(db: impl PgExecutor<'_>, id: AccountId) -> Result<Option<String>, DbError> {
    let row = sqlx::query_scalar!("select password_hash from accounts where id = $1", id.0).fetch_optional(db).await?;
    Ok(row.flatten())
}

/// The accounts, the newest first.
pub async fn list(db: impl PgExecutor<'_>, after: Option<Cursor>, limit: Limit) -> Result<Vec<Account>, DbError> {
    let (at, id) = keyset(after);
    let rows = accounts!(
        "where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more()
    );
    rows.fetch_all(db).await?.into_iter().map(Account::try_from).collect()
}

/// Whether there is any account at all.
pub async fn exist(db: impl PgExecutor<'_>) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!("select exists (select from accounts) as \"exist!\"").fetch_one(db).await?)
}

/// The oldest account of an administrator who can sign in.
pub async fn first_admin(db: impl PgExecutor<'_>) -> Result<Option<AccountId>, DbError> {
    let row = sqlx::query_scalar!(
        "select id from accounts where role = 'admin' and disabled_at is null order by created_at, id limit 1"
    );
    Ok(row.fetch_optional(db).await?.map(AccountId))
}

/// How many administrators can sign in besides this account. Their rows and its own are kept from changing until the
/// transaction ends, always in the same order, so that two of them cannot take each other's role away at once.
pub async fn lock_admins(db: impl PgExecutor<'_>, id: AccountId) -> Result<usize, DbError> {
    let rows = sqlx::query_scalar!(
        "select id from accounts where (role = 'admin' and disabled_at is null) or id = $1 order by id for update",
        id.0,
    );
    Ok(rows.fetch_all(db).await?.into_iter().filter(|admin| *admin != id.0).count())
}

/// Writes what may change of an account.
pub async fn update(db: impl PgExecutor<'_>, account: &Account) -> Result<(), DbError> {
    sqlx::query!(
        "update accounts set name = $2, role = $3, disabled_at = $4 where id = $1",
        account.id.0,
        account.name.as_str(),
        account.role.as_str(),
        account.disabled_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives the account another password.
pub async fn set_password(db: impl PgExecutor<'_>, id: AccountId, hash: &str) -> Result<(), DbError> {
    sqlx::query!("update accounts set password_hash = $2 where id = $1", id.0, hash).execute(db).await?;
    Ok(())
}
