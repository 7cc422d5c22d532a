//! Deletes webhooks that were dealt with long ago.

use std::time::Duration;

use tracing::{info, warn};

use crate::{app::App, app::inbox, lifecycle::Stop, telemetry};

use super::pace::rest;

/// How often old webhooks are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// The pause between two bites: others want to write too.
const BETWEEN_BITES: Duration = Duration::from_millis(100);

/// Runs until the end.
pub async fn run(app: App, stop: Stop) {
    while !stop.is_stopping() {
        let pause = match inbox::prune(&app).await {
            Ok(0) => EVERY,
            Ok(deleted) => {
                info!(deleted, "deleted {deleted} old events from the inbox");
                BETWEEN_BITES
            }
            Err(err) => {
                warn!(error = telemetry::chain(&err), "cannot delete old events from the inbox; trying later");
                EVERY
            }
        };
        if !rest(&stop, pause).await {
            return;
        }
    }
}
