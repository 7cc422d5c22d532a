//! The schema is brought up to date before anybody is served.

use std::time::Duration;

use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};
use tracing::info;

use crate::config::DatabaseSettings;

use super::{ConnectError, pool};

/// The migrations in the binary.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// How long a migration waits: for another process that migrates, and for tables that a running process holds. Without
/// a bound, a migration that waits for a table would keep everybody else waiting behind it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The schema could not be brought up to date; no request may be served.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error(transparent)]
    Address(#[from] ConnectError),
    #[error("cannot connect to postgres to migrate it")]
    Connect(#[source] sqlx::Error),
    #[error("cannot bring the schema up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    #[error("cannot read which migrations were applied")]
    Read(#[source] sqlx::Error),
}

/// What a migration run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were applied now.
    pub applied: usize,
    /// The newest migration in the database.
    pub version: i64,
}

/// How the schema in a database stands to this binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The version of Postgres itself, in its own words.
    pub server: String,
    /// The newest migration in the database; zero before the first.
    pub version: i64,
    /// Migrations that this binary has and the database has not.
    pub pending: Vec<i64>,
    /// Migrations that the database has and this binary does not know.
    pub newer: Vec<i64>,
}

/// Looks which migrations are in the database, and applies none.
pub async fn look(connection: &mut PgConnection) -> Result<Schema, MigrateError> {
    // Not checked at compile time: a `show` has no parameters and no columns to check.
    let server: String =
        sqlx::query_scalar("show server_version").fetch_one(&mut *connection).await.map_err(MigrateError::Read)?;
    let applied = applied(connection).await?;
    let known: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
    let beyond = |these: &[i64], those: &[i64]| these.iter().copied().filter(|it| !those.contains(it)).collect();
    Ok(Schema {
        server,
        version: applied.last().copied().unwrap_or(0),
        pending: beyond(&known, &applied),
        newer: beyond(&applied, &known),
    })
}

/// Applies what is missing. Safe with any number of processes at once, and when killed half-way: each migration is
/// one transaction, and one process at a time holds the lock.
pub async fn migrate(settings: &DatabaseSettings) -> Result<Migrated, MigrateError> {
    migrate_with(pool::options(settings)?).await
}

/// The same for another database on that server.
pub async fn migrate_database(settings: &DatabaseSettings, name: &str) -> Result<Migrated, MigrateError> {
    migrate_with(pool::options(settings)?.database(name)).await
}

/// The newest migration that this binary knows.
pub fn newest() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

async fn migrate_with(options: PgConnectOptions) -> Result<Migrated, MigrateError> {
    // A connection of its own, closed whatever happens: after an error the migrator does not give its advisory
    // lock back, and a pooled connection would keep every other process waiting. Without our statement time-out, which a long
    // migration would hit.
    let options = options.options([
        ("statement_timeout", "0".to_owned()),
        ("idle_in_transaction_session_timeout", "0".to_owned()),
        ("lock_timeout", LOCK_TIMEOUT.as_millis().to_string()),
    ]);
    let mut connection = sqlx::ConnectOptions::connect(&options).await.map_err(MigrateError::Connect)?;

    let outcome = run(&mut connection).await;
    let _ = connection.close().await;
    outcome
}

async fn run(connection: &mut PgConnection) -> Result<Migrated, MigrateError> {
    let before = applied(connection).await?;

    let mut migrator = Migrator::with_migrations(MIGRATOR.iter().cloned().collect());
    // A binary that is returned to after a failed upgrade finds newer migrations than it knows, and must start.
    migrator.set_ignore_missing(true);
    migrator.run(&mut *connection).await.map_err(MigrateError::Migrate)?;

    let after = applied(connection).await?;
    let done =
        Migrated { applied: after.len().saturating_sub(before.len()), version: after.last().copied().unwrap_or(0) };
    info!(applied = done.applied, version = done.version, "the schema is at version {}", done.version);
    Ok(done)
}

/// The versions in the database, in order; none before the first migration.
async fn applied(connection: &mut PgConnection) -> Result<Vec<i64>, MigrateError> {
    // Not checked at compile time: the migrator's own table does not exist yet on a fresh database.
    let exists: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await
        .map_err(MigrateError::Read)?;
    if !exists {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("select version from _sqlx_migrations where success order by version")
        .fetch_all(connection)
        .await
        .map_err(MigrateError::Read)
}
