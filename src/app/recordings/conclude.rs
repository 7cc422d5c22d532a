//! What became of a recording that is over: its file is looked for, where it should be and where it could not be brought from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tracing::{info, warn};

use crate::{
    app::App,
    db::{self, DbError},
    model::{
        id::RecordingId,
        recording::{Backup, Conclusion, Evidence, Format, Object, Recording, Status, conclude as weigh},
    },
    storage::StorageError,
    telemetry,
};

use super::tell_room;

/// How many are concluded in one go.
const BATCH: i64 = 100;
/// How many objects one page of a listing has.
const PAGE: u16 = 1000;

/// Concludes what is over; answers how many were.
pub async fn conclude_waiting(app: &App) -> Result<usize, DbError> {
    let waiting = db::recording_lists::to_conclude(&app.db, BATCH).await?;
    for recording in &waiting {
        conclude(app, recording.id).await?;
    }
    Ok(waiting.len())
}

/// Looks for the file of a recording that is over, and says where it stands. May be done twice, and by two at once.
pub async fn conclude(app: &App, id: RecordingId) -> Result<Option<Status>, DbError> {
    let Some(recording) = db::recordings::get(&app.db, id).await? else { return Ok(None) };
    let Some(end) = recording.course.end else { return Ok(Some(recording.course.status)) };
    let (backup, object) = match recording.shape.format {
        // In this order: whoever brings the file from one to the other in between must not make it seem to be in neither.
        Format::Mp4 | Format::Ogg => (look_in_backup(app, &recording).await, look_in_storage(app, &recording).await),
        Format::Hls => look_for_segments(app, &recording).await,
    };

    let mut tx = app.begin().await?;
    let Some(mut now) = db::recordings::lock(&mut *tx, id).await? else { return Ok(None) };
    if now.course.end != Some(end) {
        // Something new was said meanwhile; it is concluded again.
        return Ok(Some(now.course.status));
    }
    let course = &mut now.course;
    let told_size = match (backup, recording.shape.format) {
        // Whatever LiveKit counts: while segments are not in storage, it is not whole.
        (Backup::Holds(whole), Format::Hls) => course.told_size.max(Some(whole)),
        (Backup::Holds(_) | Backup::Empty | Backup::Unseen, Format::Mp4 | Format::Ogg | Format::Hls) => {
            course.told_size
        }
    };
    let evidence = Evidence { object, backup, backup_told: course.backup_told, told_size };
    let Conclusion { status, reason, size } = weigh(end, evidence, &course.error);
    course.to_conclude = false;
    let moved = course.status.may_become(status);
    let same_reason = status == course.status && reason != now.reason;
    if moved || same_reason {
        course.advance(status);
        now.reason.clone_from(&reason);
        now.size = size.or(now.size);
    }
    db::recordings::save(&mut *tx, id, &now.course, (&now.reason, now.size), app.clock.now()).await?;
    tx.commit().await?;
    if moved {
        tell(&now);
        tell_room(app, now.meeting_id).await;
    }
    Ok(Some(now.course.status))
}

fn tell(recording: &Recording) {
    let (id, status) = (recording.id, recording.course.status);
    match status {
        Status::Complete | Status::Aborted | Status::LimitReached => {
            info!(recording.id = %id, %status, "recording of `{}` is {status}", recording.room_name);
        }
        Status::Requested
        | Status::Starting
        | Status::Active
        | Status::Stopping
        | Status::Uploading
        | Status::Partial
        | Status::Failed => {
            warn!(recording.id = %id, %status, "recording of `{}` is {status}: {}", recording.room_name, recording.reason);
        }
    }
}

async fn look_in_storage(app: &App, recording: &Recording) -> Object {
    match app.storage.head(&recording.key).await {
        Ok(Some(object)) => Object::There(object.size),
        Ok(None) => Object::Absent,
        Err(err) => cannot_look(recording, &err),
    }
}

fn cannot_look(recording: &Recording, err: &StorageError) -> Object {
    warn!(recording.id = %recording.id, error = telemetry::chain(err), "cannot look for a recording's file");
    Object::Unknown
}

/// Every object of a recording: key and bytes.
pub(super) async fn parts(app: &App, recording: &Recording) -> Result<Vec<(String, u64)>, StorageError> {
    let (mut parts, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = app.storage.list(recording.prefix(), after.as_deref(), PAGE).await?;
        parts.extend(page.items.into_iter().map(|object| (object.key, object.size)));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(parts),
        }
    }
}

/// Where a recording's file, or its folder, lies in the backup folder.
pub(super) fn backup_path(app: &App, recording: &Recording) -> Option<PathBuf> {
    Some(app.recordings.backup_dir.as_ref()?.join(recording.prefix()))
}

async fn look_in_backup(app: &App, recording: &Recording) -> Backup {
    match left_in_backup(app, recording).await.as_deref() {
        None => Backup::Unseen,
        Some([] | [(_, 0)]) => Backup::Empty,
        Some(files) => Backup::Holds(files.iter().map(|(_, size)| size).sum()),
    }
}

/// Segments are uploaded one by one, and those that could not be lie in the backup folder: the whole is what is in either.
async fn look_for_segments(app: &App, recording: &Recording) -> (Backup, Object) {
    let left = left_in_backup(app, recording).await;
    let there = match parts(app, recording).await {
        Ok(there) => there.into_iter().collect::<BTreeMap<_, _>>(),
        Err(err) => return (Backup::Unseen, cannot_look(recording, &err)),
    };
    let size = there.values().sum();
    let object = if there.is_empty() { Object::Absent } else { Object::There(size) };
    let Some(left) = left else { return (Backup::Unseen, object) };
    // What was brought home and not yet removed is there already.
    if left.iter().all(|(key, size)| there.get(key) == Some(size)) {
        return (Backup::Empty, object);
    }
    let mut whole = there;
    whole.extend(left);
    (Backup::Holds(whole.values().sum()), object)
}

/// What the backup folder has of a recording: keys and bytes. None when it cannot be looked into: that it is not mounted must
/// not look like its being empty.
async fn left_in_backup(app: &App, recording: &Recording) -> Option<Vec<(String, u64)>> {
    let (folder, path) = (app.recordings.backup_dir.as_ref()?, backup_path(app, recording)?);
    let left = files_of(folder, &path, recording).await;
    left.inspect_err(|err| {
        warn!(recording.id = %recording.id, error = %err, "cannot look into RECORDING_BACKUP_DIR");
    })
    .ok()
}

async fn files_of(folder: &Path, path: &Path, recording: &Recording) -> std::io::Result<Vec<(String, u64)>> {
    let _ = tokio::fs::read_dir(folder).await?;
    let about = match tokio::fs::metadata(path).await {
        Ok(about) => about,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(err),
    };
    if about.is_file() {
        return Ok(vec![(recording.key.clone(), about.len())]);
    }
    let (mut files, mut entries) = (Vec::new(), tokio::fs::read_dir(path).await?);
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name().to_string_lossy().into_owned();
        // The recorder's own note is no part of it.
        if !name.ends_with(".json") {
            files.push((format!("{}{name}", recording.prefix()), entry.metadata().await?.len()));
        }
    }
    Ok(files)
}
