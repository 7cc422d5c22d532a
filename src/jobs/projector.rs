//! Applies the events in the inbox as they come.

use std::time::Duration;

use tracing::warn;

use crate::{
    app::{
        App,
        attendance::{self, Applied},
    },
    lifecycle::Stop,
    telemetry,
};

use super::pace::{BackOff, rest};

/// How long at most an event waits that another process took in and died over.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs until the end.
pub async fn run(app: App, stop: Stop) {
    let mut back_off = BackOff::default();
    while !stop.is_stopping() {
        match attendance::apply_waiting(&app).await {
            // There may be more.
            Ok(Applied::Events(events)) if events > 0 => back_off.reset(),
            Ok(Applied::Events(_) | Applied::Elsewhere) => {
                back_off.reset();
                tokio::select! {
                    () = app.arrivals.notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = stop.soft() => return,
                }
            }
            Err(err) => {
                if !back_off.is_going_on() {
                    warn!(error = telemetry::chain(&err), "cannot apply LiveKit's events; they wait in the inbox");
                }
                if !rest(&stop, back_off.next()).await {
                    return;
                }
            }
        }
    }
}
