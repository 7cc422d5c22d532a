//! `meetbox dev --fake-egress`: a real LiveKit with a recorder that records nothing.

use std::{fs, time::Duration};

use meetbox::clock::Clock;
use serde_json::{Value, json};

use super::running::{Place, ask_on};
use crate::{livekit_model::jwt, real_call::people::Person};

const PATIENCE: Duration = Duration::from_secs(60);

/// What the house was told.
struct Told(String);

impl Told {
    fn get(&self, name: &str) -> &str {
        let line = self.0.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} is not in {}", self.0)).trim_matches('\'')
    }

    fn ask(&self, method: &str, request: &Value) -> (u16, Value) {
        let video = json!({ "roomRecord": true, "roomCreate": true });
        let exp = Clock::System.now().timestamp() + 60;
        let claims = json!({ "iss": self.get("LIVEKIT_API_KEY"), "exp": exp, "video": video });
        let token = jwt::sign(&claims, self.get("LIVEKIT_API_SECRET"));
        let port = self.get("LIVEKIT_URL").rsplit(':').next().unwrap().parse().unwrap();
        let path = format!("/twirp/livekit.{method}");
        let (status, body) = ask_on(port, &token, ("POST", &path), Some(request)).expect("somebody answers");
        (status, serde_json::from_str(&body).unwrap_or_default())
    }

    async fn listed(&self, run: &str, status: &str) -> Value {
        let begun = tokio::time::Instant::now();
        loop {
            let (_, listed) = self.ask("Egress/ListEgress", &json!({ "egress_id": run }));
            if listed["items"][0]["status"] == status {
                return listed["items"][0].clone();
            }
            assert!(begun.elapsed() < PATIENCE, "not {status}: {listed:#}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stand_in_follows_a_real_room_and_leaves_a_file() {
    let place = Place::new();
    let mut command = place.command();
    command.arg("--fake-egress");
    let dev = place.up_with(command);
    assert!(dev.said().contains("STAND-IN"), "{}", dev.said());
    let told = Told(fs::read_to_string(place.path().join(".meetbox/env")).unwrap());
    assert_eq!(told.get("LIVEKIT_PUBLIC_URL"), format!("ws://127.0.0.1:{}", place.livekit));

    let order = json!({ "room_name": "blue-heron", "layout": "grid", "file_outputs": [
        { "file_type": "MP4", "filepath": "recordings/a.mp4", "disable_manifest": true }] });
    assert_eq!(told.ask("Egress/StartRoomCompositeEgress", &order).0, 404, "nobody has opened the room");
    let (status, _) = told.ask("RoomService/CreateRoom", &json!({ "name": "blue-heron" }));
    assert_eq!(status, 200, "what is not about recordings is passed on");

    let pass = place.post("/token", &json!({ "room_name": "blue-heron", "name": "Ada" }), 200);
    let ada = Person::join(&pass).await;
    let (status, started) = told.ask("Egress/StartRoomCompositeEgress", &order);
    assert_eq!(status, 200, "{started}");
    let run = started["egress_id"].as_str().unwrap();
    told.listed(run, "EGRESS_ACTIVE").await;

    assert_eq!(told.ask("Egress/StopEgress", &json!({ "egress_id": run })).0, 200);
    let over = told.listed(run, "EGRESS_COMPLETE").await;
    let file = fs::read(place.path().join(".meetbox/recordings/recordings/a.mp4")).unwrap();
    assert_eq!(over["file_results"][0]["size"], file.len().to_string());
    ada.leave().await;
    dev.stop();
    place.wait_until_nothing_runs();
}

#[test]
fn there_is_no_stand_in_outside_of_a_developers_machine() {
    let place = Place::new();
    let output = place.command().arg("--fake-egress").env("APP_ENV", "production").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("only APP_ENV=local may"), "{said}");
}
