//! Bringing home what the recorder could not upload: from its backup folder to storage.

use std::path::{Path, PathBuf};

use tracing::{info, warn};

use crate::{
    app::App,
    db::{
        self, DbError,
        lock::{self, Work},
    },
    model::{
        id::RecordingId,
        recording::{Format, Recording, Status, id_in},
    },
    storage::StorageError,
    telemetry,
};

use super::{
    conclude::{backup_path, conclude},
    way::sweep,
};

/// How deep the recorder's own folders go: `recordings/2026/11/25/room/id/segment`.
const DEEPEST: usize = 8;

/// A recording was not brought home.
#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    #[error("cannot look into RECORDING_BACKUP_DIR: {0}")]
    Folder(#[from] std::io::Error),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Uploads what lies in the backup folder and belongs to a recording that is over; answers how many recordings were brought
/// home. A file is removed there only after storage has it whole and its row says so.
pub async fn rescue(app: &App) -> Result<usize, RescueError> {
    let Some(folder) = app.recordings.backup_dir.clone() else { return Ok(0) };
    let Some(lock) = lock::try_hold(&app.db, Work::Rescue).await? else { return Ok(0) };
    let outcome = rescue_all(app, &folder).await;
    lock.release().await;
    outcome
}

async fn rescue_all(app: &App, folder: &Path) -> Result<usize, RescueError> {
    let mut ids = files_in(folder).await?.iter().filter_map(|path| id_in(&path.to_string_lossy())).collect::<Vec<_>>();
    ids.sort_unstable();
    ids.dedup();
    let (mut rescued, mut failed) = (0, None);
    for id in ids {
        match rescue_one(app, folder, id).await {
            Ok(true) => rescued += 1,
            Ok(false) => {}
            Err(err @ RescueError::Store(DbError::Unavailable(_))) => return Err(err),
            // One that cannot be brought home must not keep the others away.
            Err(err) => {
                warn!(recording.id = %id, error = telemetry::chain(&err), "cannot bring a recording home; trying on");
                failed = Some(err);
            }
        }
    }
    sweep(folder, DEEPEST).await?;
    failed.map_or(Ok(rescued), Err)
}

async fn rescue_one(app: &App, folder: &Path, id: RecordingId) -> Result<bool, RescueError> {
    let Some(recording) = db::recordings::get(&app.db, id).await? else {
        warn!(recording.id = %id, "the backup folder has a recording that nobody knows of; it is left there");
        return Ok(false);
    };
    // What is not over may still be written.
    if recording.course.end.is_none() || recording.deleting_at.is_some() {
        return Ok(false);
    }
    let Some(path) = backup_path(app, &recording) else { return Ok(false) };
    let files = if recording.shape.format == Format::Hls { files_in(&path).await? } else { vec![path.clone()] };
    let uploaded = upload_all(app, &recording, folder, &files).await;
    if db::recordings::get(&app.db, id).await?.is_none_or(|now| now.deleting_at.is_some()) {
        // Whoever deletes it does not know of what has just come.
        for file in &files {
            app.storage.delete(&key_of_file(folder, file)).await?;
        }
        return Ok(false);
    }
    let done = uploaded?;
    // Only now: its row says where it is before the copy goes.
    let status = conclude(app, id).await?;
    if !status.is_some_and(Status::has_file) {
        return Ok(false);
    }
    for file in &files {
        tokio::fs::remove_file(file).await?;
    }
    tidy(folder, &path, &recording).await;
    info!(recording.id = %id, bytes = done, "brought the recording of `{}` home from the backup folder", recording.room_name);
    Ok(true)
}

/// Brings all its files to storage; answers their bytes.
async fn upload_all(app: &App, recording: &Recording, folder: &Path, files: &[PathBuf]) -> Result<u64, RescueError> {
    let mut done = 0;
    for file in files {
        done += upload(app, recording, (folder, file), done).await?;
    }
    Ok(done)
}

/// The object of a file in the backup folder.
fn key_of_file(folder: &Path, file: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).to_string_lossy().into_owned()
}

/// Brings one file to storage, unless it is there whole; answers its bytes.
async fn upload(
    app: &App,
    recording: &Recording,
    (folder, file): (&Path, &Path),
    before: u64,
) -> Result<u64, RescueError> {
    let key = key_of_file(folder, file);
    let size = tokio::fs::metadata(file).await?.len();
    if app.storage.head(&key).await?.is_some_and(|object| object.size == size) {
        return Ok(size);
    }
    let (sender, mut progress) = tokio::sync::watch::channel(before);
    let media_type = if key.ends_with(".ts") { "video/mp2t" } else { recording.shape.format.media_type() };
    let upload = app.storage.upload_file(&key, file, media_type, move |bytes| {
        sender.send_replace(before + bytes);
    });
    let note = async {
        // Ends with the upload, which has the sender.
        while progress.changed().await.is_ok() {
            let uploaded = *progress.borrow_and_update();
            if let Err(err) = db::recordings::note_uploaded(&app.db, recording.id, uploaded).await {
                warn!(error = telemetry::chain(&err), "cannot note how far an upload is");
            }
        }
    };
    let (uploaded, ()) = tokio::join!(upload, note);
    uploaded?;
    Ok(size)
}

/// Takes away the recorder's note beside the file, and folders that are empty now. What stays is in nobody's way.
async fn tidy(folder: &Path, path: &Path, recording: &Recording) {
    let beside = path.parent().unwrap_or(folder);
    if let Some(egress_id) = &recording.course.egress_id {
        let _ = tokio::fs::remove_file(beside.join(format!("{egress_id}.json"))).await;
        let _ = tokio::fs::remove_file(path.join(format!("{egress_id}.json"))).await;
    }
    let mut empty = Some(path);
    while let Some(path) = empty.filter(|path| *path != folder && path.starts_with(folder)) {
        // Refused while something is in it; a file was removed before.
        let _ = tokio::fs::remove_dir(path).await;
        empty = path.parent();
    }
}

/// Every file under a folder, the recorder's own notes aside.
async fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![(folder.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        let mut entries = match tokio::fs::read_dir(&folder).await {
            Ok(entries) => entries,
            // Somebody tidied up meanwhile; the backup folder itself must be there.
            Err(err) if err.kind() == std::io::ErrorKind::NotFound && depth > 0 => continue,
            Err(err) => return Err(err),
        };
        while let Some(entry) = entries.next_entry().await? {
            let kind = entry.file_type().await?;
            let is_note = entry.path().extension().is_some_and(|extension| extension == "json");
            if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && !is_note {
                files.push(entry.path());
            }
        }
    }
    Ok(files)
}
