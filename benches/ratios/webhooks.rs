//! Taking in LiveKit's webhooks, each committed before it is answered, against pgbench inserting single rows.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use sqlx::PgPool;

use crate::{
    ROUNDS, client, machine,
    parts::{API_KEY, API_SECRET, Parts, Server},
    report::{Row, median},
    services::postgres::Database,
};

const SECONDS: u64 = 4;
const CLIENTS: usize = 32;

/// One run of one contestant.
#[derive(Clone, Copy)]
struct Turn {
    per_second: f64,
    per_cpu_second: f64,
}

/// Two rows: by the clock, and by CPU time of the whole serving side (Postgres; ours and Postgres).
pub fn measure(parts: &Parts) -> Vec<Row> {
    let (ours, theirs) = (parts.database(), parts.database());
    let meetbox = parts.meetbox(&ours);
    parts.ask(&theirs, make_inbox);
    let postmaster = parts.postmaster(&theirs);
    pin_postgres(postmaster, machine::SERVER_CORE);

    let mut rounds = Vec::new();
    insert_rows(postmaster, &theirs, 1);
    take_webhooks(postmaster, &meetbox, 1);
    for _ in 0..ROUNDS {
        rounds.push((take_webhooks(postmaster, &meetbox, SECONDS), insert_rows(postmaster, &theirs, SECONDS)));
        // What is taken in is applied a little later; the next turn should not pay for it.
        parts.ask(&ours, wait_until_applied);
    }
    pin_postgres(postmaster, machine::LOAD_CORE);

    let middle = |pick: fn(&(Turn, Turn)) -> f64| median(rounds.iter().map(pick));
    let (our_rate, their_rate) = (middle(|it| it.0.per_second), middle(|it| it.1.per_second));
    let (our_cpu, their_cpu) = (middle(|it| it.0.per_cpu_second), middle(|it| it.1.per_cpu_second));
    let row = |what: &str, unit: &str, ours: f64, theirs: f64, aim: &'static str| Row {
        what: format!("Webhooks at {CLIENTS} clients, {what}"),
        ours: format!("{ours:.0}/{unit}"),
        against: format!("pgbench: {theirs:.0}/{unit}"),
        result: format!("{:.2} ×", ours / theirs),
        aim,
    };
    vec![
        row("one core for all that serves", "s", our_rate, their_rate, "≥ 0.8 ×"),
        row("CPU time of all that serves", "CPU s", our_cpu, their_cpu, ""),
    ]
}

/// Moves Postgres, with all that serves a connection, to another core. What it starts later follows.
fn pin_postgres(postmaster: u32, core: u32) {
    machine::pin(postmaster, core);
    for child in machine::children(postmaster) {
        machine::pin(child, core);
    }
}

/// The CPU time of Postgres, of backends that have ended too.
pub fn postgres_seconds(postmaster: u32) -> f64 {
    machine::cpu_seconds(postmaster) + machine::children(postmaster).into_iter().map(machine::cpu_seconds).sum::<f64>()
}

async fn make_inbox(pool: PgPool) {
    let create = "create table inbox (event_id text primary key, event_type text not null, payload jsonb not null,
                  received_at timestamptz not null default now())";
    sqlx::query(create).execute(&pool).await.expect("a table");
}

async fn wait_until_applied(pool: PgPool) {
    for _ in 0..600 {
        let waiting = "select exists (select from livekit_events where applied_at is null and failure is null)";
        let waiting: bool = sqlx::query_scalar(waiting).fetch_one(&pool).await.expect("Postgres answers");
        if !waiting {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the webhooks were not applied within a minute");
}

/// pgbench inserts rows of the same shape, one in each transaction, with prepared statements.
fn insert_rows(postmaster: u32, database: &Database, seconds: u64) -> Turn {
    // As a parameter, like ours: in the script itself pgbench would take what stands behind a colon for one of its own.
    let script = "insert into inbox (event_id, event_type, payload)
        values (gen_random_uuid()::text, 'track_published', :body::jsonb);\n"
        .replace('\n', " ");
    let body = format!("body={}", body("EV_pgbench"));
    let clients = CLIENTS.to_string();
    let before = postgres_seconds(postmaster);

    let mut pgbench = Command::new(crate::services::postgres::find_postgres_program("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--file=-", "--jobs=1", "--client", &clients, "--define", &body])
        .args(["--time", &seconds.to_string(), "--host=127.0.0.1", "--port", &database.port.to_string()])
        .args(["--username=meetbox", &database.name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`pgbench` runs");
    pgbench.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("pgbench reads its script");
    let output = pgbench.wait_with_output().expect("pgbench ends");

    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number = |sign: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(sign));
        line.and_then(|line| line.split(['/', '(', ' ']).find(|word| !word.is_empty()))
            .and_then(|word| word.parse::<f64>().ok())
    };
    let rows = number("number of transactions actually processed:");
    let (Some(rows), Some(per_second)) = (rows, number("tps =")) else {
        panic!("pgbench said:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    Turn { per_second, per_cpu_second: rows / (postgres_seconds(postmaster) - before) }
}

/// LiveKit's events for one long meeting, each with an id of its own, signed as LiveKit signs them.
fn take_webhooks(postmaster: u32, meetbox: &Server, seconds: u64) -> Turn {
    let used = || postgres_seconds(postmaster) + machine::cpu_seconds(meetbox.pid());
    let pace = client::Pace { connections: CLIENTS, duration: Duration::from_secs(seconds), rate: None };
    let before = used();
    let outcome = client::run(meetbox.port, pace, || webhook(&format!("EV_{}", uuid::Uuid::new_v4().simple())));
    let cpu = used() - before;

    assert_eq!(outcome.failed, 0, "webhooks were refused");
    Turn { per_second: outcome.fine as f64 / outcome.seconds, per_cpu_second: outcome.fine as f64 / cpu }
}

fn webhook(id: &str) -> Vec<u8> {
    let body = body(id);
    let sum = BASE64_STANDARD.encode(Sha256::digest(body.as_bytes()));
    let expires = chrono::Utc::now().timestamp() + 300;
    let claims = format!(r#"{{"iss":"{API_KEY}","exp":{expires},"nbf":0,"sha256":"{sum}"}}"#);
    let signed = format!(
        "{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        BASE64_URL_SAFE_NO_PAD.encode(claims)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(API_SECRET.as_bytes()).expect("any key length will do");
    mac.update(signed.as_bytes());
    let token = format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    let headers = [("content-type", "application/webhook+json"), ("authorization", token.as_str())];
    client::request("POST", "/livekit/webhook", &headers, &body)
}

fn body(id: &str) -> String {
    let now = chrono::Utc::now().timestamp();
    format!(
        r#"{{"event":"track_published","id":"{id}","createdAt":"{now}","room":{{"sid":"RM_bench","name":"blue-heron","emptyTimeout":300,"departureTimeout":20,"creationTime":"{now}","enabledCodecs":[{{"mime":"audio/opus"}},{{"mime":"video/VP8"}},{{"mime":"video/H264"}}]}},"participant":{{"sid":"PA_bench","identity":"ada","name":"Ada","state":"ACTIVE","joinedAt":"{now}","permission":{{"canSubscribe":true,"canPublish":true,"canPublishData":true}}}},"track":{{"sid":"TR_bench","name":"camera","source":"CAMERA","width":1280,"height":720,"mimeType":"video/VP8"}}}}"#
    )
}
