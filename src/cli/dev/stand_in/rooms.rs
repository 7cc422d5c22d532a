//! The rooms that are recorded in name: whether they are open, and whether somebody publishes in them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{super::recorder::Room, StandIn};
use crate::livekit::token::Grants;

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// LiveKit did not answer; nothing is concluded from that.
pub struct Silence;

impl StandIn {
    /// Looks into every room that a run is about.
    pub async fn look(&self) {
        let names = self.egresses().rooms();
        for name in names {
            if let Ok(room) = self.room(&name).await {
                self.egresses().see(&name, room, self.clock.now());
            }
        }
    }

    async fn room(&self, name: &str) -> Result<Room, Silence> {
        if self.room_sid(name).await?.is_none() {
            return Ok(Room::default());
        }
        let grants = Grants { room_admin: true, room: name.to_owned(), ..Grants::default() };
        let listed = self.ask("ListParticipants", grants, json!({ "room": name })).await?;
        let mut participants = listed["participants"].as_array().into_iter().flatten();
        let publishes = |it: &Value| it["tracks"].as_array().is_some_and(|tracks| !tracks.is_empty());
        Ok(Room { open: true, somebody: participants.any(publishes) })
    }

    /// The id of the room, if it is open.
    pub async fn room_sid(&self, name: &str) -> Result<Option<String>, Silence> {
        if name.is_empty() {
            return Ok(None);
        }
        let grants = Grants { room_list: true, ..Grants::default() };
        let listed = self.ask("ListRooms", grants, json!({ "names": [name] })).await?;
        Ok(listed["rooms"][0]["sid"].as_str().map(str::to_owned))
    }

    async fn ask(&self, method: &str, grants: Grants, body: Value) -> Result<Value, Silence> {
        let url = self.livekit.join(&format!("/twirp/livekit.RoomService/{method}")).map_err(|_| Silence)?;
        let token = self.keys.mint_call(grants, self.clock.now());
        let answer = self.http.post(url).bearer_auth(token).timeout(PATIENCE).json(&body).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(|_| Silence)?;
        answer.json().await.map_err(|_| Silence)
    }
}
