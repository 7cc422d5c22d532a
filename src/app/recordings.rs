//! Recordings: asked for, watched, brought home, handed out, and deleted.
//!
//! The row is written before LiveKit is asked, so that nothing that LiveKit does is ever without one. Whatever is heard of a
//! run goes into the row ([`hear`]); what follows from it, [`crate::model::recording`] says. Who asked need not be there any
//! more: what is under way is gone on with by [`compare`], [`conclude`] and [`rescue`], whichever process that is in.

mod adopt;
pub mod compare;
pub mod conclude;
mod delete;
mod files;
mod hear;
mod notice;
pub mod rescue;
pub mod retention;
mod start;
mod stop;
mod way;

use crate::{
    assets::egress::Capacity,
    config::RecordingSettings,
    db::{
        self, DbError,
        recording_lists::{Filter, Of},
    },
    livekit::LivekitError,
    model::{
        id::{MeetingId, RecordingId},
        page::{Cursor, Limit, Page},
        recording::{Recording, Status},
        room_name::RoomName,
    },
    storage::{Storage, StorageError},
};

pub use self::{
    delete::{Removed, delete, set_hold},
    files::{Media, Source, archive, media, opened},
    start::{Begun, Wish, start},
    stop::{Which, stop},
};
pub use crate::db::recording_lists::Order;

pub(super) use self::{hear::hear, notice::tell_room};

use super::{
    App,
    access::{Caller, Denied, Reach},
    presence::RunError,
};

/// It cannot be done with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("there is no such recording")]
    NotFound,
    #[error("there is no such meeting")]
    NoMeeting,
    #[error("the meeting is being recorded already, as {0}")]
    Running(RecordingId),
    #[error("nothing of the meeting is being recorded")]
    NotRunning,
    #[error("the recording is not over; stop it first")]
    NotOver,
    #[error("the recording is on hold; take the hold away first")]
    Held,
    #[error("the recording is being deleted")]
    BeingDeleted,
    #[error("the recording has no file: it is {0}")]
    NoFile(Status),
    #[error("its file is no longer in storage")]
    FileGone,
    #[error("the `Idempotency-Key` was used for something else; take a new one for each recording")]
    KeyReused,
    #[error("there is nowhere to keep recordings; an operator sets S3_ENDPOINT and its siblings, or STORAGE_DIR")]
    NoStorage,
    #[error(
        "all {0} recording slots are in use; stop another recording, or have an operator raise RECORDING_SLOTS and give the \
         recorder the cores for it"
    )]
    NoSlot(u32),
    #[error(
        "no recorder took the recording on: none is running, or none has the CPU for it. An operator looks whether egress runs \
         with the same Redis as LiveKit, and whether its `cpu_cost` fits the machine"
    )]
    NobodyFree,
    #[error(
        "the media server did not answer whether it records; it is found out, and recording {0} says what came of it within two \
         minutes"
    )]
    Unanswered(RecordingId),
    #[error("the link has expired, or is not one that was given out")]
    BadLink,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Livekit(#[from] LivekitError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Store(#[from] DbError),
}

impl From<RunError> for RecordingError {
    fn from(err: RunError) -> Self {
        match err {
            RunError::NotFound => Self::NoMeeting,
            RunError::Denied(denied) => Self::Denied(denied),
            RunError::Store(err) => Self::Store(err),
        }
    }
}

/// The recorder's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    pub total: u32,
    pub used: u32,
}

/// How many meetings may be recorded at once, and how many are.
pub async fn slots(app: &App) -> Result<Slots, DbError> {
    let used = db::recording_lists::count_running(&app.db).await?;
    Ok(Slots { total: slots_in_all(&app.recordings), used: u32::try_from(used).unwrap_or(u32::MAX) })
}

/// As many as are set, or as this machine has cores for.
pub fn slots_in_all(settings: &RecordingSettings) -> u32 {
    settings.slots.unwrap_or_else(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        u32::from(Capacity::of(u16::try_from(cores).unwrap_or(u16::MAX)).slots)
    })
}

/// Which recordings are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub meeting: Option<MeetingId>,
    pub room_name: Option<RoomName>,
    pub status: Option<Status>,
    pub from: Option<chrono::DateTime<chrono::Utc>>,
    pub to: Option<chrono::DateTime<chrono::Utc>>,
    pub order: Order,
}

/// The recording, if the caller reaches it.
pub async fn get(app: &App, caller: &Caller, id: RecordingId) -> Result<Recording, RecordingError> {
    let recording = db::recordings::get(&app.db, id).await?;
    recording.filter(|recording| caller.reach().covers(recording.host)).ok_or(RecordingError::NotFound)
}

/// The recording with a link to its file, if the caller reaches it.
pub async fn look(
    app: &App,
    caller: &Caller,
    id: RecordingId,
) -> Result<(Recording, Option<crate::storage::Link>), RecordingError> {
    let recording = get(app, caller, id).await?;
    let link = files::download_link(app, &recording)?;
    Ok((recording, link))
}

/// A page of the recordings that the caller reaches.
pub async fn list(
    app: &App,
    caller: &Caller,
    wanted: &Wanted,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Recording>, RecordingError> {
    let Some(of) = whose(app, caller, wanted).await? else { return Ok(Page { items: Vec::new(), next: None }) };
    let filter = Filter { of, status: wanted.status, from: wanted.from, to: wanted.to, order: wanted.order };
    let recordings = db::recording_lists::list(&app.db, &filter, after, limit).await?;
    let key = |recording: &Recording| Cursor { at: recording.course.requested_at, id: recording.id.0 };
    Ok(Page::cut(recordings, limit, key))
}

/// Of which meetings the wanted recordings are; none when the caller reaches none of them.
async fn whose(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Option<Of>, DbError> {
    let named = match &wanted.room_name {
        None => None,
        Some(name) => match db::meetings::find_id(&app.db, name).await? {
            Some(id) => Some(id),
            None => return Ok(None),
        },
    };
    let meeting = match (wanted.meeting, named) {
        (Some(one), Some(other)) if one != other => return Ok(None),
        (one, other) => one.or(other),
    };
    let reach = caller.reach();
    Ok(match (meeting, reach) {
        (_, Reach::Nothing) => None,
        (None, Reach::All) => Some(Of::All),
        (None, Reach::Of(host)) => Some(Of::Host(host)),
        (Some(id), _) => {
            let meeting = db::meetings::get(&app.db, id).await?;
            meeting.filter(|meeting| reach.covers(meeting.host)).map(|meeting| Of::Meeting(meeting.id))
        }
    })
}

/// The path that the recorder writes to, so that the object has this key: in a store the key itself, in a folder the file as
/// the recorder sees it.
fn recorder_path(app: &App, key: &str) -> Result<String, RecordingError> {
    match (&app.storage, &app.recorder_dir) {
        (Storage::NotConfigured, _) => Err(RecordingError::NoStorage),
        (Storage::S3(_), _) | (Storage::Folder(_), None) => Ok(key.to_owned()),
        (Storage::Folder(_), Some(folder)) => Ok(format!("{}/{key}", folder.trim_end_matches('/'))),
    }
}
