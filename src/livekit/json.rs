//! JSON as LiveKit writes it: camelCase with zero values absent in webhooks, snake_case with defaults in answers to
//! our calls, 64-bit numbers as text in both. Unknown fields and names pass, so that an upgrade of LiveKit breaks nothing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::model::{
    event::{ParticipantFact, RoomFact},
    policy::{Source, Sources},
};

/// A room in a webhook or a listing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Room {
    pub sid: String,
    pub name: String,
    #[serde(alias = "creationTime", deserialize_with = "number")]
    creation_time: i64,
    #[serde(alias = "creationTimeMs", deserialize_with = "number")]
    creation_time_ms: i64,
    #[serde(deserialize_with = "number")]
    pub empty_timeout: i64,
    #[serde(deserialize_with = "number")]
    pub departure_timeout: i64,
}

/// A participant in a webhook or a listing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Participant {
    sid: String,
    pub identity: String,
    name: Option<String>,
    pub state: Option<Value>,
    kind: Option<Value>,
    #[serde(alias = "joinedAt", deserialize_with = "number")]
    joined_at: i64,
    #[serde(alias = "joinedAtMs", deserialize_with = "number")]
    joined_at_ms: i64,
    #[serde(alias = "disconnectReason")]
    disconnect_reason: Option<Value>,
    pub attributes: HashMap<String, String>,
    pub permission: Option<Permission>,
}

/// What a participant may do, as LiveKit lists it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Permission {
    #[serde(alias = "canPublish")]
    can_publish: bool,
    /// Names or numbers; empty for all.
    #[serde(alias = "canPublishSources")]
    can_publish_sources: Vec<Value>,
}

impl Permission {
    /// What may be published.
    pub fn sources(&self) -> Sources {
        if !self.can_publish {
            return Sources::none();
        }
        if self.can_publish_sources.is_empty() {
            return Sources::all();
        }
        // Source: `enum TrackSource` in LiveKit's protocol; its names in capitals, its numbers from CAMERA = 1.
        let source = |value: &Value| match value {
            Value::String(name) => Source::parse(&name.to_lowercase()),
            value => match value.as_i64() {
                Some(1) => Some(Source::Camera),
                Some(2) => Some(Source::Microphone),
                Some(3) => Some(Source::ScreenShare),
                Some(4) => Some(Source::ScreenShareAudio),
                _ => None,
            },
        };
        Sources::of(&self.can_publish_sources.iter().filter_map(source).collect::<Vec<_>>())
    }
}

impl Room {
    /// What it says, unless it lacks a sid or a name.
    pub fn fact(&self) -> Option<RoomFact> {
        if self.sid.is_empty() || self.name.is_empty() {
            return None;
        }
        Some(RoomFact {
            sid: self.sid.clone(),
            name: self.name.clone(),
            created_at: moment(self.creation_time_ms, self.creation_time),
        })
    }
}

impl Participant {
    /// What it says, unless it lacks a sid or an identity.
    pub fn fact(self) -> Option<ParticipantFact> {
        if self.sid.is_empty() || self.identity.is_empty() {
            return None;
        }
        let kind = self.kind.as_ref().and_then(Value::as_str);
        let recorder = ParticipantFact::is_recorder(kind, &self.identity);
        let joined_at = moment(self.joined_at_ms, self.joined_at);
        Some(ParticipantFact {
            sid: self.sid,
            identity: self.identity,
            name: self.name.filter(|name| !name.is_empty()),
            joined_at,
            leave_reason: self.disconnect_reason.as_ref().and_then(Value::as_str).map(str::to_owned),
            recorder,
        })
    }
}

/// The moment in milliseconds where LiveKit gives them, else in whole seconds.
fn moment(millis: i64, seconds: i64) -> Option<DateTime<Utc>> {
    match (millis, seconds) {
        (0, 0) => None,
        (0, seconds) => DateTime::from_timestamp(seconds, 0),
        (millis, _) => DateTime::from_timestamp_millis(millis),
    }
}

/// A number that may be written as a number or as text; 0 when it is neither.
pub(super) fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64().unwrap_or(0),
        Value::String(text) => text.parse().unwrap_or(0),
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_say_the_same() {
        let webhook = r#"{"sid":"PA_1","identity":"ada","joinedAt":"5","joinedAtMs":"5250","kind":"HOLOGRAM","new":1}"#;
        let listing = r#"{"sid":"PA_1","identity":"ada","joined_at":"5","joined_at_ms":"5250","name":""}"#;
        let read = |text| serde_json::from_str::<Participant>(text).unwrap().fact().unwrap();

        assert_eq!(read(webhook), read(listing));
        assert_eq!(read(webhook).joined_at, DateTime::from_timestamp_millis(5250));
    }

    #[test]
    fn an_older_livekit_gives_whole_seconds() {
        let room: Room = serde_json::from_str(r#"{"sid":"RM_1","name":"a-b","creationTime":"7"}"#).unwrap();
        assert_eq!(room.fact().unwrap().created_at, DateTime::from_timestamp(7, 0));
    }

    #[test]
    fn what_lacks_an_id_says_nothing() {
        assert!(serde_json::from_str::<Participant>(r#"{"identity":"ada"}"#).unwrap().fact().is_none());
        assert!(serde_json::from_str::<Room>(r#"{"sid":"RM_1"}"#).unwrap().fact().is_none());
    }
}
