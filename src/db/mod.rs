//! Postgres, which holds every fact: the only place with SQL.
//!
//! A file for each subject, with plain functions that run on whatever executor they are given. Where several belong
//! together, the use case in `app` that calls them opens the transaction.

pub mod analytics;
pub mod attendance;
pub mod error;
pub mod inbox;
pub mod instances;
pub mod lock;
pub mod meetings;
pub mod migrate;
pub mod participants;
pub mod pool;

pub use error::DbError;
pub use migrate::{MigrateError, migrate};
pub use pool::{ConnectError, connect, ping};
