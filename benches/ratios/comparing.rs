//! What a round costs in which recordings are compared with LiveKit: a hundred run, and LiveKit tells of ten thousand that
//! ended within its 24 hours, long settled here.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};
use tokio::net::TcpListener;

use crate::{
    machine,
    parts::{Parts, Server},
    report::{Row, median},
    services::{free_port, postgres::Database},
    webhooks::postgres_seconds,
};

/// They come every thirty seconds, so fewer than of others.
const ROUNDS: usize = 3;
const RUNNING: i64 = 100;
const TOLD_OVER: i64 = 10_000;
/// A round is over when every recorder was looked for and then nothing was asked for so long.
const SILENCE: Duration = Duration::from_secs(2);

const BEGIN_SOME: &str = "
    update recordings set status = 'active', phase = 'active', verdict = null, ended_at = null, completed_at = null,
                          file_size = null, told_size = null, duration_ms = null
    where id in (
        select id from recordings
        where status = 'complete' and meeting_id <> md5('meeting-1')::uuid order by requested_at desc limit $1
    )";

const TOLD: &str = "
    select r.egress_id, r.status, m.room_name, r.storage_path,
           (extract(epoch from r.started_at) * 1e9)::bigint as started, coalesce(r.file_size, 0) as size
    from recordings r join meetings m on m.id = r.meeting_id order by r.requested_at desc limit $1";

/// One round.
struct Turn {
    seconds: f64,
    our_cpu: f64,
    postgres_cpu: f64,
}

/// One row; a million recordings are there already.
pub fn measure(parts: &Parts, database: &Database) -> Row {
    let livekit = LiveKit::telling(&parts.ask(database, told));
    let postmaster = parts.postmaster(database);
    let folder = tempfile::tempdir().expect("the temporary folder can be written to");
    let folder = folder.path().to_str().expect("a plain path");
    let meetbox = parts.meetbox_with(database, &[("LIVEKIT_URL", &livekit.url()), ("STORAGE_DIR", folder)]);

    // The first is taken in while everything else starts.
    let rounds: Vec<Turn> = (0..=ROUNDS).map(|_| round(&meetbox, postmaster, &livekit)).skip(1).collect();
    let middle = |pick: fn(&Turn) -> f64| median(rounds.iter().map(pick));
    let (our_cpu, postgres_cpu) = (middle(|it| it.our_cpu), middle(|it| it.postgres_cpu));
    Row {
        what: format!("Comparing recordings with LiveKit: {RUNNING} run, {TOLD_OVER} told over, a million rows"),
        ours: format!("{our_cpu:.2} s of CPU, and Postgres {postgres_cpu:.2} s"),
        against: "every 30 s".to_owned(),
        result: format!("{:.2} s a round", middle(|it| it.seconds)),
        aim: "",
    }
}

/// Has some run, and makes the items of LiveKit's list.
async fn told(pool: PgPool) -> Vec<Value> {
    sqlx::query(BEGIN_SOME).bind(RUNNING).execute(&pool).await.expect("running recordings");
    sqlx::query("vacuum analyze recordings").execute(&pool).await.expect("statistics");
    let rows = sqlx::query(TOLD).bind(RUNNING + TOLD_OVER).fetch_all(&pool).await.expect("recordings");
    rows.iter()
        .map(|row| {
            let text = |column: &str| row.get::<String, _>(column);
            let (room_name, path, started) = (text("room_name"), text("storage_path"), row.get::<i64, _>("started"));
            let status = text("status");
            let ended = if status == "active" { 0 } else { started + 3_598_000_000_000 };
            json!({
                "egress_id": text("egress_id"), "room_id": "RM_8fYtkWqYk2mX", "room_name": room_name,
                "source_type": "EGRESS_SOURCE_TYPE_WEB", "status": format!("EGRESS_{}", status.to_uppercase()),
                "started_at": started.to_string(), "ended_at": ended.to_string(), "updated_at": started.to_string(),
                "details": "", "error": "", "error_code": 0, "stream_results": [], "segment_results": [],
                "room_composite": {
                    "room_name": room_name, "layout": "grid", "audio_only": false, "video_only": false,
                    "custom_base_url": "", "preset": "H264_720P_30", "stream_outputs": [], "segment_outputs": [],
                    "file_outputs": [{ "file_type": "MP4", "filepath": path, "disable_manifest": true }],
                },
                "file_results": [{
                    "filename": path, "started_at": started.to_string(), "ended_at": ended.to_string(),
                    "duration": "3598000000000", "size": row.get::<i64, _>("size").to_string(),
                    "location": format!("https://store.example.org/recordings/{path}"),
                }],
            })
        })
        .collect()
}

/// Waits for the next round, and for its end.
fn round(meetbox: &Server, postmaster: u32, livekit: &LiveKit) -> Turn {
    let cpu = || (machine::cpu_seconds(meetbox.pid()), postgres_seconds(postmaster));
    let lists = livekit.seen().lists;
    let deadline = Instant::now() + Duration::from_secs(90);
    while livekit.seen().lists == lists {
        assert!(Instant::now() < deadline, "recordings were not compared");
        thread::sleep(Duration::from_millis(1));
    }
    let before = cpu();
    let mut seen = livekit.seen();
    while seen.looks < RUNNING.unsigned_abs() || seen.last.elapsed() < SILENCE {
        assert!(Instant::now() < deadline, "only {} recorders were looked for", seen.looks);
        thread::sleep(Duration::from_millis(10));
        seen = livekit.seen();
    }
    let after = cpu();
    Turn {
        seconds: (seen.last - seen.listed).as_secs_f64(),
        our_cpu: after.0 - before.0,
        postgres_cpu: after.1 - before.1,
    }
}

/// Answers as LiveKit does, as far as recordings go: it has its list, and every recorder is in its room.
struct LiveKit {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

/// What it was asked.
#[derive(Clone, Copy)]
struct Seen {
    lists: u64,
    /// When its list was asked for, and how often a recorder was looked for since.
    listed: Instant,
    looks: u64,
    /// When something about recordings was asked last.
    last: Instant,
}

impl LiveKit {
    /// One that lists these, and serves until the process ends.
    fn telling(items: &[Value]) -> Self {
        let port = free_port();
        let now = Instant::now();
        let seen = Arc::new(Mutex::new(Seen { lists: 0, listed: now, looks: 0, last: now }));
        let list = Bytes::from(json!({ "items": items }).to_string());
        let noted = Arc::clone(&seen);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(serve(port, list, noted));
        });
        Self { port, seen }
    }

    fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    fn seen(&self) -> Seen {
        *self.seen.lock().expect("nobody panics")
    }
}

async fn serve(port: u16, list: Bytes, seen: Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let (list, seen) = (list.clone(), Arc::clone(&seen));
        let answer = service_fn(move |request: Request<Incoming>| {
            let body = answer(request.uri().path(), &list, &mut seen.lock().expect("nobody panics"));
            async { Ok::<_, Infallible>(Response::new(Full::new(body))) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

fn answer(path: &str, list: &Bytes, seen: &mut Seen) -> Bytes {
    let now = Instant::now();
    match path.rsplit('.').next() {
        Some("Egress/ListEgress") => {
            *seen = Seen { lists: seen.lists + 1, listed: now, looks: 0, last: now };
            return list.clone();
        }
        Some("RoomService/UpdateSubscriptions") => {
            seen.looks += 1;
            seen.last = now;
        }
        Some("RoomService/UpdateRoomMetadata") => seen.last = now,
        _ => {}
    }
    Bytes::from_static(b"{}")
}
