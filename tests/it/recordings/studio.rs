//! A house that records: with a folder for recordings and one in which the recorder leaves what it cannot upload.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use meetbox::{
    app::recordings::{self, Begun, RecordingError, Wish, compare::CompareError},
    config::Settings,
    db::DbError,
    model::{
        id::RecordingId,
        recording::{Encoding, End, Format, Layout, Preset, Recording, Shape, Status},
        room_name::RoomName,
    },
};
use tempfile::TempDir;

use crate::house::{TestHouse, program};

/// More than any test records at once.
const SLOTS: &str = "1000";

/// The house and its folders.
pub struct Studio {
    pub house: TestHouse,
    pub settings: Settings,
    folder: TempDir,
}

impl Studio {
    /// A house whose time stands at `now`.
    pub async fn open(now: DateTime<Utc>) -> Self {
        Self::open_with(now, &[]).await
    }

    /// The same with these settings besides.
    pub async fn open_with(now: DateTime<Utc>, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (storage, backup) = (folder.path().join("storage"), folder.path().join("backup"));
        std::fs::create_dir(&backup).unwrap();
        let known = [
            ("RECORDING_SLOTS", SLOTS),
            ("STORAGE_DIR", storage.to_str().unwrap()),
            ("RECORDING_BACKUP_DIR", backup.to_str().unwrap()),
        ];
        let settings = known.iter().chain(more).copied().collect::<Vec<_>>();
        let (house, settings) = TestHouse::open_as_set(now, &settings).await;
        house.app.storage.prove().await.unwrap();
        Self { house, settings, folder }
    }

    /// Where an object lies.
    pub fn object(&self, key: &str) -> PathBuf {
        self.folder.path().join("storage").join(key)
    }

    /// Where the recorder leaves what it cannot upload.
    pub fn backup(&self) -> PathBuf {
        self.folder.path().join("backup")
    }

    /// Asks for a recording of a meeting, as a program does.
    pub async fn record(&self, room_name: &str) -> Result<Recording, RecordingError> {
        match recordings::start(&self.house.app, &program(), &wish(room_name, Format::Mp4)).await? {
            Begun::Now(recording) | Begun::Before(recording) => Ok(recording),
        }
    }

    /// Nobody can look into storage until it is shown again.
    pub fn hide_storage(&self) {
        let storage = self.object("");
        if storage.exists() {
            std::fs::rename(storage, self.folder.path().join("hidden")).unwrap();
        }
    }

    /// Storage is there again, if it was not.
    pub fn show_storage(&self) {
        let hidden = self.folder.path().join("hidden");
        if hidden.exists() {
            std::fs::rename(hidden, self.object("")).unwrap();
        }
    }

    /// The keys of all objects under a folder.
    pub fn keys(&self, folder: &str) -> Vec<String> {
        let (mut keys, mut folders) = (Vec::new(), vec![self.object(folder)]);
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                match path.is_dir() {
                    true => folders.push(path),
                    false => keys.push(path.strip_prefix(self.object("")).unwrap().to_str().unwrap().to_owned()),
                }
            }
        }
        keys
    }

    /// A row whose recorder ended in that way after so many bytes; its file has not been looked for.
    pub async fn over(&self, room_name: &str, format: Format, end: End, bytes: u64) -> Recording {
        let mut recording = self.write(room_name, format).await.unwrap();
        recording.course.egress_id = Some(format!("EG_{}", recording.id.0.simple()));
        recording.course.told_size = Some(bytes);
        recording.course.over(end);
        let (id, now) = (recording.id, self.house.clock.now());
        meetbox::db::recordings::save(&self.house.pool, id, &recording.course, ("", None), now).await.unwrap();
        recording
    }

    /// A new row, for which LiveKit has not been asked.
    pub async fn write(&self, room_name: &str, format: Format) -> Result<Recording, DbError> {
        let (id, now) = (RecordingId(uuid::Uuid::now_v7()), self.house.clock.now());
        let Wish { room_name, shape, .. } = wish(room_name, format);
        let meeting_id = meetbox::db::meetings::find_id(&self.house.pool, &room_name).await.unwrap().unwrap();
        let recording = Recording::new(id, (meeting_id, room_name), shape, now);
        meetbox::db::recordings::insert(&self.house.pool, &recording, None).await?;
        Ok(recording)
    }

    /// A recording that is complete, with so many bytes in storage.
    pub async fn complete(&self, room_name: &str, bytes: u64) -> Recording {
        let recording = self.over(room_name, Format::Mp4, End::Complete, bytes).await;
        put(&self.object(&recording.key), bytes);
        let status = recordings::conclude::conclude(&self.house.app, recording.id).await.unwrap();
        assert_eq!(status, Some(Status::Complete));
        self.get(recording.id).await.unwrap()
    }

    /// The recording of that id.
    pub async fn get(&self, id: RecordingId) -> Option<Recording> {
        meetbox::db::recordings::get(&self.house.pool, id).await.unwrap()
    }

    /// What the audit log says was done to recordings, and why, in order.
    pub async fn audit(&self) -> Vec<(String, String, String)> {
        sqlx::query_as(
            "select action, subject_id, coalesce(details->>'because', '') from audit_log
             where subject_kind = 'recording' order by at, id",
        )
        .fetch_all(&self.house.pool)
        .await
        .unwrap()
    }

    /// Compares recordings once.
    pub async fn compare(&self) -> Result<(), CompareError> {
        recordings::compare::compare(&self.house.app).await.map(drop)
    }

    /// Every recording that there is, the oldest first.
    pub async fn recordings(&self) -> Vec<Recording> {
        let ids: Vec<uuid::Uuid> = sqlx::query_scalar("select id from recordings order by requested_at, id")
            .fetch_all(&self.house.pool)
            .await
            .unwrap();
        let mut recordings = Vec::new();
        for id in ids {
            recordings.extend(self.get(RecordingId(id)).await);
        }
        recordings
    }

    /// The only recording that there is.
    pub async fn recording(&self) -> Recording {
        let mut recordings = self.recordings().await;
        assert_eq!(recordings.len(), 1, "{recordings:?}");
        recordings.remove(0)
    }

    /// Fails unless the row has an object of its size when it says that it has one, and none when it does not.
    pub fn check_object(&self, recording: &Recording) {
        let (id, status) = (recording.id, recording.course.status);
        let size = std::fs::metadata(self.object(&recording.key)).ok().map(|about| about.len());
        match status.has_file() {
            true => assert_eq!(size, recording.size, "{id} is {status}"),
            false => assert_eq!(size, None, "{id} is {status}"),
        }
        assert!(status != Status::Complete || recording.reason.is_empty(), "{id}: {}", recording.reason);
    }
}

/// A recording of a meeting as anybody would have it.
pub fn wish(room_name: &str, format: Format) -> Wish {
    let shape = Shape { layout: Layout::default(), format, encoding: Encoding::Preset(Preset::default()) };
    Wish { room_name: RoomName::parse(room_name).unwrap(), shape, idempotency_key: None }
}

/// Writes a file of so many bytes, and the folders above it.
pub fn put(path: &Path, bytes: u64) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(path).unwrap().set_len(bytes).unwrap();
}
