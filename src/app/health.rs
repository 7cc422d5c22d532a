//! How the parts of the house are.

use std::{future::Future, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use crate::{db, storage::Storage};

use super::{
    App,
    recordings::{self, Slots},
};

/// How long one part may take to answer.
const TIME_BOX: Duration = Duration::from_secs(1);
/// How long an answer is good for: many may ask, and the parts are asked once.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// How the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overall {
    /// Everything works.
    Healthy,
    /// Meetings work; something that they can do without does not.
    Degraded,
    /// Meetings do not work.
    Unhealthy,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// It answered, in this time.
    Healthy { latency: Duration },
    /// It did not, and why.
    Unhealthy { reason: String, latency: Duration },
    /// Nobody set it up.
    NotConfigured,
}

/// How everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub database: Part,
    pub redis: Part,
    pub livekit: Part,
    pub storage: Part,
    /// How many meetings may be recorded at once; none while it cannot be counted.
    pub slots: Option<Slots>,
}

/// The last report, and when it was made. Whoever asks while it is made waits for it.
#[derive(Default)]
pub(crate) struct Latest(Mutex<Option<(Instant, Report)>>);

impl Report {
    /// How the whole is: without Postgres or LiveKit nobody meets; without Redis or storage people do.
    pub fn overall(&self) -> Overall {
        let down = |part: &Part| matches!(part, Part::Unhealthy { .. });

        if down(&self.database) || down(&self.livekit) {
            Overall::Unhealthy
        } else if down(&self.redis) || down(&self.storage) {
            Overall::Degraded
        } else {
            Overall::Healthy
        }
    }
}

/// Asks every part at once, or answers what was found within the last second.
pub async fn examine(app: &App) -> Report {
    let mut latest = app.health.0.lock().await;
    if let Some((made, report)) = &*latest
        && made.elapsed() < GOOD_FOR
    {
        return report.clone();
    }

    let (database, redis, livekit, storage, slots) = tokio::join!(
        probe(async { db::ping(&app.db).await.map_err(|err| crate::telemetry::chain(&err)) }),
        probe(async { app.cache.ping().await.map_err(|err| err.to_string()) }),
        probe(async { app.livekit.list_rooms().await.map(drop).map_err(|err| err.to_string()) }),
        async {
            match &app.storage {
                Storage::NotConfigured => Part::NotConfigured,
                Storage::S3(_) | Storage::Folder(_) => {
                    probe(async { app.storage.probe().await.map_err(|err| err.to_string()) }).await
                }
            }
        },
        async { tokio::time::timeout(TIME_BOX, recordings::slots(app)).await.ok().and_then(Result::ok) },
    );
    let report = Report { database, redis, livekit, storage, slots };
    *latest = Some((Instant::now(), report.clone()));
    report
}

/// Whether requests can be answered: Postgres answers.
pub async fn is_ready(app: &App) -> bool {
    matches!(probe(async { db::ping(&app.db).await.map_err(|err| err.to_string()) }).await, Part::Healthy { .. })
}

async fn probe(ask: impl Future<Output = Result<(), String>>) -> Part {
    let asked = Instant::now();
    let answer = tokio::time::timeout(TIME_BOX, ask).await;
    let latency = asked.elapsed();
    match answer {
        Ok(Ok(())) => Part::Healthy { latency },
        Ok(Err(reason)) => Part::Unhealthy { reason, latency },
        Err(_) => Part::Unhealthy { reason: format!("no answer within {TIME_BOX:?}"), latency },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_as_well_as_what_it_cannot_do_without() {
        let up = || Part::Healthy { latency: Duration::ZERO };
        let down = || Part::Unhealthy { reason: "gone".to_owned(), latency: Duration::ZERO };
        let overall =
            |database, redis, livekit, storage| Report { database, redis, livekit, storage, slots: None }.overall();

        assert_eq!(overall(up(), up(), up(), Part::NotConfigured), Overall::Healthy);
        assert_eq!(overall(up(), up(), up(), up()), Overall::Healthy);
        assert_eq!(overall(up(), down(), up(), up()), Overall::Degraded);
        assert_eq!(overall(up(), up(), up(), down()), Overall::Degraded);
        assert_eq!(overall(down(), up(), up(), up()), Overall::Unhealthy);
        assert_eq!(overall(up(), down(), down(), up()), Overall::Unhealthy);
    }
}
