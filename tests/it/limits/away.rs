//! Limited requests while Redis is away: they go on, quickly, and stay limited.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;

use super::{Admitted, check_every_window};
use crate::{
    chaos::load::{Away, Loaded, OUTAGE, Outcome, check_answers},
    serving::Serving,
};

/// How many ask at the same time.
const ASKERS: usize = 8;
/// What one who asks too much may ask for.
const LIMIT: u32 = 30;

/// What an asker asks.
fn question(house: &Serving, number: usize) -> RequestBuilder {
    let request = if number.is_multiple_of(2) {
        house.request(Method::GET, "/meetings")
    } else {
        house.request(Method::POST, "/token").json(&json!({ "room_name": "blue-heron", "name": "Ada" }))
    };
    request.header("x-forwarded-for", format!("198.51.100.{}", number / 4))
}

/// What somebody asks who asks too much.
fn too_much(house: &Serving) -> RequestBuilder {
    let request = house.request(Method::DELETE, "/meetings/2f6c3d0e-6a55-4b0e-9d3b-0a8a4f1f7c11");
    request.header("x-forwarded-for", "192.0.2.1")
}

// Feature: infrastructure-local-dev, Property 27: while Redis refuses, is silent or frozen, requests are answered as
// quickly as ever, and whoever asks too much is refused as ever.
#[tokio::test(flavor = "multi_thread")]
async fn under_load_nobody_pays_for_a_redis_that_is_away_and_limits_hold() {
    let loaded = Loaded::open(&[("RATE_LIMIT_WRITES", &LIMIT.to_string())]).await;
    let asking = (0..ASKERS).map(|number| {
        let house = loaded.house.clone();
        loaded.keep_asking(move |_| question(&house, number))
    });
    let asking = asking.collect();
    let house = loaded.house.clone();
    let greedy = loaded.keep_asking(move |_| too_much(&house));
    tokio::time::sleep(Duration::from_secs(1)).await;

    let ways = [Away::Refused, Away::BlackHoled, Away::Reset, Away::Frozen];
    let mut outages = Vec::new();
    for away in ways {
        outages.push(loaded.lose_redis_for(away, OUTAGE).await);
    }
    check_answers(&loaded.stop(asking).await, &outages);
    check_the_greedy(&greedy.await.unwrap());
    let printed = loaded.house.printed();
    for told in ["redis is away", "redis is back"] {
        // On a busy machine Redis itself may be too slow a few times; but it is not told with every request.
        let times = printed.matches(told).count();
        assert!((ways.len()..4 * ways.len()).contains(&times), "`{told}` is told {times} times:\n{printed}");
    }
}

fn check_the_greedy(outcomes: &[Outcome]) {
    let let_through = |outcome: &&Outcome| outcome.status.is_some_and(|it| it != StatusCode::TOO_MANY_REQUESTS);
    let times = |it: &Outcome| Admitted { asked: it.asked, answered: it.asked + it.took };
    let admitted: Vec<_> = outcomes.iter().filter(let_through).map(times).collect();
    assert!(admitted.len() < outcomes.len() / 2, "{} of {} let through", admitted.len(), outcomes.len());
    check_every_window(admitted, LIMIT, "one who asks too much");
}
