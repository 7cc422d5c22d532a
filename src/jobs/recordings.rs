//! Looks after recordings: compares them at the start and every 30 seconds, concludes what is over as soon as that is told,
//! brings home what the recorder could not upload, and deletes what is old enough.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

use crate::{
    app::{
        App,
        recordings::{compare, conclude, rescue as app_rescue, retention},
    },
    lifecycle::Stop,
    telemetry,
};

use super::pace::{BackOff, rest};

/// How often recordings are compared.
const EVERY: Duration = Duration::from_secs(30);
/// How soon a comparison that failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often storage is searched for objects that nobody knows of; also at the start.
const SEARCH_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How soon what waits in the backup folder is tried again.
const RESCUE_EVERY: Duration = Duration::from_secs(30);
/// How often old recordings are looked for.
const RETAIN_EVERY: Duration = Duration::from_secs(600);
/// The pause between two bites: others want to write too.
const BETWEEN_BITES: Duration = Duration::from_millis(200);

/// Compares, and concludes what is over; until the end.
pub async fn look_after(app: App, stop: Stop) {
    let mut failing = false;
    let mut searched = None::<Instant>;
    while !stop.is_stopping() {
        let compared = tokio::select! {
            compared = compare::compare(&app) => compared,
            // Nothing is lost: each recording has its own transactions, and the next start compares again.
            () = stop.soft() => return,
        };
        let pause = match compared {
            Ok(_) => {
                if failing {
                    info!("recordings are compared with LiveKit again");
                }
                failing = false;
                EVERY
            }
            Err(err) => {
                if !failing {
                    warn!(error = telemetry::chain(&err), "cannot compare recordings; trying on");
                }
                failing = true;
                AGAIN
            }
        };
        if !failing && searched.is_none_or(|at| at.elapsed() >= SEARCH_EVERY) && search(&app, &stop).await {
            searched = Some(Instant::now());
        }
        if !conclude_until(&app, &stop, Instant::now() + pause).await {
            return;
        }
    }
}

/// Whether storage was searched.
async fn search(app: &App, stop: &Stop) -> bool {
    let searched = tokio::select! {
        searched = compare::adopt_objects(app) => searched,
        () = stop.soft() => return false,
    };
    match searched {
        Ok(_) => true,
        Err(err) => {
            warn!(error = telemetry::chain(&err), "cannot search storage for recordings; trying on");
            false
        }
    }
}

/// Concludes what is over whenever that is told, until the next comparison; `false` when the end comes first.
async fn conclude_until(app: &App, stop: &Stop, until: Instant) -> bool {
    loop {
        tokio::select! {
            () = app.recordings_due.notified() => {}
            () = tokio::time::sleep_until(until) => return true,
            () = stop.soft() => return false,
        }
        let concluded = conclude::conclude_waiting(app).await.map(drop);
        if let Err(err) = match concluded {
            Ok(()) => compare::begin_automatic(app).await,
            failed => failed,
        } {
            warn!(error = telemetry::chain(&err), "cannot conclude recordings; they wait for the next comparison");
        }
    }
}

/// Brings home what lies in the backup folder; until the end.
pub async fn rescue(app: App, stop: Stop) {
    let mut back_off = BackOff::default();
    while !stop.is_stopping() {
        let rescued = tokio::select! {
            rescued = app_rescue::rescue(&app) => rescued,
            // What is half uploaded is uploaded again.
            () = stop.soft() => return,
        };
        match rescued {
            Ok(_) => back_off.reset(),
            Err(err) => {
                if !back_off.is_going_on() {
                    warn!(error = telemetry::chain(&err), "cannot bring recordings home; trying on");
                }
                // Only counts: the pause is long enough.
                let _ = back_off.next();
            }
        }
        if !rest(&stop, RESCUE_EVERY).await {
            return;
        }
    }
}

/// Deletes what is old enough; until the end.
pub async fn retain(app: App, stop: Stop) {
    while !stop.is_stopping() {
        let pause = match retention::retain(&app).await {
            Ok(0) => RETAIN_EVERY,
            Ok(deleted) => {
                info!(deleted, "deleted {deleted} old recordings");
                BETWEEN_BITES
            }
            Err(err) => {
                warn!(error = telemetry::chain(&err), "cannot delete old recordings; trying later");
                RETAIN_EVERY
            }
        };
        if !rest(&stop, pause).await {
            return;
        }
    }
}
