//! Every request is answered by whoever owns its address, and leaves a line in the log.

use chrono::DateTime;
use meetbox::clock::Clock;
use rand::{Rng, rngs::StdRng};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CASES, told_rng};
use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

/// Whose address was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Api,
    Web,
}

struct Asked {
    owner: Owner,
    method: Method,
    path: String,
    body: Option<Value>,
}

async fn house() -> (Serving, Model) {
    let livekit = Model::start(Clock::System).await;
    let ground = Ground::new(&postgres().database().await.url(), &redis_url(), &livekit.url());
    (Serving::start(ground).await, livekit)
}

/// Something that a client may ask, rightly or wrongly.
fn something(rng: &mut StdRng) -> Asked {
    let word: String = (0..rng.random_range(3..12)).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    let id = Uuid::from_u128(rng.random());
    let api = |method: Method, path: String, body: Option<Value>| Asked { owner: Owner::Api, method, path, body };
    let web = |path: String| Asked { owner: Owner::Web, method: Method::GET, path, body: None };
    match rng.random_range(0..12) {
        0 => api(Method::GET, "/health".into(), None),
        1 => api(Method::GET, "/livez".into(), None),
        2 => api(Method::GET, format!("/meetings?limit={}", rng.random_range(0..200)), None),
        3 => api(Method::GET, format!("/meetings/{id}"), None),
        4 => api(Method::GET, format!("/meetings/{word}/participants"), None),
        5 => api(Method::POST, "/meetings".into(), Some(json!({ "room_name": word }))),
        6 => api(Method::POST, "/token".into(), Some(json!({ "room_name": word, "name": "Ada" }))),
        7 => api(Method::POST, "/token".into(), Some(json!({ "room_name": "A B", "nonsense": word }))),
        8 => api(Method::DELETE, format!("/meetings/{id}"), None),
        9 => web("/".into()),
        10 => web(format!("/m/{word}")),
        _ => api(Method::GET, format!("/{word}"), None),
    }
}

async fn ask(house: &Serving, asked: &Asked) -> Response {
    let request = house.request(asked.method.clone(), &asked.path);
    let request = match &asked.body {
        Some(body) => request.json(body),
        None => request,
    };
    request.send().await.unwrap_or_else(|err| panic!("{} {}: {err}", asked.method, asked.path))
}

// Feature: infrastructure-local-dev, Property 2: whatever is asked, the API answers as an API and the web app with a page.
#[tokio::test(flavor = "multi_thread")]
async fn every_address_is_answered_by_its_owner() {
    let mut rng = told_rng();
    let (house, _livekit) = house().await;
    let is_built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/out/index.html").exists();

    for _ in 0..CASES {
        let asked = something(&mut rng);
        let what = format!("{} {}", asked.method, asked.path);
        let answer = ask(&house, &asked).await;
        let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
        let kind = kind.as_ref().and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
        match asked.owner {
            Owner::Web => {
                assert!(kind.starts_with("text/html"), "{what}: {kind}");
                let expected = if is_built { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                assert_eq!(status, expected, "{what}");
            }
            Owner::Api => {
                assert!(!status.is_server_error(), "{what}: {status}");
                let expected = if status.is_success() { "application/json" } else { "application/problem+json" };
                assert!(kind.starts_with(expected), "{what}: {status} {kind}");
                let body: Value = answer.json().await.unwrap();
                assert!(body.is_object(), "{what}: {body}");
            }
        }
    }
}

// Feature: infrastructure-local-dev, Property 29: whatever is asked, one line tells when, how, where and with which answer.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_leaves_a_line_in_the_log() {
    let mut rng = told_rng();
    let (house, _livekit) = house().await;
    let mut expected = Vec::new();
    for _ in 0..CASES {
        let asked = something(&mut rng);
        let secret = format!("secret{:016x}", rng.random::<u64>());
        let glue = if asked.path.contains('?') { '&' } else { '?' };
        let with_query = Asked { path: format!("{}{glue}access_token={secret}", asked.path), ..asked };
        let answer = ask(&house, &with_query).await;
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let path = with_query.path.split('?').next().unwrap().to_owned();
        expected.push((id, with_query.method.to_string(), path, answer.status().as_u16(), secret));
    }

    let printed = house.printed();
    let lines: Vec<Value> = printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for (id, method, path, status, secret) in expected {
        let told: Vec<&Value> =
            lines.iter().filter(|it| it.to_string().contains(&id) && it.to_string().contains("duration_ms")).collect();
        assert_eq!(told.len(), 1, "{method} {path} has {} lines", told.len());
        let line = told[0].to_string();
        let when = told[0]["timestamp"].as_str().unwrap_or_default();
        assert!(DateTime::parse_from_rfc3339(when).is_ok(), "no time in {line}");
        for part in [format!("{method} {path} {status}"), "\"caller\"".to_owned()] {
            assert!(line.contains(&part), "`{part}` is not in {line}");
        }
        assert!(!printed.contains(&secret), "a query is in the log");
    }
}
