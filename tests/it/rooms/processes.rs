//! Two processes on one Postgres and one Redis are one house.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use meetbox::clock::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{is_in, is_out, knock, text};
use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving, code},
};

/// How long what one process takes back may still be good at the other.
const SOON: Duration = Duration::from_secs(2);
/// What an account may write in a minute, in the test that counts it.
const WRITES: usize = 12;

async fn pair(settings: &[(&'static str, &str)]) -> ([Serving; 2], Model) {
    let livekit = Model::start(Clock::System).await;
    let (database, redis) = (postgres().database().await.url(), redis_url());
    let start = || {
        let ground = Ground::new(&database, &redis, &livekit.url());
        Serving::start(settings.iter().fold(ground, |ground, (name, value)| ground.with(name, value)))
    };
    ([start().await, start().await], livekit)
}

async fn account(house: &Serving, session: &str) -> StatusCode {
    house.ask(Some(session), "GET /account", &Value::Null).await.0
}

// Feature: infrastructure-local-dev, Property 23: a session that began at one process is found by the other.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_at_one_process_is_signed_in_at_the_other_until_they_sign_out() {
    let ([one, other], _livekit) = pair(&[]).await;
    let ada = one.account("ada", "host").await;
    let second = other.sign_in(&ada.email, ada.password).await;
    for house in [&one, &other] {
        assert_eq!(account(house, &ada.session).await, StatusCode::OK);
        assert_eq!(account(house, &second).await, StatusCode::OK);
        let (_, sessions) = house.ask(Some(&second), "GET /sessions", &Value::Null).await;
        assert_eq!(sessions["items"].as_array().map(Vec::len), Some(2), "{sessions}");
    }

    // Both are asked all the time, so that each has every reason to remember.
    let (status, _) = one.ask(Some(&ada.session), "DELETE /sessions/current", &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(account(&one, &ada.session).await, StatusCode::UNAUTHORIZED, "here at once");
    let begun = Instant::now();
    while account(&other, &ada.session).await == StatusCode::OK {
        assert!(begun.elapsed() < SOON, "signed out at one, and still signed in at the other");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(account(&other, &second).await, StatusCode::OK, "the other session goes on");
    let (status, _) = other.ask(Some(&second), "DELETE /sessions", &Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    tokio::time::sleep(SOON).await;
    assert_eq!(account(&one, &second).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_at_one_process_is_let_in_at_the_other() {
    let ([one, other], _livekit) = pair(&[]).await;
    let owner = one.account("olga", "host").await;
    let meeting = super::meeting(&other, &owner, json!({ "lobby": "guests" })).await;
    let (status, waiting) = knock(&one, None, &json!({ "name": "Ada" })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{waiting}");
    let ticket = json!({ "ticket": waiting["ticket"] });

    let lobby = format!("GET /meetings/{meeting}/lobby");
    let (_, listed) = other.ask(Some(&owner.session), &lobby, &Value::Null).await;
    let admit = format!("POST /meetings/{meeting}/lobby/{}", text(&listed["items"][0]["ticket_id"]));
    let (status, _) = other.ask(Some(&owner.session), &admit, &json!({ "decision": "admit" })).await;
    assert_eq!(status, StatusCode::OK);
    is_in(&knock(&one, None, &ticket).await, "speaker");
    is_in(&knock(&other, None, &ticket).await, "speaker");

    // The last use of an invitation is one, wherever people come.
    let invite = format!("POST /meetings/{meeting}/invitations");
    let (_, made) = one.ask(Some(&owner.session), &invite, &json!({ "role": "viewer", "max_uses": 1 })).await;
    let invited = json!({ "invitation": made["secret"] });
    let houses = [&one, &other, &one, &other];
    let answers = join_all(houses.map(|house| knock(house, None, &invited))).await;
    let (inside, outside): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| *status == StatusCode::OK);
    assert_eq!(inside.len(), 1, "{answers:?}");
    outside.into_iter().for_each(|it| is_out(it, "invitation-invalid"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_one_process_deleted_is_gone_at_the_other() {
    let ([one, other], _livekit) = pair(&[]).await;
    let owner = one.account("olga", "host").await;
    for _ in 0..5 {
        let meeting = super::meeting(&one, &owner, json!({ "lobby": "off" })).await;
        is_in(&knock(&other, None, &json!({})).await, "speaker");
        let delete = format!("DELETE /meetings/{meeting}");
        assert_eq!(one.ask(Some(&owner.session), &delete, &Value::Null).await.0, StatusCode::NO_CONTENT);
        let (status, problem) = knock(&other, None, &json!({})).await;
        assert_eq!((status, code(&problem)), (StatusCode::NOT_FOUND, "meeting-not-found"), "{problem}");
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_one_budget_at_all_processes_and_for_all_its_sessions() {
    let (houses, _livekit) = pair(&[("RATE_LIMIT_WRITES", &WRITES.to_string())]).await;
    let ada = houses[0].account("ada", "host").await;
    let bob = houses[0].account("bob", "host").await;
    let sessions = [&ada.session, &houses[1].sign_in(&ada.email, ada.password).await];
    let mut through = 0;
    for number in 0..3 * WRITES {
        let (house, session) = (&houses[number % 2], sessions[number / 2 % 2]);
        let (status, _) = house.ask(Some(session), "PATCH /account", &json!({ "name": "Ada" })).await;
        through += usize::from(status != StatusCode::TOO_MANY_REQUESTS);
    }
    // A window that is under way brings a few more while this goes on.
    assert!((WRITES..WRITES + 4).contains(&through), "{through} of {WRITES}");
    let (status, _) = houses[1].ask(Some(&bob.session), "PATCH /account", &json!({ "name": "Bob" })).await;
    assert_eq!(status, StatusCode::OK, "another's budget is another's");
}
