//! Rooms and who is in them, as LiveKit has them at this moment.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{
    event::{ParticipantFact, RoomFact},
    policy::{MeetingRole, Sources},
};

use super::{
    client::{Client, LivekitError},
    json,
    token::{Grants, ROLE_ATTRIBUTE},
};

/// A room in LiveKit's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRoom {
    pub fact: RoomFact,
    /// How long LiveKit keeps it open when nobody is in it: before the first join or after the last leave.
    pub empty_for_at_most: Duration,
}

/// Somebody who is in a room, with what they may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    pub identity: String,
    /// The role in their attributes; none for somebody whom we did not let in, such as the recorder.
    pub role: Option<MeetingRole>,
    pub may_publish: Sources,
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
        Ok(self.listed(room_name).await?.into_iter().filter_map(json::Participant::fact).collect())
    }

    /// Who is in the room, in which role and with which permissions; nobody when there is no such room.
    pub async fn list_present(&self, room_name: &str) -> Result<Vec<Present>, LivekitError> {
        let present = |participant: json::Participant| Present {
            role: participant.attributes.get(ROLE_ATTRIBUTE).and_then(|role| MeetingRole::parse(role)),
            may_publish: participant.permission.as_ref().map_or_else(Sources::none, json::Permission::sources),
            identity: participant.identity,
        };
        Ok(self.listed(room_name).await?.into_iter().map(present).collect())
    }

    async fn listed(&self, room_name: &str) -> Result<Vec<json::Participant>, LivekitError> {
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
        Ok(answer.participants.into_iter().filter(|participant| !gone(&participant.state)).collect())
    }

    /// Sends somebody out; also fine when they are not there.
    pub async fn remove_participant(&self, room_name: &str, identity: &str) -> Result<(), LivekitError> {
        let body = json!({ "room": room_name, "identity": identity });
        match self.call::<Value>("RoomService/RemoveParticipant", admin(room_name), body).await {
            Ok(_) | Err(LivekitError::NotFound) => Ok(()),
            Err(err) => Err(err),
        }
    }

    /// Gives somebody a role: the attribute that shows it, and what they may publish. Tracks that they may no longer
    /// publish end.
    pub async fn update_participant(
        &self,
        room_name: &str,
        identity: &str,
        role: MeetingRole,
        sources: &Sources,
    ) -> Result<(), LivekitError> {
        // All sources are said by naming none: LiveKit may know more than we do.
        let names = if sources.is_all() { Vec::new() } else { sources.names() };
        let names = names.iter().map(|name| name.to_uppercase()).collect::<Vec<_>>();
        let body = json!({
            "room": room_name,
            "identity": identity,
            "attributes": { ROLE_ATTRIBUTE: role.as_str() },
            "permission": {
                "can_subscribe": true,
                "can_publish": !sources.is_empty(),
                "can_publish_data": true,
                "can_publish_sources": names,
                "can_update_metadata": false,
            },
        });
        self.call::<Value>("RoomService/UpdateParticipant", admin(room_name), body).await.map(drop)
    }

    /// Mutes a track of somebody's; they may unmute it again.
    ///
    /// LiveKit looks neither of them up: it waits three seconds for a node that serves somebody who is not there, and for
    /// a track that is not there it answers with none (livekit-server 1.13.5, `MutePublishedTrack`). A question about
    /// somebody it answers at once.
    pub async fn mute_track(&self, room_name: &str, identity: &str, track_sid: &str) -> Result<(), LivekitError> {
        #[derive(Deserialize)]
        struct Answer {
            track: Option<Value>,
        }

        let body = json!({ "room": room_name, "identity": identity });
        self.call::<Value>("RoomService/GetParticipant", admin(room_name), body).await?;
        let body = json!({ "room": room_name, "identity": identity, "track_sid": track_sid, "muted": true });
        let answer: Answer = self.call("RoomService/MutePublishedTrack", admin(room_name), body).await?;
        answer.track.map(drop).ok_or(LivekitError::NotFound)
    }

    /// Writes what everybody in the room is told about it; nothing happens when there is no such room.
    pub async fn set_room_metadata(&self, room_name: &str, metadata: &str) -> Result<(), LivekitError> {
        let body = json!({ "room": room_name, "metadata": metadata });
        match self.call::<Value>("RoomService/UpdateRoomMetadata", admin(room_name), body).await {
            Ok(_) | Err(LivekitError::NotFound) => Ok(()),
            Err(err) => Err(err),
        }
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
