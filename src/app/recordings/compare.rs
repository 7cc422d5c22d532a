//! Comparing recordings with LiveKit and with storage, for what no webhook told.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;
use tracing::{debug, info, warn};
use uuid::Uuid;

use crate::{
    app::App,
    db::{
        self, DbError,
        lock::{self, Work},
        recording_lists::Unrecorded,
    },
    livekit::LivekitError,
    model::recording::{Doubt, End, FOLDER, Recording, Report, STARTED_WITHIN, Seen, Sighting, Status, id_in},
    storage::StorageError,
    telemetry,
};

use super::{
    RecordingError, adopt,
    conclude::conclude,
    hear, start,
    stop::{ask_to_stop, see},
    tell_room,
};

/// How many recorders are looked for at once. One that is gone takes LiveKit three seconds.
const AT_ONCE: usize = 16;
/// How many objects one page of a listing has.
const PAGE: u16 = 1000;
/// How often a sitting is tried to be recorded by its meeting's own wish when nobody was free.
const TRIED_EVERY: chrono::TimeDelta = chrono::TimeDelta::minutes(5);

/// Recordings could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Livekit(#[from] LivekitError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// What a comparison did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Another process is at it.
    Elsewhere,
    /// This many were not settled.
    Recordings(usize),
}

/// Compares every recording that is not settled with what LiveKit says, with who is in the rooms, and with storage; has
/// those recorded whose meeting wishes it.
pub async fn compare(app: &App) -> Result<Compared, CompareError> {
    let Some(lock) = lock::try_hold(&app.db, Work::Recordings).await? else { return Ok(Compared::Elsewhere) };
    let outcome = compare_all(app).await;
    lock.release().await;
    outcome
}

async fn compare_all(app: &App) -> Result<Compared, CompareError> {
    // What waits for storage does not wait for LiveKit.
    let listed = app.livekit.list_recordings().await;
    let outcome = match &listed {
        Ok(reports) => {
            hear_all(app, reports).await?;
            end_unwanted(app, reports).await?;
            look_after_running(app, reports).await
        }
        Err(_) => Ok(()),
    };
    let unsettled = db::recording_lists::unsettled(&app.db).await?;
    for recording in &unsettled {
        if recording.course.to_conclude || recording.course.status == Status::Uploading {
            conclude(app, recording.id).await?;
        }
    }
    outcome?;
    listed?;
    begin_automatic(app).await?;
    debug!(recordings = unsettled.len(), "compared {} recordings", unsettled.len());
    Ok(Compared::Recordings(unsettled.len()))
}

/// Notes what LiveKit lists, as far as it is not known.
async fn hear_all(app: &App, reports: &[Report]) -> Result<(), DbError> {
    let ids = reports.iter().filter_map(Report::recording_id).map(|id| id.0).collect::<Vec<Uuid>>();
    let mut settled = db::recording_lists::told_the_end(&app.db, &ids).await?.into_iter().collect::<HashSet<_>>();
    settled.extend(db::recording_lists::deleted(&app.db, &ids).await?);
    let news = reports.iter().filter(|report| report.recording_id().is_some_and(|id| !settled.contains(&id)));
    for report in news {
        let mut tx = app.begin().await?;
        hear(&mut tx, report, app.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Ends runs that turned up when they had been given up: nobody knows that they record, and their meeting may be recorded again.
async fn end_unwanted(app: &App, reports: &[Report]) -> Result<(), DbError> {
    for id in reports.iter().filter(|report| report.is_going_on()).filter_map(Report::recording_id) {
        let Some(recording) = db::recordings::get(&app.db, id).await? else { continue };
        if recording.course.end != Some(End::NeverTaken) {
            continue;
        }
        info!(recording.id = %id, "a recorder took on `{}` too late; it is stopped", recording.room_name);
        if let Err(err) = ask_to_stop(app, &recording).await {
            warn!(recording.id = %id, error = %err, "cannot ask a recorder to stop; trying on");
        }
    }
    Ok(())
}

async fn look_after_running(app: &App, reports: &[Report]) -> Result<(), CompareError> {
    let listed = reports.iter().map(|report| report.egress_id.as_str()).collect::<HashSet<_>>();
    let unsettled = db::recording_lists::unsettled(&app.db).await?;
    let open = unsettled.iter().filter(|recording| recording.course.end.is_none()).collect::<Vec<_>>();
    for some in open.chunks(AT_ONCE) {
        let sightings = join_all(some.iter().map(|recording| sighting(app, recording, &listed))).await;
        for (recording, sighting) in some.iter().zip(sightings) {
            match sighting {
                Ok(sighting) => act(app, recording, sighting).await?,
                Err(err) => warn!(recording.id = %recording.id, error = %err, "cannot look for a recorder"),
            }
        }
    }
    Ok(())
}

async fn sighting(app: &App, recording: &Recording, listed: &HashSet<&str>) -> Result<Sighting, LivekitError> {
    let Some(egress_id) = &recording.course.egress_id else {
        return Ok(Sighting { listed: false, recorder: Seen::Away });
    };
    let recorder = see(app, recording.room_name.as_str(), egress_id).await?;
    Ok(Sighting { listed: listed.contains(egress_id.as_str()), recorder })
}

async fn act(app: &App, recording: &Recording, sighting: Sighting) -> Result<(), CompareError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let now = app.clock.now();
    let Some(mut recording) = db::recordings::lock(&mut *tx, recording.id).await? else { return Ok(()) };
    let doubt = recording.course.sighted(sighting, now);
    let kept = (recording.reason.as_str(), recording.size);
    db::recordings::save(&mut *tx, recording.id, &recording.course, kept, now).await?;
    tx.commit().await.map_err(DbError::from)?;

    match doubt {
        Doubt::None => {
            // A room that was opened anew has forgotten what it was told.
            if recording.course.status == Status::Active {
                tell_room(app, recording.meeting_id).await;
            }
        }
        Doubt::Wait => {}
        Doubt::GiveUp => {
            info!(recording.id = %recording.id, "nobody took on the recording of `{}`", recording.room_name);
            start::give_up(app, recording.id, "LiveKit knows of none").await?;
        }
        Doubt::AskToStop => {
            if let Err(err) = ask_to_stop(app, &recording).await {
                warn!(recording.id = %recording.id, error = %err, "cannot ask a recorder to stop; trying on");
            }
        }
    }
    Ok(())
}

/// Begins to record the sittings whose meetings wish it.
pub async fn begin_automatic(app: &App) -> Result<(), DbError> {
    for Unrecorded { meeting_id, room_name, instance_id } in db::recording_lists::unrecorded(&app.db).await? {
        let before = app.clock.now() - TRIED_EVERY;
        if db::recordings::was_begun_for(&app.db, instance_id, before).await? {
            continue;
        }
        match start::start_automatically(app, (meeting_id, &room_name), instance_id).await {
            Ok(()) | Err(RecordingError::Running(_)) => {}
            Err(RecordingError::Store(err)) => return Err(err),
            Err(err) => warn!(meeting.id = %meeting_id, error = %err, "cannot record `{room_name}` by its own wish"),
        }
    }
    Ok(())
}

/// Gives a row to every object of ours that has none; answers how many got one. Objects of the last minutes may belong to what
/// is just being written down.
pub async fn adopt_objects(app: &App) -> Result<usize, CompareError> {
    let Some(lock) = lock::try_hold(&app.db, Work::Recordings).await? else { return Ok(0) };
    let outcome = adopt_all(app).await;
    lock.release().await;
    outcome
}

async fn adopt_all(app: &App) -> Result<usize, CompareError> {
    let young = app.clock.now() - STARTED_WITHIN;
    let (mut after, mut adopted) = (None::<String>, 0);
    loop {
        let page = app.storage.list(FOLDER, after.as_deref(), PAGE).await?;
        let objects = page.items.iter().filter(|object| object.modified < young && !object.key.ends_with(".json"));
        let ours = objects.filter_map(|object| Some((id_in(&object.key)?, object))).collect::<HashMap<_, _>>();
        let ids = ours.keys().map(|id| id.0).collect::<Vec<_>>();
        let known = db::recording_lists::known(&app.db, &ids).await?.into_iter().collect::<HashSet<_>>();
        let deleted = db::recording_lists::deleted(&app.db, &ids).await?.into_iter().collect::<HashSet<_>>();
        for object in page.items.iter().filter(|object| id_in(&object.key).is_some_and(|id| deleted.contains(&id))) {
            info!(key = object.key, "deleted what had come of a recording after it was deleted");
            app.storage.delete(&object.key).await?;
        }
        let known = known.union(&deleted).collect::<HashSet<_>>();
        for (id, object) in ours.into_iter().filter(|(id, _)| !known.contains(id)) {
            let mut tx = app.begin().await.map_err(DbError::from)?;
            let recording = adopt::object(&mut tx, id, &object.key, object.modified).await?;
            tx.commit().await.map_err(DbError::from)?;
            if recording.is_some() {
                conclude(app, id).await.inspect_err(|err| warn!(error = telemetry::chain(err), "cannot conclude"))?;
                adopted += 1;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(adopted),
        }
    }
}
