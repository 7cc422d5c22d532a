//! The same house in local, staging and production: it starts, serves, and is as strict as its environment wants.

use std::time::Duration;

use meetbox::clock::Clock;
use reqwest::{Method, header::ORIGIN};
use serde_json::json;

use super::house::{House, PASSWORD};
use crate::{
    livekit_model::{API_KEY, API_SECRET, KEYS, Model},
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

// Feature: infrastructure-local-dev, Property 19: the process itself starts and serves in every environment, and strangers
// see and may only in local what belongs to a developer's machine.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_starts_and_serves_in_each_environment_as_itself() {
    let (key, secret) = KEYS[1];
    for environment in ["local", "staging", "production"] {
        let is_local = environment == "local";
        let settings = [("APP_ENV", environment), ("LIVEKIT_API_KEY", key), ("LIVEKIT_API_SECRET", secret)];
        let house = House::with(&settings).await;
        let started = house.serving.printed();
        assert!(started.contains(&format!("\"environment\":\"{environment}\"")), "{environment}: {started}");

        // Nobody is let do anything for being on this machine.
        house.ask(None, Method::POST, "/meetings", Some(json!({}))).await.refuses(401, "sign-in-needed");
        let session = house.sign_in(&house.person("host").await.email, &PASSWORD, "bearer").await;
        let session = session.is(201).body["token"].as_str().unwrap().to_owned();
        let meeting = house.ask(Some(&session), Method::POST, "/meetings", Some(json!({ "lobby": "off" }))).await;
        let wish = json!({ "room_name": meeting.is(201).body["room_name"], "name": "Guest" });
        house.ask(None, Method::POST, "/token", Some(wish)).await.is(200);

        let health = house.ask(None, Method::GET, "/health", None).await;
        assert_eq!(health.is(200).body["status"], "healthy", "{environment}: {}", health.body);
        let tells = |health: &serde_json::Value| {
            let version = health["version"].is_string();
            assert_eq!(health["services"]["database"]["latency_ms"].is_number(), version, "{health}");
            version
        };
        assert_eq!(tells(&health.body), is_local, "{environment}: {}", health.body);
        let admin = house.session(&house.person("admin").await).await;
        assert!(tells(&house.get(&admin, "/health").await.body), "{environment}: administrators see details");

        let cookies = house.sign_in(&house.person("host").await.email, &PASSWORD, "cookie").await.cookies();
        let secure = cookies.iter().all(|(name, _, it)| name.starts_with("__Host-") && it.contains("Secure"));
        assert_eq!(secure, !is_local, "{environment}: {cookies:?}");

        let next = house.serving.request_as(Some(&session), Method::GET, "/account");
        let next = house.answer(next.header(ORIGIN, "http://localhost:3000")).await;
        assert_eq!(next.status.as_u16(), if is_local { 200 } else { 403 }, "{environment}: {}", next.body);

        let mut house = house;
        house.serving.terminate();
        assert_eq!(house.serving.wait_for_end(Duration::from_secs(10)), 0, "{environment}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_everybody_knows_start_only_a_developers_machine() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    for (environment, starts) in [("local", true), ("staging", false), ("production", false)] {
        let ground = Ground::new(&database.url(), &redis_url(), &livekit.url()).with("APP_ENV", environment);
        let ground = ground.with("LIVEKIT_API_KEY", API_KEY).with("LIVEKIT_API_SECRET", API_SECRET);
        let mut serving = Serving::launch(ground);
        if starts {
            serving.wait_until_ready().await;
            continue;
        }
        assert_eq!(serving.wait_for_end(Duration::from_secs(10)), 1, "{environment}");
        let printed = serving.printed();
        assert!(printed.contains("LIVEKIT_API_KEY") && !printed.contains(API_SECRET), "{environment}: {printed}");
    }
}
