//! Whole databases: made beside, and put in each other's place.

use sqlx::{AssertSqlSafe, Executor, PgConnection};

use super::DbError;

/// Somebody who is connected to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub application: String,
    pub client: String,
}

/// SQLSTATE for a database that somebody is connected to.
/// Source: PostgreSQL documentation, appendix A.
const IN_USE: &str = "55006";

/// Makes an empty database. Out of template0, since what a server's own template holds would stand in a dump's way.
pub async fn create(db: &mut PgConnection, name: &str) -> Result<(), DbError> {
    let quoted = quoted(db, name).await?;
    db.execute(AssertSqlSafe(format!("create database {quoted} template template0 encoding 'UTF8'"))).await?;
    Ok(())
}

/// Drops a database, and sends away whoever is connected to it; one that is not there counts as dropped.
pub async fn drop(db: &mut PgConnection, name: &str) -> Result<(), DbError> {
    let quoted = quoted(db, name).await?;
    db.execute(AssertSqlSafe(format!("drop database if exists {quoted} with (force)"))).await?;
    Ok(())
}

/// Gives a database another name; `false` when somebody is connected to it, for whom Postgres waits some seconds.
pub async fn rename(db: &mut PgConnection, from: &str, to: &str) -> Result<bool, DbError> {
    let (from, to) = (quoted(db, from).await?, quoted(db, to).await?);
    let renamed = db.execute(AssertSqlSafe(format!("alter database {from} rename to {to}"))).await;
    match renamed {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(err)) if err.code().as_deref() == Some(IN_USE) => Ok(false),
        Err(err) => Err(err.into()),
    }
}

/// Whether there is a database of that name.
pub async fn exists(db: &mut PgConnection, name: &str) -> Result<bool, DbError> {
    let asked =
        sqlx::query_scalar!("select exists (select from pg_database where datname = $1) as \"exists!\"", name as _);
    Ok(asked.fetch_one(db).await?)
}

/// Who is connected to a database, as far as our role is told, but for us.
pub async fn sessions(db: &mut PgConnection, name: &str) -> Result<Vec<Session>, DbError> {
    let asked = sqlx::query_as!(
        Session,
        "select coalesce(application_name, '') as \"application!\", coalesce(host(client_addr), 'a socket') as \"client!\"
         from pg_stat_activity
         where datname = $1 and pid <> pg_backend_pid() and backend_type = 'client backend'
         order by application_name",
        name as _
    );
    Ok(asked.fetch_all(db).await?)
}

/// Sends away whoever is connected to a database, but for us.
pub async fn disconnect(db: &mut PgConnection, name: &str) -> Result<(), DbError> {
    sqlx::query!(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = $1 and pid <> pg_backend_pid() and backend_type = 'client backend'",
        name as _
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// The databases whose names begin like this and were left behind by somebody who was cut off.
pub async fn beginning_with(db: &mut PgConnection, prefix: &str) -> Result<Vec<String>, DbError> {
    let asked = sqlx::query_scalar!(
        "select datname::text as \"name!\" from pg_database where starts_with(datname::text, $1) order by 1",
        prefix
    );
    Ok(asked.fetch_all(db).await?)
}

async fn quoted(db: &mut PgConnection, name: &str) -> Result<String, DbError> {
    Ok(sqlx::query_scalar!("select quote_ident($1) as \"quoted!\"", name).fetch_one(db).await?)
}
