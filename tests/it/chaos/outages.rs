//! What the house answers while something that it stands on is away.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use meetbox::clock::Clock;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Mode, Proxy};
use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

/// A house whose Postgres, Redis and LiveKit a test can break.
struct Shaky {
    house: Serving,
    livekit: Model,
    postgres: Proxy,
    redis: Proxy,
}

impl Shaky {
    async fn start() -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let postgres = Proxy::to(database.port).await;
        let redis_url = url::Url::parse(&redis_url()).unwrap();
        let redis = Proxy::to(redis_url.port().unwrap()).await;
        let redis_through_proxy = format!("redis://127.0.0.1:{}{}", redis.port, redis_url.path());

        let ground = Ground::new(&database.url_through(postgres.port), &redis_through_proxy, &livekit.url());
        Self { house: Serving::start(ground).await, livekit, postgres, redis }
    }

    /// Waits until `/health` says so of the whole; answers how long that took.
    async fn wait_for_health(&self, status: &str) -> Duration {
        let asked = Instant::now();
        loop {
            let (_, health) = self.house.get("/health").await;
            if health["status"] == status {
                return asked.elapsed();
            }
            assert!(asked.elapsed() < Duration::from_secs(10), "health is not {status}: {health}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Ways in which something is away.
const AWAY: [Mode; 4] = [Mode::Refused, Mode::BlackHoled, Mode::Reset, Mode::Slow(Duration::from_secs(3))];

// Feature: infrastructure-local-dev, Property 24: whatever keeps Redis away, people meet as before and health says so.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_everything_goes_on_and_health_says_degraded() {
    const CASES: usize = 120;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let shaky = Shaky::start().await;
    shaky.wait_for_health("healthy").await;

    for case in 0..CASES {
        let mode = *AWAY.choose(&mut rng).unwrap();
        shaky.redis.set(mode).await;
        let asked = Instant::now();
        let what = ask_for_something(&shaky.house, &mut rng).await;
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(1), "case {case}: {what} took {took:?} with Redis {mode:?}");
    }
    for mode in AWAY {
        shaky.redis.set(mode).await;
        shaky.wait_for_health("degraded").await;
        let (status, health) = shaky.house.get("/health").await;
        assert_eq!(status, StatusCode::OK, "{health}");
        assert_eq!(health["services"]["redis"]["status"], "unhealthy");
        assert_eq!(health["services"]["database"]["status"], "healthy");

        shaky.redis.set(Mode::Pass).await;
        let took = shaky.wait_for_health("healthy").await;
        // Health is remembered for a second; Redis itself is back within another.
        assert!(took < Duration::from_secs(2), "Redis was {mode:?} and took {took:?} to come back");
    }
    assert!(shaky.house.is_running());
}

/// One of the things that people ask for; it must work.
async fn ask_for_something(house: &Serving, rng: &mut StdRng) -> &'static str {
    let name = format!("room-{}", rng.random_range(0..50));
    let (what, (status, answer)) = match rng.random_range(0..3) {
        0 => ("a token", house.post("/token", &json!({ "room_name": name, "name": "Ada" })).await),
        1 => ("the meetings", house.get("/meetings").await),
        _ => ("readiness", house.get("/readyz").await),
    };
    assert_eq!(status, StatusCode::OK, "{what}: {answer}");
    what
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_every_answer_is_quick_and_says_try_again() {
    let shaky = Shaky::start().await;
    let meeting = shaky.house.token("blue-heron", "ada").await["meeting_id"].as_str().unwrap().to_owned();
    let event = {
        let mut world = shaky.livekit.world();
        world.join("blue-heron", "ada", Clock::System.now().timestamp_millis());
        world.take_events().remove(0)
    };

    for mode in AWAY {
        shaky.postgres.set(mode).await;
        for _ in 0..2 {
            check_answers_without_postgres(&shaky, mode, &meeting, &event.body).await;
        }

        shaky.postgres.set(Mode::Pass).await;
        let back = Instant::now();
        shaky.house.wait_until_ready().await;
        let took = back.elapsed();
        assert!(took < Duration::from_secs(5), "Postgres was {mode:?} and took {took:?} to come back");
        let (status, page) = shaky.house.get("/meetings").await;
        assert_eq!(status, StatusCode::OK, "after {mode:?}: {page}");
        let answer = shaky.house.webhook(&shaky.livekit.sign(&event.body)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "after {mode:?}");
    }
}

async fn check_answers_without_postgres(shaky: &Shaky, mode: Mode, meeting: &str, event: &str) {
    let request = |method, path: &str| shaky.house.request(method, path);
    let wish = json!({ "room_name": "other-room", "name": "Ada" });
    let cases = [
        ("livez", StatusCode::OK, request(Method::GET, "/livez")),
        ("readyz", StatusCode::SERVICE_UNAVAILABLE, request(Method::GET, "/readyz")),
        ("health", StatusCode::SERVICE_UNAVAILABLE, request(Method::GET, "/health")),
        ("token", StatusCode::SERVICE_UNAVAILABLE, request(Method::POST, "/token").json(&wish)),
        ("list", StatusCode::SERVICE_UNAVAILABLE, request(Method::GET, "/meetings")),
        ("get", StatusCode::SERVICE_UNAVAILABLE, request(Method::GET, &format!("/meetings/{meeting}"))),
        ("create", StatusCode::SERVICE_UNAVAILABLE, request(Method::POST, "/meetings").json(&json!({}))),
        ("webhook", StatusCode::SERVICE_UNAVAILABLE, shaky.house.webhook(&shaky.livekit.sign(event))),
    ];
    // All at once, as it would be: what waits for Postgres must not wait for each other.
    join_all(cases.into_iter().map(|(what, expected, request)| async move {
        let asked = Instant::now();
        let answer = request.send().await.unwrap_or_else(|err| panic!("{what}, Postgres {mode:?}: {err}"));
        let (status, took) = (answer.status(), asked.elapsed());
        let body = answer.text().await.unwrap();
        // Two seconds on a free machine; this one runs the other tests too.
        assert!(took < Duration::from_millis(2_500), "{what}, Postgres {mode:?}: took {took:?}");
        assert_eq!(status, expected, "{what}, Postgres {mode:?}: {body}");
        if !matches!(what, "livez" | "readyz" | "health") {
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert!(problem["code"].is_string() && problem["request_id"].is_string(), "{what}: {problem}");
        }
    }))
    .await;
}
