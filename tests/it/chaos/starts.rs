//! Starts that cannot succeed: they try for a while, then say what to do and exit.

use std::time::{Duration, Instant};

use meetbox::clock::Clock;

use crate::{
    livekit_model::Model,
    services::{Redis, free_port, postgres, redis_url},
    serving::{Ground, Serving},
};

/// Starts the binary, waits for its end, and answers its exit code, what it printed and how long that took.
fn start_in_vain(ground: Ground) -> (i32, String, Duration) {
    let started = Instant::now();
    let mut house = Serving::launch(ground);
    let code = house.wait_for_end(Duration::from_secs(30));
    (code, house.printed(), started.elapsed())
}

async fn ground(livekit: &Model) -> Ground {
    Ground::new(&postgres().database().await.url(), &redis_url(), &livekit.url())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_the_start_backs_off_and_then_tells_how_to_find_out() {
    let livekit = Model::start(Clock::System).await;
    let nowhere = format!("postgres://meetbox:hush-hush-hush@127.0.0.1:{}/meetbox", free_port());
    let ground = Ground::new(&nowhere, &redis_url(), &livekit.url()).with("DATABASE_START_TIMEOUT_SECONDS", "4");

    let (code, printed, took) = start_in_vain(ground);
    assert_eq!(code, 2, "{printed}");
    assert!(took >= Duration::from_secs(2), "it gave up after {took:?}:\n{printed}");
    let said = ["error: cannot start without Postgres", "hint:", "pg_isready", "DATABASE_URL", "trying again in"];
    for words in said.into_iter().chain(["Connection refused"]) {
        assert!(printed.contains(words), "`{words}` is not in:\n{printed}");
    }
    assert!(!printed.contains("hush-hush-hush"), "the password is printed:\n{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_livekit_the_start_tries_for_a_bounded_time_and_then_says_what_to_do() {
    let livekit = Model::start(Clock::System).await;
    livekit.go_away().await;
    let (code, printed, took) = start_in_vain(ground(&livekit).await.with("LIVEKIT_START_TIMEOUT_SECONDS", "3"));

    assert_eq!(code, 2, "{printed}");
    assert!(took >= Duration::from_secs(1), "it gave up after {took:?}:\n{printed}");
    for words in ["error: cannot start without LiveKit", "hint:", "LIVEKIT_URL", "trying again in"] {
        assert!(printed.contains(words), "`{words}` is not in:\n{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_livekit_that_comes_late_is_waited_for() {
    let livekit = Model::start(Clock::System).await;
    livekit.go_away().await;
    let house = Serving::launch(ground(&livekit).await);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(house.is_running(), "{}", house.printed());

    livekit.come_back().await;
    house.wait_until_ready().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_the_start_succeeds_and_says_so() {
    let livekit = Model::start(Clock::System).await;
    let mut redis = Redis::start();
    redis.kill();
    let ground = Ground::new(&postgres().database().await.url(), &redis.url(), &livekit.url());

    let house = Serving::start(ground).await;
    assert!(house.printed().contains("redis is away"), "{}", house.printed());
    let (_, health) = house.get("/health").await;
    assert_eq!(health["status"], "degraded", "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_livekit_does_not_know_end_the_start_at_once() {
    let livekit = Model::start(Clock::System).await;
    let wrong = [("LIVEKIT_API_KEY", "anotherkey"), ("LIVEKIT_API_SECRET", "anothersecretanothersecretanothersecret")];
    for (name, value) in wrong {
        let (code, printed, took) = start_in_vain(ground(&livekit).await.with(name, value));
        assert_eq!(code, 1, "{printed}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        for words in ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "hint:", "keys:"] {
            assert!(printed.contains(words), "`{words}` is not in:\n{printed}");
        }
        assert!(!printed.contains("anothersecret"), "the secret is printed:\n{printed}");
        assert!(!printed.contains("ready on"), "it served all the same:\n{printed}");
    }
}
