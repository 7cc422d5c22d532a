//! Finding out who asks: from a process's own memory, from Postgres, and without Redis; and what a flood of people who
//! guess at passwords does to those who want to join.

use std::{cell::Cell, rc::Rc, thread, time::Duration};

use crate::{
    ROUNDS, client,
    client::{Outcome, Pace},
    machine,
    parts::{Parts, Server},
    people,
    proxy::{Mode, Proxy},
    report::{Row, median},
    services::{free_port, postgres::Database},
};

const SECONDS: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 32;
/// So many sessions that none is asked about again within the 15 seconds in which Redis remembers it.
const SESSIONS: usize = 300_000;
/// A calm pace, at which latencies say something.
const CALM: f64 = 500.0;
/// How many guess at passwords at once: fewer than may wait for their turn, so that every guess is looked at.
const GUESSERS: usize = 16;

/// One run: how much was served, and in how much of the server's CPU time.
struct Turn {
    per_second: f64,
    per_cpu_second: f64,
}

/// Four rows.
pub fn measure(parts: &Parts) -> Vec<Row> {
    let line = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let database = parts.database();
    let proxy = line.block_on(Proxy::to(parts.redis.port));
    let redis = format!("redis://127.0.0.1:{}", proxy.port);
    let meetbox = parts.meetbox_not_waited_for(&database, free_port(), &redis);
    meetbox.wait_for("/readyz");
    people::move_in(parts, &database);
    people::sign_in_others(parts, &database, SESSIONS);
    let others = Others::default();

    let mut rounds = Vec::new();
    take_turn(&meetbox, known);
    take_turn(&meetbox, others.next());
    for _ in 0..ROUNDS {
        rounds.push((take_turn(&meetbox, known), take_turn(&meetbox, others.next())));
    }
    let calm_known = calmly(&meetbox, known);
    let calm_others = calmly(&meetbox, others.next());
    line.block_on(proxy.set(Mode::BlackHoled));
    // What the first second costs is another matter (tests/it).
    client::run(meetbox.port, pace(Duration::from_secs(1), CALM), others.next());
    let without_redis = calmly(&meetbox, others.next());
    line.block_on(proxy.set(Mode::Pass));

    let middle = |pick: fn(&(Turn, Turn)) -> f64| median(rounds.iter().map(pick));
    let told = |per_cpu_second: f64, per_second: f64, calm: &Outcome| {
        let p99 = calm.latency(0.99);
        format!("{per_cpu_second:.0}/CPU s, {per_second:.0}/s, p99 {p99:.2} ms at {CALM:.0}/s")
    };
    let (known_cpu, others_cpu) = (middle(|it| it.0.per_cpu_second), middle(|it| it.1.per_cpu_second));
    let from_memory = told(known_cpu, middle(|it| it.0.per_second), &calm_known);
    let from_postgres = told(others_cpu, middle(|it| it.1.per_second), &calm_others);
    vec![
        Row {
            what: "`GET /account`, a session that the process knows".to_owned(),
            ours: from_memory.clone(),
            against: "its account is read from Postgres".to_owned(),
            result: format!("{:.2} ms of CPU", 1e3 / known_cpu),
            aim: "",
        },
        Row {
            what: "`GET /account`, each time another session: Postgres knows it, and notes its use".to_owned(),
            ours: from_postgres,
            against: format!("known: {from_memory}"),
            result: format!("{:.2} ×", others_cpu / known_cpu),
            aim: "",
        },
        Row {
            what: "the same, Redis black-holed for more than a second".to_owned(),
            ours: format!(
                "{:.0}/s, {} failed",
                without_redis.fine as f64 / without_redis.seconds,
                without_redis.failed
            ),
            against: format!("asked for {CALM:.0}/s"),
            result: format!("p99 {:.2} ms", without_redis.latency(0.99)),
            aim: "p99 < 60 ms",
        },
        under_flood(&meetbox, parts, &database),
    ]
}

/// Counts through the other sessions, so that each request shows another one.
#[derive(Default)]
struct Others(Rc<Cell<usize>>);

impl Others {
    fn next(&self) -> impl Fn() -> Vec<u8> + Clone + use<> {
        let next = self.0.clone();
        move || {
            let number = next.get();
            next.set((number + 1) % SESSIONS);
            account(people::other_session(number).expose())
        }
    }
}

fn known() -> Vec<u8> {
    account(people::session().expose())
}

fn account(session: &str) -> Vec<u8> {
    client::request("GET", "/account", &[("authorization", &format!("Bearer {session}"))], "")
}

fn pace(duration: Duration, rate: f64) -> Pace {
    Pace { connections: CONNECTIONS, duration, rate: Some(rate) }
}

fn take_turn(meetbox: &Server, make: impl Fn() -> Vec<u8> + Clone + 'static) -> Turn {
    let before = machine::cpu_seconds(meetbox.pid());
    let outcome = client::run(meetbox.port, Pace { connections: CONNECTIONS, duration: SECONDS, rate: None }, make);
    let cpu = machine::cpu_seconds(meetbox.pid()) - before;

    assert_eq!(outcome.failed, 0, "sessions were not known");
    Turn { per_second: outcome.fine as f64 / outcome.seconds, per_cpu_second: outcome.fine as f64 / cpu }
}

fn calmly(meetbox: &Server, make: impl Fn() -> Vec<u8> + Clone + 'static) -> Outcome {
    client::run(meetbox.port, pace(Duration::from_secs(5), CALM), make)
}

/// Tokens at a calm pace, without and with a flood of wrong passwords, each for another account and from another
/// address: whatever slows one guesser down does not help here, only what bounds them all.
fn under_flood(meetbox: &Server, parts: &Parts, database: &Database) -> Row {
    let tokens = || {
        let request = client::token_request();
        client::run(meetbox.port, pace(SECONDS, CALM), move || request.clone())
    };
    tokens();
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let quiet = tokens();
        let port = meetbox.port;
        let flood = thread::spawn(move || {
            let duration = SECONDS + Duration::from_millis(500);
            let guessed = Rc::new(Cell::new(round << 20));
            client::run(port, Pace { connections: GUESSERS, duration, rate: None }, move || {
                guessed.set(guessed.get() + 1);
                guess(guessed.get())
            })
        });
        thread::sleep(Duration::from_millis(250));
        let flooded = tokens();
        let guesses = flood.join().expect("the flood ends");
        assert_eq!((quiet.failed, flooded.failed, guesses.fine), (0, 0, 0), "only the guesses are refused");
        rounds.push((quiet.latency(0.99), flooded.latency(0.99), guesses.failed as f64 / guesses.seconds));
    }
    parts.ask(database, |pool| async move {
        let looked_at: i64 = sqlx::query_scalar("select count(*) from audit_log where action = 'session.refused'")
            .fetch_one(&pool)
            .await
            .expect("Postgres answers");
        assert!(looked_at > 0, "no guess was looked at");
    });

    let middle = |pick: fn(&(f64, f64, f64)) -> f64| median(rounds.iter().map(pick));
    let (quiet, flooded, guesses) = (middle(|it| it.0), middle(|it| it.1), middle(|it| it.2));
    Row {
        what: format!("`POST /token` at {CALM:.0}/s while {GUESSERS} guess at passwords, all on one core"),
        ours: format!("p99 {flooded:.2} ms, {guesses:.0} guesses/s"),
        against: format!("without them: p99 {quiet:.2} ms"),
        result: format!("{:.2} × the time", flooded / quiet),
        aim: "≤ 2 ×",
    }
}

/// A sign-in with a wrong password, as our own proxy would hand it on from `number`'s address.
fn guess(number: usize) -> Vec<u8> {
    let body =
        format!(r#"{{"email":"somebody-{number}@example.org","password":"a wrong guess","transport":"bearer"}}"#);
    let address = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
    let headers = [("content-type", "application/json"), ("x-forwarded-for", address.as_str())];
    client::request("POST", "/sessions", &headers, &body)
}
