//! Recorded histories: read, and played on a model's world as they happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::world::{Participant, Presence, Room, Sitting, World};

/// One recorded history.
pub struct Trace {
    pub name: String,
    pub lines: Vec<Value>,
}

/// Something that happens at a moment of a trace.
pub struct Step {
    pub at: DateTime<Utc>,
    pub what: What,
}

/// What happens: to LiveKit itself, or at the receiver of its webhooks.
pub enum What {
    /// LiveKit's state changes, as this event says.
    Change(Value),
    /// This body arrives at the receiver and is taken.
    Deliver(String),
    Killed,
    Terminated,
    StartedAgain,
    RedisStopped,
    RedisBackEmpty,
}

/// Every recorded history.
pub fn all() -> Vec<Trace> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/traces"));
    let entries = std::fs::read_dir(folder).expect("tests/data/traces is there").flatten().map(|entry| entry.path());
    let mut names: Vec<String> = entries
        .filter(|path| path.extension().is_some_and(|it| it == "jsonl"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names.iter().map(|name| load(name)).collect()
}

/// The recorded history of this name.
pub fn load(name: &str) -> Trace {
    let path = format!("{}/tests/data/traces/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|err| panic!("{path}: {err}"));
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect();
    Trace { name: name.to_owned(), lines }
}

impl Trace {
    /// The lines of one kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.lines.iter().filter(move |line| line["kind"] == kind)
    }

    /// The moment that `t` = 0 stands for.
    ///
    /// No webhook arrives before it happened, so the latest of all "happened minus arrived" is the best guess.
    pub fn epoch(&self) -> DateTime<Utc> {
        let guesses = self.of_kind("webhook").flat_map(|line| {
            let body = &line["body"];
            let arrived_ms = (number(&line["t"]) * 1000.0) as i64;
            let joined = text_number(&body["participant"]["joinedAtMs"]);
            let opened = text_number(&body["room"]["creationTimeMs"]);
            let told = text_number(&body["createdAt"]) * 1000;
            [joined, opened, told].into_iter().map(move |happened| happened - arrived_ms)
        });
        let millis = guesses.max().unwrap_or(1_795_348_000_000);
        DateTime::from_timestamp_millis(millis).expect("a date of this era")
    }

    /// Everything that happens, in order.
    pub fn steps(&self) -> Vec<Step> {
        let epoch = self.epoch();
        let at = |seconds: f64| epoch + TimeDelta::microseconds((seconds * 1e6) as i64);
        let mut seen = BTreeSet::new();
        let mut steps = Vec::new();

        for line in &self.lines {
            let arrives = at(number(&line["t"]));
            match line["kind"].as_str() {
                Some("webhook") => {
                    let body = &line["body"];
                    if seen.insert(body["id"].to_string()) {
                        // A delivery may have waited behind others; what it tells happened within its `createdAt`.
                        let second = DateTime::from_timestamp(text_number(&body["createdAt"]), 999_000_000);
                        let happens = arrives.min(second.expect("a date of this era"));
                        steps.push(Step { at: happens, what: What::Change(body.clone()) });
                    }
                    if line["answered"] == 200 {
                        steps.push(Step { at: arrives, what: What::Deliver(body.to_string()) });
                    }
                }
                Some("note") => steps.extend(done(line).map(|what| Step { at: arrives, what })),
                _ => {}
            }
        }
        steps.sort_by_key(|step| step.at);
        steps
    }

    /// Puts into `world` what was there before the recording began: what ends in it without having begun in it.
    pub fn prepare(&self, world: &mut World) {
        let events: Vec<&Value> = self.of_kind("webhook").map(|line| &line["body"]).collect();
        let began = |event: &str, about: &str, sid: &Value| {
            events.iter().any(|body| body["event"] == event && body[about]["sid"] == *sid)
        };
        for body in &events {
            let about_a_track = body["event"].as_str().is_some_and(|it| it.starts_with("track"));
            if body["room"].is_null() || about_a_track || began("room_started", "room", &body["room"]["sid"]) {
                continue;
            }
            start(world, body);
            let participant = &body["participant"];
            if !participant.is_null() && !began("participant_joined", "participant", &participant["sid"]) {
                join(world, body);
            }
        }
    }
}

/// Applies what a webhook tells to the world it tells about.
pub fn change(world: &mut World, body: &Value) {
    let room = body["room"]["name"].as_str().unwrap_or_default();
    let told_ms = text_number(&body["createdAt"]) * 1000;
    match body["event"].as_str() {
        Some("room_started") => start(world, body),
        Some("participant_joined") => join(world, body),
        Some("participant_left") => {
            let sid = body["participant"]["sid"].as_str().unwrap_or_default();
            if let Some(room) = world.rooms.get_mut(room) {
                room.participants.retain(|_, it| it.sid != sid);
            }
            if let Some(presence) = world.presences.iter_mut().find(|it| it.sid == sid) {
                presence.left_ms = Some(told_ms);
            }
        }
        Some("room_finished") => {
            world.rooms.remove(room);
            let sid = body["room"]["sid"].as_str().unwrap_or_default();
            if let Some(sitting) = world.sittings.iter_mut().find(|it| it.sid == sid) {
                sitting.ended_ms = Some(told_ms);
            }
        }
        _ => {}
    }
}

fn start(world: &mut World, body: &Value) {
    let told = &body["room"];
    let name = text(&told["name"]);
    let fresh = || Room {
        sid: text(&told["sid"]),
        name: name.clone(),
        created_ms: text_number(&told["creationTimeMs"]),
        participants: Default::default(),
        served: true,
        listed: true,
        empty_since_ms: None,
        visited: true,
        metadata: String::new(),
    };
    let room = world.rooms.entry(name.clone()).or_insert_with(fresh);
    room.served = true;
    let (sid, started_ms) = (room.sid.clone(), room.created_ms);
    // A room without a name is nobody's meeting.
    if !name.is_empty() && world.sittings.iter().all(|it| it.sid != sid) {
        world.sittings.push(Sitting { room: name, sid, started_ms, ended_ms: None, unlisted_ms: None });
    }
}

fn join(world: &mut World, body: &Value) {
    let told = &body["participant"];
    let participant = Participant {
        sid: text(&told["sid"]),
        identity: text(&told["identity"]),
        name: text(&told["name"]),
        joined_ms: text_number(&told["joinedAtMs"]),
        kind: told["kind"].as_str().map(str::to_owned),
        served: true,
        listed: true,
        attributes: serde_json::Map::new(),
        permission: Participant::full_permission(),
        tracks: BTreeMap::new(),
    };
    let Some(room) = world.rooms.get_mut(&text(&body["room"]["name"])) else { return };
    room.listed = true;
    if world.presences.iter().all(|it| it.sid != participant.sid) {
        world.presences.push(Presence {
            room: room.name.clone(),
            identity: participant.identity.clone(),
            sid: participant.sid.clone(),
            joined_ms: participant.joined_ms,
            left_ms: None,
            unlisted_ms: None,
        });
    }
    room.participants.insert(participant.identity.clone(), participant);
}

/// What a note says was done to LiveKit or its Redis; other notes are about recorders and clients.
fn done(line: &Value) -> Option<What> {
    match line["text"].as_str()? {
        "livekit-server killed" => Some(What::Killed),
        "SIGTERM again" => Some(What::Terminated),
        "livekit-server started again" | "started again" => Some(What::StartedAgain),
        "Redis stopped" => Some(What::RedisStopped),
        "Redis back, empty" => Some(What::RedisBackEmpty),
        _ => None,
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// LiveKit writes 64-bit numbers as strings; absent is zero.
fn text_number(value: &Value) -> i64 {
    value.as_str().and_then(|it| it.parse().ok()).unwrap_or_default()
}
