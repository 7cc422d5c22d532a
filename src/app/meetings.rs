//! Meetings: made, looked at, changed, ended, deleted. Other people's meetings are not there.

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
        meeting::{Meeting, MeetingState, Passcode, RecordingWish, Title},
        page::{Cursor, Limit, Page},
        participant::Participant,
        policy::{Access, Lobby, Policy, Sources},
        room_name::RoomName,
    },
};

pub use crate::db::participants::Filter;

use super::{
    App,
    access::{Asker, Caller, Denied, Reach},
    audit::{self, Deed},
    passwords::PasswordError,
    presence,
};

/// How often another room name is made up when one is taken: among 300 million names, twice is already a sign.
const NAME_ATTEMPTS: usize = 5;

/// What a new meeting shall be like.
#[derive(Debug)]
pub struct NewMeeting {
    /// None: one is made up.
    pub room_name: Option<RoomName>,
    pub title: Option<Title>,
    pub starts_at: Option<DateTime<Utc>>,
    /// What is not said of it is as the settings have it.
    pub policy: PolicyChange,
    pub recording: RecordingChange,
    /// A JSON object, as text.
    pub metadata: String,
}

/// What is said about who may come in how, and what each role may publish.
#[derive(Debug, Default)]
pub struct PolicyChange {
    pub access: Option<Access>,
    pub lobby: Option<Lobby>,
    /// Stays as it is when nothing is said, whatever the access.
    pub passcode: Option<Passcode>,
    pub speaker_sources: Option<Sources>,
    pub viewer_sources: Option<Sources>,
}

impl PolicyChange {
    fn apply_to(&self, policy: &mut Policy) {
        policy.access = self.access.unwrap_or(policy.access);
        policy.lobby = self.lobby.unwrap_or(policy.lobby);
        if let Some(sources) = &self.speaker_sources {
            policy.speaker_sources = sources.clone();
        }
        if let Some(sources) = &self.viewer_sources {
            policy.viewer_sources = sources.clone();
        }
    }
}

/// What is said about how a meeting is recorded. An outer `None` leaves a thing as it is; an inner one leaves it to the settings.
#[derive(Debug, Default)]
pub struct RecordingChange {
    pub automatic: Option<bool>,
    pub days: Option<Option<u32>>,
    pub bytes: Option<Option<u64>>,
}

impl RecordingChange {
    fn apply_to(&self, wish: RecordingWish) -> RecordingWish {
        RecordingWish {
            automatic: self.automatic.unwrap_or(wish.automatic),
            days: self.days.unwrap_or(wish.days),
            bytes: self.bytes.unwrap_or(wish.bytes),
        }
    }
}

/// What shall be different about a meeting. An outer `None` leaves a thing as it is; an inner one takes it away.
#[derive(Debug, Default)]
pub struct Change {
    pub title: Option<Option<Title>>,
    pub starts_at: Option<Option<DateTime<Utc>>>,
    pub policy: PolicyChange,
    pub recording: RecordingChange,
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
    #[error("a meeting with the access `passcode` needs a passcode")]
    PasscodeMissing,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Livekit(#[from] LivekitError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Makes a meeting, which is the asker's.
pub async fn create_meeting(app: &App, asker: &Asker, wish: NewMeeting) -> Result<Meeting, MeetingError> {
    let mut policy = app.default_policy.clone();
    wish.policy.apply_to(&mut policy);
    let passcode_hash = hash(app, wish.policy.passcode.as_ref()).await?;
    if policy.access == Access::Passcode && passcode_hash.is_none() {
        return Err(MeetingError::PasscodeMissing);
    }
    let chosen = wish.room_name.is_some();
    let mut meeting = Meeting {
        id: MeetingId(Uuid::new_v4()),
        room_name: wish.room_name.unwrap_or_else(made_up),
        title: wish.title,
        host: asker.caller.account(),
        policy,
        recording: wish.recording.apply_to(RecordingWish::default()),
        created_at: app.clock.now(),
        starts_at: wish.starts_at,
        ended_at: None,
        metadata: wish.metadata,
        version: 1,
        live: false,
    };

    for attempt in 1.. {
        match insert(app, asker, &meeting, passcode_hash.as_deref()).await {
            Ok(()) => {
                let room_name = &meeting.room_name;
                info!(meeting.id = %meeting.id, room_name = %room_name, "created meeting `{room_name}`");
                return Ok(meeting);
            }
            Err(DbError::Taken(constraint)) if constraint == ROOM_NAME_KEY => {
                if chosen || attempt == NAME_ATTEMPTS {
                    break;
                }
                meeting.room_name = made_up();
            }
            Err(err) => return Err(err.into()),
        }
    }
    Err(MeetingError::RoomNameTaken(meeting.room_name))
}

/// Writes a new meeting down.
pub(super) async fn insert(
    app: &App,
    asker: &Asker,
    meeting: &Meeting,
    passcode_hash: Option<&str>,
) -> Result<(), DbError> {
    let mut tx = app.begin().await?;
    db::meetings::insert(&mut *tx, meeting, passcode_hash).await?;
    audit::note(app, &mut *tx, asker, Deed::to_meeting("meeting.created", meeting)).await?;
    tx.commit().await?;
    Ok(())
}

async fn hash(app: &App, passcode: Option<&Passcode>) -> Result<Option<String>, PasswordError> {
    match passcode {
        Some(passcode) => Ok(Some(app.passwords.hash(passcode.expose()).await?)),
        None => Ok(None),
    }
}

fn made_up() -> RoomName {
    RoomName::from_chance(rand::rng().random())
}

/// The meeting, if the caller reaches it.
pub async fn get_meeting(app: &App, caller: &Caller, id: MeetingId) -> Result<Meeting, MeetingError> {
    let meeting = db::meetings::get(&app.db, id).await?;
    meeting.filter(|meeting| caller.reach().covers(meeting.host)).ok_or(MeetingError::NotFound)
}

/// Whose meetings are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All that the caller may see.
    Reachable,
    /// Those whose host the caller is.
    Own,
}

/// The meetings that the caller reaches and that stand in a given state, or all; the newest first.
pub async fn list_meetings(
    app: &App,
    caller: &Caller,
    (state, whose): (Option<MeetingState>, Whose),
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Meeting>, MeetingError> {
    let now = app.clock.now();
    let reach = match whose {
        Whose::Reachable => caller.reach(),
        Whose::Own => caller.account().map_or(Reach::Nothing, Reach::Of),
    };
    let meetings = match (reach, state) {
        (Reach::Nothing, _) => Vec::new(),
        (Reach::Of(host), state) => db::meetings::list_of_host(&app.db, host, (state, now), after, limit).await?,
        (Reach::All, None) => db::meetings::list(&app.db, after, limit).await?,
        (Reach::All, Some(MeetingState::Live)) => db::meetings::list_live(&app.db, after, limit).await?,
        (Reach::All, Some(MeetingState::Upcoming)) => db::meetings::list_upcoming(&app.db, now, after, limit).await?,
        (Reach::All, Some(MeetingState::Past)) => db::meetings::list_past(&app.db, now, after, limit).await?,
        (Reach::All, Some(MeetingState::New)) => db::meetings::list_new(&app.db, after, limit).await?,
    };
    Ok(Page::cut(meetings, limit, |meeting| Cursor { at: meeting.created_at, id: meeting.id.0 }))
}

/// Changes a meeting that is still at `version`. Who is in it may publish what the new policy says from now on.
pub async fn change_meeting(
    app: &App,
    asker: &Asker,
    id: MeetingId,
    version: i64,
    change: Change,
) -> Result<Meeting, MeetingError> {
    let new_passcode = hash(app, change.policy.passcode.as_ref()).await?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    if !db::meetings::lock(&mut *tx, id).await? {
        return Err(MeetingError::NotFound);
    }
    let meeting = db::meetings::get(&mut *tx, id).await?.filter(|it| asker.caller.reach().covers(it.host));
    let mut meeting = meeting.ok_or(MeetingError::NotFound)?;
    if meeting.version != version {
        return Err(MeetingError::ChangedMeanwhile { now: meeting.version });
    }

    let Change { title, starts_at, policy, recording, metadata } = change;
    let before = meeting.policy.clone();
    meeting.title = title.unwrap_or(meeting.title);
    meeting.starts_at = starts_at.unwrap_or(meeting.starts_at);
    meeting.metadata = metadata.unwrap_or(meeting.metadata);
    policy.apply_to(&mut meeting.policy);
    meeting.recording = recording.apply_to(meeting.recording);
    meeting.version += 1;
    if meeting.policy.access == Access::Passcode
        && new_passcode.is_none()
        && !db::meetings::has_passcode(&mut *tx, id).await?
    {
        return Err(MeetingError::PasscodeMissing);
    }
    db::meetings::update(&mut *tx, &meeting, new_passcode.as_deref()).await?;
    audit::note(app, &mut *tx, asker, Deed::to_meeting("meeting.changed", &meeting)).await?;
    tx.commit().await.map_err(DbError::from)?;
    app.doors.forget(&meeting.room_name);
    app.recordings_due.notify_one();
    if before != meeting.policy {
        presence::apply_policy(app, meeting.id, &meeting.room_name, &meeting.policy).await;
    }
    Ok(meeting)
}

/// Ends the sitting that is running, if one is: sends everybody out. The meeting stays.
///
/// The record follows when LiveKit tells the end, or at the next comparison.
pub async fn end_meeting(app: &App, asker: &Asker, id: MeetingId) -> Result<Meeting, MeetingError> {
    let (meeting, _) = presence::run_by(app, &asker.caller, id).await?;
    app.livekit.delete_room(meeting.room_name.as_str()).await?;
    audit::note(app, &app.db, asker, Deed::to_meeting("meeting.ended", &meeting)).await?;
    info!(meeting.id = %id, room_name = %meeting.room_name, "ended the sitting of `{}`", meeting.room_name);
    db::meetings::get(&app.db, id).await?.ok_or(MeetingError::NotFound)
}

/// Deletes a meeting and its history, and closes its room. Recordings stand in the way: they are not lost by the way.
pub async fn delete_meeting(app: &App, asker: &Asker, id: MeetingId) -> Result<(), MeetingError> {
    let meeting = get_meeting(app, &asker.caller, id).await?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    match db::meetings::delete(&mut *tx, id).await {
        Ok(true) => {}
        Ok(false) => return Err(MeetingError::NotFound),
        Err(DbError::Referenced(_)) => return Err(MeetingError::HasRecordings),
        Err(err) => return Err(err.into()),
    }
    audit::note(app, &mut *tx, asker, Deed::to_meeting("meeting.deleted", &meeting)).await?;
    tx.commit().await.map_err(DbError::from)?;
    app.doors.forget(&meeting.room_name);
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
    caller: &Caller,
    id: MeetingId,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Instance>, MeetingError> {
    get_meeting(app, caller, id).await?;
    let instances = db::instances::list(&app.db, id, after, limit).await?;
    Ok(Page::cut(instances, limit, |instance| Cursor { at: instance.started_at, id: instance.id.0 }))
}

/// Who was in a meeting, in the order in which they joined.
pub async fn list_participants(
    app: &App,
    caller: &Caller,
    id: MeetingId,
    filter: Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Participant>, MeetingError> {
    get_meeting(app, caller, id).await?;
    let participants = db::participants::list(&app.db, id, filter, after, limit).await?;
    Ok(Page::cut(participants, limit, |participant| Cursor { at: participant.joined_at, id: participant.id.0 }))
}
