//! What a request may hold: sizes of names, texts, metadata, pages and bodies.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, PASSWORD};

/// What asks with that body, and the statuses when a text has that many characters and one more.
struct Bound {
    method: Method,
    path: &'static str,
    most: usize,
    body: fn(String) -> Value,
}

fn bounds() -> Vec<Bound> {
    let bound = |method, path, most, body| Bound { method, path, most, body };
    vec![
        bound(Method::POST, "/meetings", 64, |text| json!({ "room_name": text })),
        bound(Method::POST, "/meetings", 200, |text| json!({ "title": text })),
        bound(Method::POST, "/meetings", 64, |text| json!({ "access": "passcode", "passcode": text })),
        // With the braces, the name and the quotes it is 16 KiB.
        bound(Method::POST, "/meetings", 16 * 1024 - 8, |text| json!({ "metadata": { "x": text } })),
        bound(Method::POST, "/token", 80, |text| json!({ "room_name": "blue-heron", "name": text })),
        bound(
            Method::POST,
            "/token",
            128,
            |text| json!({ "room_name": "blue-heron", "name": "Ada", "identity": text }),
        ),
        bound(
            Method::POST,
            "/accounts",
            80,
            |text| json!({ "email": format!("{}@example.org", uuid::Uuid::new_v4()), "name": text, "role": "host" }),
        ),
        bound(
            Method::POST,
            "/accounts",
            242,
            |text| json!({ "email": format!("{text}@example.org"), "name": "Ada", "role": "host" }),
        ),
        bound(Method::POST, "/api-keys", 80, |text| json!({ "name": text, "scopes": ["meetings:read"] })),
    ]
}

#[tokio::test]
async fn every_text_is_taken_up_to_its_length_and_no_further() {
    let house = House::open().await;
    let key = house.key(None, &["admin"]).await;
    for Bound { method, path, most, body } in bounds() {
        let fits = house.ask(Some(&key), method.clone(), path, Some(body("x".repeat(most)))).await;
        assert!(fits.status.is_success(), "{method} {path} with {most}: {}", fits.body);
        let over = house.ask(Some(&key), method.clone(), path, Some(body("x".repeat(most + 1)))).await;
        assert!([400, 422].contains(&over.status.as_u16()), "{method} {path} with {}: {}", most + 1, over.status);
        assert!(!over.code().is_empty(), "{method} {path}: {}", over.body);
    }
    for length in [257, 10_000] {
        house.sign_in("ada@example.org", &"x".repeat(length), "bearer").await.is(400);
    }
    let weak = json!({ "email": "ada@example.org", "name": "Ada", "role": "host", "password": "short" });
    assert!(house.ask(Some(&key), Method::POST, "/accounts", Some(weak)).await.status.is_client_error());
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit_whoever_sends_it() {
    let house = House::open().await;
    let key = house.key(None, &["admin"]).await;
    for (who, path) in [(Some(key.as_str()), "/meetings"), (None, "/sessions"), (None, "/token"), (None, "/setup")] {
        let body = json!({ "x": "x".repeat(256 * 1024) });
        let request = house.serving.request_as(who, Method::POST, path).json(&body);
        house.answer(request).await.refuses(413, "body-too-large");
    }
}

#[tokio::test]
async fn pages_have_a_hundred_items_at_most() {
    let house = House::open().await;
    let key = house.key(None, &["admin"]).await;
    let meeting = house.ask(Some(&key), Method::POST, "/meetings", Some(json!({}))).await.body["id"].clone();
    let meeting = format!("/meetings/{}", meeting.as_str().unwrap());
    let of_it = ["instances", "participants", "invitations"].map(|list| format!("{meeting}/{list}"));
    let lists = ["/meetings", "/accounts", "/api-keys", "/audit-log"].map(str::to_owned);
    for list in lists.iter().chain(&of_it) {
        house.get(&key, &format!("{list}?limit=100")).await.is(200);
        for bad in ["limit=101", "limit=0", "limit=-1", "limit=all", "cursor=AAAA"] {
            let answer = house.get(&key, &format!("{list}?{bad}")).await;
            assert_eq!(answer.status.as_u16(), 400, "{list}?{bad}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn what_a_browser_calls_itself_is_kept_only_so_far() {
    let house = House::open().await;
    let person = house.person("host").await;
    let wish = json!({ "email": person.email, "password": *PASSWORD, "transport": "bearer" });
    let request = house.serving.request_as(None, Method::POST, "/sessions").header("user-agent", "x".repeat(4000));
    let answer = house.answer(request.json(&wish)).await;
    assert_eq!(answer.is(201).body["session"]["user_agent"].as_str().unwrap().len(), 200);
}
