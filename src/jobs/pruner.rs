//! Deletes what nobody needs any more, because it is over or was dealt with long ago.

use std::time::Duration;

use tracing::{info, warn};

use crate::{
    app::{App, audit, guessing, inbox, oidc_sign_in, sessions, tokens},
    lifecycle::Stop,
    telemetry,
};

use super::pace::rest;

/// How often old things are looked for.
const EVERY: Duration = Duration::from_secs(600);
/// The pause between two bites: others want to write too.
const BETWEEN_BITES: Duration = Duration::from_millis(100);

/// Runs until the end.
pub async fn run(app: App, stop: Stop) {
    while !stop.is_stopping() {
        let pause = if bite(&app).await { BETWEEN_BITES } else { EVERY };
        if !rest(&stop, pause).await {
            return;
        }
    }
}

/// Takes a bite of each; `true` when there may be more. What cannot be deleted now stands in nobody's way but its own.
async fn bite(app: &App) -> bool {
    let bites = [
        ("events from the inbox", inbox::prune(app).await),
        ("sessions", sessions::prune(app).await),
        ("wrong guesses", guessing::prune(app).await),
        ("tickets", tokens::prune(app).await),
        ("attempts to sign in elsewhere", oidc_sign_in::prune(app).await),
        ("entries of the audit log", audit::prune(app).await),
    ];
    let mut more = false;
    for (what, bite) in bites {
        match bite {
            Ok(0) => {}
            Ok(deleted) => {
                info!(deleted, what, "deleted {deleted} old {what}");
                more = true;
            }
            Err(err) => warn!(error = telemetry::chain(&err), what, "cannot delete old {what}; trying later"),
        }
    }
    more
}
