//! Compares the record with LiveKit: at the start, and every 30 seconds.

use std::time::Duration;

use tracing::{info, warn};

use crate::{app::App, app::reconcile, lifecycle::Stop, telemetry};

use super::pace::rest;

/// How often the record is compared; what a webhook did not tell is known within this time, and three seconds more
/// for somebody whom LiveKit lists but nobody serves.
const EVERY: Duration = Duration::from_secs(30);
/// How soon a comparison that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Runs until the end.
pub async fn run(app: App, stop: Stop) {
    let mut failing = false;
    while !stop.is_stopping() {
        let compared = tokio::select! {
            compared = reconcile::reconcile(&app) => compared,
            // Nothing is lost: each room is merged in a transaction, and the next start compares again.
            () = stop.soft() => return,
        };
        let pause = match compared {
            Ok(_) => {
                if failing {
                    info!("the record is compared with LiveKit again");
                }
                failing = false;
                EVERY
            }
            Err(err) => {
                if !failing {
                    warn!(error = telemetry::chain(&err), "cannot compare the record with LiveKit; trying on");
                }
                failing = true;
                AGAIN
            }
        };
        if !rest(&stop, pause).await {
            return;
        }
    }
}
