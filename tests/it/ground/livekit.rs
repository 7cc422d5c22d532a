//! LiveKit: its keys are proved by a call, and only the right ones pass.

use meetbox::{clock::Clock, livekit::LivekitError};
use rand::Rng;

use super::{CASES, told_rng};
use crate::{
    house::{TestHouse, settings_with_keys},
    livekit_model::{API_KEY, API_SECRET, Model},
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

// Feature: infrastructure-local-dev, Property 21: LiveKit takes our first call exactly when our key and secret are its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_proves_the_keys_and_no_others_pass() {
    let mut rng = told_rng();
    let house = TestHouse::open(Clock::System.now()).await;

    for case in 0..CASES {
        let (mut key, mut secret) = (API_KEY.to_owned(), API_SECRET.to_owned());
        let changed = rng.random_range(0..4);
        if changed & 1 != 0 {
            key.push(char::from(rng.random_range(b'a'..=b'z')));
        }
        if changed & 2 != 0 {
            secret.insert(rng.random_range(0..secret.len()), char::from(rng.random_range(b'A'..=b'Z')));
        }
        let settings = settings_with_keys(&house, &key, &secret);
        let app = meetbox::app::App::new(&settings, house.pool.clone(), house.clock.clone()).unwrap();
        match app.livekit.list_rooms().await {
            Ok(_) => assert_eq!(changed, 0, "case {case}: {key} {secret} pass"),
            Err(LivekitError::Refused) => assert_ne!(changed, 0, "case {case}: {key} {secret} are refused"),
            Err(other) => panic!("case {case}: {other}"),
        }
    }
}

// Feature: infrastructure-local-dev, Property 21: the log says how the first call to LiveKit went.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_that_livekit_knows_our_key() {
    let livekit = Model::start(Clock::System).await;
    let ground = Ground::new(&postgres().database().await.url(), &redis_url(), &livekit.url());
    let house = Serving::start(ground).await;
    assert!(house.printed().contains("it knows our API key"), "{}", house.printed());
}
