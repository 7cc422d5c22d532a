//! What the house has been told or could see for itself; it answers for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::livekit_model::world::World;

/// What reached the house so far.
#[derive(Default)]
pub struct Ledger {
    /// Ids of events that were delivered at least once.
    pub events: BTreeSet<String>,
    /// Participants told of with the time of their join.
    pub participants: BTreeSet<String>,
    /// Participants of whom only a track was told.
    pub hinted: BTreeSet<String>,
    /// Rooms told of with the time of their start.
    pub rooms: BTreeSet<String>,
    /// Rooms of which only a track was told.
    pub hinted_rooms: BTreeSet<String>,
    /// Leaves that were told, in whole seconds, by participant.
    pub told_leaves: BTreeMap<String, i64>,
    /// Ends that were told, in whole seconds, by room.
    pub told_ends: BTreeMap<String, i64>,
}

impl Ledger {
    /// Notes a webhook that was taken.
    pub fn note_delivery(&mut self, body: &str) {
        let body: Value = serde_json::from_str(body).expect("the model writes JSON");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let second = text(&body["createdAt"]).and_then(|it| it.parse().ok()).unwrap_or_default();
        let (room, participant) = (text(&body["room"]["sid"]), text(&body["participant"]["sid"]));
        let is_recorder = body["participant"]["identity"].as_str().is_some_and(|it| it.starts_with("EG_"));
        let is_about_a_track = body["event"].as_str().is_some_and(|it| it.starts_with("track_"));
        let participant = participant.filter(|_| !is_recorder);
        self.events.extend(text(&body["id"]));

        if is_about_a_track {
            self.hinted.extend(participant);
            self.hinted_rooms.extend(room);
            return;
        }
        self.participants.extend(participant.clone());
        self.rooms.extend(room.clone());
        if body["event"] == "participant_left" {
            self.told_leaves.extend(participant.map(|it| (it, second)));
        }
        if body["event"] == "room_finished" {
            self.told_ends.extend(room.map(|it| (it, second)));
        }
    }

    /// Notes what a listing of this moment shows.
    pub fn note_listing(&mut self, world: &World) {
        for room in world.rooms.values().filter(|room| room.listed) {
            self.rooms.insert(room.sid.clone());
            // A leftover of a killed LiveKit is listed too; nobody needs to believe in it.
            let listed = room.participants.values().filter(|it| it.listed && it.served && it.kind.is_none());
            self.participants.extend(listed.map(|it| it.sid.clone()));
        }
    }
}
