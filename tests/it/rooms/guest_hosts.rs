//! A guest who is host in one meeting: runs that one, and nothing else.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Porch, is_in, is_out, text};
use crate::serving::code;

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_host_decides_in_their_meeting_and_nowhere_else() {
    let porch = Porch::open(json!({ "lobby": "guests" })).await;
    let elsewhere = super::meeting(&porch.house, &porch.owner, json!({ "room_name": "grey-seal" })).await;
    let (secret, _) = porch.invitation(&json!({ "role": "host" })).await;
    let pass = porch.knock(None, &json!({ "invitation": secret, "name": "Gast" })).await;
    is_in(&pass, "host");
    let ticket = text(&pass.1["ticket"]);
    let (ada, bob) = (porch.waiting_guest("Ada").await, porch.waiting_guest("Bob").await);

    let of = |meeting: &str, what: &str| what.replace("{}", meeting);
    let asks = async |operation: String, body: Value| porch.house.ask(Some(&ticket), &operation, &body).await;
    let (status, lobby) = asks(of(&porch.meeting, "GET /meetings/{}/lobby"), Value::Null).await;
    assert_eq!((status, lobby["items"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{lobby}");
    let deny = format!("POST /meetings/{}/lobby/{}", porch.meeting, porch.waiter("Bob").await);
    assert_eq!(asks(deny, json!({ "decision": "deny" })).await.0, StatusCode::OK);
    let (status, decided) = asks(of(&porch.meeting, "POST /meetings/{}/lobby"), json!({ "decision": "admit" })).await;
    assert_eq!((status, &decided["decided"]), (StatusCode::OK, &json!(1)), "{decided}");
    is_in(&porch.knock(None, &ada.shown()).await, "speaker");
    is_out(&porch.knock(None, &bob.shown()).await, "lobby-denied");
    // Nobody is in the room: they may decide, and there is nothing to decide about.
    let (status, problem) = asks(of(&porch.meeting, "PUT /meetings/{}/lock"), json!({ "locked": true })).await;
    assert_eq!((status, code(&problem)), (StatusCode::CONFLICT, "meeting-not-live"));

    for (operation, body, refused) in [
        ("GET /meetings/{}", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /meetings/{}/participants", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /meetings/{}/invitations", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("POST /meetings/{}/invitations", json!({ "role": "host" }), (StatusCode::FORBIDDEN, "accounts-only")),
        ("DELETE /meetings/{}", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /meetings", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("POST /meetings", json!({}), (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /account", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /accounts", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /api-keys", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
        ("GET /audit-log", Value::Null, (StatusCode::FORBIDDEN, "accounts-only")),
    ] {
        let (status, problem) = asks(of(&porch.meeting, operation), body).await;
        assert_eq!((status, code(&problem)), refused, "{operation}: {problem}");
    }
    for (operation, body) in [
        ("GET /meetings/{}/lobby", Value::Null),
        ("POST /meetings/{}/lobby", json!({ "decision": "admit" })),
        ("PUT /meetings/{}/lock", json!({ "locked": true })),
        ("POST /meetings/{}/end", Value::Null),
        ("DELETE /meetings/{}/participants/a_1", Value::Null),
    ] {
        let (status, problem) = asks(of(&elsewhere, operation), body).await;
        assert_eq!((status, code(&problem)), (StatusCode::NOT_FOUND, "meeting-not-found"), "{operation}: {problem}");
    }

    // A guest who is none knows that the meeting is there, and decides nothing in it; one who waits knows nothing.
    let own = of(&porch.meeting, "GET /meetings/{}/lobby");
    let (status, problem) = porch.house.ask(Some(&ada.ticket), &own, &Value::Null).await;
    assert_eq!((status, code(&problem)), (StatusCode::FORBIDDEN, "hosts-only"));
    let carol = porch.waiting_guest("Carol").await;
    assert_eq!(porch.house.ask(Some(&carol.ticket), &own, &Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(porch.house.ask(Some(&bob.ticket), &own, &Value::Null).await.0, StatusCode::NOT_FOUND);
}
