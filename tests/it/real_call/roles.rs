//! What somebody may do in a room is what the policy says, at every moment: tried with LiveKit's own SDK.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{people::Person, place::Place};
use crate::serving::code;

/// How soon a decision must be felt in the room.
const AT_ONCE: Duration = Duration::from_secs(3);
/// How soon everybody else must see it, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// A meeting in which speakers may speak and not show themselves.
struct Stage {
    place: Place,
    owner: String,
    meeting: String,
}

impl Stage {
    async fn open() -> Self {
        let place = Place::open().await;
        let owner = place.house.account("olga", "host").await.session;
        let publish = json!({ "speaker": ["microphone"], "viewer": [] });
        let meeting = place.meeting(&owner, json!({ "room_name": "blue-heron", "publish": publish })).await;
        Self { place, owner, meeting }
    }

    async fn pass(&self, credential: Option<&str>, more: Value) -> Value {
        let mut wish = json!({ "room_name": "blue-heron", "name": "Somebody" });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.place.pass_for(credential, &wish).await
    }

    async fn person(&self, credential: Option<&str>, more: Value) -> Person {
        Person::enter(&self.pass(credential, more).await).await
    }

    /// An invitation's secret.
    async fn invitation(&self, role: &str) -> String {
        let operation = format!("POST /meetings/{}/invitations", self.meeting);
        let (status, made) = self.place.house.ask(Some(&self.owner), &operation, &json!({ "role": role })).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        made["secret"].as_str().unwrap().to_owned()
    }

    /// Lets speakers and viewers publish other things from now on.
    async fn change_policy(&self, publish: Value) {
        let path = format!("/meetings/{}", self.meeting);
        let meeting = self.place.house.request_as(Some(&self.owner), reqwest::Method::GET, &path).send().await.unwrap();
        let version = meeting.headers()["etag"].clone();
        let request = self.place.house.request_as(Some(&self.owner), reqwest::Method::PATCH, &path);
        let answer = request.header("if-match", version).json(&json!({ "publish": publish })).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }

    async fn of_participant(&self, (method, identity): (&str, &str), body: Value) -> (StatusCode, Value) {
        let operation = format!("{method} /meetings/{}/participants/{identity}", self.meeting);
        self.place.house.ask(Some(&self.owner), &operation, &body).await
    }
}

fn was_refused(answer: &Value) -> bool {
    answer["event"] == "refused"
}

fn identity(sees: &Value) -> String {
    sees["me"]["identity"].as_str().unwrap().to_owned()
}

/// Waits until somebody sees another's role.
async fn sees_role(person: &mut Person, identity: &str, role: &str) {
    let begun = Instant::now();
    loop {
        let sees = person.sees().await;
        let other = sees["others"].as_array().unwrap().iter().find(|it| it["identity"] == identity);
        if other.is_some_and(|other| other["attributes"]["meetbox.role"] == role) {
            return;
        }
        assert!(begun.elapsed() < SOON, "{identity} is no {role}: {sees:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_publish_what_their_role_may_and_nothing_else() {
    let stage = Stage::open().await;
    let mut host = stage.person(Some(&stage.owner), json!({})).await;
    let mut speaker = stage.person(None, json!({})).await;
    let mut viewer = stage.person(None, json!({ "invitation": stage.invitation("viewer").await })).await;

    host.publishes("camera").await;
    host.publishes("microphone").await;
    speaker.publishes("microphone").await;
    let (of_speaker, of_viewer) = tokio::join!(speaker.tries("publish camera"), viewer.tries("publish microphone"));
    assert!(was_refused(&of_speaker) && was_refused(&of_viewer), "{of_speaker} {of_viewer}");
    // What others rely on is ours to say: nobody gives themselves a role or metadata. The SDK does not always tell them
    // that they were refused; what the others see does.
    for command in ["metadata {\"role\":\"host\"}", "attributes {\"meetbox.role\":\"host\",\"meetbox.guest\":\"\"}"] {
        println!("{command}: {}", speaker.tries(command).await);
    }

    let sees = host.sees().await;
    let guest_with = |role| json!({ "meetbox.role": role, "meetbox.guest": "true" });
    let of = |identity: &str| {
        let others = sees["others"].as_array().unwrap();
        others.iter().find(|it| it["identity"] == identity).unwrap_or_else(|| panic!("no {identity}: {sees:#}"))
    };
    let (speaker_is, viewer_is) = (identity(&speaker.sees().await), identity(&viewer.sees().await));
    assert_eq!(of(&speaker_is)["attributes"], guest_with("speaker"));
    assert_eq!(of(&viewer_is)["attributes"], guest_with("viewer"));
    assert_eq!(sees["me"]["attributes"], json!({ "meetbox.role": "host" }));
    assert_eq!(of(&speaker_is)["metadata"], "");

    // Two participants saw nothing but what was allowed.
    let tracks = |person: &Value| person["tracks"].as_array().unwrap().len();
    assert_eq!((tracks(of(&speaker_is)), tracks(of(&viewer_is)), tracks(&sees["me"])), (1, 0, 2), "{sees:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_during_a_meeting_holds_at_once() {
    let mut stage = Stage::open().await;
    let mut host = stage.person(Some(&stage.owner), json!({})).await;
    let mut speaker = stage.person(None, json!({})).await;
    let mut viewer = stage.person(None, json!({ "invitation": stage.invitation("viewer").await })).await;
    let (speaker_is, viewer_is) = (identity(&speaker.sees().await), identity(&viewer.sees().await));
    host.publishes("camera").await;
    let microphone = speaker.publishes("microphone").await;
    stage.place.wait_until(&stage.meeting, (&viewer_is, true)).await;
    stage.place.wait_until(&stage.meeting, (&speaker_is, true)).await;

    // A muted track is muted for everybody, also for whose it is.
    let mute = format!("POST /meetings/{}/participants/{speaker_is}/mute", stage.meeting);
    stage.place.does(&stage.owner, &mute, json!({ "track_sid": microphone })).await;
    for person in [&mut host, &mut speaker, &mut viewer] {
        person.says(|said| said["event"] == "muted" && said["sid"] == microphone.as_str()).await;
    }
    for nobody in ["nobody-here/mute", &format!("{speaker_is}/mute")] {
        let (status, problem) = stage.of_participant(("POST", nobody), json!({ "track_sid": "TR_nothing" })).await;
        assert_eq!((status, code(&problem)), (StatusCode::NOT_FOUND, "nobody-there"), "{nobody}");
    }

    // A policy that becomes narrower takes away what it no longer allows, and nothing of a host's.
    let begun = Instant::now();
    stage.change_policy(json!({ "speaker": ["camera"], "viewer": [] })).await;
    for person in [&mut host, &mut viewer] {
        person.says(|said| said["event"] == "unpublished" && said["identity"] == speaker_is.as_str()).await;
    }
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    speaker.publishes("camera").await;
    viewer.says(|said| said["event"] == "subscribed" && said["source"] == "camera").await;

    // A viewer who becomes a speaker may speak at once; everybody sees it.
    let (status, answer) = stage.of_participant(("PATCH", &viewer_is), json!({ "role": "speaker" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    viewer.publishes("camera").await;
    sees_role(&mut host, &viewer_is, "speaker").await;
    let (status, problem) = stage.of_participant(("PATCH", "nobody-here"), json!({ "role": "speaker" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::NOT_FOUND, "nobody-there"));

    // Back to viewer: the camera ends.
    host.says(|said| said["event"] == "subscribed" && said["identity"] == viewer_is.as_str()).await;
    stage.of_participant(("PATCH", &viewer_is), json!({ "role": "viewer" })).await;
    host.says(|said| said["event"] == "unpublished" && said["identity"] == viewer_is.as_str()).await;
    sees_role(&mut host, &viewer_is, "viewer").await;
    let (of_speaker, of_viewer) = tokio::join!(speaker.tries("publish microphone"), viewer.tries("publish camera"));
    assert!(was_refused(&of_speaker) && was_refused(&of_viewer), "{of_speaker} {of_viewer}");

    // Somebody who left keeps the role that was decided, and nobody waits for a media server that cannot reach them.
    viewer.leave().await;
    stage.place.wait_until(&stage.meeting, (&viewer_is, false)).await;
    let begun = Instant::now();
    let (status, answer) = stage.of_participant(("PATCH", &viewer_is), json!({ "role": "host" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());

    // Whoever comes with a token from before gets what the policy says now, at the next comparison at the latest.
    let late_pass = stage.pass(None, json!({})).await;
    stage
        .change_policy(
            json!({ "speaker": ["camera", "microphone", "screen_share", "screen_share_audio"], "viewer": [] }),
        )
        .await;
    let mut late = Person::enter(&late_pass).await;
    stage.place.restart_house().await;
    stage.place.wait_until(&stage.meeting, (late_pass["identity"].as_str().unwrap(), true)).await;
    stage.place.wait_until_may_publish_all("blue-heron", late_pass["identity"].as_str().unwrap()).await;
    late.publishes("microphone").await;

    // The end is for all.
    let end = format!("POST /meetings/{}/end", stage.meeting);
    stage.place.does(&stage.owner, &end, Value::Null).await;
    for person in [&mut host, &mut speaker, &mut late] {
        let out = person.says(|said| said["event"] == "out").await;
        assert_eq!(out["reason"], "ROOM_DELETED");
    }
}
