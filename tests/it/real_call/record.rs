//! What the API says of a call is what happened in it, whatever befalls us or the webhooks.

use chrono::DateTime;
use serde_json::Value;

use super::{
    people::{Left, Person, now_ms},
    place::Place,
};
use crate::chaos::Mode;

/// LiveKit tells whole seconds, and the SDK's moments are a little off LiveKit's.
const WITHIN_MS: i64 = 1_000;

fn everybody_left(participants: &[Value]) -> bool {
    participants.len() == 2 && participants.iter().all(|it| it["present"] == false)
}

fn nobody_left(participants: &[Value]) -> bool {
    participants.len() == 2 && participants.iter().all(|it| it["present"] == true)
}

fn moment(participant: &Value, field: &str) -> i64 {
    let text = participant[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {participant:#}"));
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

/// Holds one participant against what the SDK saw; `asked_ms` is when they asked to join.
fn check(participant: &Value, asked_ms: i64, joined_ms: i64, left: Left) {
    let joined = moment(participant, "joined_at");
    assert!((asked_ms - WITHIN_MS..=joined_ms + WITHIN_MS).contains(&joined), "joined {joined_ms}: {participant:#}");

    if participant["left_inferred"] == true {
        let (after, before) = (moment(participant, "left_after"), moment(participant, "left_before"));
        assert!(after <= left.to_ms + WITHIN_MS, "left {left:?}: {participant:#}");
        assert!(before >= left.from_ms - WITHIN_MS, "left {left:?}: {participant:#}");
    } else {
        let at = moment(participant, "left_at");
        let window = left.from_ms - WITHIN_MS..=left.to_ms + WITHIN_MS;
        assert!(window.contains(&at), "left {left:?}: {participant:#}");
    }
}

fn of<'a>(participants: &'a [Value], identity: &str) -> &'a Value {
    participants.iter().find(|it| it["identity"] == identity).unwrap_or_else(|| panic!("no {identity}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_recorded_to_the_second() {
    let place = Place::open().await;
    let asked_ms = now_ms();
    let (ada_pass, meeting) = place.pass("ada").await;
    let mut ada = Person::join(&ada_pass).await;
    let mut bob = Person::join(&place.pass("bob").await.0).await;
    ada.hears_somebody().await;
    bob.hears_somebody().await;
    place.participants_when(&meeting, nobody_left).await;

    let (ada_joined, bob_joined) = (ada.joined_ms, bob.joined_ms);
    let bob_left = bob.leave().await;
    let ada_left = ada.leave().await;

    let participants = place.participants_when(&meeting, everybody_left).await;
    check(of(&participants, "ada"), asked_ms, ada_joined, ada_left);
    check(of(&participants, "bob"), asked_ms, bob_joined, bob_left);
    assert!(participants.iter().all(|it| it["left_inferred"] == false), "{participants:#?}");
    assert_eq!(of(&participants, "ada")["name"], "ADA");

    check_that_the_sitting_ends(&place, &meeting, ada_left).await;
    let secrets = [crate::livekit_model::API_SECRET, ada_pass["token"].as_str().unwrap()];
    assert!(secrets.iter().all(|it| !place.house.printed().contains(it)), "a secret is in the log");
}

async fn check_that_the_sitting_ends(place: &Place, meeting: &str, last_left: Left) {
    let path = format!("/meetings/{meeting}/instances");
    let asked = std::time::Instant::now();
    loop {
        let (_, page) = place.house.get(&path).await;
        let instances = page["items"].as_array().unwrap();
        assert_eq!(instances.len(), 1, "{page:#}");
        if instances[0]["ended_at"].is_string() {
            assert!(moment(&instances[0], "ended_at") >= last_left.from_ms, "{page:#}");
            assert_eq!(instances[0]["ended_inferred"], false, "{page:#}");
            return;
        }
        assert!(asked.elapsed() < std::time::Duration::from_secs(30), "{page:#}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_which_our_process_is_killed_is_recorded_all_the_same() {
    let mut place = Place::open().await;
    let asked_ms = now_ms();
    let (ada_pass, meeting) = place.pass("ada").await;
    let ada = Person::join(&ada_pass).await;
    let bob = Person::join(&place.pass("bob").await.0).await;
    let (ada_joined, bob_joined) = (ada.joined_ms, bob.joined_ms);

    place.house.kill();
    let bob_left = bob.leave().await;
    place.house.start_again().await;
    let ada_left = ada.leave().await;

    let participants = place.participants_when(&meeting, everybody_left).await;
    check(of(&participants, "ada"), asked_ms, ada_joined, ada_left);
    check(of(&participants, "bob"), asked_ms, bob_joined, bob_left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_of_which_no_webhook_comes_is_recorded_by_looking() {
    let mut place = Place::open().await;
    place.webhooks.set(Mode::Refused).await;
    let asked_ms = now_ms();
    let (ada_pass, meeting) = place.pass("ada").await;
    let ada = Person::join(&ada_pass).await;
    let bob = Person::join(&place.pass("bob").await.0).await;
    let (ada_joined, bob_joined) = (ada.joined_ms, bob.joined_ms);

    place.restart_house().await;
    place.participants_when(&meeting, nobody_left).await;
    let bob_left = bob.leave().await;
    let ada_left = ada.leave().await;
    place.restart_house().await;

    let participants = place.participants_when(&meeting, everybody_left).await;
    check(of(&participants, "ada"), asked_ms, ada_joined, ada_left);
    check(of(&participants, "bob"), asked_ms, bob_joined, bob_left);
    assert!(participants.iter().all(|it| it["left_inferred"] == true), "{participants:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_come_back_to_a_killed_livekit_is_found_to_be_gone() {
    let mut place = Place::open().await;
    let asked_ms = now_ms();
    let (ada_pass, meeting) = place.pass("ada").await;
    let ada = Person::join(&ada_pass).await;
    let bob = Person::join(&place.pass("bob").await.0).await;
    let bob_joined = bob.joined_ms;
    place.participants_when(&meeting, nobody_left).await;

    let from_ms = now_ms();
    place.livekit.kill();
    bob.vanish().await;
    let bob_left = Left { from_ms, to_ms: now_ms() };
    place.livekit.start_again();

    // Ada's client comes back by itself, as a new presence; LiveKit goes on listing Bob.
    let participants = place
        .participants_when(&meeting, |all| {
            let present: Vec<&str> =
                all.iter().filter(|it| it["present"] == true).filter_map(|it| it["identity"].as_str()).collect();
            all.len() == 3 && present == ["ada"]
        })
        .await;
    let bob = of(&participants, "bob");
    assert_eq!(bob["left_inferred"], true, "{bob:#}");
    check(bob, asked_ms, bob_joined, bob_left);

    ada.leave_or_vanish().await;
    place.participants_when(&meeting, |all| all.iter().all(|it| it["present"] == false)).await;
}
