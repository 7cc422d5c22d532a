//! People who are signed in, while Redis is away: they stay signed in, and nobody waits.

use std::{sync::Arc, time::Duration};

use reqwest::Method;
use serde_json::json;

use crate::{
    chaos::load::{Away, Loaded, OUTAGE, check_answers},
    serving::Serving,
};

/// How many people there are, each with several windows open.
const PEOPLE: usize = 3;
const WINDOWS: usize = 3;

/// What a window asks, one after the other.
fn question(house: &Serving, session: &str, number: usize) -> reqwest::RequestBuilder {
    let request = |method, path| house.request_as(Some(session), method, path);
    match number % 4 {
        0 => request(Method::GET, "/account"),
        1 => request(Method::GET, "/meetings"),
        2 => request(Method::GET, "/sessions"),
        _ => request(Method::POST, "/token").json(&json!({ "room_name": "blue-heron", "name": "Ada" })),
    }
}

// Feature: infrastructure-local-dev, Property 24: while Redis refuses, is silent or frozen, nobody is signed out, nothing
// hangs, and Redis is used again within a second of its return.
#[tokio::test(flavor = "multi_thread")]
async fn under_load_nobody_is_signed_out_by_a_redis_that_is_away() {
    let loaded = Loaded::open(&[]).await;
    let mut asking = Vec::new();
    let (status, meeting) = loaded.house.post("/meetings", &json!({ "room_name": "blue-heron", "lobby": "off" })).await;
    assert_eq!(status, reqwest::StatusCode::CREATED, "{meeting}");
    for number in 0..PEOPLE {
        let person = loaded.house.account(&format!("person{number}"), "host").await;
        for window in 0..WINDOWS {
            let (house, session) = (loaded.house.clone(), Arc::<str>::from(person.session.as_str()));
            asking.push(loaded.keep_asking(move |asked| question(&house, &session, asked + window)));
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;

    let mut outages = Vec::new();
    for away in [Away::Refused, Away::BlackHoled, Away::Frozen] {
        outages.push(loaded.lose_redis_for(away, OUTAGE).await);
    }
    // check_answers knows no other good answer than 200: a single 401 in a thousand would be too many, so none may be.
    let outcomes = loaded.stop(asking).await;
    let signed_out = outcomes.iter().filter(|it| it.status == Some(reqwest::StatusCode::UNAUTHORIZED)).count();
    assert_eq!(signed_out, 0, "signed out by an outage:\n{}", loaded.house.printed());
    check_answers(&outcomes, &outages);
}
