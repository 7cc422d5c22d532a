//! `meetbox recordings`: what an upgrade would cut off.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Output, Stdio},
};

use chrono::Utc;
use meetbox::model::recording::{End, Format};
use secrecy::ExposeSecret;

use super::studio::Studio;

fn command(studio: &Studio, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meetbox"));
    command
        .arg("recordings")
        .args(arguments)
        .env_clear()
        .env("APP_ENV", "local")
        .env("DATABASE_URL", studio.settings.database.url.expose_secret())
        .env("DATABASE_START_TIMEOUT_SECONDS", "1")
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .env("LIVEKIT_URL", "ws://127.0.0.1:1")
        .env("LIVEKIT_API_KEY", "APIm7Kq2xVn")
        .env("LIVEKIT_API_SECRET", "qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A")
        .current_dir("/");
    command
}

fn ask(studio: &Studio, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(studio, arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_under_way_are_listed_and_waited_for() {
    let studio = Studio::open(Utc::now()).await;
    let nothing = (Some(0), "no recording is under way\n".to_owned(), String::new());
    assert_eq!(ask(&studio, &["--running"]), nothing);

    for meeting in ["blue-heron", "grey-heron"] {
        studio.house.meeting(meeting).await;
    }
    studio.complete("grey-heron", 10).await;
    assert_eq!(ask(&studio, &["--running"]), nothing);

    let recording = studio.write("blue-heron", Format::Mp4).await.unwrap();
    let (code, out, _) = ask(&studio, &["--running"]);
    assert_eq!(code, Some(3), "{out}");
    let row = out.lines().nth(1).unwrap();
    assert!(row.starts_with("blue-heron  requested  ") && row.ends_with(&recording.id.to_string()), "{out}");
    assert_eq!(out.lines().count(), 2, "{out}");
    assert_eq!(ask(&studio, &["--wait", "0"]).0, Some(3), "who waits no time is answered at once");

    let mut waiting =
        command(&studio, &["--wait", "10"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(waiting.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "waiting for blue-heron to end, 10 min at most\n");
    let mut course = recording.course.clone();
    course.over(End::Aborted);
    let now = studio.house.clock.now();
    meetbox::db::recordings::save(&studio.house.pool, recording.id, &course, ("", None), now).await.unwrap();
    meetbox::app::recordings::conclude::conclude(&studio.house.app, recording.id).await.unwrap();
    let output = waiting.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"no recording is under way\n".as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_told_apart_from_both() {
    let studio = Studio::open(Utc::now()).await;
    let away = command(&studio, &["--running"])
        .env("DATABASE_URL", "postgres://meetbox@127.0.0.1:1/meetbox")
        .output()
        .unwrap();
    let said = String::from_utf8(away.stderr).unwrap();
    assert!(away.status.code() == Some(2) && said.contains("cannot reach the database"), "{said}");
    assert_eq!(ask(&studio, &[]).0, Some(1), "it is to be said what is wanted");
}
