//! `meetbox migrate`: brings the schema up to date and ends.

use super::{Failure, print, runtime};
use crate::{config::Settings, db, telemetry};

/// Applies what is missing, and says what was.
pub fn run() -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    let _log = telemetry::init(&settings.logs).map_err(|err| Failure::input("cannot write the log").because(&err))?;
    let done = runtime()?.block_on(db::migrate(&settings.database)).map_err(|err| {
        Failure::ours("cannot bring the schema up to date")
            .because(&err)
            .hint("every migration that is done stays done; the one that failed left nothing behind")
    })?;

    print(&match done.applied {
        0 => format!("nothing to do; the schema is at version {}\n", done.version),
        1 => format!("applied 1 migration; the schema is at version {}\n", done.version),
        applied => format!("applied {applied} migrations; the schema is at version {}\n", done.version),
    })
}
