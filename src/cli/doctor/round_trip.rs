//! A webhook on its whole way: a room is opened in LiveKit, and what LiveKit tells of it is looked for in the inbox.
//!
//! The room's name is one that no meeting can have. It is closed at the end; where that fails, LiveKit closes it when it has
//! been empty for long enough, and so does the reconciler.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use super::{
    Visit,
    report::Finding,
    services::{self, DATABASE_PATIENCE},
};
use crate::{
    db::{self, inbox},
    model::connection_test,
};

/// How long the webhook may take. LiveKit tries again after 1, 2 and 4 seconds.
const PATIENCE: Duration = Duration::from_secs(9);
/// How often the inbox is looked into.
const PAUSE: Duration = Duration::from_millis(25);
/// The key of the hash in which LiveKit keeps its rooms, by name.
// Source: livekit-server 1.13.5, pkg/service/redisstore.go, RoomsKey.
const ROOMS: &str = "rooms";

/// What came of it.
pub struct Trip {
    /// Whether the room was in the Redis of our settings.
    pub is_in_our_redis: Result<bool, String>,
    inbox: Result<Inbox, String>,
}

/// What the inbox had.
struct Inbox {
    /// When the last delivery before came in.
    last: Option<DateTime<Utc>>,
    /// How long ours took; none when it did not come.
    took: Option<Duration>,
}

/// The trip; made once for all checks. The error is that LiveKit opens no room.
pub async fn of(visit: &Visit) -> &Result<Trip, Finding> {
    visit.trip.get_or_init(|| make(visit)).await
}

async fn make(visit: &Visit) -> Result<Trip, Finding> {
    let client = visit.livekit_client()?;
    let cache = services::cache(visit)?;
    let room = connection_test::new_room();
    let database = db::connect_once(&visit.settings()?.database, DATABASE_PATIENCE).await;
    let mut database = database.map_err(|err| err.to_string());
    let last = match &mut database {
        Ok(connection) => inbox::newest(connection).await.map_err(|err| crate::telemetry::chain(&err)),
        Err(err) => Err(err.clone()),
    };

    let began = Instant::now();
    let since = visit.clock.now() - TimeDelta::minutes(1);
    client.create_room(&room).await.map_err(|err| Finding::unknown(format!("LiveKit opens no room: {err}")))?;
    let is_in_our_redis = services::ask_redis(|| cache.hash_has(ROOMS, &room)).await.map_err(|err| err.to_string());
    let inbox = match (last, &mut database) {
        (Ok(last), Ok(connection)) => wait(connection, &room, since, began).await.map(|took| Inbox { last, took }),
        (Err(err), _) => Err(err),
        (_, Err(err)) => Err(err.clone()),
    };
    // It closes by itself when this fails.
    let _ = client.delete_room(&room).await;
    Ok(Trip { is_in_our_redis, inbox })
}

/// Waits for what LiveKit tells of the room; answers how long it took.
async fn wait(
    connection: &mut sqlx::PgConnection,
    room: &str,
    since: DateTime<Utc>,
    began: Instant,
) -> Result<Option<Duration>, String> {
    while began.elapsed() < PATIENCE {
        let heard = inbox::has_heard_of(&mut *connection, room, since).await;
        if heard.map_err(|err| crate::telemetry::chain(&err))? {
            return Ok(Some(began.elapsed()));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(None)
}

/// Whether what LiveKit tells arrives.
pub async fn look(visit: &Visit) -> Result<Finding, Finding> {
    let trip = of(visit).await.as_ref().map_err(Finding::clone)?;
    let inbox =
        trip.inbox.as_ref().map_err(|err| Finding::unknown(format!("the inbox cannot be looked into: {err}")))?;
    let last = match inbox.last {
        None => "none came before it".to_owned(),
        Some(last) => format!("the one before it came {} ago", age(visit.clock.now() - last)),
    };
    let Some(took) = inbox.took else {
        let port = visit.settings()?.http.port;
        let wanted = format!("http://127.0.0.1:{port}/livekit/webhook");
        let entries = visit.livekit.iter().flatten();
        let urls = entries.filter(|entry| entry.path == "webhook.urls").flat_map(|entry| &entry.values);
        let said = if urls.clone().any(|url| *url == wanted) {
            String::new()
        } else {
            format!("; livekit.yaml sends it to {:?}", urls.collect::<Vec<_>>())
        };
        return Ok(Finding::failed(
            format!("LiveKit's webhook about a room does not arrive within {PATIENCE:?}; {last}{said}"),
            format!("webhook.urls in livekit.yaml must name {wanted}: meetbox setup"),
        )
        .or("docker compose --project-directory /etc/meetbox restart livekit")
        .or("journalctl --unit meetbox --grep webhook --lines 20 tells whether one came and was refused"));
    };
    Ok(Finding::ok(format!("a room's webhook was here after {} ms; {last}", took.as_millis())))
}

/// A time that has gone by, in its largest unit.
pub fn age(time: TimeDelta) -> String {
    match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (0, 0, 0) => format!("{} s", time.num_seconds().max(0)),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (days, _, _) => format!("{days} d"),
    }
}
