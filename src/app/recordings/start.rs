//! Beginning to record.

use sha2::{Digest, Sha256};
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    app::{
        App,
        access::Asker,
        audit::{self, Deed},
        presence,
    },
    db::{
        self, DbError,
        lock::{self, Work},
        recordings::{IDEMPOTENCY_KEY, Idempotency, ONE_RUNNING_KEY},
    },
    livekit::{
        LivekitError,
        egress::{Order, Start},
    },
    model::{
        id::{InstanceId, MeetingId, RecordingId},
        meeting::Meeting,
        recording::{Encoding, End, Format, Layout, Preset, Recording, Report, Shape},
        room_name::RoomName,
    },
    storage::Storage,
};

use super::{
    RecordingError, conclude::conclude, hear, recorder_path, slots_in_all, stop::ask_to_stop, tell_room, way::make_way,
};

/// What is to be recorded, and how.
#[derive(Clone, Debug)]
pub struct Wish {
    pub room_name: RoomName,
    pub shape: Shape,
    /// What makes asking twice the same as asking once.
    pub idempotency_key: Option<String>,
}

/// Whether this request began it.
#[derive(Clone, Debug)]
pub enum Begun {
    Now(Recording),
    /// A request with the same key did, before.
    Before(Recording),
}

/// Has a meeting recorded. Answers once a recorder took it on; it records as soon as somebody is to be seen or heard.
pub async fn start(app: &App, asker: &Asker, wish: &Wish) -> Result<Begun, RecordingError> {
    let id = db::meetings::find_id(&app.db, &wish.room_name).await?.ok_or(RecordingError::NoMeeting)?;
    let (meeting, _) = presence::run_by(app, &asker.caller, id).await?;
    if matches!(app.storage, Storage::NotConfigured) {
        return Err(RecordingError::NoStorage);
    }
    let actor = asker.caller.actor();
    let requester = format!("{}:{}", actor.kind.as_str(), actor.id.unwrap_or_default());
    let idempotency = wish.idempotency_key.clone().map(|key| Idempotency { key, request_hash: hash(wish) });
    if let Some(begun) = begun_before(app, &requester, idempotency.as_ref()).await? {
        return Ok(Begun::Before(begun));
    }

    let recording = new(app, (meeting.id, &meeting.room_name), wish.shape, requester);
    if let Err(err) = reserve(app, &recording, idempotency.as_ref(), Some((asker, &meeting))).await {
        // The same request may have come twice at once, and the other was a moment faster.
        let begun = begun_before(app, &recording.requester, idempotency.as_ref()).await?;
        return begun.map(Begun::Before).ok_or(err);
    }
    ask(app, &recording).await?;
    db::recordings::get(&app.db, recording.id).await?.map(Begun::Now).ok_or(RecordingError::NotFound)
}

/// Has a sitting recorded by its meeting's own wish.
pub(super) async fn start_automatically(
    app: &App,
    meeting: (MeetingId, &RoomName),
    instance: InstanceId,
) -> Result<(), RecordingError> {
    let shape = Shape { layout: Layout::default(), format: Format::Mp4, encoding: Encoding::Preset(Preset::default()) };
    let recording = Recording { automatic_for: Some(instance), ..new(app, meeting, shape, "meeting".to_owned()) };
    reserve(app, &recording, None, None).await?;
    ask(app, &recording).await
}

fn new(app: &App, (meeting_id, room_name): (MeetingId, &RoomName), shape: Shape, requester: String) -> Recording {
    let id = RecordingId(Uuid::now_v7());
    Recording { requester, ..Recording::new(id, (meeting_id, room_name.clone()), shape, app.clock.now()) }
}

fn hash(wish: &Wish) -> [u8; 32] {
    // Only compared with itself, within days: how it is written down does not matter.
    Sha256::digest(format!("{} {:?}", wish.room_name, wish.shape)).into()
}

async fn begun_before(
    app: &App,
    requester: &str,
    idempotency: Option<&Idempotency>,
) -> Result<Option<Recording>, RecordingError> {
    let Some(asked) = idempotency else { return Ok(None) };
    match db::recordings::find_by_key(&app.db, requester, &asked.key).await? {
        None => Ok(None),
        Some((_, hash)) if hash != asked.request_hash => Err(RecordingError::KeyReused),
        Some((id, _)) => Ok(db::recordings::get(&app.db, id).await?),
    }
}

/// Writes the row, which holds the meeting and a slot from now on; `by` is who wants it, unless the meeting does.
async fn reserve(
    app: &App,
    recording: &Recording,
    idempotency: Option<&Idempotency>,
    by: Option<(&Asker, &Meeting)>,
) -> Result<(), RecordingError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    // Of several who start at once, each counts the ones before.
    lock::wait(&mut *tx, Work::Slots).await?;
    if let Some(running) = db::recordings::find_running(&mut *tx, recording.meeting_id).await? {
        return Err(RecordingError::Running(running.id));
    }
    let used = db::recording_lists::count_running(&mut *tx).await?;
    let total = slots_in_all(&app.recordings);
    if used >= i64::from(total) {
        return Err(RecordingError::NoSlot(total));
    }
    match db::recordings::insert(&mut *tx, recording, idempotency).await {
        Ok(()) => {}
        Err(DbError::Taken(constraint)) if constraint == IDEMPOTENCY_KEY => return Err(RecordingError::KeyReused),
        // A run that had no row was given one in this moment, and may be over by now.
        Err(DbError::Taken(constraint)) if constraint == ONE_RUNNING_KEY => {
            drop(tx);
            return Box::pin(reserve(app, recording, idempotency, by)).await;
        }
        // The meeting was deleted a moment ago.
        Err(DbError::Referenced(_)) => return Err(RecordingError::NoMeeting),
        Err(err) => return Err(err.into()),
    }
    if let Some((asker, meeting)) = by {
        audit::note(app, &mut *tx, asker, Deed::to_meeting("recording.started", meeting)).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    Ok(())
}

/// Asks LiveKit to record, and notes what it says. Where it says nothing, the row stays, and is looked after later.
async fn ask(app: &App, recording: &Recording) -> Result<(), RecordingError> {
    let path = recorder_path(app, &recording.key)?;
    let (id, room_name) = (recording.id, recording.room_name.as_str());
    let order = Order { room_name, shape: recording.shape, path: &path };
    make_way(app, &recording.key).await;
    let asked = async {
        app.livekit.create_room(room_name).await?;
        app.livekit.start_recording(&order).await
    };
    match asked.await {
        Ok(Start::Taken(report)) => {
            info!(recording.id = %id, "a recorder took on `{room_name}`");
            taken(app, id, &report).await
        }
        Ok(Start::NobodyFree) => match listed(app, id).await {
            // It was taken on so late that LiveKit had given up waiting for the answer.
            Some(report) => taken(app, id, &report).await,
            None => {
                give_up(app, id, "none was free").await?;
                Err(RecordingError::NobodyFree)
            }
        },
        Err(err @ (LivekitError::Refused | LivekitError::NotFound)) => {
            give_up(app, id, "LiveKit refused").await?;
            Err(err.into())
        }
        Err(LivekitError::Failed { status, code, message }) if status < 500 => {
            give_up(app, id, "LiveKit refused").await?;
            Err(LivekitError::Failed { status, code, message }.into())
        }
        Err(err @ (LivekitError::Unreachable(_) | LivekitError::Failed { .. } | LivekitError::Unreadable(_))) => {
            warn!(recording.id = %id, error = %err, "it is unknown whether `{room_name}` is recorded; finding out");
            Err(RecordingError::Unanswered(id))
        }
    }
}

async fn listed(app: &App, id: RecordingId) -> Option<Report> {
    let reports = app.livekit.list_recordings().await.ok()?;
    reports.into_iter().find(|report| report.recording_id() == Some(id))
}

async fn taken(app: &App, id: RecordingId, report: &Report) -> Result<(), RecordingError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    hear(&mut tx, report, app.clock.now()).await?;
    tx.commit().await.map_err(DbError::from)?;
    let Some(recording) = db::recordings::get(&app.db, id).await? else { return Ok(()) };
    tell_room(app, recording.meeting_id).await;
    // Somebody wanted it to stop before there was a run to be stopped.
    if recording.course.stop_asked_at.is_some() {
        ask_to_stop(app, &recording).await?;
    }
    Ok(())
}

/// Nobody records, and nobody is going to.
pub(super) async fn give_up(app: &App, id: RecordingId, why: &str) -> Result<(), DbError> {
    let mut tx = app.begin().await?;
    if let Some(mut recording) = db::recordings::lock(&mut *tx, id).await? {
        recording.course.over(End::NeverTaken);
        if recording.course.error.is_empty() {
            why.clone_into(&mut recording.course.error);
        }
        let kept = (recording.reason.as_str(), recording.size);
        db::recordings::save(&mut *tx, id, &recording.course, kept, app.clock.now()).await?;
    }
    tx.commit().await?;
    conclude(app, id).await.map(drop)
}
