//! Whoever was removed stays out of the sitting, whatever they come back with.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{people::Person, place::Place};
use crate::{
    chaos::Mode,
    serving::{api_key, code},
};

/// How soon somebody who may not be there must be out, on a busy machine.
const SOON: Duration = Duration::from_secs(10);
/// A chosen identity with everything that a path must carry escaped.
const CHOSEN: &str = "team/kim@example.org?a=b#c%2F";

/// Somebody who is in a meeting, and what they came with.
struct Somebody {
    person: Person,
    pass: Value,
    credential: Option<String>,
    wish: Value,
}

impl Somebody {
    async fn enter(place: &Place, credential: Option<&str>, more: Value) -> Self {
        let mut wish = json!({ "room_name": "blue-heron", "name": "Somebody" });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let pass = place.pass_for(credential, &wish).await;
        if pass["ticket"].is_string() {
            wish["ticket"] = pass["ticket"].clone();
        }
        let person = Person::enter(&pass).await;
        Self { person, pass, credential: credential.map(str::to_owned), wish }
    }

    fn identity(&self) -> &str {
        self.pass["identity"].as_str().unwrap()
    }

    /// How the door answers them now.
    async fn knocks(&self, place: &Place) -> (StatusCode, Value) {
        place.house.ask(self.credential.as_deref(), "POST /token", &self.wish).await
    }
}

fn remove(meeting: &str, identity: &str) -> String {
    let escaped: String = url::form_urlencoded::byte_serialize(identity.as_bytes()).collect();
    format!("DELETE /meetings/{meeting}/participants/{escaped}")
}

/// Comes back with a LiveKit token that is still good, and is out again in no time.
async fn comes_back_in_vain(pass: &Value) {
    let begun = Instant::now();
    let became = Person::try_to_enter(pass).await;
    println!("with the old token: {became} after {:?}", begun.elapsed());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    if became["event"] == "out" {
        assert_eq!(became["reason"], "PARTICIPANT_REMOVED", "{became}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_removed_cannot_come_back_to_the_sitting() {
    let mut place = Place::open().await;
    let owner = place.house.account("olga", "host").await;
    let other = place.house.account("bela", "host").await;
    let admin = place.house.account("anna", "admin").await;
    let meeting = place.meeting(&owner.session, json!({ "room_name": "blue-heron" })).await;

    let host = Somebody::enter(&place, Some(&owner.session), json!({})).await;
    let guest = Somebody::enter(&place, None, json!({})).await;
    let account = Somebody::enter(&place, Some(&other.session), json!({})).await;
    let chosen = Somebody::enter(&place, Some(api_key().expose()), json!({ "identity": CHOSEN })).await;
    let administrator = Somebody::enter(&place, Some(&admin.session), json!({})).await;
    assert_eq!(account.identity(), other.identity());

    let mut removed = vec![guest, account, chosen, administrator];
    for somebody in &mut removed {
        place.wait_until(&meeting, (somebody.pass["identity"].as_str().unwrap(), true)).await;
        let begun = Instant::now();
        place.does(&owner.session, &remove(&meeting, somebody.identity()), Value::Null).await;
        let out = somebody.person.says(|said| said["event"] == "out").await;
        assert_eq!(out["reason"], "PARTICIPANT_REMOVED");
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());

        let (status, problem) = somebody.knocks(&place).await;
        let refused = (StatusCode::FORBIDDEN, "removed-from-meeting");
        assert_eq!((status, code(&problem)), refused, "{}: {problem}", somebody.identity());
        comes_back_in_vain(&somebody.pass).await;
    }
    let (status, problem) =
        place.house.ask(Some(&admin.session), &remove(&meeting, host.identity()), &Value::Null).await;
    assert_eq!((status, code(&problem)), (StatusCode::CONFLICT, "owner-stays"));

    // No webhook tells of this return; the next start looks by itself.
    place.webhooks.set(Mode::Refused).await;
    let guest = removed.remove(0);
    let mut back = Person::enter(&guest.pass).await;
    place.restart_house().await;
    let out = back.says(|said| said["event"] == "out").await;
    assert_eq!(out["reason"], "PARTICIPANT_REMOVED");
    assert_eq!(code(&guest.knocks(&place).await.1), "removed-from-meeting", "a restart forgets nobody");

    // The owner was there all the time. The next sitting is open to everybody again.
    host.person.leave().await;
    place.webhooks.set(Mode::Pass).await;
    place.does(&owner.session, &format!("POST /meetings/{meeting}/end"), Value::Null).await;
    let begun = Instant::now();
    while guest.knocks(&place).await.0 != StatusCode::OK {
        assert!(begun.elapsed() < Duration::from_secs(60), "the sitting does not end");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
