//! Backups, as far as the database goes: one moment of it to be written down, and another database in its place.

use std::time::Duration;

use sqlx::{PgPool, Postgres, Transaction};

use crate::{
    config::DatabaseSettings,
    db::{
        BackupDbError, DbError,
        backup::{self, Count},
        databases::{self, Session},
    },
};

/// A transaction that sees one moment, and so does whoever is told its name.
const ONE_MOMENT: &str = "begin isolation level repeatable read, read only";

/// How often it is tried to send everybody away and to rename. Each try waits five seconds in Postgres.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(100);

/// One moment of the database, held until it is dumped.
pub struct Snapshot {
    tx: Transaction<'static, Postgres>,
    /// What `pg_dump --snapshot` takes.
    pub name: String,
    pub database: String,
    /// As Postgres numbers it: 150018.
    pub server_version: i32,
    /// The newest migration in it.
    pub schema: i64,
    pub counts: Vec<Count>,
}

impl Snapshot {
    /// Takes one, and counts what is in it.
    pub async fn take(settings: &DatabaseSettings) -> Result<Self, BackupDbError> {
        let pool = backup::connect(settings, None).await?;
        let mut tx = pool.begin_with(ONE_MOMENT).await.map_err(DbError::from)?;
        let name = backup::export_snapshot(&mut tx).await?;
        let database = backup::name(&mut tx).await?;
        let server_version = backup::server_version(&mut tx).await?;
        let schema = backup::schema_version(&mut tx).await?;
        let counts = backup::counts(&mut tx).await?;
        Ok(Self { tx, name, database, server_version, schema, counts })
    }

    /// Lets it go. pg_dump has held the same moment by itself ever since it began, so that it does no harm when this connection,
    /// on which nothing was said for hours, is gone by now.
    pub async fn end(self) {
        let _ = self.tx.commit().await;
    }
}

/// What becomes of those who are connected to a database that is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They stay, and so does the database.
    Stay,
    /// They are sent away.
    Leave,
}

/// Which database takes whose place, and under which name that one is kept.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    pub new: &'a str,
    pub place: &'a str,
    pub kept: &'a str,
}

/// A database could not be put in another's place; everything is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("somebody is connected to the database: {}", told(.0))]
    InUse(Vec<Session>),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Puts `new` in its place in one moment: both names change in one transaction.
pub async fn exchange(admin: &PgPool, names: Exchange<'_>, others: Others) -> Result<(), ExchangeError> {
    for _ in 0..TRIES {
        if others == Others::Leave {
            let mut db = admin.acquire().await.map_err(DbError::from)?;
            databases::disconnect(&mut db, names.place).await?;
        }
        if try_exchange(admin, names).await? {
            return Ok(());
        }
        if others == Others::Stay {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let mut db = admin.acquire().await.map_err(DbError::from)?;
    Err(ExchangeError::InUse(databases::sessions(&mut db, names.place).await?))
}

async fn try_exchange(admin: &PgPool, names: Exchange<'_>) -> Result<bool, DbError> {
    let mut tx = admin.begin().await?;
    let there = databases::exists(&mut tx, names.place).await?;
    let free = !there || databases::rename(&mut tx, names.place, names.kept).await?;
    let done = free && databases::rename(&mut tx, names.new, names.place).await?;
    if done {
        tx.commit().await?
    } else {
        tx.rollback().await?
    }
    Ok(done)
}

/// Who they are, each kind once.
fn told(sessions: &[Session]) -> String {
    let mut names: Vec<_> = sessions
        .iter()
        .map(|it| {
            let name = if it.application.is_empty() { "somebody without a name" } else { it.application.as_str() };
            format!("{name} from {}", it.client)
        })
        .collect();
    names.sort();
    names.dedup();
    names.join(", ")
}
