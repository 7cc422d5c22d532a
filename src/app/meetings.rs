//! Meetings: made, looked at, changed, ended, deleted.

use chrono::{DateTime, Utc};
use rand::Rng;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    db::{self, DbError, meetings::ROOM_NAME_KEY},
    livekit::LivekitError,
    model::{
        id::MeetingId,
        instance::Instance,
        meeting::{Meeting, MeetingState, Title},
        page::{Cursor, Limit, Page},
        participant::Participant,
        room_name::RoomName,
    },
};

pub use crate::db::participants::Filter;

use super::App;

/// How often another room name is made up when one is taken: among 300 million names, twice is already a sign.
const NAME_ATTEMPTS: usize = 5;

/// What a new meeting shall be like.
#[derive(Clone, Debug)]
pub struct NewMeeting {
    /// None: one is made up.
    pub room_name: Option<RoomName>,
    pub title: Option<Title>,
    pub starts_at: Option<DateTime<Utc>>,
    /// A JSON object, as text.
    pub metadata: String,
}

/// What shall be different about a meeting. An outer `None` leaves a thing as it is; an inner one takes it away.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub title: Option<Option<Title>>,
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub metadata: Option<String>,
}

/// What was asked about a meeting cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum MeetingError {
    #[error("there is no such meeting")]
    NotFound,
    #[error("another meeting has the room name `{0}`")]
    RoomNameTaken(RoomName),
    #[error("the meeting was changed since you read it; it is now at version {now}")]
    ChangedMeanwhile { now: i64 },
    #[error("the meeting has recordings; delete them first")]
    HasRecordings,
    #[error(transparent)]
    Livekit(#[from] LivekitError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Makes a meeting.
pub async fn create_meeting(app: &App, wish: NewMeeting) -> Result<Meeting, MeetingError> {
    let chosen = wish.room_name.is_some();
    let mut room_name = wish.room_name.unwrap_or_else(made_up);

    for attempt in 1.. {
        let meeting = Meeting {
            id: MeetingId(Uuid::new_v4()),
            room_name: room_name.clone(),
            title: wish.title.clone(),
            created_at: app.clock.now(),
            starts_at: wish.starts_at,
            ended_at: None,
            metadata: wish.metadata.clone(),
            version: 1,
            live: false,
        };
        match db::meetings::insert(&app.db, &meeting).await {
            Ok(()) => {
                info!(meeting.id = %meeting.id, room_name = %room_name, "created meeting `{room_name}`");
                return Ok(meeting);
            }
            Err(DbError::Taken(constraint)) if constraint == ROOM_NAME_KEY => {
                if chosen || attempt == NAME_ATTEMPTS {
                    break;
                }
                room_name = made_up();
            }
            Err(err) => return Err(err.into()),
        }
    }
    Err(MeetingError::RoomNameTaken(room_name))
}

fn made_up() -> RoomName {
    RoomName::from_chance(rand::rng().random())
}

/// The meeting.
pub async fn get_meeting(app: &App, id: MeetingId) -> Result<Meeting, MeetingError> {
    db::meetings::get(&app.db, id).await?.ok_or(MeetingError::NotFound)
}

/// The meetings that stand in a given state, or all; the newest first.
pub async fn list_meetings(
    app: &App,
    state: Option<MeetingState>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Meeting>, MeetingError> {
    let now = app.clock.now();
    let meetings = match state {
        None => db::meetings::list(&app.db, after, limit).await?,
        Some(MeetingState::Live) => db::meetings::list_live(&app.db, after, limit).await?,
        Some(MeetingState::Upcoming) => db::meetings::list_upcoming(&app.db, now, after, limit).await?,
        Some(MeetingState::Past) => db::meetings::list_past(&app.db, now, after, limit).await?,
        Some(MeetingState::New) => db::meetings::list_new(&app.db, after, limit).await?,
    };
    Ok(Page::cut(meetings, limit, |meeting| Cursor { at: meeting.created_at, id: meeting.id.0 }))
}

/// Changes a meeting that is still at `version`.
pub async fn change_meeting(app: &App, id: MeetingId, version: i64, change: Change) -> Result<Meeting, MeetingError> {
    let mut tx = app.db.begin().await.map_err(DbError::from)?;
    if !db::meetings::lock(&mut *tx, id).await? {
        return Err(MeetingError::NotFound);
    }
    let mut meeting = db::meetings::get(&mut *tx, id).await?.ok_or(MeetingError::NotFound)?;
    if meeting.version != version {
        return Err(MeetingError::ChangedMeanwhile { now: meeting.version });
    }

    let Change { title, starts_at, metadata } = change;
    meeting.title = title.unwrap_or(meeting.title);
    meeting.starts_at = starts_at.unwrap_or(meeting.starts_at);
    meeting.metadata = metadata.unwrap_or(meeting.metadata);
    meeting.version += 1;
    db::meetings::update(&mut *tx, &meeting).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(meeting)
}

/// Ends the sitting that is running, if one is: sends everybody out. The meeting stays.
///
/// The record follows when LiveKit tells the end, or at the next comparison.
pub async fn end_meeting(app: &App, id: MeetingId) -> Result<Meeting, MeetingError> {
    let meeting = get_meeting(app, id).await?;
    app.livekit.delete_room(meeting.room_name.as_str()).await?;
    info!(meeting.id = %id, room_name = %meeting.room_name, "ended the sitting of `{}`", meeting.room_name);
    get_meeting(app, id).await
}

/// Deletes a meeting and its history, and closes its room. Recordings stand in the way: they are not lost by the way.
pub async fn delete_meeting(app: &App, id: MeetingId) -> Result<(), MeetingError> {
    let meeting = get_meeting(app, id).await?;
    match db::meetings::delete(&app.db, id).await {
        Ok(true) => {}
        Ok(false) => return Err(MeetingError::NotFound),
        Err(DbError::Referenced(_)) => return Err(MeetingError::HasRecordings),
        Err(err) => return Err(err.into()),
    }
    app.rooms.forget(&meeting.room_name);
    info!(meeting.id = %id, room_name = %meeting.room_name, "deleted meeting `{}`", meeting.room_name);

    // After the row: a meeting that cannot be deleted must not be interrupted. When LiveKit does not answer, the meeting
    // is deleted all the same, and its room goes on without a record until the last one leaves.
    if let Err(err) = app.livekit.delete_room(meeting.room_name.as_str()).await {
        warn!(meeting.id = %id, error = %err, "cannot close the room of a deleted meeting");
    }
    Ok(())
}

/// The sittings of a meeting, the newest first.
pub async fn list_instances(
    app: &App,
    id: MeetingId,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Instance>, MeetingError> {
    get_meeting(app, id).await?;
    let instances = db::instances::list(&app.db, id, after, limit).await?;
    Ok(Page::cut(instances, limit, |instance| Cursor { at: instance.started_at, id: instance.id.0 }))
}

/// Who was in a meeting, in the order in which they joined.
pub async fn list_participants(
    app: &App,
    id: MeetingId,
    filter: Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Participant>, MeetingError> {
    get_meeting(app, id).await?;
    let participants = db::participants::list(&app.db, id, filter, after, limit).await?;
    Ok(Page::cut(participants, limit, |participant| Cursor { at: participant.joined_at, id: participant.id.0 }))
}
