//! JSON as LiveKit writes it: webhooks in camelCase with zero values left out, Twirp in snake_case with everything there.

use serde_json::{Value, json};

use super::{
    TURN_PASSWORD,
    world::{Participant, Room},
};

/// One event to be told.
pub struct Telling<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub room: &'a Room,
    /// Who it is about, and why they left.
    pub who: Option<(&'a Participant, Option<&'a str>)>,
    pub now: i64,
}

/// The body of a webhook.
pub fn event(telling: &Telling<'_>) -> Value {
    let Telling { id, name, room, who, now } = telling;
    let is_about_a_track = name.starts_with("track_");

    let mut body = json!({ "event": name, "id": id, "createdAt": (now / 1000).to_string() });
    body["room"] = if is_about_a_track { json!({ "sid": room.sid, "name": room.name }) } else { told_room(room) };
    if let Some((participant, reason)) = who {
        body["participant"] = match is_about_a_track {
            true => json!({ "sid": participant.sid, "identity": participant.identity }),
            false => told_participant(participant, *reason),
        };
    }
    if is_about_a_track {
        body["track"] =
            json!({ "sid": format!("TR_{id}"), "name": "mic", "source": "MICROPHONE", "mimeType": "audio/red" });
    }
    body
}

fn told_room(room: &Room) -> Value {
    let mut told = json!({
        "sid": room.sid,
        "name": room.name,
        "emptyTimeout": 300,
        "departureTimeout": 20,
        "creationTime": (room.created_ms / 1000).to_string(),
        "creationTimeMs": room.created_ms.to_string(),
        "turnPassword": TURN_PASSWORD,
        "enabledCodecs": [{ "mime": "audio/opus" }, { "mime": "video/VP8" }],
    });
    if is_recorded(room) {
        told["activeRecording"] = json!(true);
    }
    told
}

fn is_recorded(room: &Room) -> bool {
    room.participants.values().any(Participant::is_recorder)
}

fn told_participant(participant: &Participant, reason: Option<&str>) -> Value {
    let mut told = json!({
        "sid": participant.sid,
        "identity": participant.identity,
        "state": if reason.is_some() { "DISCONNECTED" } else { "ACTIVE" },
        "joinedAt": (participant.joined_ms / 1000).to_string(),
        "joinedAtMs": participant.joined_ms.to_string(),
        "version": 2,
        "permission": { "canSubscribe": true, "canPublish": true, "canPublishData": true },
        "clientProtocol": 2,
    });
    match participant.is_recorder() {
        true => told["permission"] = json!({ "canSubscribe": true, "hidden": true, "recorder": true }),
        false => told["name"] = json!(participant.name),
    }
    if let Some(reason) = reason {
        told["disconnectReason"] = json!(reason);
    }
    if let Some(kind) = &participant.kind {
        told["kind"] = json!(kind);
    }
    told
}

/// A room in an answer of ListRooms. The number of participants lags behind, so the model never counts.
pub fn listed_room(room: &Room) -> Value {
    json!({
        "sid": room.sid,
        "name": room.name,
        "empty_timeout": 300,
        "departure_timeout": 20,
        "max_participants": 0,
        "creation_time": (room.created_ms / 1000).to_string(),
        "creation_time_ms": room.created_ms.to_string(),
        "turn_password": TURN_PASSWORD,
        "enabled_codecs": [{ "mime": "audio/opus", "fmtp_line": "" }],
        "metadata": room.metadata,
        "num_participants": 0,
        "num_publishers": 0,
        "active_recording": is_recorded(room),
        "version": null,
    })
}

/// A participant in an answer of ListParticipants.
pub fn listed_participant(participant: &Participant) -> Value {
    let mut permission = participant.permission.clone();
    permission["hidden"] = json!(participant.kind.is_some());
    json!({
        "sid": participant.sid,
        "identity": participant.identity,
        "state": "ACTIVE",
        "tracks": participant.tracks.iter().map(|(sid, muted)| listed_track(sid, *muted)).collect::<Vec<_>>(),
        "metadata": "",
        "joined_at": (participant.joined_ms / 1000).to_string(),
        "joined_at_ms": participant.joined_ms.to_string(),
        "name": participant.name,
        "version": 6,
        "permission": permission,
        "region": "",
        "is_publisher": true,
        "kind": participant.kind.as_deref().unwrap_or("STANDARD"),
        "attributes": participant.attributes,
        "disconnect_reason": "UNKNOWN_REASON",
        "client_protocol": 2,
    })
}

/// A track as its publisher is listed with it.
pub fn listed_track(sid: &str, muted: bool) -> Value {
    json!({ "sid": sid, "type": "AUDIO", "name": "mic", "muted": muted, "source": "MICROPHONE" })
}
