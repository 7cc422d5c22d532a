//! The services that the other tests stand on: they start, they are apart from each other, and they can be killed.

use sqlx::Row;

use crate::services::{LiveKit, LiveKitConfig, Redis, free_port, postgres, redis_url};

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (one, other) = (postgres().database().await, postgres().empty_database().await);
    sqlx::query("create table only_here (id int)").execute(&one.pool().await).await.unwrap();

    let seen_elsewhere = sqlx::query("select to_regclass('only_here') is not null as it")
        .fetch_one(&other.pool().await)
        .await
        .unwrap()
        .get::<bool, _>("it");
    assert!(!seen_elsewhere);
}

#[tokio::test]
async fn each_test_has_a_redis_of_its_own() {
    let (one, other) = (redis_url(), redis_url());
    let mut connection = redis::Client::open(one).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("SET").arg("key").arg(1).query_async(&mut connection).await.unwrap();

    let mut connection = redis::Client::open(other).unwrap().get_multiplexed_async_connection().await.unwrap();
    let seen_elsewhere: Option<i32> = redis::cmd("GET").arg("key").query_async(&mut connection).await.unwrap();
    assert_eq!(seen_elsewhere, None);
}

#[tokio::test]
async fn livekit_comes_back_on_the_same_port_after_a_kill() {
    let redis = Redis::start();
    let config = LiveKitConfig { redis_port: redis.port, webhook_port: free_port(), empty_timeout: 5 };
    let mut livekit = LiveKit::start(config);

    livekit.kill();
    assert!(!livekit.is_serving());
    livekit.start_again();

    assert!(livekit.is_serving(), "{}", livekit.printed());
}
