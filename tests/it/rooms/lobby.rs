//! The lobby: waiting, being let in or not, and leaving.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Porch, Waiting, is_in, is_out};
use crate::{
    livekit_model::Model,
    services::{Redis, postgres::Postgres},
    serving::{Ground, Serving, code},
};

/// Where a guest's ticket stands.
async fn state(porch: &Porch, ticket: &str) -> String {
    let (status, answer) = porch.house.ask(Some(ticket), "GET /lobby-ticket", &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["state"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_waits_without_a_token_until_a_host_decides() {
    let porch = Porch::open(json!({ "lobby": "guests" })).await;
    let (ada, bob) = (porch.waiting_guest("Ada").await, porch.waiting_guest("Bob").await);
    let (status, again) = porch.knock(None, &json!({ "ticket": ada.ticket, "name": "Ada L." })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert!(again.get("token").is_none() && again.get("url").is_none() && again.get("identity").is_none(), "{again}");
    assert_eq!(again["waiting_since"], ada.since, "asking again does not lose the place");
    assert_eq!(porch.names_in_lobby().await, ["Ada L.", "Bob"], "the first to come first");
    assert!(porch.lobby().await.iter().all(|it| it["guest"] == true));

    assert_eq!(state(&porch, &ada.ticket).await, "waiting");
    porch.decide("Ada L.", "admit").await;
    porch.decide("Bob", "deny").await;
    assert!(porch.lobby().await.is_empty());
    assert_eq!(
        (state(&porch, &ada.ticket).await, state(&porch, &bob.ticket).await),
        ("admitted".into(), "denied".into())
    );
    let pass = porch.knock(None, &ada.shown()).await;
    is_in(&pass, "speaker");
    assert!(pass.1["token"].is_string() && pass.1["ticket"] == ada.ticket.as_str(), "{}", pass.1);
    is_out(&porch.knock(None, &bob.shown()).await, "lobby-denied");
    is_in(&porch.knock(None, &ada.shown()).await, "speaker");

    // A place in one lobby is none in another.
    super::meeting(&porch.house, &porch.owner, json!({ "room_name": "grey-seal" })).await;
    let (status, other) = porch.knock(None, &json!({ "room_name": "grey-seal", "ticket": ada.ticket })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_ne!(other["ticket"], ada.ticket.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_or_stops_asking_is_no_longer_in_the_lobby() {
    let porch = Porch::open(json!({ "lobby": "guests" })).await;
    let (ada, bob) = (porch.waiting_guest("Ada").await, porch.waiting_guest("Bob").await);
    let leave = porch.house.ask(Some(&ada.ticket), "DELETE /lobby-ticket", &Value::Null).await;
    assert_eq!(leave.0, StatusCode::NO_CONTENT);
    assert_eq!(porch.names_in_lobby().await, ["Bob"]);
    let (status, again) = porch.knock(None, &ada.shown()).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_ne!(again["ticket"], ada.ticket.as_str(), "the place is given back");

    // Looking at the ticket keeps the place, as asking for a token does.
    let pool = porch.database.pool().await;
    let almost = "update tickets set seen_at = seen_at - interval '25 seconds' where name = 'Bob'";
    sqlx::query(almost).execute(&pool).await.unwrap();
    assert_eq!(state(&porch, &bob.ticket).await, "waiting");
    let unseen = "select (now() - seen_at) > interval '20 seconds' from tickets where name = 'Bob'";
    assert!(!sqlx::query_scalar::<_, bool>(unseen).fetch_one(&pool).await.unwrap());

    // Bob's last question was half a minute ago.
    let waiter = porch.waiter("Bob").await;
    let rest = "update tickets set seen_at = seen_at - interval '30 seconds' where name = 'Bob'";
    sqlx::query(rest).execute(&pool).await.unwrap();
    assert_eq!(porch.names_in_lobby().await, ["Somebody"]);
    assert_eq!(state(&porch, &bob.ticket).await, "expired");
    let (status, problem) = porch.owner_asks("POST", &format!("lobby/{waiter}"), json!({ "decision": "admit" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::NOT_FOUND, "nobody-waits"));
    let (status, back) = porch.knock(None, &json!({ "ticket": bob.ticket, "name": "Bob" })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_ne!(back["waiting_since"], bob.since, "whoever comes back waits anew");

    // Everybody at once.
    let (_, decided) = porch.owner_asks("POST", "lobby", json!({ "decision": "admit" })).await;
    assert_eq!(decided["decided"], 2);
    is_in(&porch.knock(None, &bob.shown()).await, "speaker");
    let (_, decided) = porch.owner_asks("POST", "lobby", json!({ "decision": "admit" })).await;
    assert_eq!(decided["decided"], 0);
    pool.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_lobby_for_everyone_accounts_wait_and_hosts_do_not() {
    let porch = Porch::open(json!({ "lobby": "everyone" })).await;
    let other = porch.house.account("bela", "host").await;
    let (status, waiting) = porch.knock(Some(&other.session), &json!({ "name": "Bela" })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert!(waiting.get("ticket").is_none(), "an account needs none: {waiting}");
    assert_eq!(porch.lobby().await[0]["guest"], false);
    let (status, _) =
        porch.house.ask(Some(&other.session), &format!("GET /meetings/{}/lobby", porch.meeting), &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "who waits decides nothing");

    porch.decide("Bela", "admit").await;
    is_in(&porch.knock(Some(&other.session), &json!({})).await, "speaker");
    is_in(&porch.knock(Some(&porch.owner.session), &json!({})).await, "host");
    let admin = porch.house.account("anna", "admin").await;
    is_in(&porch.knock(Some(&admin.session), &json!({})).await, "host");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_lobby_outlives_every_part_of_the_house() {
    let mut postgres = Postgres::start_to_stop();
    let mut redis = Redis::start();
    let livekit = Model::start(meetbox::clock::Clock::System).await;
    let database = postgres.empty_database().await;
    let house = Serving::start(Ground::new(&database.url(), &redis.url(), &livekit.url())).await;
    let owner = house.account("olga", "host").await;
    let meeting = super::meeting(&house, &owner, json!({ "lobby": "guests" })).await;
    let mut porch = Porch { house, database, owner, meeting, _livekit: livekit };
    let (ada, bob) = (porch.waiting_guest("Ada").await, porch.waiting_guest("Bob").await);

    porch.house.kill();
    porch.house.start_again().await;
    still_waits(&porch, &ada).await;
    let port = redis.port;
    redis.kill();
    let _redis = Redis::start_on(port);
    still_waits(&porch, &ada).await;
    postgres.restart();
    porch.house.wait_until_ready().await;
    still_waits(&porch, &ada).await;

    porch.knock(None, &json!({ "ticket": bob.ticket, "name": "Bob" })).await;
    porch.decide("Ada", "admit").await;
    porch.decide("Bob", "deny").await;
    porch.house.kill();
    postgres.restart();
    porch.house.start_again().await;
    is_in(&porch.knock(None, &ada.shown()).await, "speaker");
    is_out(&porch.knock(None, &bob.shown()).await, "lobby-denied");
}

async fn still_waits(porch: &Porch, waiting: &Waiting) {
    let (status, answer) = porch.knock(None, &json!({ "ticket": waiting.ticket, "name": "Ada" })).await;
    assert_eq!((status, &answer["waiting_since"]), (StatusCode::ACCEPTED, &waiting.since), "{answer}");
    assert!(porch.names_in_lobby().await.contains(&"Ada".to_owned()));
}
