//! Backups as files: how one is laid out, encrypted, filled and found again. `meetbox backup` and `meetbox restore` work
//! with it.

pub mod config_files;
pub mod layout;
pub mod manifest;
pub mod postgres;
pub mod progress;
pub mod seal;
pub mod shelf;
