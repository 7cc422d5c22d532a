//! Rooms and who is in them, as LiveKit has them at this moment.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::event::{ParticipantFact, RoomFact};

use super::{
    client::{Client, LivekitError},
    json,
    token::Grants,
};

/// A room in LiveKit's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRoom {
    pub fact: RoomFact,
    /// How long LiveKit keeps it open when nobody is in it: before the first join or after the last leave.
    pub empty_for_at_most: Duration,
}

impl Client {
    /// The rooms that LiveKit has, also those that are not ours.
    pub async fn list_rooms(&self) -> Result<Vec<ListedRoom>, LivekitError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            rooms: Vec<json::Room>,
        }

        let grants = Grants { room_list: true, ..Grants::default() };
        let answer: Answer = self.call("RoomService/ListRooms", grants, json!({})).await?;
        let listed = |room: json::Room| {
            let seconds = room.empty_timeout.max(room.departure_timeout).max(0).unsigned_abs();
            Some(ListedRoom { fact: room.fact()?, empty_for_at_most: Duration::from_secs(seconds) })
        };
        Ok(answer.rooms.into_iter().filter_map(listed).collect())
    }

    /// Who is in the room; nobody when there is no such room.
    pub async fn list_participants(&self, room_name: &str) -> Result<Vec<ParticipantFact>, LivekitError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            participants: Vec<json::Participant>,
        }

        let answer = self.call("RoomService/ListParticipants", admin(room_name), json!({ "room": room_name })).await;
        let answer: Answer = match answer {
            Err(LivekitError::NotFound) => return Ok(Vec::new()),
            answer => answer?,
        };
        let gone = |state: &Option<Value>| {
            state.as_ref().is_some_and(|state| state.as_str() == Some("DISCONNECTED") || state.as_i64() == Some(3))
        };
        Ok(answer
            .participants
            .into_iter()
            .filter(|participant| !gone(&participant.state))
            .filter_map(json::Participant::fact)
            .collect())
    }

    /// Whether a node serves this participant at the moment.
    ///
    /// A LiveKit that was killed leaves its rooms and participants in Redis, and lists them for ever after. A change of
    /// subscriptions that changes none reaches only who is really there; for anybody else the answer is, after three
    /// seconds, that nobody took the message (seen with livekit-server 1.13.5).
    pub async fn is_served(&self, room_name: &str, identity: &str) -> Result<bool, LivekitError> {
        let nothing = json!({ "room": room_name, "identity": identity, "track_sids": [], "subscribe": false });
        match self.call::<Value>("RoomService/UpdateSubscriptions", admin(room_name), nothing).await {
            Ok(_) => Ok(true),
            Err(LivekitError::NotFound) => Ok(false),
            Err(LivekitError::Failed { status: 503, .. }) => Ok(false),
            Err(err) => Err(err),
        }
    }

    /// Closes the room and sends everybody out; also fine when there is none.
    pub async fn delete_room(&self, room_name: &str) -> Result<(), LivekitError> {
        let grants = Grants { room_create: true, room: room_name.to_owned(), ..Grants::default() };
        match self.call::<Value>("RoomService/DeleteRoom", grants, json!({ "room": room_name })).await {
            Ok(_) | Err(LivekitError::NotFound) => Ok(()),
            Err(err) => Err(err),
        }
    }
}

fn admin(room_name: &str) -> Grants {
    Grants { room_admin: true, room: room_name.to_owned(), ..Grants::default() }
}
