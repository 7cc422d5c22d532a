//! Work that one process at a time may do.

use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection, PgExecutor, PgPool};

use super::DbError;

/// Work with a lock of its own. The numbers are only ours to keep apart; the space is the database's advisory locks.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub enum Work {
    /// Applying events from the inbox.
    Projection = 0x6d65_6574_0001,
    /// Comparing with LiveKit.
    Reconciliation = 0x6d65_6574_0002,
    /// Comparing recordings with LiveKit and storage.
    Recordings = 0x6d65_6574_0003,
    /// Bringing recordings home from the backup folder.
    Rescue = 0x6d65_6574_0004,
    /// Deleting recordings that are old enough.
    Retention = 0x6d65_6574_0005,
    /// Counting recording slots and taking one.
    Slots = 0x6d65_6574_0006,
}

/// A lock that ends with its connection: also when the holder is dropped half-way, or its process dies.
#[derive(Debug)]
pub struct Held {
    connection: PgConnection,
    number: i64,
}

impl Held {
    /// Gives the lock back. When that fails, the end of the connection does it a moment later.
    pub async fn release(mut self) {
        let unlocked = sqlx::query_scalar!("select pg_advisory_unlock($1)", self.number);
        let _ = unlocked.fetch_one(&mut self.connection).await;
        let _ = self.connection.close().await;
    }
}

/// Takes the lock for longer than one transaction; `None` when another process has it.
// The connection leaves the pool for good. A session lock on a pooled connection would outlive a cancelled holder.
pub async fn try_hold(pool: &PgPool, work: Work) -> Result<Option<Held>, DbError> {
    try_hold_number(pool, work as i64).await
}

/// The lock for restoring into the database of that name, or trying to: taken in another database of the same server, in
/// which those of other houses may be taken, too.
pub async fn try_hold_restore(pool: &PgPool, database: &str) -> Result<Option<Held>, DbError> {
    let digest = Sha256::digest(format!("meetbox restore {database}"));
    let number = digest.iter().take(8).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    try_hold_number(pool, number).await
}

async fn try_hold_number(pool: &PgPool, number: i64) -> Result<Option<Held>, DbError> {
    let mut connection = pool.acquire().await?.detach();
    let got =
        sqlx::query_scalar!("select pg_try_advisory_lock($1) as \"got!\"", number).fetch_one(&mut connection).await?;
    if got {
        return Ok(Some(Held { connection, number }));
    }
    let _ = connection.close().await;
    Ok(None)
}

/// Waits for the lock, and takes it until the transaction ends; for work that takes no longer than a request.
pub async fn wait(db: impl PgExecutor<'_>, work: Work) -> Result<(), DbError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", work as i64).execute(db).await?;
    Ok(())
}

/// Takes the lock until the transaction ends; `false` when another has it.
pub async fn try_lock(db: impl PgExecutor<'_>, work: Work) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!("select pg_try_advisory_xact_lock($1) as \"got!\"", work as i64).fetch_one(db).await?)
}
