//! Redis: reached with any address that is valid.

use meetbox::cache::Cache;
use rand::Rng;

use super::{CASES, password, told_rng};
use crate::{house::settings, services::Redis};

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
