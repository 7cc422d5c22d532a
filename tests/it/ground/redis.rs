//! Redis: reached with any address that is valid.

use std::time::{Duration, Instant};

use meetbox::{
    cache::{Cache, CacheError},
    config::RedisSettings,
};
use rand::Rng;

use super::{CASES, password, told_rng};
use crate::{
    chaos::{Mode, Proxy},
    house::settings,
    services::{Redis, redis_url},
};

// Feature: infrastructure-local-dev, Property 22: whatever user, password and number REDIS_URL names, they are used.
#[tokio::test(flavor = "multi_thread")]
async fn a_valid_address_leads_into_redis_and_another_does_not() {
    let mut rng = told_rng();
    let redis = Redis::start();
    let mut admin = redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();

    for case in 0..CASES {
        let user = format!("guest-{case}");
        let (password, encoded) = password(&mut rng);
        let number = rng.random_range(0..4096);
        let mut allow = redis::cmd("ACL");
        allow.arg("SETUSER").arg(&user).arg("on").arg(format!(">{password}")).arg("~*").arg("+@all");
        let () = allow.query_async(&mut admin).await.unwrap();

        let url = |secret: &str| match is_anonymous(case) {
            // Without credentials the default user is meant.
            true => format!("redis://127.0.0.1:{}/{number}", redis.port),
            false => format!("redis://{user}:{secret}@127.0.0.1:{}/{number}", redis.port),
        };
        let cache =
            |url: &str| Cache::new(&settings("postgres://nobody@127.0.0.1/x", url, "ws://127.0.0.1:7880").redis);
        let answer = cache(&url(&encoded)).unwrap().ping().await;
        assert!(answer.is_ok(), "{password}: {answer:?}");
        if !is_anonymous(case) {
            assert!(cache(&url(&format!("{encoded}x"))).unwrap().ping().await.is_err(), "{password} with an x");
        }
    }
}

/// Every fourth address has no credentials.
fn is_anonymous(case: usize) -> bool {
    case.is_multiple_of(4)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_there_is_found_until_it_lapses_or_is_taken_away() {
    let cache = Cache::new(&RedisSettings { url: redis_url().into() }).unwrap();
    let (bytes, long) = (b"\0\xff\r\n".as_slice(), Duration::from_secs(60));
    assert_eq!(cache.get("one").await.unwrap(), None);
    cache.set("one", bytes, long).await.unwrap();
    cache.set("two", b"", long).await.unwrap();
    cache.set("three", b"3", Duration::ZERO).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;

    assert_eq!(cache.get("one").await.unwrap().as_deref(), Some(bytes));
    assert_eq!(cache.get("two").await.unwrap().as_deref(), Some(b"".as_slice()));
    assert_eq!(cache.get("three").await.unwrap(), None);
    cache.delete(&["one".to_owned(), "two".to_owned(), "four".to_owned()]).await.unwrap();
    cache.delete(&[]).await.unwrap();
    assert_eq!(cache.get("one").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_finds_out_that_redis_is_away_and_the_others_are_told_at_once() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port).await;
    let cache = Cache::new(&RedisSettings { url: format!("redis://127.0.0.1:{}", proxy.port).into() }).unwrap();
    cache.ping().await.unwrap();

    for (number, mode) in (1..).zip([Mode::BlackHoled, Mode::Refused, Mode::Reset]) {
        proxy.set(mode).await;
        assert!(cache.get("a").await.is_err(), "{mode:?}");
        let asked = Instant::now();
        for _ in 0..1000 {
            assert!(matches!(cache.get("a").await, Err(CacheError::Away)), "{mode:?}");
        }
        assert!(asked.elapsed() < Duration::from_millis(100), "{mode:?}: {:?}", asked.elapsed());
        assert_eq!(cache.outages(), number);

        proxy.set(Mode::Pass).await;
        let back = Instant::now();
        while cache.get("a").await.is_err() {
            assert!(back.elapsed() < Duration::from_secs(1), "{mode:?}: it is not back");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_refuses_is_not_away() {
    let redis = Redis::start();
    let cache = Cache::new(&RedisSettings { url: redis.url().into() }).unwrap();
    let mut admin = redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("ACL").arg("SETUSER").arg("default").arg("-set").query_async(&mut admin).await.unwrap();

    for _ in 0..3 {
        let answer = cache.set("a", b"b", Duration::from_secs(1)).await;
        assert!(matches!(answer, Err(CacheError::Refused(_))), "{answer:?}");
        assert_eq!(cache.get("a").await.unwrap(), None);
    }
    assert_eq!(cache.outages(), 0);
}
