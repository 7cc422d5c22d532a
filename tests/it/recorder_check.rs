//! The model of LiveKit's recorder does what the real one did when it was recorded.

use std::collections::BTreeMap;

use meetbox::cli::dev::recorder::Trouble;
use serde_json::{Value, json};

use crate::livekit_model::{
    API_KEY, API_SECRET, Call, answer, jwt,
    trace::{self, Trace},
    world::World,
};

/// Where every trace begins in the model's time.
const EPOCH_MS: i64 = 1_795_348_500_000;

fn ask(world: &mut World, method: &str, request: &Value, now_ms: i64) -> (u16, Value) {
    let room = request["room"].as_str().unwrap_or_default();
    let video = json!({ "roomRecord": true, "roomCreate": true, "roomList": true, "roomAdmin": true, "room": room });
    let claims = json!({ "iss": API_KEY, "exp": now_ms / 1000 + 60, "video": video });
    let authorization = format!("Bearer {}", jwt::sign(&claims, API_SECRET));
    let (path, body) = (format!("/twirp/livekit.{method}"), request.to_string());
    let call = Call { path: &path, authorization: Some(&authorization), body: body.as_bytes(), now_ms };
    let answer = answer(world, &call);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// A trace on a world of its own: what people and calls did in it is done, and what recorders did is compared.
struct Play {
    world: World,
    /// The model's ids of runs, by the recorded ones.
    runs: BTreeMap<String, String>,
    /// What was told about each run, and about its recorder, in order.
    told: BTreeMap<String, Vec<Value>>,
}

impl Play {
    fn of(trace: &Trace) -> Self {
        let mut world = World::default();
        match trace.name.as_str() {
            "recording-no-worker" => world.egresses.remove_worker(),
            "recording-no-capacity" => world.egresses.set_slots(Some(1)),
            "recording-upload-fails" => world.shelf.trouble = Some(refused(trace)),
            "recording-upload-fails-with-backup" => {
                world.shelf.trouble = Some(Trouble::Refused("no".to_owned()));
                world.egresses.set_backup(Some("/rescue"));
            }
            "recording-store-unreachable" => {
                let put = r#"Put "http://127.0.0.1:5999/recordings/recordings/rec-v.mp4?x-id=PutObject": dial tcp 127.0.0.1:5999: connect: connection refused"#;
                world.shelf.trouble = Some(Trouble::Unreachable(put.to_owned()));
            }
            "recording-worker-sigint-with-backup" => {
                world.shelf.trouble = Some(Trouble::Unreachable("no".to_owned()));
                world.egresses.set_backup(Some("/rescue"));
            }
            _ => {}
        }
        Self { world, runs: BTreeMap::new(), told: BTreeMap::new() }
    }

    fn run(&mut self, trace: &Trace) {
        let mut lines: Vec<(i64, &Value)> = trace.lines.iter().map(|line| (asked_ms(line), line)).collect();
        lines.sort_by_key(|(at, _)| *at);
        let last = lines.last().unwrap().0;
        for (at, line) in lines {
            self.world.tick(at);
            match line["kind"].as_str().unwrap() {
                "webhook" => self.follow(&line["body"], at),
                "call"
                    if line["request"].is_object() && line["grants"].as_object().is_some_and(|it| !it.is_empty()) =>
                {
                    self.call(line, at, &trace.name);
                }
                "note" => self.meddle(line["text"].as_str().unwrap(), at),
                _ => {}
            }
            self.note();
        }
        self.world.tick(last + 700);
        self.note();
    }

    /// People come and go as they did.
    fn follow(&mut self, body: &Value, at: i64) {
        let (room, who) = (body["room"]["name"].as_str(), body["participant"]["identity"].as_str());
        let (Some(room), Some(who)) = (room, who) else { return };
        let reason = body["participant"]["disconnectReason"].as_str().unwrap_or_default();
        match body["event"].as_str().unwrap() {
            _ if who.starts_with("EG_") || reason == "ROOM_DELETED" || reason == "DUPLICATE_IDENTITY" => {}
            "participant_joined" => self.world.join(room, who, at),
            "participant_left" => self.world.leave(room, who, reason, at),
            _ => {}
        }
    }

    fn call(&mut self, line: &Value, at: i64, trace: &str) {
        let method = line["method"].as_str().unwrap();
        if !line["service"].as_str().unwrap().starts_with("Egress") && method != "CreateRoom" && method != "DeleteRoom"
        {
            return;
        }
        let mut request = line["request"].clone();
        if let Some(run) = request["egress_id"].as_str().and_then(|id| self.runs.get(id)) {
            request["egress_id"] = json!(run);
        }
        let service = line["service"].as_str().unwrap();
        let (status, mut answered) = ask(&mut self.world, &format!("{service}/{method}"), &request, at);
        if method == "StartRoomCompositeEgress" && status == 200 {
            let recorded = line["response"]["egress_id"].as_str().unwrap().to_owned();
            self.runs.insert(recorded, answered["egress_id"].as_str().unwrap().to_owned());
        }
        if service != "Egress" {
            return;
        }
        let mut recorded = line["response"].clone();
        // What earlier scenarios left is not in this world.
        for (items, known) in
            [(&mut recorded, self.runs.keys().collect::<Vec<_>>()), (&mut answered, self.runs.values().collect())]
        {
            if let Some(items) = items["items"].as_array_mut() {
                items.retain(|it| known.iter().any(|id| it["egress_id"] == **id));
                items.sort_by_key(|it| it["started_at"].to_string());
            }
        }
        assert_eq!(line["status"], status, "{trace}: {line}");
        assert_eq!(shape(&recorded), shape(&answered), "{trace} at {}: {method}", line["t"]);
    }

    /// What was done to the machines.
    fn meddle(&mut self, text: &str, at: i64) {
        let now = chrono::DateTime::from_timestamp_millis(at).unwrap();
        let world = &mut self.world;
        match text {
            "handler killed" => {
                let run = world.egresses.alive().remove(0);
                world.egresses.kill_handler(&run, now);
            }
            "worker and handlers killed" => world.egresses.kill_worker(now),
            "worker started again" => world.egresses.start_worker(),
            "SIGINT" | "SIGINT once" => world.egresses.interrupt_worker(now),
            "livekit-server killed" => world.kill(at),
            "livekit-server started again" => world.start_again(at),
            "Redis stopped" => world.redis_is_down = true,
            "Redis back, empty" => world.lose_redis(at),
            _ => {}
        }
        world.settle(at);
    }

    fn note(&mut self) {
        for event in self.world.take_events() {
            let body: Value = serde_json::from_str(&event.body).unwrap();
            if let Some((run, told)) = told_of_a_run(&body) {
                self.told.entry(run).or_default().push(told);
            }
        }
    }
}

/// When something was done: calls are written down when they were answered.
fn asked_ms(line: &Value) -> i64 {
    let seconds = line["t"].as_f64().unwrap() - line["took"].as_f64().unwrap_or_default();
    EPOCH_MS + (seconds * 1000.0) as i64
}

/// The words of the store that refused, out of the words of egress.
fn refused(trace: &Trace) -> Trouble {
    let errors = trace.of_kind("webhook").filter_map(|line| line["body"]["egressInfo"]["error"].as_str());
    let words =
        errors.filter_map(|it| it.strip_prefix("S3 upload failed: err: operation error S3: PutObject, ")).next();
    Trouble::Refused(words.unwrap().to_owned())
}

/// Which run a webhook is about, and what it says of it or of its recorder.
fn told_of_a_run(body: &Value) -> Option<(String, Value)> {
    let about = body["egressInfo"]["egressId"].as_str().or_else(|| body["participant"]["identity"].as_str())?;
    let mut told = json!({ "event": body["event"] });
    match body["egressInfo"].is_object() {
        true => told["egressInfo"] = shape(&body["egressInfo"]),
        false if body["event"].as_str()?.starts_with("participant_") => {
            told["kind"] = body["participant"]["kind"].clone();
            told["permission"] = body["participant"]["permission"].clone();
            told["disconnectReason"] = body["participant"]["disconnectReason"].clone();
        }
        false => return None,
    }
    about.starts_with("EG_").then(|| (about.to_owned(), told))
}

/// The same without what is different in every run: numbers, ids and the words around a run's id.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| name.as_str() != "s3")
            .map(|(name, value)| match name.as_str() {
                "egressId" | "egress_id" | "roomId" | "room_id" => (name.clone(), json!("id")),
                "manifestLocation" | "manifest_location" if value != "" => (name.clone(), json!("somewhere")),
                _ => (name.clone(), shape(value)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(text) if text != "0" && text.bytes().all(|it| it.is_ascii_digit()) && !text.is_empty() => {
            json!("n")
        }
        other => other.clone(),
    }
}

fn agrees_with_its_model(name: &str) {
    let trace = trace::load(name);
    let mut play = Play::of(&trace);
    play.run(&trace);

    let mut recorded: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (run, told) in trace.of_kind("webhook").filter_map(|line| told_of_a_run(&line["body"])) {
        recorded.entry(run).or_default().push(told);
    }
    for (run, model) in &play.runs {
        let (recorded, told) = (recorded.get(run), play.told.get(model));
        assert_eq!(recorded, told, "{name}: what was told about {run}, recorded on the left");
    }
}

macro_rules! traces {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            agrees_with_its_model($name);
        })*
    };
}

traces! {
    a_recording_completes_as_recorded: "recording-complete",
    an_empty_room_is_not_recorded_as_recorded: "recording-empty-room",
    requests_are_refused_as_recorded: "recording-errors",
    a_recording_goes_on_while_the_room_is_open_as_recorded: "recording-everyone-leaves",
    a_deleted_room_ends_its_recording_as_recorded: "recording-room-deleted",
    without_cpu_nobody_answers_as_recorded: "recording-no-capacity",
    without_a_worker_nobody_answers_as_recorded: "recording-no-worker",
    a_killed_handler_is_told_as_recorded: "recording-handler-killed",
    a_killed_worker_is_never_told_as_recorded: "recording-worker-killed",
    an_interrupted_worker_uploads_as_recorded: "recording-worker-sigint",
    an_interrupted_worker_rescues_as_recorded: "recording-worker-sigint-with-backup",
    a_refused_upload_fails_as_recorded: "recording-upload-fails",
    a_refused_upload_is_rescued_as_recorded: "recording-upload-fails-with-backup",
    a_silent_store_fails_an_upload_as_recorded: "recording-store-unreachable",
    a_lost_redis_unlists_a_recording_as_recorded: "redis-restarted",
    a_recorder_comes_back_to_a_killed_livekit_as_recorded: "livekit-killed",
}

/// A world where `ada` is recorded.
struct Recorded {
    world: World,
    run: String,
}

impl Recorded {
    fn with(output: &Value, prepare: impl FnOnce(&mut World)) -> Self {
        let mut world = World::default();
        prepare(&mut world);
        world.join("standup", "ada", EPOCH_MS);
        let mut request = json!({ "room_name": "standup", "layout": "grid" });
        request.as_object_mut().unwrap().extend(output.as_object().unwrap().clone());
        let (status, started) = ask(&mut world, "Egress/StartRoomCompositeEgress", &request, EPOCH_MS);
        assert_eq!(status, 200, "{started}");
        world.tick(EPOCH_MS + 10_000);
        Self { world, run: started["egress_id"].as_str().unwrap().to_owned() }
    }

    fn mp4(prepare: impl FnOnce(&mut World)) -> Self {
        Self::with(&json!({ "file_outputs": [{ "file_type": "MP4", "filepath": "recordings/a.mp4" }] }), prepare)
    }

    fn stop(&mut self, second: i64) -> (u16, Value) {
        ask(&mut self.world, "Egress/StopEgress", &json!({ "egress_id": self.run }), EPOCH_MS + second * 1000)
    }

    fn listed(&mut self, second: i64) -> Value {
        self.world.tick(EPOCH_MS + second * 1000);
        let request = json!({ "egress_id": self.run });
        ask(&mut self.world, "Egress/ListEgress", &request, EPOCH_MS + second * 1000).1["items"][0].clone()
    }
}

#[test]
fn a_recording_ends_with_its_room() {
    let mut recorded = Recorded::mp4(|_| {});
    recorded.world.leave("standup", "ada", "CLIENT_INITIATED", EPOCH_MS + 30_000);
    assert_eq!(recorded.listed(49)["status"], "EGRESS_ACTIVE");

    let over = recorded.listed(90);
    assert_eq!((&over["status"], &over["details"]), (&json!("EGRESS_COMPLETE"), &json!("End reason: Source closed")));
    assert_eq!(over["file"]["duration"], "47000000000");
    let object = &recorded.world.shelf.objects["recordings/a.mp4"];
    assert_eq!(over["file"]["size"], object.len().to_string());
    assert_eq!(&object[4..8], b"ftyp");
    let manifest = format!("recordings/{}.json", recorded.run);
    assert!(recorded.world.shelf.objects.contains_key(&manifest), "nobody disabled it");
}

#[test]
fn a_recording_ends_at_the_recorders_limit_and_is_whole() {
    let mut recorded = Recorded::mp4(|world| world.egresses.set_limit(Some(chrono::TimeDelta::seconds(60))));
    let over = recorded.listed(70);
    assert_eq!((&over["status"], &over["error"]), (&json!("EGRESS_LIMIT_REACHED"), &json!("Session limit reached")));
    assert_eq!(over["file"]["duration"], "60000000000");
}

#[test]
fn segments_are_there_while_it_records_and_the_playlist_ends_with_it() {
    let output = json!({ "segment_outputs": [{ "filename_prefix": "recordings/a/segment",
        "playlist_name": "recordings/a/index.m3u8", "disable_manifest": true }] });
    let mut recorded = Recorded::with(&output, |_| {});
    let playlist =
        |recorded: &Recorded| String::from_utf8(recorded.world.shelf.objects["recordings/a/index.m3u8"].clone());
    assert!(!playlist(&recorded).unwrap().contains("ENDLIST"));

    assert_eq!(recorded.stop(20).1["segment_results"][0]["playlist_name"], "recordings/a/index.m3u8");
    let over = recorded.listed(22);
    assert_eq!((&over["status"], &over["segments"]["segment_count"]), (&json!("EGRESS_COMPLETE"), &json!("5")));
    let text = playlist(&recorded).unwrap();
    let names: Vec<&str> = text.lines().filter(|line| line.ends_with(".ts")).collect();
    assert_eq!(names.len(), 5);
    assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
    assert!(names.iter().all(|name| recorded.world.shelf.objects.contains_key(&format!("recordings/a/{name}"))));
}

#[test]
fn a_run_whose_worker_died_while_it_uploaded_is_ending_for_ever() {
    let mut recorded = Recorded::mp4(|world| world.shelf.by_hand = true);
    assert_eq!(recorded.stop(20).0, 200);
    recorded.world.tick(EPOCH_MS + 21_000);
    recorded.world.egresses.kill_worker(chrono::DateTime::from_timestamp_millis(EPOCH_MS + 21_000).unwrap());

    let write = recorded.world.take_writes().remove(0);
    recorded.world.wrote(&write, Ok(()), EPOCH_MS + 22_000);
    assert_eq!(recorded.listed(90)["status"], "EGRESS_ENDING");
    let (status, refused) = recorded.stop(91);
    assert_eq!((status, &refused["msg"]), (412, &json!("egress with status EGRESS_ENDING cannot be stopped")));
}

#[test]
fn what_cannot_be_said_while_redis_is_away_is_said_later() {
    let mut recorded = Recorded::mp4(|_| {});
    recorded.world.take_events();
    recorded.world.redis_is_down = true;
    recorded.world.delete("standup", EPOCH_MS + 20_000);
    recorded.world.tick(EPOCH_MS + 30_000);
    assert!(recorded.world.take_events().iter().all(|event| !event.name.starts_with("egress")));

    recorded.world.redis_is_down = false;
    recorded.world.tick(EPOCH_MS + 40_000);
    let said: Vec<&str> = recorded.world.take_events().iter().map(|event| event.name).collect();
    assert_eq!(said, ["egress_updated", "egress_ended"]);
}

#[test]
fn an_ended_run_is_listed_for_a_day_and_a_dead_one_for_ever() {
    let mut recorded = Recorded::mp4(|_| {});
    recorded.stop(20);
    assert_eq!(recorded.listed(60)["status"], "EGRESS_COMPLETE");
    assert_eq!(recorded.listed(25 * 3600), Value::Null);

    let mut recorded = Recorded::mp4(|_| {});
    recorded.world.egresses.kill_worker(chrono::DateTime::from_timestamp_millis(EPOCH_MS + 20_000).unwrap());
    assert_eq!(recorded.listed(25 * 3600)["status"], "EGRESS_ACTIVE");
}

#[test]
fn a_recorder_answers_for_itself_in_its_room_until_livekit_finds_it_gone() {
    let mut recorded = Recorded::mp4(|_| {});
    let served = |recorded: &mut Recorded, second: i64| {
        let request = json!({ "room": "standup", "identity": recorded.run });
        recorded.world.tick(EPOCH_MS + second * 1000);
        ask(&mut recorded.world, "RoomService/UpdateSubscriptions", &request, EPOCH_MS + second * 1000).0
    };
    assert_eq!(served(&mut recorded, 11), 200);
    recorded.stop(12);
    assert_eq!(served(&mut recorded, 20), 200, "its browser does not say goodbye");
    assert_eq!(served(&mut recorded, 40), 503);
}
