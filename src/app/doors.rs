//! The doors of meetings, remembered for a moment: many people come to one meeting at the same time.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tracing::debug;
use uuid::Uuid;

use crate::{
    db::{self, DbError, doors::Door},
    model::{
        id::MeetingId,
        meeting::{Meeting, RecordingWish, Title},
        policy::{Access, Lobby},
        room_name::RoomName,
    },
};

use super::{App, access::Asker};

/// How long a process takes a door to be as it was. What another process decides about it counts here only then; whoever
/// gets in meanwhile is sent out again as soon as LiveKit tells that they are there.
const KNOWN_FOR: Duration = Duration::from_secs(1);
/// How many doors are remembered at once.
const KNOWN_AT_MOST: u64 = 10_000;

/// Doors that were looked at a moment ago.
#[derive(Clone)]
pub(crate) struct Doors(moka::sync::Cache<RoomName, Arc<Door>>);

impl Doors {
    pub(crate) fn new() -> Self {
        Self(moka::sync::Cache::builder().max_capacity(KNOWN_AT_MOST).time_to_live(KNOWN_FOR).build())
    }

    /// Forgets a door that something was decided about.
    pub(super) fn forget(&self, room_name: &RoomName) {
        self.0.invalidate(room_name);
    }
}

/// The door of the meeting with that room name.
pub(super) async fn find(app: &App, room_name: &RoomName) -> Result<Option<Arc<Door>>, DbError> {
    if let Some(door) = app.doors.0.get(room_name) {
        return Ok(Some(door));
    }
    let Some(door) = db::doors::find(&app.db, room_name).await? else { return Ok(None) };
    let sitting = db::doors::sitting(&app.db, door.meeting_id).await?;
    let door = Arc::new(Door { sitting, ..door });
    app.doors.0.insert(room_name.clone(), door.clone());
    Ok(Some(door))
}

/// Makes the meeting of that room name, which is the asker's, for somebody who wants to join it; answers its door.
pub(super) async fn make(app: &App, asker: &Asker, room_name: &RoomName) -> Result<Arc<Door>, DbError> {
    let meeting = Meeting {
        id: MeetingId(Uuid::new_v4()),
        room_name: room_name.clone(),
        title: None,
        host: asker.caller.account(),
        policy: app.default_policy.clone(),
        recording: RecordingWish::default(),
        created_at: app.clock.now(),
        starts_at: None,
        ended_at: None,
        metadata: "{}".to_owned(),
        version: 1,
        live: false,
    };
    match super::meetings::insert(app, asker, &meeting, None).await {
        Ok(()) => {}
        // Somebody else was a moment faster, and it is theirs.
        Err(DbError::Taken(_)) => debug!(room_name = %room_name, "two made `{room_name}` at once"),
        Err(err) => return Err(err),
    }
    find(app, room_name).await?.ok_or(DbError::Broken(sqlx::Error::RowNotFound))
}

/// What anybody with the link may know of a meeting before they join it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinInfo {
    pub title: Option<Title>,
    pub access: Access,
    pub lobby: Lobby,
    /// Whether each sitting is recorded as soon as somebody is in it.
    pub auto_record: bool,
    /// Since when it is being recorded.
    pub recorded_since: Option<DateTime<Utc>>,
}

/// What anybody with the link may know of the meeting with that room name; none when there is no such meeting.
pub async fn join_info(app: &App, room_name: &RoomName) -> Result<Option<JoinInfo>, DbError> {
    let door = find(app, room_name).await?;
    Ok(door.map(|door| JoinInfo {
        title: door.title.clone(),
        access: door.policy.access,
        lobby: door.policy.lobby,
        auto_record: door.auto_record,
        recorded_since: door.recorded_since,
    }))
}
