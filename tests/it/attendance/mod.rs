//! Attendance: what the database says of who was there, held against what really happened.

mod ledger;
mod record;

pub use ledger::Ledger;
pub use record::Record;
