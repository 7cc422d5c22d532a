//! Runs and objects that carry an id of ours and have no row: the database was brought back from an older backup. They get
//! one, so that they are seen. What was deleted is not missing: LiveKit speaks of it for another day.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tracing::{info, warn};

use crate::{
    db::{self, DbError},
    model::{
        id::RecordingId,
        recording::{Course, Encoding, End, FOLDER, Format, Layout, Preset, Recording, Report, Shape, Status},
        room_name::RoomName,
    },
};

/// A row for a run of ours; none when its meeting is not ours, or another recording of it is running.
pub(super) async fn run(
    db: &mut PgConnection,
    id: RecordingId,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<Option<Recording>, DbError> {
    let path = report.outputs.iter().find_map(|path| path.rfind(FOLDER).map(|at| &path[at..]));
    let Some(key) = path else { return Ok(None) };
    if !db::recording_lists::deleted(&mut *db, &[id.0]).await?.is_empty() {
        return Ok(None);
    }
    let requested_at = report.started_at.unwrap_or(now);
    write(db, id, key, Course::new(requested_at)).await
}

/// A row for an object of ours that nobody knows of; it is concluded like any other whose recorder is gone.
pub(super) async fn object(
    db: &mut PgConnection,
    id: RecordingId,
    key: &str,
    modified: DateTime<Utc>,
) -> Result<Option<Recording>, DbError> {
    let mut course = Course::new(modified);
    course.over(End::Lost);
    // It holds no room: another recording of the meeting may be running.
    course.advance(Status::Uploading);
    write(db, id, key, course).await
}

async fn write(
    db: &mut PgConnection,
    id: RecordingId,
    key: &str,
    course: Course,
) -> Result<Option<Recording>, DbError> {
    let name = key.split('/').nth(4).and_then(|name| RoomName::parse(name).ok());
    let Some((key, room_name)) = whole_key(key).zip(name) else { return Ok(None) };
    let Some(meeting_id) = db::meetings::find_id(&mut *db, &room_name).await? else {
        warn!(recording.id = %id, key, "there is a recording of `{room_name}`, and no such meeting; it is left alone");
        return Ok(None);
    };
    // Also keeps the meeting from being deleted meanwhile.
    if !db::meetings::lock(&mut *db, meeting_id).await? {
        return Ok(None);
    }
    if course.status.is_running() && db::recordings::find_running(&mut *db, meeting_id).await?.is_some() {
        warn!(recording.id = %id, "a second recording of `{room_name}` runs, and is unknown; it is left alone");
        return Ok(None);
    }
    let format = match key.rsplit_once('.').map(|(_, extension)| extension) {
        Some("ogg") => Format::Ogg,
        Some("m3u8") => Format::Hls,
        _ => Format::Mp4,
    };
    let shape = Shape { layout: Layout::default(), format, encoding: Encoding::Preset(Preset::default()) };
    let requested_at = course.requested_at;
    let recording = Recording { key, course, ..Recording::new(id, (meeting_id, room_name), shape, requested_at) };
    db::recordings::insert(&mut *db, &recording, None).await?;
    db::recordings::save(&mut *db, id, &recording.course, ("", None), recording.course.requested_at).await?;
    info!(recording.id = %id, "took on a recording of `{}` that had no row", recording.room_name);
    Ok(Some(recording))
}

/// The key of the whole: a segment stands for the playlist beside it.
fn whole_key(key: &str) -> Option<String> {
    let parts = key.split('/').collect::<Vec<_>>();
    match parts.len() {
        6 => Some(key.to_owned()),
        7 => Some(format!("{}/index.m3u8", parts[..6].join("/"))),
        _ => None,
    }
}
