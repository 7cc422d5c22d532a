//! What a backup has to know of the database: its schema, and a moment of it that others can look at, too.

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, postgres::PgPoolOptions};

use crate::config::DatabaseSettings;

use super::{ConnectError, DbError, pool};

/// How many rows a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub table: String,
    pub rows: i64,
}

/// Connections of their own, on which nothing has to be done quickly: counting large tables takes its time, and a snapshot
/// is held for as long as a dump takes. Into the database of the settings, or another on the same server.
pub async fn connect(settings: &DatabaseSettings, database: Option<&str>) -> Result<PgPool, BackupDbError> {
    let options = pool::options(settings)?.application_name(APPLICATION).options([
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("lock_timeout", "60000"),
    ]);
    let options = match database {
        Some(name) => options.database(name),
        None => options,
    };
    // One that is waited for shows the server's own words when it refuses.
    let late = || DbError::Unavailable(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    let connected = tokio::time::timeout(settings.start_timeout, options.connect()).await.map_err(|_| late())?;
    let _ = connected.map_err(DbError::from)?.close().await;
    let pool = PgPoolOptions::new().max_connections(3).max_lifetime(None).idle_timeout(None);
    pool.connect_with(options).await.map_err(|err| BackupDbError::Query(err.into()))
}

/// What these connections are called, in difference to those of a server.
pub const APPLICATION: &str = "meetbox backup";

/// Postgres could not be asked what a backup has to know.
#[derive(Debug, thiserror::Error)]
pub enum BackupDbError {
    #[error(transparent)]
    Address(#[from] ConnectError),
    #[error(transparent)]
    Query(#[from] DbError),
}

/// The name under which others can see what this transaction sees.
pub async fn export_snapshot(db: &mut PgConnection) -> Result<String, DbError> {
    Ok(sqlx::query_scalar!("select pg_export_snapshot() as \"name!\"").fetch_one(db).await?)
}

/// The server's version, such as 150018.
pub async fn server_version(db: &mut PgConnection) -> Result<i32, DbError> {
    let asked = sqlx::query_scalar!("select current_setting('server_version_num')::integer as \"version!\"");
    Ok(asked.fetch_one(db).await?)
}

/// The database that the connection is in.
pub async fn name(db: &mut PgConnection) -> Result<String, DbError> {
    Ok(sqlx::query_scalar!("select current_database()::text as \"name!\"").fetch_one(db).await?)
}

/// The newest migration; 0 when there is none.
// Not checked at compile time: the migrator's table is not there before the first migration.
pub async fn schema_version(db: &mut PgConnection) -> Result<i64, DbError> {
    let exists: bool =
        sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null").fetch_one(&mut *db).await?;
    if !exists {
        return Ok(0);
    }
    let asked = sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations where success");
    Ok(asked.fetch_one(db).await?)
}

/// How many rows each table has, in the order of their names. The migrator's own is not among them.
pub async fn counts(db: &mut PgConnection) -> Result<Vec<Count>, DbError> {
    let tables = sqlx::query!(
        "select c.relname::text as \"name!\", quote_ident(c.relname) as \"quoted!\"
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
             and c.relname <> '_sqlx_migrations'
         order by c.relname"
    );
    let mut counts = Vec::new();
    for table in tables.fetch_all(&mut *db).await? {
        // The name is quoted by Postgres itself.
        let asked = sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from public.{}", table.quoted)));
        counts.push(Count { table: table.name, rows: asked.fetch_one(&mut *db).await? });
    }
    Ok(counts)
}

/// Has Postgres look how the values are spread, which a dump does not tell.
pub async fn analyze(db: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("analyze").execute(db).await?;
    Ok(())
}
