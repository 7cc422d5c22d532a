//! A lobby and a lock, with people who really join.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{people::Person, place::Place};
use crate::serving::{Account, code};

/// A meeting with a lobby for guests, and its owner inside.
struct Hall {
    place: Place,
    owner: Account,
    meeting: String,
}

impl Hall {
    async fn open() -> Self {
        let place = Place::open().await;
        let owner = place.house.account("olga", "host").await;
        let wish = json!({ "room_name": "blue-heron", "lobby": "guests" });
        let meeting = place.meeting(&owner.session, wish).await;
        Self { place, owner, meeting }
    }

    async fn knock(&self, credential: Option<&str>, ticket: &Value) -> (StatusCode, Value) {
        let mut wish = json!({ "room_name": "blue-heron", "name": "Guest" });
        if ticket.is_string() {
            wish["ticket"] = ticket.clone();
        }
        self.place.house.ask(credential, "POST /token", &wish).await
    }

    /// A pass for a guest whom the owner lets in.
    async fn admitted_guest(&self) -> Value {
        let (status, waiting) = self.knock(None, &Value::Null).await;
        assert_eq!((status, &waiting["state"]), (StatusCode::ACCEPTED, &json!("waiting")), "{waiting}");
        assert!(waiting.get("token").is_none() && waiting.get("url").is_none(), "{waiting}");
        self.owner_does("POST", "lobby", json!({ "decision": "admit" })).await;
        let (status, pass) = self.knock(None, &waiting["ticket"]).await;
        assert_eq!(status, StatusCode::OK, "{pass}");
        pass
    }

    async fn owner_does(&self, method: &str, what: &str, body: Value) {
        self.place.does(&self.owner.session, &format!("{method} /meetings/{}/{what}", self.meeting), body).await;
    }

    async fn is_locked_for(&self, ticket: &Value) -> bool {
        let (status, answer) = self.knock(None, ticket).await;
        let locked = status == StatusCode::FORBIDDEN && code(&answer) == "meeting-locked";
        assert!(locked || status.is_success(), "{status} {answer}");
        locked
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_sitting_keeps_out_whoever_was_not_inside() {
    let hall = Hall::open().await;
    let other = hall.place.house.account("bela", "host").await;
    let admin = hall.place.house.account("anna", "admin").await;
    let (pass, late_pass) = (hall.admitted_guest().await, hall.admitted_guest().await);
    let mut inside = Person::enter(&pass).await;
    hall.place.wait_until(&hall.meeting, (pass["identity"].as_str().unwrap(), true)).await;

    hall.owner_does("PUT", "lock", json!({ "locked": true })).await;
    let shown = inside.says(|said| said["event"] == "room").await;
    assert_eq!(serde_json::from_str::<Value>(shown["metadata"].as_str().unwrap()).unwrap(), json!({ "locked": true }));

    // Nobody new: neither anew, nor with a place at the door, nor with a token from before.
    assert!(hall.is_locked_for(&Value::Null).await);
    assert!(hall.is_locked_for(&late_pass["ticket"]).await);
    let (_, problem) = hall.knock(Some(&other.session), &Value::Null).await;
    assert_eq!(code(&problem), "meeting-locked");
    let became = Person::try_to_enter(&late_pass).await;
    assert!(became["event"] == "kept_out" || became["reason"] == "PARTICIPANT_REMOVED", "{became}");
    hall.place.wait_until(&hall.meeting, (late_pass["identity"].as_str().unwrap(), false)).await;
    assert!(hall.is_locked_for(&late_pass["ticket"]).await, "having been sent out is not having been inside");

    // Who was inside comes back, and stays; hosts come in.
    inside.leave().await;
    let (status, again) = hall.knock(None, &pass["ticket"]).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!(again["identity"], pass["identity"]);
    let mut inside = Person::enter(&again).await;
    let mut hosts = Vec::new();
    for session in [&hall.owner.session, &admin.session] {
        let (status, pass) = hall.knock(Some(session), &Value::Null).await;
        assert_eq!((status, &pass["role"]), (StatusCode::OK, &json!("host")), "{pass}");
        hosts.push(Person::enter(&pass).await);
        hall.place.wait_until(&hall.meeting, (pass["identity"].as_str().unwrap(), true)).await;
    }
    let sees = hosts[0].sees_others(2).await;
    assert_eq!(inside.sees().await["room"], sees["room"], "whoever comes later sees the lock, too");

    // A host who came in during the lock and is none any more was let in all the same.
    let of = |identity: &Value| format!("participants/{}", identity.as_str().unwrap());
    hall.owner_does("PATCH", &of(&json!(admin.identity())), json!({ "role": "viewer" })).await;
    let became = Person::try_to_enter(&late_pass).await;
    assert!(became["event"] == "kept_out" || became["reason"] == "PARTICIPANT_REMOVED", "{became}");
    hosts[0].sees_others(2).await;

    // Unlocked by a guest who was made a host, and locked again; the lock ends with the sitting.
    hall.owner_does("PATCH", &of(&pass["identity"]), json!({ "role": "host" })).await;
    let lock = format!("PUT /meetings/{}/lock", hall.meeting);
    hall.place.does(pass["ticket"].as_str().unwrap(), &lock, json!({ "locked": false })).await;
    assert!(!hall.is_locked_for(&late_pass["ticket"]).await);
    hall.owner_does("PUT", "lock", json!({ "locked": true })).await;
    assert!(hall.is_locked_for(&Value::Null).await);
    hall.owner_does("POST", "end", Value::Null).await;
    inside.says(|said| said["event"] == "out" && said["reason"] == "ROOM_DELETED").await;
    let begun = Instant::now();
    while hall.is_locked_for(&late_pass["ticket"]).await {
        assert!(begun.elapsed() < Duration::from_secs(60), "the lock outlives its sitting");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (status, problem) = hall.place.house.ask(Some(&hall.owner.session), &lock, &json!({ "locked": true })).await;
    assert_eq!((status, code(&problem)), (StatusCode::CONFLICT, "meeting-not-live"));
    let mut next = Person::enter(&hall.knock(None, &late_pass["ticket"]).await.1).await;
    assert_eq!(next.sees().await["room"], "");
}
