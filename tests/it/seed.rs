//! `make seed`: believable, the same everywhere, and no more on the second run.

use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use meetbox::app::seed::{Sown, sow};
use sqlx::{Executor, PgPool, Row};

use crate::services::postgres;

fn now() -> DateTime<Utc> {
    "2026-03-11T15:42:07Z".parse().unwrap()
}

#[tokio::test]
async fn sowing_twice_is_sowing_once() {
    let pool = postgres().database().await.pool().await;

    let first = sow(&pool, now()).await.unwrap();
    let before = content(&pool).await;
    let second = sow(&pool, now() + TimeDelta::days(3)).await.unwrap();

    assert!(first.meetings >= 10 && first.instances >= 30 && first.participants >= 150, "{first:?}");
    assert_eq!(second, Sown::default());
    assert_eq!(content(&pool).await, before);
}

#[tokio::test]
async fn the_first_administrator_is_host_of_what_is_sown() {
    let pool = postgres().database().await.pool().await;
    let accounts = "insert into accounts (id, email, name, role, created_at, disabled_at) values
        ('00000000-0000-0000-0000-000000000001', 'gone@example.org', 'Gone', 'admin', now() - interval '3 days', now()),
        ('00000000-0000-0000-0000-000000000002', 'bela@example.org', 'Bela', 'host', now() - interval '2 days', null),
        ('00000000-0000-0000-0000-000000000003', 'anna@example.org', 'Anna', 'admin', now() - interval '1 day', null),
        ('00000000-0000-0000-0000-000000000004', 'late@example.org', 'Late', 'admin', now(), null)";
    pool.execute(accounts).await.unwrap();
    let sown = sow(&pool, now()).await.unwrap();
    let annas = "select count(*) from meetings where host_account_id = '00000000-0000-0000-0000-000000000003'";
    assert_eq!(usize::try_from(count(&pool, annas).await), Ok(sown.meetings));
}

#[tokio::test]
async fn every_database_gets_the_same_meetings() {
    let (one, other) = (postgres().database().await.pool().await, postgres().database().await.pool().await);
    sow(&one, now()).await.unwrap();
    sow(&other, now()).await.unwrap();
    assert_eq!(content(&one).await, content(&other).await);
}

#[tokio::test]
async fn what_is_sown_is_a_history_that_could_have_been() {
    let pool = postgres().database().await.pool().await;
    sow(&pool, now()).await.unwrap();

    for (impossible, question) in [
        ("a sitting goes on", "select count(*) from meeting_instances where ended_at is null"),
        ("somebody is still there", "select count(*) from participants where left_at is null"),
        (
            "a sitting is in the future",
            "select count(*) from meeting_instances where ended_at > '2026-03-11T15:42:07Z'",
        ),
        (
            "somebody was there outside the sitting",
            "select count(*) from participants p join meeting_instances i on i.id = p.instance_id
             where p.joined_at < i.started_at or p.left_at > i.ended_at",
        ),
        (
            "somebody was in a sitting twice at a time",
            "select count(*) from participants a join participants b using (instance_id, identity)
             where a.joined_at < b.joined_at and b.joined_at < a.left_at",
        ),
        (
            "a meeting began before it was made",
            "select count(*) from meetings m join meeting_instances i on i.meeting_id = m.id where i.started_at < m.created_at",
        ),
    ] {
        assert_eq!(count(&pool, question).await, 0, "{impossible}");
    }
    for (wanted, question) in [
        ("a plan", "select count(*) from meetings where starts_at > '2026-03-11T15:42:07Z'"),
        ("an untouched room", "select count(*) from meetings where starts_at is null and ended_at is null"),
        (
            "somebody who came back",
            "select count(*) from participants group by instance_id, identity having count(*) > 1",
        ),
        ("an inferred leave", "select count(*) from participants where left_inferred"),
        ("events", "select count(*) from analytics where event_type = 'participant_left'"),
    ] {
        assert!(count(&pool, question).await > 0, "{wanted} is missing");
    }
}

#[tokio::test]
async fn only_a_development_database_is_filled() {
    let database = postgres().database().await;
    let seed = |environment: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_meetbox"))
            .arg("seed")
            .env_clear()
            .env("APP_ENV", environment)
            .env("DATABASE_URL", database.url())
            .env("REDIS_URL", "redis://127.0.0.1:6379")
            .env("LIVEKIT_URL", "ws://127.0.0.1:7880")
            .env("LIVEKIT_PUBLIC_URL", "wss://livekit.example.org")
            .env("LIVEKIT_API_KEY", "APIkQ7Zt9vWb")
            .env("LIVEKIT_API_SECRET", "Vq3nT8yLw2ZrX6mB9sKd4HfJ7pGc5NeU")
            // Otherwise a developer's .env would be read.
            .current_dir("/")
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };

    for environment in ["staging", "production"] {
        let (code, said) = seed(environment);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("made-up meetings"), "{said}");
    }
    let pool = database.pool().await;
    assert_eq!(count(&pool, "select count(*) from meetings").await, 0);

    assert_eq!(seed("local"), (Some(0), String::new()));
    assert!(count(&pool, "select count(*) from meetings").await > 0);
}

async fn count(pool: &PgPool, question: &'static str) -> i64 {
    pool.fetch_optional(question).await.unwrap().map_or(0, |row| row.get(0))
}

/// Everything but the ids, as lines.
async fn content(pool: &PgPool) -> Vec<String> {
    let lines = "select concat_ws(' ', 'm', room_name, title, created_at, starts_at, ended_at, version) from meetings
        union all select concat_ws(' ', 'i', room_sid, started_at, ended_at, ended_inferred) from meeting_instances
        union all select concat_ws(' ', 'p', participant_sid, identity, joined_at, left_at, left_inferred) from participants
        union all select concat_ws(' ', 'a', livekit_event_id, event_type, created_at) from analytics order by 1";
    pool.fetch_all(lines).await.unwrap().iter().map(|row| row.get(0)).collect()
}
