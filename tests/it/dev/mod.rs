//! `meetbox dev`, run for real: it comes up, keeps what it is given, mends what breaks, and leaves nothing behind.

mod first_link;
mod hot_reload;
mod rebuild;
mod running;
mod stand_in;

use std::{
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use redis::Commands;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use self::running::{Dev, GONE_TIMEOUT, Place};
use crate::services::Redis;

/// Everybody who runs without the web app.
const SERVICES: [&str; 4] = ["postgres", "redis", "livekit", "api"];
/// How many values are kept across a restart.
const CASES: usize = 100;
/// How long a broken service may stay away: until it is noticed, and until it is back on a busy machine.
const BACK_TIMEOUT: Duration = Duration::from_secs(90);

// Feature: infrastructure-local-dev, Property 1: one command brings every service up, and says so only when each is well.
#[test]
fn one_command_brings_everything_up_and_tells_where_it_is() {
    let place = Place::new();
    let dev = place.up();

    assert_eq!(place.ask("GET", "/readyz", None).unwrap().0, 200);
    let (_, health) = place.ask("GET", "/health", None).unwrap();
    let health: Value = serde_json::from_str(&health).unwrap();
    for service in ["database", "redis", "livekit"] {
        assert_eq!(health["services"][service]["status"], "healthy", "{health}");
    }
    let token = place.post("/token", &json!({ "room_name": "blue-heron", "name": "Ada" }), 200);
    assert_eq!(token["url"].as_str().unwrap().trim_end_matches('/'), format!("ws://127.0.0.1:{}", place.livekit));

    let said = dev.said();
    for told in [
        format!("http://127.0.0.1:{}/docs", place.api),
        format!("ws://127.0.0.1:{}", place.livekit),
        format!("127.0.0.1:{}", place.postgres),
        format!("127.0.0.1:{}", place.redis),
        format!("{}/.meetbox/logs", place.path().display()),
        format!("curl http://127.0.0.1:{}/token", place.api),
    ] {
        assert!(said.contains(&told), "{told} is not in\n{said}");
    }

    dev.stop();
    place.wait_until_nothing_runs();
}

// Feature: infrastructure-local-dev, Property 4: whatever was written to Postgres and Redis is there after a stop and a start.
#[test]
fn what_was_written_is_there_after_a_restart() {
    let place = Place::new();
    let dev = place.up();
    let notes: Vec<String> = some("[^\\x00]{0,40}");
    let blobs: Vec<Vec<u8>> = some(proptest::collection::vec(proptest::num::u8::ANY, 0..64));

    let ids: Vec<String> = notes
        .iter()
        .map(|note| place.post("/meetings", &json!({ "metadata": { "note": note } }), 201)["id"].to_string())
        .collect();
    let mut redis = place.redis();
    for (number, blob) in blobs.iter().enumerate() {
        let () = redis.set(format!("blob:{number}"), blob).unwrap();
    }

    dev.stop();
    place.wait_until_nothing_runs();
    let dev = place.up();

    for (id, note) in ids.iter().zip(&notes) {
        let (status, meeting) = place.ask("GET", &format!("/meetings/{}", id.trim_matches('"')), None).unwrap();
        assert_eq!(status, 200, "{meeting}");
        let meeting: Value = serde_json::from_str(&meeting).unwrap();
        assert_eq!(meeting["metadata"]["note"], Value::from(note.as_str()));
    }
    let mut redis = place.redis();
    for (number, blob) in blobs.iter().enumerate() {
        let found: Vec<u8> = redis.get(format!("blob:{number}")).unwrap();
        assert_eq!(&found, blob);
    }
    dev.stop();
}

// Feature: infrastructure-local-dev, Property 5: a service that dies, or that runs but no longer answers, is started again
// and becomes healthy.
#[test]
fn a_service_that_dies_or_freezes_is_back() {
    let place = Place::new();
    let dev = place.up();

    for signal in [Signal::KILL, Signal::STOP] {
        let before = SERVICES.map(|name| place.pid(name).unwrap());
        for pid in before {
            kill_process(pid, signal).unwrap();
        }
        for (name, before) in SERVICES.iter().zip(before) {
            dev.wait_until(&format!("{name} is another process after {signal:?}"), BACK_TIMEOUT, || {
                place.pid(name).is_some_and(|pid| pid != before)
            });
        }
        dev.wait_until("the API is ready", BACK_TIMEOUT, || {
            place.ask("GET", "/readyz", None).is_some_and(|it| it.0 == 200)
        });
        assert_eq!(redis::cmd("PING").query::<String>(&mut place.redis()).unwrap(), "PONG");
        place.post("/token", &json!({ "room_name": "blue-heron", "name": "Ada" }), 200);
    }
    dev.stop();
    place.wait_until_nothing_runs();
}

#[test]
fn a_taken_port_is_named_with_the_process_that_has_it() {
    let place = Place::new();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, place.redis)).unwrap();

    let output = place.command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();

    assert_eq!(output.status.code(), Some(1), "{said}");
    let expected = format!("port {} is taken by pid {} (", place.redis, std::process::id());
    assert!(said.contains(&expected), "{said}");
    assert!(said.contains("hint: ") && said.contains("--redis-port"), "{said}");
    assert_eq!(place.processes(), [""; 0]);
    drop(taken);
}

#[test]
fn two_in_one_folder_say_so() {
    let place = Place::new();
    let dev = place.up();

    let output = place.command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();

    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("already running here (pid "), "{said}");
    assert_eq!(place.ask("GET", "/livez", None).unwrap().0, 200);
    dev.stop();
}

#[test]
fn nothing_is_left_when_it_is_killed_and_it_starts_again_at_once() {
    let place = Place::new();
    let mut dev = place.up();
    let marked: Vec<Pid> = SERVICES.iter().map(|name| place.pid(name).unwrap()).collect();

    dev.signal(Signal::KILL);
    dev.end();
    place.wait_until_nothing_runs();
    assert!(marked.iter().all(|pid| kill_process(*pid, Signal::CONT).is_err()));

    // The lock went with it, and so did the ports.
    place.up().stop();
    place.wait_until_nothing_runs();
}

#[test]
fn a_start_ends_what_was_left_when_the_keepers_were_killed_too() {
    let place = Place::new();
    let mut dev = place.up();
    let orphans: Vec<Pid> = SERVICES.iter().map(|name| place.pid(name).unwrap()).collect();

    // Stopped first, so that nobody sees the others go.
    let keepers = place.processes().into_iter().filter(|process| process.contains("meetbox keep "));
    let keepers: Vec<Pid> = keepers.map(|process| pid_in(&process)).collect();
    assert_eq!(keepers.len(), SERVICES.len());
    dev.signal(Signal::STOP);
    for keeper in keepers {
        kill_process(keeper, Signal::KILL).unwrap();
    }
    dev.signal(Signal::KILL);
    dev.end();
    assert!(orphans.iter().all(|pid| kill_process(*pid, Signal::CONT).is_ok()));

    let dev = place.up();
    assert!(orphans.iter().all(|pid| kill_process(*pid, Signal::CONT).is_err()));
    dev.stop();
    place.wait_until_nothing_runs();
}

#[test]
fn what_the_environment_points_at_is_used_and_not_started() {
    let place = Place::new();
    let redis = Redis::start();
    let mut command = place.command();
    command.env("REDIS_URL", redis.url());

    let dev = place.up_with(command);

    assert!(place.pid("redis").is_none());
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, place.redis)).is_ok());
    assert!(dev.said().contains("as REDIS_URL says"), "{}", dev.said());
    let (_, health) = place.ask("GET", "/health", None).unwrap();
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["services"]["redis"]["status"], "healthy", "{health}");
    dev.stop();
}

#[test]
fn what_the_environment_points_at_and_does_not_answer_is_named() {
    let place = Place::new();
    let mut command = place.command();
    command.env("DATABASE_URL", format!("postgres://meetbox:secret@127.0.0.1:{}/meetbox", place.postgres));

    let mut dev = Dev::start(command, place.path().join("terminal"));
    let status = dev.end();

    let said = dev.said();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("postgres at 127.0.0.1:{}", place.postgres)), "{said}");
    assert!(said.contains("unset DATABASE_URL to have one started here"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    place.wait_until_nothing_runs();
}

/// Values of a kind, the same in every run.
fn some<S: Strategy>(strategy: S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// The process id at the front of a description.
fn pid_in(process: &str) -> Pid {
    let path = process.split(':').next().unwrap();
    path.trim_start_matches("/proc/").parse().ok().and_then(Pid::from_raw).unwrap()
}

#[test]
fn ctrl_c_in_the_middle_of_the_start_leaves_nothing() {
    let place = Place::new();
    let mut dev = Dev::start(place.command(), place.path().join("terminal"));
    dev.wait_for("postgres", GONE_TIMEOUT);

    dev.signal_group(Signal::INT);
    assert!(dev.end().success(), "{}", dev.said());
    place.wait_until_nothing_runs();
}
