//! Object storage, seen through `/health` of a real server, with a real S3-compatible store.

use std::time::Duration;

use serde_json::Value;

use crate::{
    livekit_model::Model,
    services::{
        S3, postgres, redis_url,
        s3::{ACCESS_KEY, BUCKET, REGION, SECRET_KEY},
    },
    serving::{Ground, Serving},
};

/// How long `/health` gives an answer again that it has.
const HEALTH_IS_KEPT: Duration = Duration::from_millis(1100);

async fn serve(store: &S3, bucket: &str, secret_key: &str) -> (Model, Serving) {
    let livekit = Model::start(meetbox::clock::Clock::System).await;
    let database = postgres().database().await;
    let ground = Ground::new(&database.url(), &redis_url(), &livekit.url())
        .with("S3_ENDPOINT", &store.url())
        .with("S3_ACCESS_KEY", ACCESS_KEY)
        .with("S3_SECRET_KEY", secret_key)
        .with("S3_BUCKET", bucket)
        .with("S3_REGION", REGION)
        .with("S3_FORCE_PATH_STYLE", "true");
    (livekit, Serving::start(ground).await)
}

async fn health(serving: &Serving) -> (Value, Value) {
    let (status, health) = serving.get("/health").await;
    assert_eq!(status, 200, "storage is nothing that meetings need: {health}");
    (health["status"].clone(), health["services"]["storage"].clone())
}

// Feature: infrastructure-local-dev, Property 11: a start tries the storage that is set and logs what came of it.
#[tokio::test]
async fn storage_that_answers_is_healthy_and_comes_back_after_an_outage() {
    let mut store = S3::start();
    let (_livekit, serving) = serve(&store, BUCKET, SECRET_KEY).await;
    assert!(serving.printed().contains("connected to object storage"));
    let (overall, storage) = health(&serving).await;
    assert_eq!((overall, &storage["status"]), ("healthy".into(), &"healthy".into()), "{storage}");

    store.kill();
    tokio::time::sleep(HEALTH_IS_KEPT).await;
    let (overall, storage) = health(&serving).await;
    assert_eq!((overall, &storage["status"]), ("degraded".into(), &"unhealthy".into()));
    assert!(storage["reason"].as_str().unwrap().contains("cannot reach storage"), "{storage}");

    store.start_again();
    tokio::time::sleep(HEALTH_IS_KEPT).await;
    assert_eq!(health(&serving).await.0, "healthy", "without a restart");
}

#[tokio::test]
async fn storage_that_refuses_us_is_told_apart_from_a_bucket_that_is_missing() {
    let store = S3::start();
    for (bucket, secret_key, reason) in
        [("elsewhere", SECRET_KEY, "no bucket"), (BUCKET, "not-the-secret-that-it-knows", "refuses")]
    {
        let (_livekit, serving) = serve(&store, bucket, secret_key).await;
        let (overall, storage) = health(&serving).await;
        assert_eq!(overall, "degraded");
        assert!(storage["reason"].as_str().unwrap().contains(reason), "{storage}");

        let log = serving.printed();
        assert!(log.contains("object storage is unavailable"), "the start says so, and goes on");
        assert!(!log.contains(secret_key) && !log.contains("X-Amz-Signature"), "no secret in the log");
    }
}
