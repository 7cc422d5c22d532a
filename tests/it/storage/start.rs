//! Storage, seen through the start and `/health` of a real server, with real stores.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
};

use crate::{
    livekit_model::{KEYS, Model},
    services::{
        S3, Store, postgres, redis_url,
        s3::{ACCESS_KEY, BUCKET, REGION, SECRET_KEY},
    },
    serving::{Ground, Serving},
};

/// How long `/health` gives an answer again that it has.
const HEALTH_IS_KEPT: Duration = Duration::from_millis(1100);

/// A house in that environment, with the settings of its storage.
async fn serve(environment: &str, storage: &[(&'static str, &str)]) -> (Model, Serving) {
    let livekit = Model::start(meetbox::clock::Clock::System).await;
    let database = postgres().database().await;
    let (key, secret) = KEYS[1];
    let ground = Ground::new(&database.url(), &redis_url(), &livekit.url())
        .with("APP_ENV", environment)
        .with("LIVEKIT_API_KEY", key)
        .with("LIVEKIT_API_SECRET", secret);
    let ground = storage.iter().fold(ground, |ground, (name, value)| ground.with(name, value));
    (livekit, Serving::start(ground).await)
}

/// The gateway's settings.
fn gateway<'a>(url: &'a str, bucket: &'a str, secret_key: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("S3_ENDPOINT", url),
        ("S3_ACCESS_KEY", ACCESS_KEY),
        ("S3_SECRET_KEY", secret_key),
        ("S3_BUCKET", bucket),
        ("S3_REGION", REGION),
        ("S3_FORCE_PATH_STYLE", "true"),
    ]
}

async fn health(serving: &Serving) -> (Value, Value) {
    tokio::time::sleep(HEALTH_IS_KEPT).await;
    let (status, health) = serving.get("/health").await;
    assert_eq!(status, 200, "storage is nothing that meetings need: {health}");
    (health["status"].clone(), health["services"]["storage"].clone())
}

// Feature: infrastructure-local-dev, Property 11: a start tries the storage that is set and logs what came of it.
#[tokio::test]
async fn storage_that_answers_is_healthy_and_comes_back_after_an_outage() {
    let mut store = S3::start();
    let url = store.url();
    let (_livekit, serving) = serve("production", &gateway(&url, BUCKET, SECRET_KEY)).await;
    assert!(serving.printed().contains("connected to object storage"));
    let (overall, storage) = health(&serving).await;
    assert_eq!((overall, &storage["status"]), ("healthy".into(), &"healthy".into()), "{storage}");

    store.kill();
    let (overall, storage) = health(&serving).await;
    assert_eq!((overall, &storage["status"]), ("degraded".into(), &"unhealthy".into()));
    assert!(storage["reason"].as_str().unwrap().contains("cannot reach storage"), "{storage}");

    store.start_again();
    assert_eq!(health(&serving).await.0, "healthy", "without a restart");
    let left = std::fs::read_dir(store.bucket(BUCKET)).unwrap().map(|entry| entry.unwrap().file_name());
    // The gateway keeps a folder for what it is about to write.
    let left: Vec<_> = left.filter(|name| name != ".sgwtmp").collect();
    assert!(left.is_empty(), "the start left something in the bucket: {left:?}");
}

/// A proxy that lets nobody through; answers what it was asked for first, in the first line of a request.
async fn closed_proxy() -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        line
    });
    (address, asked)
}

#[tokio::test]
async fn a_proxy_is_asked_for_what_is_elsewhere_and_not_for_what_is_on_this_machine() {
    let (proxy, asked) = closed_proxy().await;
    let elsewhere = gateway("http://store.example.org", BUCKET, SECRET_KEY);
    let (_livekit, serving) = serve("local", &[&elsewhere[..], &[("http_proxy", &proxy)]].concat()).await;
    let (status, health) = serving.get("/health").await;
    assert_eq!((status.as_u16(), &health["services"]["livekit"]["status"]), (200, &"healthy".into()), "{health}");
    let asked = tokio::time::timeout(Duration::from_secs(30), asked).await.unwrap().unwrap();
    assert!(asked.contains(" http://store.example.org/"), "{asked}");
}

// Feature: infrastructure-local-dev, Property 11: storage that is away at the start is told, and does not stop it.
#[tokio::test]
async fn storage_that_is_away_at_the_start_is_told_and_found_later() {
    let mut store = S3::start();
    store.kill();
    let url = store.url();
    let (_livekit, serving) = serve("production", &gateway(&url, BUCKET, SECRET_KEY)).await;
    assert!(serving.printed().contains("object storage is unavailable (cannot reach storage"));
    assert_eq!(health(&serving).await.0, "degraded");
    store.start_again();
    assert_eq!(health(&serving).await.0, "healthy", "without a restart");
}

// Feature: infrastructure-local-dev, Property 11: the log of the start tells why storage cannot be used.
#[tokio::test]
async fn storage_that_refuses_us_is_told_apart_from_a_bucket_that_is_missing() {
    let store = S3::start();
    let url = store.url();
    for (bucket, secret_key, reason) in
        [("elsewhere", SECRET_KEY, "no bucket"), (BUCKET, "not-the-secret-that-it-knows", "refuses")]
    {
        let (_livekit, serving) = serve("production", &gateway(&url, bucket, secret_key)).await;
        let (overall, storage) = health(&serving).await;
        assert_eq!(overall, "degraded");
        assert!(storage["reason"].as_str().unwrap().contains(reason), "{storage}");

        let log = serving.printed();
        assert!(log.contains("object storage is unavailable"), "the start says so, and goes on");
        assert!(!log.contains(secret_key) && !log.contains("X-Amz-Signature"), "no secret in the log");
    }
    assert!(!store.bucket("elsewhere").exists(), "elsewhere than in local a bucket is the operator's");
}

// Feature: infrastructure-local-dev, Property 10: a LocalStack that is new has the bucket when the start is through.
#[tokio::test]
async fn a_developers_store_has_its_bucket_when_the_start_is_through() {
    let localstack = Store::localstack();
    let Store { url, access_key, secret_key, region, .. } = &localstack;
    let mut settings = gateway(url, "recordings-of-a-developer", secret_key);
    (settings[1].1, settings[4].1) = (access_key, region);
    let (_livekit, serving) = serve("local", &settings).await;
    let log = serving.printed();
    assert!(log.contains("made the bucket `recordings-of-a-developer`"), "{log}");
    assert!(log.contains("connected to object storage"), "{log}");
    assert_eq!(health(&serving).await.0, "healthy");
}

// Feature: infrastructure-local-dev, Property 10: a developer's store that has lost its bucket has it again soon.
#[tokio::test]
async fn a_developers_store_that_forgot_its_bucket_has_it_again() {
    let store = S3::start();
    let url = store.url();
    let (_livekit, serving) = serve("local", &gateway(&url, BUCKET, SECRET_KEY)).await;
    std::fs::remove_dir_all(store.bucket(BUCKET)).unwrap();
    assert_eq!(health(&serving).await.0, "healthy");
    assert!(store.bucket(BUCKET).exists());
}

// Feature: infrastructure-local-dev, Property 4: what was put into object storage is there after it was stopped and started.
#[tokio::test]
async fn what_was_put_is_there_after_the_store_was_stopped_and_started() {
    let mut store = S3::start();
    let storage = super::gateway(&store);
    storage.put("blue-heron/one.mp4", "frames".into(), "video/mp4").await.unwrap();
    store.kill();
    storage.head("blue-heron/one.mp4").await.unwrap_err();
    store.start_again();
    // Also a storage that was away, and is left alone, is found by a look.
    storage.probe().await.unwrap();
    assert_eq!(super::read(&storage, "blue-heron/one.mp4").await.unwrap(), b"frames");
}

#[tokio::test]
async fn a_folder_is_made_at_the_start_and_told_when_it_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let recordings = dir.path().join("var/recordings");
    let (_livekit, serving) = serve("production", &[("STORAGE_DIR", recordings.to_str().unwrap())]).await;
    assert!(serving.printed().contains("connected to the storage folder"), "{}", serving.printed());
    assert_eq!(health(&serving).await.0, "healthy");

    std::fs::write(dir.path().join("file"), "").unwrap();
    let nowhere = dir.path().join("file/recordings");
    let (_livekit, serving) = serve("production", &[("STORAGE_DIR", nowhere.to_str().unwrap())]).await;
    assert!(serving.printed().contains("the storage folder is unavailable (cannot make the folder"));
    assert_eq!(health(&serving).await.0, "degraded");
}

#[tokio::test]
async fn without_settings_a_developer_has_a_folder_and_a_server_has_nothing() {
    for (environment, status) in [("local", "healthy"), ("production", "not_configured")] {
        let (_livekit, serving) = serve(environment, &[]).await;
        let (overall, storage) = health(&serving).await;
        assert_eq!((overall, &storage["status"]), ("healthy".into(), &status.into()), "{environment}: {storage}");
    }
}
