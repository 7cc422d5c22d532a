//! What LiveKit says of recordings, noted in their rows.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    db::{self, DbError},
    model::{
        id::{MeetingId, RecordingId},
        recording::{Recording, Report},
    },
};

use super::adopt;

/// Notes what LiveKit says of a run, in the transaction that the caller has open. Answers whose recording it is, when it is
/// ours.
pub(in crate::app) async fn hear(
    db: &mut PgConnection,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<Option<(RecordingId, MeetingId)>, DbError> {
    let Some(mut recording) = find(db, report, now).await? else { return Ok(None) };
    let before = recording.course.clone();
    recording.course.told(report);
    if recording.course != before {
        let kept = (recording.reason.as_str(), recording.size);
        db::recordings::save(db, recording.id, &recording.course, kept, now).await?;
    }
    Ok(Some((recording.id, recording.meeting_id)))
}

/// The row of a run: by our id in what it writes, else by LiveKit's. A run with our id and without a row gets one.
async fn find(db: &mut PgConnection, report: &Report, now: DateTime<Utc>) -> Result<Option<Recording>, DbError> {
    let id = match report.recording_id() {
        Some(id) => id,
        None => match db::recordings::find_by_egress(&mut *db, &report.egress_id).await? {
            Some(recording) => recording.id,
            None => return Ok(None),
        },
    };
    match db::recordings::lock(&mut *db, id).await? {
        Some(recording) => Ok(Some(recording)),
        None => adopt::run(db, id, report, now).await,
    }
}
