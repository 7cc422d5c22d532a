//! Postgres, which holds every fact: the only place with SQL.
//!
//! A file for each subject, with plain functions that run on whatever executor they are given. Where several belong
//! together, the use case in `app` that calls them opens the transaction.

pub mod accounts;
pub mod analytics;
pub mod api_keys;
pub mod attendance;
pub mod audit;
pub mod backup;
pub mod databases;
pub mod doors;
pub mod error;
pub mod failed_attempts;
pub mod identities;
pub mod inbox;
pub mod instances;
pub mod invitations;
pub mod lock;
pub mod meetings;
pub mod migrate;
pub mod oidc_attempts;
pub mod participants;
pub mod pool;
pub mod provision;
pub mod recording_lists;
pub mod recordings;
pub mod sessions;
pub mod setup_links;
pub mod standings;
pub mod tickets;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::page::Cursor;

pub use backup::BackupDbError;
pub use error::DbError;
pub use migrate::{MigrateError, migrate};
pub use pool::{ConnectError, connect, connect_once, ping};

/// Later than any row: the year 3000. The type's own maximum is beyond what Postgres stores.
const FAR_FUTURE: DateTime<Utc> = match DateTime::from_timestamp(32_503_680_000, 0) {
    Some(moment) => moment,
    None => DateTime::UNIX_EPOCH,
};

/// Where a list that runs backward begins: below everything when no page came before.
fn keyset(after: Option<Cursor>) -> (DateTime<Utc>, Uuid) {
    after.map_or((FAR_FUTURE, Uuid::max()), |cursor| (cursor.at, cursor.id))
}
