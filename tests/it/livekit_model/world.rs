//! What happens inside LiveKit: who is in which room, what it tells about it, and what is really true.

use std::collections::BTreeMap;

use meetbox::cli::dev::recorder::Egresses;
use serde_json::{Map, Value, json};

use super::{
    bodies,
    recorders::{Shelf, moment},
    twirp::Script,
};

/// How long a room without participants lives after the last one left, as LiveKit's default has it.
pub const DEPARTURE_TIMEOUT_MS: i64 = 20_000;
/// How long a room lives that nobody has come into.
pub const EMPTY_TIMEOUT_MS: i64 = 300_000;
/// The kind of a participant that is a recorder.
pub const RECORDER: &str = "EGRESS";

/// The state of one LiveKit and its Redis, the webhooks it wants to send, and the truth that a test compares with.
#[derive(Default)]
pub struct World {
    pub rooms: BTreeMap<String, Room>,
    pub redis_is_down: bool,
    /// LiveKit was configured without a Redis: rooms work, recorders do not.
    pub has_no_redis: bool,
    pub presences: Vec<Presence>,
    pub sittings: Vec<Sitting>,
    /// The recorders, and what can be done to them.
    pub egresses: Egresses,
    /// Where recorders leave their files.
    pub shelf: Shelf,
    /// Answers what is asked of egress in place of the model, with what a real one said.
    pub script: Option<Script>,
    /// How often each method was asked.
    pub calls: BTreeMap<String, usize>,
    outbox: Vec<Event>,
    next_id: u32,
    /// Makes ids of different worlds different.
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Room {
    pub sid: String,
    pub name: String,
    pub created_ms: i64,
    pub participants: BTreeMap<String, Participant>,
    /// A LiveKit process holds the room. After a kill it is only a row in Redis, which no timer ever removes.
    pub served: bool,
    /// Redis has the room. After a loss of Redis it goes on unlisted.
    pub listed: bool,
    pub empty_since_ms: Option<i64>,
    /// Whether anybody has ever come in.
    pub visited: bool,
    pub metadata: String,
}

#[derive(Clone, Debug)]
pub struct Participant {
    pub sid: String,
    pub identity: String,
    pub name: String,
    pub joined_ms: i64,
    /// `EGRESS` for a recorder.
    pub kind: Option<String>,
    pub served: bool,
    pub listed: bool,
    /// As UpdateParticipant left them.
    pub attributes: Map<String, Value>,
    pub permission: Value,
    /// Published tracks by their ids, and whether each is muted.
    pub tracks: BTreeMap<String, bool>,
}

impl Room {
    /// When it ends, if nobody comes.
    fn ends_ms(&self) -> Option<i64> {
        let timeout = if self.visited { DEPARTURE_TIMEOUT_MS } else { EMPTY_TIMEOUT_MS };
        self.empty_since_ms.map(|since| since + timeout)
    }
}

impl Participant {
    /// Whether it is one that records the room; the others do not see it, and it keeps no room open.
    pub fn is_recorder(&self) -> bool {
        self.kind.as_deref() == Some(RECORDER)
    }

    /// What a participant may do whose token says nothing of it.
    pub fn full_permission() -> Value {
        json!({ "can_subscribe": true, "can_publish": true, "can_publish_data": true })
    }
}

/// One webhook that LiveKit wants to send.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub name: &'static str,
    pub at_ms: i64,
    pub room_sid: String,
    pub participant_sid: Option<String>,
    pub body: String,
}

/// The truth about one participant.
#[derive(Clone, Debug)]
pub struct Presence {
    pub room: String,
    pub identity: String,
    pub sid: String,
    pub joined_ms: i64,
    pub left_ms: Option<i64>,
    /// Since when a listing did not show them though they were there: Redis had lost them.
    pub unlisted_ms: Option<i64>,
}

/// The truth about one room, from its start to its end.
#[derive(Clone, Debug)]
pub struct Sitting {
    pub room: String,
    pub sid: String,
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    /// Since when a listing did not show it though it was open: Redis had lost it.
    pub unlisted_ms: Option<i64>,
}

impl World {
    /// Somebody comes in; whoever has the same identity is thrown out first.
    pub fn join(&mut self, room: &str, identity: &str, now: i64) {
        self.let_in(room, identity, None, now);
        self.settle(now);
    }

    /// Somebody comes in, or a recorder.
    pub(super) fn let_in(&mut self, room: &str, identity: &str, kind: Option<&str>, now: i64) {
        self.open(room, now);
        self.let_out(room, identity, "DUPLICATE_IDENTITY", now);

        let sid = self.new_id("PA");
        let participant = Participant {
            sid: sid.clone(),
            identity: identity.to_owned(),
            name: if kind.is_some() { String::new() } else { identity.to_uppercase() },
            joined_ms: now,
            kind: kind.map(str::to_owned),
            served: true,
            listed: true,
            attributes: Map::new(),
            permission: Participant::full_permission(),
            tracks: BTreeMap::new(),
        };
        let Some(place) = self.rooms.get_mut(room) else { return };
        if kind.is_none() {
            place.empty_since_ms = None;
            place.visited = true;
        }
        place.listed = true;
        place.participants.insert(identity.to_owned(), participant.clone());
        let place = place.clone();
        let (room, identity) = (room.to_owned(), identity.to_owned());
        self.presences.push(Presence { room, identity, sid, joined_ms: now, left_ms: None, unlisted_ms: None });
        self.tell("participant_joined", &place, Some((&participant, None)), now);
    }

    /// Somebody goes, or is found to be gone, and LiveKit tells `reason`. Nothing happens when nobody is served there.
    pub fn leave(&mut self, room: &str, identity: &str, reason: &str, now: i64) {
        self.let_out(room, identity, reason, now);
        self.settle(now);
    }

    pub(super) fn let_out(&mut self, room: &str, identity: &str, reason: &str, now: i64) {
        let Some(place) = self.rooms.get_mut(room) else { return };
        if !place.participants.get(identity).is_some_and(|it| it.served) {
            return;
        }
        let Some(participant) = place.participants.remove(identity) else { return };
        if !place.participants.values().any(|it| it.served && !it.is_recorder()) {
            place.empty_since_ms = place.empty_since_ms.or(Some(now));
        }
        let place = place.clone();
        self.note_left(&participant.sid, now);
        self.tell("participant_left", &place, Some((&participant, Some(reason))), now);
        if participant.is_recorder() && reason != "CONNECTION_TIMEOUT" {
            self.egresses.set_redis_down(self.redis_is_down, moment(now));
            self.egresses.put_out(identity, moment(now));
        }
    }

    /// Somebody publishes or stops publishing.
    pub fn tell_track(&mut self, name: &'static str, room: &str, identity: &str, now: i64) {
        let Some(place) = self.rooms.get(room).cloned() else { return };
        if let Some(participant) = place.participants.get(identity).filter(|it| it.served) {
            self.tell(name, &place, Some((participant, None)), now);
        }
    }

    /// Somebody publishes a track; answers its id.
    pub fn publish(&mut self, room: &str, identity: &str) -> String {
        let sid = self.new_id("TR");
        let place = self.rooms.get_mut(room).and_then(|place| place.participants.get_mut(identity));
        if let Some(participant) = place {
            participant.tracks.insert(sid.clone(), false);
        }
        sid
    }

    /// Everybody is thrown out and the room ends.
    pub fn delete(&mut self, room: &str, now: i64) {
        let identities: Vec<String> =
            self.rooms.get(room).map(|it| it.participants.keys().cloned().collect()).unwrap_or_default();
        for identity in identities {
            self.let_out(room, &identity, "ROOM_DELETED", now);
        }
        self.finish(room, now);
        self.settle(now);
    }

    /// Ends the rooms whose time is up.
    pub fn tick(&mut self, now: i64) {
        loop {
            let ends = self.rooms.values().filter_map(|it| Some((it.ends_ms()?, it.name.clone())));
            let Some((at, name)) = ends.min().filter(|(at, _)| *at <= now) else { break };
            // Recorders do not wait for a test to look.
            self.settle(at);
            let recorders: Vec<String> = self.rooms[&name].participants.keys().cloned().collect();
            recorders.iter().for_each(|it| self.let_out(&name, it, "ROOM_CLOSED", at));
            self.finish(&name, at);
        }
        self.settle(now);
    }

    /// A room is opened before anybody comes in; nothing happens when it is open.
    pub fn create(&mut self, room: &str, now: i64) {
        self.open(room, now);
        if let Some(room) = self.rooms.get_mut(room).filter(|it| it.participants.is_empty()) {
            room.empty_since_ms = room.empty_since_ms.or(Some(now));
        }
    }

    /// `kill -9`: everybody is cut off, and Redis goes on listing them.
    pub fn kill(&mut self, now: i64) {
        let mut gone = Vec::new();
        for room in self.rooms.values_mut() {
            room.served = false;
            room.empty_since_ms = None;
            for participant in room.participants.values_mut().filter(|it| it.served) {
                participant.served = false;
                gone.push(participant.sid.clone());
            }
        }
        gone.iter().for_each(|sid| self.note_left(sid, now));
        // What it had not sent yet dies with it.
        self.outbox.clear();
        self.egresses.lose_livekit(moment(now));
    }

    /// The second SIGTERM: the rooms leave Redis, and nobody is told.
    pub fn terminate(&mut self, now: i64) {
        let served: Vec<Room> = self.rooms.values().filter(|it| it.served).cloned().collect();
        for room in served {
            for participant in room.participants.values().filter(|it| it.served) {
                self.tell("track_unpublished", &room, Some((participant, None)), now);
                self.note_left(&participant.sid, now);
            }
            self.note_ended(&room.sid, now);
            self.rooms.remove(&room.name);
        }
        self.egresses.lose_livekit(moment(now));
    }

    /// After a kill or a second SIGTERM: LiveKit runs again.
    pub fn start_again(&mut self, now: i64) {
        self.egresses.find_livekit(moment(now));
        self.settle(now);
    }

    /// Redis comes back empty: what LiveKit holds goes on, unlisted, until somebody joins.
    pub fn lose_redis(&mut self, now: i64) {
        self.redis_is_down = false;
        self.egresses.lose_redis();
        self.presences.iter_mut().filter(|it| it.left_ms.is_none()).for_each(|it| it.unlisted_ms = Some(now));
        self.sittings.iter_mut().filter(|it| it.ended_ms.is_none()).for_each(|it| it.unlisted_ms = Some(now));
        self.rooms.retain(|_, room| room.served);
        for room in self.rooms.values_mut() {
            room.listed = false;
            room.participants.retain(|_, it| it.served);
            room.participants.values_mut().for_each(|it| it.listed = false);
        }
    }

    /// Every room ends and nobody hears of it.
    pub fn vanish_silently(&mut self, now: i64) {
        for room in std::mem::take(&mut self.rooms).into_values() {
            for participant in room.participants.values().filter(|it| it.served) {
                self.note_left(&participant.sid, now);
            }
            self.note_ended(&room.sid, now);
        }
    }

    /// Takes the webhooks that LiveKit has to send by now.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.outbox)
    }

    /// A new id, different from every other in all worlds of a test.
    pub fn new_id(&mut self, kind: &str) -> String {
        self.next_id += 1;
        format!("{kind}_{}{:06}", self.name, self.next_id)
    }

    fn open(&mut self, name: &str, now: i64) {
        if !self.rooms.contains_key(name) {
            let sid = self.new_id("RM");
            let (room, started) = (name.to_owned(), now);
            self.sittings.push(Sitting {
                room: room.clone(),
                sid: sid.clone(),
                started_ms: started,
                ended_ms: None,
                unlisted_ms: None,
            });
            let participants = BTreeMap::new();
            let fresh = Room {
                sid,
                name: room,
                created_ms: now,
                participants,
                served: false,
                listed: true,
                empty_since_ms: None,
                visited: false,
                metadata: String::new(),
            };
            self.rooms.insert(name.to_owned(), fresh);
        }
        let Some(room) = self.rooms.get_mut(name).filter(|it| !it.served) else { return };
        room.served = true;
        let room = room.clone();
        self.tell("room_started", &room, None, now);
    }

    fn finish(&mut self, name: &str, now: i64) {
        let Some(room) = self.rooms.remove(name) else { return };
        self.note_ended(&room.sid, now);
        self.tell("room_finished", &room, None, now);
    }

    fn note_left(&mut self, sid: &str, now: i64) {
        if let Some(presence) = self.presences.iter_mut().rev().find(|it| it.sid == sid) {
            presence.left_ms = Some(now);
        }
    }

    fn note_ended(&mut self, sid: &str, now: i64) {
        if let Some(sitting) = self.sittings.iter_mut().rev().find(|it| it.sid == sid) {
            sitting.ended_ms = Some(now);
        }
    }

    fn tell(&mut self, name: &'static str, room: &Room, who: Option<(&Participant, Option<&str>)>, now: i64) {
        let id = self.new_id("EV");
        let body = bodies::event(&bodies::Telling { id: &id, name, room, who, now }).to_string();
        let participant_sid = who.map(|(it, _)| it.sid.clone());
        self.outbox.push(Event { id, name, at_ms: now, room_sid: room.sid.clone(), participant_sid, body });
    }

    /// LiveKit tells something about a run of a recorder.
    pub(super) fn tell_run(&mut self, name: &'static str, info: &Value, now: i64) {
        let id = self.new_id("EV");
        let body = json!({ "event": name, "id": id, "createdAt": (now / 1000).to_string(), "egressInfo": info });
        let room_sid = info["roomId"].as_str().unwrap_or_default().to_owned();
        self.outbox.push(Event { id, name, at_ms: now, room_sid, participant_sid: None, body: body.to_string() });
    }
}
