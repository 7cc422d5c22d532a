//! `/health` tells how each part is, whatever state they are in.

use std::fs;

use futures_util::future::join_all;
use meetbox::{
    app::App,
    clock::Clock,
    config::{FolderSettings, StorageSettings},
    http,
};
use poem::test::TestClient;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::Value;

use super::{CASES, told_rng};
use crate::{
    chaos::{Mode, Proxy},
    house::settings,
    livekit_model::Model,
    services::{postgres, redis_url},
};

/// So many grounds are shaken at the same time: one that is away is waited for.
const AT_ONCE: usize = 8;

/// Ways to be away that are noticed soon; black holes have tests of their own.
const AWAY: [Mode; 2] = [Mode::Refused, Mode::Reset];

// Feature: infrastructure-local-dev, Property 17: whichever parts are away, health names each part's state and the whole's.
#[tokio::test(flavor = "multi_thread")]
async fn health_tells_the_state_of_every_part() {
    let mut rng = told_rng();
    let seeds: Vec<u64> = (0..AT_ONCE).map(|_| rng.random()).collect();
    join_all(seeds.into_iter().map(|seed| shake(StdRng::seed_from_u64(seed), CASES / AT_ONCE))).await;
}

async fn shake(mut rng: StdRng, cases: usize) {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let postgres = Proxy::to(database.port).await;
    let redis_url = url::Url::parse(&redis_url()).unwrap();
    let redis = Proxy::to(redis_url.port().unwrap()).await;
    let redis_url = format!("redis://127.0.0.1:{}{}", redis.port, redis_url.path());
    let mut settings = settings(&database.url_through(postgres.port), &redis_url, &livekit.url());
    settings.database.max_connections = 2;
    let dir = tempfile::tempdir().unwrap();
    let recordings = dir.path().join("recordings");
    settings.storage =
        StorageSettings::Folder(FolderSettings { dir: recordings.clone(), recorder_dir: recordings.clone() });
    let pool = meetbox::db::connect(&settings.database).await.unwrap();

    for _ in 0..cases {
        let [has_postgres, has_redis, has_livekit, has_storage] = rng.random::<[bool; 4]>();
        postgres.set(mode(&mut rng, has_postgres)).await;
        redis.set(mode(&mut rng, has_redis)).await;
        if has_livekit {
            livekit.come_back().await
        } else {
            livekit.go_away().await
        }

        let _ = if has_storage { fs::create_dir_all(&recordings) } else { fs::remove_dir_all(&recordings) };

        // A new house each time: an old one remembers its last answer for a second.
        let app = App::new(&settings, pool.clone(), Clock::System).unwrap();
        let client = TestClient::new(http::routes(app, http::web::endpoint(&settings.livekit, settings.storage.s3())));
        let answer = client.get("/health").send().await;
        let status = answer.0.status().as_u16();
        let health: Value = answer.json().await.value().deserialize();

        let works = has_postgres && has_livekit;
        assert_eq!(status, if works { 200 } else { 503 }, "{health}");
        let whole = if !works {
            "unhealthy"
        } else if has_redis && has_storage {
            "healthy"
        } else {
            "degraded"
        };
        assert_eq!(health["status"], whole, "{health}");
        let there = [has_postgres, has_redis, has_livekit, has_storage];
        for (part, is_there) in ["database", "redis", "livekit", "storage"].into_iter().zip(there) {
            check_part(&health["services"][part], is_there, &health);
        }
    }
}

fn check_part(part: &Value, is_there: bool, health: &Value) {
    assert_eq!(part["status"], if is_there { "healthy" } else { "unhealthy" }, "{health}");
    assert!(part["latency_ms"].as_f64().is_some_and(|it| it < 2_000.0), "{health}");
    assert_eq!(part["reason"].is_string(), !is_there, "{health}");
}

fn mode(rng: &mut StdRng, is_there: bool) -> Mode {
    if is_there { Mode::Pass } else { *AWAY.choose(rng).unwrap() }
}
