//! What LiveKit answers when it is asked: the methods, the grants they want, and the real texts of its refusals.

use meetbox::cli::dev::recorder::Reply;
use serde_json::{Value, json};

use super::{KEYS, bodies, jwt, recorders::moment, world::World};

/// Answers a method of egress, by its name and its request: a status and a body.
pub type Script = Box<dyn FnMut(&str, &Value) -> (u16, Value) + Send>;

/// A request as it came in.
pub struct Call<'a> {
    pub path: &'a str,
    pub authorization: Option<&'a str>,
    pub body: &'a [u8],
    /// The model's time.
    pub now_ms: i64,
}

/// What a method is asked, once its caller is known to be allowed to ask.
struct Asked {
    request: Value,
    now_ms: i64,
}

/// An answer as it goes out.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string() }
    }

    fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    fn refusal(status: u16, code: &str, msg: &str) -> Self {
        Self::json(status, &json!({ "code": code, "msg": msg }))
    }

    /// What the recorders answered; nobody waits as long as LiveKit would.
    fn of(reply: Reply) -> Self {
        Self::json(reply.status, &reply.body)
    }

    fn plain(status: u16, body: impl Into<String>) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: body.into() }
    }
}

/// Answers one request.
pub fn answer(world: &mut World, call: &Call<'_>) -> Answer {
    if call.path == "/" {
        return Answer::plain(200, "OK");
    }
    *world.calls.entry(call.path.to_owned()).or_default() += 1;
    world.settle(call.now_ms);
    let answer = match grants(call) {
        Ok(grants) => dispatch(world, call, &grants),
        Err(refused) => refused,
    };
    world.settle(call.now_ms);
    answer
}

/// The `video` claim of the caller's token; empty when there is no token at all, as in LiveKit.
fn grants(call: &Call<'_>) -> Result<Value, Answer> {
    let Some(header) = call.authorization else { return Ok(json!({})) };
    let Some(token) = header.strip_prefix("Bearer ") else {
        return Err(Answer::plain(401, "invalid authorization header. Must start with Bearer "));
    };
    let Some(claims) = jwt::read(token) else { return Err(Answer::plain(401, "invalid authorization token")) };
    let key = claims["iss"].as_str().unwrap_or_default();
    let Some((_, secret)) = KEYS.iter().find(|(known, _)| *known == key) else {
        return Err(Answer::plain(401, format!("invalid API key: {key}")));
    };

    let invalid = |why: &str| Err(Answer::plain(401, format!("invalid token: {token}, error: {why}")));
    if !jwt::is_signed_with(token, secret) {
        return invalid("token signature is invalid: signature is invalid");
    }
    if claims["exp"].as_i64().is_none_or(|it| it < call.now_ms / 1000) {
        return invalid("token has invalid claims: token is expired");
    }
    if claims["nbf"].as_i64().is_some_and(|it| it > call.now_ms / 1000) {
        return invalid("token has invalid claims: token is not valid yet");
    }
    Ok(claims["video"].clone())
}

fn dispatch(world: &mut World, call: &Call<'_>, grants: &Value) -> Answer {
    let request: Value = serde_json::from_slice(call.body).unwrap_or_else(|_| json!({}));
    let room = request["room"].as_str().unwrap_or_default();
    let may = |grant: &str| grants[grant] == true;
    let may_administer = may("roomAdmin") && grants["room"] == room;

    let (granted, method): (bool, fn(&mut World, &Asked) -> Answer) = match call.path {
        "/twirp/livekit.RoomService/ListRooms" => (may("roomList"), list_rooms),
        "/twirp/livekit.RoomService/ListParticipants" => (may_administer, list_participants),
        "/twirp/livekit.RoomService/GetParticipant" => (may_administer, get_participant),
        "/twirp/livekit.RoomService/UpdateSubscriptions" => (may_administer, update_subscriptions),
        "/twirp/livekit.RoomService/RemoveParticipant" => (may_administer, remove_participant),
        "/twirp/livekit.RoomService/MutePublishedTrack" => (may_administer, mute_published_track),
        "/twirp/livekit.RoomService/UpdateParticipant" => (may_administer, update_participant),
        "/twirp/livekit.RoomService/UpdateRoomMetadata" => (may_administer, update_room_metadata),
        "/twirp/livekit.RoomService/DeleteRoom" => (may("roomCreate"), delete_room),
        "/twirp/livekit.RoomService/CreateRoom" => (may("roomCreate"), create_room),
        "/twirp/livekit.Egress/StartRoomCompositeEgress" => (may("roomRecord"), start_recording),
        "/twirp/livekit.Egress/StopEgress" => (may("roomRecord"), stop_recording),
        "/twirp/livekit.Egress/ListEgress" => (may("roomRecord"), list_recordings),
        path => return bad_route(path),
    };
    if !granted {
        return Answer::refusal(401, "unauthenticated", "permissions denied");
    }
    if world.has_no_redis && call.path.starts_with("/twirp/livekit.Egress/") {
        return Answer::refusal(500, "internal", "egress not connected (redis required)");
    }
    if world.redis_is_down {
        return Answer::refusal(
            500,
            "unknown",
            "could not get rooms: dial tcp 127.0.0.1:7379: connect: connection refused",
        );
    }
    if let (Some(name), Some(script)) = (call.path.strip_prefix("/twirp/livekit.Egress/"), &mut world.script) {
        let (status, body) = script(name, &request);
        return Answer::json(status, &body);
    }
    method(world, &Asked { request, now_ms: call.now_ms })
}

fn list_rooms(world: &mut World, asked: &Asked) -> Answer {
    let names = asked.request["names"].as_array().filter(|it| !it.is_empty());
    let asked_for = |name: &str| names.is_none_or(|names| names.iter().any(|it| it == name));
    let rooms: Vec<Value> =
        world.rooms.values().filter(|it| it.listed && asked_for(&it.name)).map(bodies::listed_room).collect();
    Answer::ok(&json!({ "rooms": rooms }))
}

fn list_participants(world: &mut World, asked: &Asked) -> Answer {
    let room = world.rooms.get(asked.request["room"].as_str().unwrap_or_default());
    let participants: Vec<Value> = room
        .map(|room| room.participants.values().filter(|it| it.listed).map(bodies::listed_participant).collect())
        .unwrap_or_default();
    Answer::ok(&json!({ "participants": participants }))
}

fn get_participant(world: &mut World, asked: &Asked) -> Answer {
    match find(world, asked).filter(|it| it.listed) {
        Some(participant) => Answer::ok(&bodies::listed_participant(participant)),
        None => Answer::refusal(404, "not_found", "twirp error unknown: participant does not exist"),
    }
}

/// With no tracks it changes nothing, and only the process that holds the participant can answer it.
fn update_subscriptions(world: &mut World, asked: &Asked) -> Answer {
    match find(world, asked).filter(|it| it.served) {
        Some(_) => Answer::ok(&json!({})),
        None => Answer::refusal(503, "unavailable", "twirp error unknown: no response from servers"),
    }
}

/// Only who is served can be sent out; LiveKit answers before they are gone, and tells it like any other leave.
fn remove_participant(world: &mut World, asked: &Asked) -> Answer {
    let (room, identity) = (asked.request["room"].as_str(), asked.request["identity"].as_str());
    let (room, identity) = (room.unwrap_or_default().to_owned(), identity.unwrap_or_default().to_owned());
    if find(world, asked).filter(|it| it.served).is_none() {
        return Answer::refusal(404, "not_found", "twirp error unknown: participant does not exist");
    }
    world.leave(&room, &identity, "PARTICIPANT_REMOVED", asked.now_ms);
    Answer::ok(&json!({}))
}

/// It looks nothing up: for somebody who is not there no process answers, and a track that is not there is none.
// Source: livekit-server 1.13.5, pkg/service/roomservice.go and roommanager.go.
fn mute_published_track(world: &mut World, asked: &Asked) -> Answer {
    let sid = asked.request["track_sid"].as_str().unwrap_or_default().to_owned();
    let Some(participant) = find_mut(world, asked).filter(|it| it.served) else {
        return Answer::refusal(503, "unavailable", "twirp error unknown: no response from servers");
    };
    if asked.request["muted"] != true {
        return Answer::refusal(412, "failed_precondition", "twirp error unknown: remote unmute not enabled");
    }
    let track = participant.tracks.get_mut(&sid).map(|muted| {
        *muted = true;
        bodies::listed_track(&sid, true)
    });
    Answer::ok(&json!({ "track": track }))
}

/// What the request does not name stays as it was; a permission takes the place of the whole one.
fn update_participant(world: &mut World, asked: &Asked) -> Answer {
    let Some(participant) = find_mut(world, asked).filter(|it| it.served) else {
        return Answer::refusal(404, "not_found", "twirp error unknown: participant does not exist");
    };
    for (name, value) in asked.request["attributes"].as_object().into_iter().flatten() {
        participant.attributes.insert(name.clone(), value.clone());
    }
    if asked.request["permission"].is_object() {
        participant.permission = asked.request["permission"].clone();
    }
    Answer::ok(&bodies::listed_participant(participant))
}

fn update_room_metadata(world: &mut World, asked: &Asked) -> Answer {
    let name = asked.request["room"].as_str().unwrap_or_default();
    let Some(room) = world.rooms.get_mut(name).filter(|it| it.served) else {
        return Answer::refusal(404, "not_found", "twirp error unknown: requested room does not exist");
    };
    asked.request["metadata"].as_str().unwrap_or_default().clone_into(&mut room.metadata);
    Answer::ok(&bodies::listed_room(room))
}

fn delete_room(world: &mut World, asked: &Asked) -> Answer {
    let room = asked.request["room"].as_str().unwrap_or_default();
    if !world.rooms.contains_key(room) {
        return Answer::refusal(404, "not_found", "twirp error unknown: requested room does not exist");
    }
    let now = asked.now_ms;
    world.delete(room, now);
    Answer::ok(&json!({}))
}

fn create_room(world: &mut World, asked: &Asked) -> Answer {
    let name = asked.request["name"].as_str().unwrap_or_default();
    if name.len() > 256 {
        let msg = "twirp error unknown: room name length exceeds limits: max length 256";
        return Answer::refusal(400, "invalid_argument", msg);
    }
    world.create(name, asked.now_ms);
    Answer::ok(&world.rooms.get(name).map(bodies::listed_room).unwrap_or_default())
}

fn start_recording(world: &mut World, asked: &Asked) -> Answer {
    let room = world.rooms.get(asked.request["room_name"].as_str().unwrap_or_default());
    // LiveKit looks in Redis only: a room that it serves without Redis' knowing is none.
    let room_sid = room.filter(|room| room.listed).map(|room| room.sid.clone());
    let egress_id = world.new_id("EG");
    Answer::of(world.egresses.start(&asked.request, room_sid.as_deref(), &egress_id, moment(asked.now_ms)))
}

fn stop_recording(world: &mut World, asked: &Asked) -> Answer {
    Answer::of(world.egresses.stop(&asked.request, moment(asked.now_ms)))
}

fn list_recordings(world: &mut World, asked: &Asked) -> Answer {
    Answer::of(world.egresses.list(&asked.request, moment(asked.now_ms)))
}

fn find<'a>(world: &'a World, asked: &Asked) -> Option<&'a super::world::Participant> {
    let room = world.rooms.get(asked.request["room"].as_str()?)?;
    room.participants.get(asked.request["identity"].as_str()?)
}

fn find_mut<'a>(world: &'a mut World, asked: &Asked) -> Option<&'a mut super::world::Participant> {
    let room = world.rooms.get_mut(asked.request["room"].as_str()?)?;
    room.participants.get_mut(asked.request["identity"].as_str()?)
}

fn bad_route(path: &str) -> Answer {
    let body = json!({
        "code": "bad_route",
        "msg": format!("no handler for path \"{path}\""),
        "meta": { "twirp_invalid_route": format!("POST {path}") },
    });
    Answer::json(404, &body)
}
