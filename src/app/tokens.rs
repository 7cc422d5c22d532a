//! Tokens: what lets somebody into a meeting's room.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{self, DbError},
    model::{
        id::MeetingId,
        participant::{DisplayName, Identity},
        room_name::RoomName,
    },
};

use super::{
    App,
    access::{self, Caller, Denied},
};

/// How long a meeting that was looked up by its room name is taken to be still there. A token for a meeting that
/// another process deleted in between opens a room of which no record is kept, and nothing else.
const KNOWN_FOR: Duration = Duration::from_secs(2);
/// How many room names are remembered at once.
const KNOWN_AT_MOST: u64 = 10_000;

/// Room names that were looked up a moment ago: many people join one meeting at the same time.
#[derive(Clone)]
pub(crate) struct KnownRooms(moka::sync::Cache<RoomName, MeetingId>);

impl KnownRooms {
    pub(crate) fn new() -> Self {
        Self(moka::sync::Cache::builder().max_capacity(KNOWN_AT_MOST).time_to_live(KNOWN_FOR).build())
    }

    /// Forgets a meeting that is no more.
    pub(crate) fn forget(&self, room_name: &RoomName) {
        self.0.invalidate(room_name);
    }
}

/// Who wants to join what, and as whom.
#[derive(Clone, Debug)]
pub struct Wish {
    pub room_name: RoomName,
    pub name: DisplayName,
    /// None: we make one that nobody can guess.
    pub identity: Option<Identity>,
}

/// A way into a room.
#[derive(Clone, Debug)]
pub struct Pass {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub identity: Identity,
    pub meeting_id: MeetingId,
}

/// No token is made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Makes a token for the meeting of that room name; the meeting too, when there is none yet.
pub async fn create_token(app: &App, caller: Caller, wish: Wish) -> Result<Pass, TokenError> {
    let identity = match wish.identity {
        Some(identity) => {
            access::may_choose_identity(caller)?;
            identity
        }
        None => Identity::made(Uuid::new_v4()),
    };
    let meeting_id = meeting_for(app, &wish.room_name).await?;

    let now = app.clock.now();
    let expires_at = now + app.token_ttl;
    let token = app.livekit.keys().mint_join(&wish.room_name, &identity, &wish.name, now, expires_at);
    Ok(Pass { token, expires_at, identity, meeting_id })
}

async fn meeting_for(app: &App, room_name: &RoomName) -> Result<MeetingId, DbError> {
    if let Some(id) = app.rooms.0.get(room_name) {
        return Ok(id);
    }
    // A look first: most meetings are there, and a look leaves no dead row version behind.
    let id = match db::meetings::find_id(&app.db, room_name).await? {
        Some(id) => id,
        None => {
            let fresh = MeetingId(Uuid::new_v4());
            db::meetings::find_or_insert(&app.db, room_name, fresh, app.clock.now()).await?
        }
    };
    app.rooms.0.insert(room_name.clone(), id);
    Ok(id)
}
