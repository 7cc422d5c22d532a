//! Deleting recordings, and keeping them from it.

use chrono::TimeDelta;
use tracing::{info, warn};

use crate::{
    app::{
        App,
        access::Asker,
        audit::{self, Deed},
    },
    db::{self, DbError},
    model::{
        id::RecordingId,
        recording::{Format, Recording},
    },
    telemetry,
};

use super::{
    RecordingError,
    conclude::{backup_path, parts},
    get,
};

/// After so long whoever began to delete one is not at it any more.
pub(super) const STALE: TimeDelta = TimeDelta::minutes(2);

/// What was deleted with a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Objects in storage, the recorder's note among them.
    pub objects: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Files in the recorder's backup folder.
    pub backup_files: u64,
}

/// Deletes a recording that is over: its objects, what the backup folder has of it, and its row.
pub async fn delete(app: &App, asker: &Asker, id: RecordingId) -> Result<Removed, RecordingError> {
    let recording = get(app, &asker.caller, id).await?;
    if recording.course.status.is_running() {
        return Err(RecordingError::NotOver);
    }
    if recording.held_at.is_some() {
        return Err(RecordingError::Held);
    }
    remove(app, &recording, By::Asker(asker)).await
}

/// What the audit log says of it.
fn deed<'a>(action: &'a str, recording: &Recording) -> Deed<'a> {
    let deed = Deed::to(action, "recording", recording.id, recording.room_name.as_str());
    Deed { meeting: Some(recording.meeting_id), ..deed }
}

/// On whose word a recording is deleted.
#[derive(Clone, Copy, Debug)]
pub(super) enum By<'a> {
    Asker(&'a Asker),
    /// On the settings', for this reason.
    House(&'a str),
}

/// Deletes it. The objects go first: what is left when we die half-way is found by its row.
pub(super) async fn remove(app: &App, recording: &Recording, by: By<'_>) -> Result<Removed, RecordingError> {
    let now = app.clock.now();
    if !db::recordings::claim_deletion(&app.db, recording.id, (now, now - STALE)).await? {
        return Err(RecordingError::BeingDeleted);
    }
    let removed = match remove_files(app, recording).await {
        Ok(removed) => removed,
        Err(err) => {
            if let Err(err) = db::recordings::release_deletion(&app.db, recording.id).await {
                warn!(
                    error = telemetry::chain(&err),
                    "cannot note that a recording is not deleted; it is deleted later"
                );
            }
            return Err(err);
        }
    };
    let mut tx = app.begin().await.map_err(DbError::from)?;
    if db::recordings::delete(&mut *tx, recording.id).await? {
        match by {
            By::Asker(asker) => audit::note(app, &mut *tx, asker, deed("recording.deleted", recording)).await?,
            By::House(why) => {
                audit::note_house(app, &mut *tx, deed("recording.expired", recording).with("because", why)).await?;
            }
        }
    }
    tx.commit().await.map_err(DbError::from)?;
    info!(recording.id = %recording.id, "deleted a recording of `{}`", recording.room_name);
    Ok(removed)
}

async fn remove_files(app: &App, recording: &Recording) -> Result<Removed, RecordingError> {
    let mut removed = Removed::default();
    let mut objects = match recording.shape.format {
        Format::Hls => parts(app, recording).await?,
        Format::Mp4 | Format::Ogg => {
            let object = app.storage.head(&recording.key).await?;
            object.map(|object| (object.key, object.size)).into_iter().collect()
        }
    };
    if let (Some(egress_id), Some((folder, _))) = (&recording.course.egress_id, recording.key.rsplit_once('/')) {
        let note = app.storage.head(&format!("{folder}/{egress_id}.json")).await?;
        objects.extend(note.map(|object| (object.key, object.size)));
    }
    objects.sort();
    objects.dedup();
    for (key, size) in objects {
        app.storage.delete(&key).await?;
        removed.objects += 1;
        removed.bytes += size;
    }
    removed.backup_files = remove_backup(app, recording).await;
    Ok(removed)
}

/// What the backup folder has of it would be brought back to storage.
async fn remove_backup(app: &App, recording: &Recording) -> u64 {
    let Some(path) = backup_path(app, recording) else { return 0 };
    let outcome = match recording.shape.format {
        Format::Hls => tokio::fs::remove_dir_all(&path).await,
        Format::Mp4 | Format::Ogg => tokio::fs::remove_file(&path).await,
    };
    match outcome {
        Ok(()) => 1,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => 0,
        Err(err) => {
            warn!(recording.id = %recording.id, error = %err, "cannot delete what the backup folder has of a recording");
            0
        }
    }
}

/// Keeps a recording from being deleted by anybody, retention included; or no longer does.
pub async fn set_hold(app: &App, asker: &Asker, id: RecordingId, hold: bool) -> Result<Recording, RecordingError> {
    let recording = get(app, &asker.caller, id).await?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let locked = db::recordings::lock(&mut *tx, id).await?.ok_or(RecordingError::NotFound)?;
    if locked.deleting_at.is_some() {
        return Err(RecordingError::BeingDeleted);
    }
    db::recordings::set_hold(&mut *tx, id, hold.then(|| app.clock.now())).await?;
    let action = if hold { "recording.held" } else { "recording.released" };
    audit::note(app, &mut *tx, asker, deed(action, &recording)).await?;
    tx.commit().await.map_err(DbError::from)?;
    get(app, &asker.caller, id).await
}
