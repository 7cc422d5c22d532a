//! Passcodes and accounts: what a door asks for besides the link.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{Porch, is_in, is_out, text};

impl Porch {
    /// Tries a passcode from an address.
    async fn guess(&self, passcode: &str, address: &str) -> Response {
        let wish = json!({ "room_name": "blue-heron", "name": "Somebody", "passcode": passcode });
        let request = self.house.request_as(None, Method::POST, "/token").header("x-forwarded-for", address);
        request.json(&wish).send().await.unwrap()
    }
}

async fn code_of(answer: Response) -> String {
    text(&answer.json::<Value>().await.unwrap()["code"])
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passcodes_make_the_next_guess_wait_and_nobody_elses() {
    let porch = Porch::open(json!({ "access": "passcode", "passcode": "4711", "lobby": "off" })).await;
    is_out(&porch.knock(None, &json!({})).await, "passcode-needed");

    let mut waited = None;
    for _ in 0..8 {
        let answer = porch.guess("0815", "198.51.100.1").await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            waited = Some(answer);
            break;
        }
        assert_eq!((answer.status(), code_of(answer).await.as_str()), (StatusCode::FORBIDDEN, "passcode-wrong"));
    }
    let delayed = waited.expect("guessing goes on at full speed");
    let seconds: u64 = delayed.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(code_of(delayed).await, "passcode-delayed");

    // The right one waits as well, or guessing would only need a second try; from elsewhere nobody waits.
    assert_eq!(porch.guess("4711", "198.51.100.1").await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(porch.guess("4711", "198.51.100.2").await.status(), StatusCode::OK);
    let begun = Instant::now();
    let pass = loop {
        let answer = porch.guess("4711", "198.51.100.1").await;
        if answer.status() == StatusCode::OK {
            break answer.json::<Value>().await.unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(seconds + 5), "it never lets the right one in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    is_in(&porch.knock(None, &json!({ "ticket": pass["ticket"] })).await, "speaker");

    // The meeting's own host and whoever is invited are not asked for it.
    is_in(&porch.knock(Some(&porch.owner.session), &json!({})).await, "host");
    let (secret, _) = porch.invitation(&json!({ "role": "viewer" })).await;
    is_in(&porch.knock(None, &json!({ "invitation": secret })).await, "viewer");
    let other = porch.house.account("bela", "host").await;
    is_out(&porch.knock(Some(&other.session), &json!({})).await, "passcode-needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_for_accounts_lets_in_whoever_is_signed_in() {
    let porch = Porch::open(json!({ "access": "accounts", "lobby": "off" })).await;
    let other = porch.house.account("bela", "host").await;
    let admin = porch.house.account("anna", "admin").await;
    is_out(&porch.knock(None, &json!({})).await, "account-needed");
    is_in(&porch.knock(Some(&other.session), &json!({})).await, "speaker");
    is_in(&porch.knock(Some(&admin.session), &json!({})).await, "host");
    is_in(&porch.knock(Some(&porch.owner.session), &json!({})).await, "host");

    // Only programs say who somebody is; and only who may make meetings makes one by knocking.
    let (status, _) = porch.knock(Some(&other.session), &json!({ "identity": "kim" })).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let (status, _) = porch.knock(None, &json!({ "room_name": "nobody-here" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    is_in(&porch.knock(Some(&other.session), &json!({ "room_name": "own-place" })).await, "host");

    // Before joining, anybody with the link may know this much and no more.
    let (_, info) = porch.house.ask(None, "GET /join-info/blue-heron", &Value::Null).await;
    assert_eq!(info, json!({ "access": "accounts", "lobby": "off", "auto_record": false }));
}
