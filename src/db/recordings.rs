//! Recordings: single ones, and what has become of them. Lists of them stand in `recording_lists.rs`.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::{AccountId, InstanceId, MeetingId, RecordingId},
    recording::{Course, Encoding, End, Format, Layout, Measures, Phase, Preset, Recording, Shape, Status},
    room_name::RoomName,
};

use super::{DbError, error::unreadable};

/// The constraint that lets one recording run at a time in each meeting.
pub const ONE_RUNNING_KEY: &str = "recordings_one_running_key";
/// The constraint that makes asking twice the same as asking once.
pub const IDEMPOTENCY_KEY: &str = "recordings_idempotency_key";

/// A row as it is read; what was written through the model's types comes back through them.
pub(super) struct Row {
    pub id: Uuid,
    pub meeting_id: Uuid,
    pub room_name: String,
    pub host_account_id: Option<Uuid>,
    pub storage_path: String,
    pub status: String,
    pub reason: String,
    pub format: String,
    pub layout: String,
    pub preset: Option<String>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub video_bitrate: Option<i32>,
    pub audio_bitrate: Option<i32>,
    pub requester: String,
    pub automatic_for: Option<Uuid>,
    pub requested_at: DateTime<Utc>,
    pub egress_id: Option<String>,
    pub phase: Option<String>,
    pub verdict: Option<String>,
    pub error: String,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub stop_asked_at: Option<DateTime<Utc>>,
    pub doubted_since: Option<DateTime<Utc>>,
    pub told_size: Option<i64>,
    pub duration_ms: Option<i64>,
    pub backup_told: bool,
    pub to_conclude: bool,
    pub completed_at: Option<DateTime<Utc>>,
    pub file_size: Option<i64>,
    pub uploaded: Option<i64>,
    pub held_at: Option<DateTime<Utc>>,
    pub deleting_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Recording {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let word = |what, word: &str| DbError::unknown(what, word);
        let known = |text: &Option<String>, what, parse: fn(&str) -> bool| match text {
            Some(text) if !parse(text) => Err(word(what, text)),
            _ => Ok(()),
        };
        known(&row.phase, "phase", |text| Phase::parse(text).is_some())?;
        known(&row.verdict, "end of a recording", |text| End::parse(text).is_some())?;
        let course = Course {
            status: Status::parse(&row.status).ok_or_else(|| word("status", &row.status))?,
            requested_at: row.requested_at,
            egress_id: row.egress_id,
            phase: row.phase.as_deref().and_then(Phase::parse),
            started_at: row.started_at,
            ended_at: row.ended_at,
            stop_asked_at: row.stop_asked_at,
            doubted_since: row.doubted_since,
            end: row.verdict.as_deref().and_then(End::parse),
            told_size: bytes(row.told_size),
            duration: row.duration_ms.map(TimeDelta::milliseconds),
            error: row.error,
            backup_told: row.backup_told,
            to_conclude: row.to_conclude,
        };
        let pixels = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
        let measures = Measures {
            width: pixels(row.width),
            height: pixels(row.height),
            video_bitrate: pixels(row.video_bitrate),
            audio_bitrate: pixels(row.audio_bitrate),
        };
        let encoding = match row.preset {
            None => Encoding::Measures(measures),
            Some(name) => Encoding::Preset(Preset::parse(&name).ok_or_else(|| word("preset", &name))?),
        };
        Ok(Self {
            id: RecordingId(row.id),
            meeting_id: MeetingId(row.meeting_id),
            room_name: RoomName::parse(&row.room_name).map_err(unreadable)?,
            host: row.host_account_id.map(AccountId),
            key: row.storage_path,
            shape: Shape {
                layout: Layout::parse(&row.layout).ok_or_else(|| word("layout", &row.layout))?,
                format: Format::parse(&row.format).ok_or_else(|| word("format", &row.format))?,
                encoding,
            },
            course,
            reason: row.reason,
            requester: row.requester,
            automatic_for: row.automatic_for.map(InstanceId),
            completed_at: row.completed_at,
            size: bytes(row.file_size),
            uploaded: bytes(row.uploaded),
            held_at: row.held_at,
            deleting_at: row.deleting_at,
        })
    }
}

fn bytes(value: Option<i64>) -> Option<u64> {
    value.and_then(|value| u64::try_from(value).ok())
}

/// Sizes in storage are far below what a bigint holds.
fn bigint(value: Option<u64>) -> Option<i64> {
    value.and_then(|value| i64::try_from(value).ok())
}

macro_rules! recordings {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            crate::db::recordings::Row,
            "select r.id, r.meeting_id, m.room_name, m.host_account_id, storage_path, status, reason, format, layout, preset,
                    width, height, video_bitrate, audio_bitrate, requester, automatic_for, requested_at, egress_id, phase,
                    verdict, error, r.started_at, r.ended_at, stop_asked_at, doubted_since, told_size, duration_ms,
                    backup_told, to_conclude, completed_at, file_size, uploaded, held_at, deleting_at
             from recordings r join meetings m on m.id = r.meeting_id " + $tail
            $(, $argument)*
        )
    };
}
pub(super) use recordings;

/// What makes asking twice the same as asking once.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub key: String,
    /// Of what was asked.
    pub request_hash: [u8; 32],
}

/// A new row; `Taken` when another runs in the meeting, or the key was used before.
pub async fn insert(
    db: impl PgExecutor<'_>,
    recording: &Recording,
    idempotency: Option<&Idempotency>,
) -> Result<(), DbError> {
    let (preset, measures) = match recording.shape.encoding {
        Encoding::Preset(preset) => (Some(preset.as_str()), Measures::default()),
        Encoding::Measures(measures) => (None, measures),
    };
    let integer = |value: Option<u32>| value.and_then(|value| i32::try_from(value).ok());
    sqlx::query!(
        "insert into recordings (id, meeting_id, storage_path, status, format, layout, preset, width, height,
                                 video_bitrate, audio_bitrate, requester, automatic_for, requested_at, idempotency_key,
                                 request_hash, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        recording.id.0,
        recording.meeting_id.0,
        recording.key,
        recording.course.status.as_str(),
        recording.shape.format.as_str(),
        recording.shape.layout.as_str(),
        preset,
        integer(measures.width),
        integer(measures.height),
        integer(measures.video_bitrate),
        integer(measures.audio_bitrate),
        recording.requester,
        recording.automatic_for.map(|instance| instance.0),
        recording.course.requested_at,
        idempotency.map(|it| it.key.as_str()),
        idempotency.map(|it| &it.request_hash[..]),
        recording.reason,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The recording.
pub async fn get(db: impl PgExecutor<'_>, id: RecordingId) -> Result<Option<Recording>, DbError> {
    recordings!("where r.id = $1", id.0).fetch_optional(db).await?.map(Recording::try_from).transpose()
}

/// The recording, kept from changing until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, id: RecordingId) -> Result<Option<Recording>, DbError> {
    let row = recordings!("where r.id = $1 for update of r", id.0);
    row.fetch_optional(db).await?.map(Recording::try_from).transpose()
}

/// The recording of LiveKit's run of that id.
pub async fn find_by_egress(db: impl PgExecutor<'_>, egress_id: &str) -> Result<Option<Recording>, DbError> {
    let row = recordings!("where r.egress_id = $1", egress_id);
    row.fetch_optional(db).await?.map(Recording::try_from).transpose()
}

/// The recording that runs in a meeting.
pub async fn find_running(db: impl PgExecutor<'_>, meeting: MeetingId) -> Result<Option<Recording>, DbError> {
    let row = recordings!(
        "where r.meeting_id = $1 and r.status in ('requested', 'starting', 'active', 'stopping')",
        meeting.0
    );
    row.fetch_optional(db).await?.map(Recording::try_from).transpose()
}

/// The recording that somebody asked for with that key, and the hash of what they asked for.
pub async fn find_by_key(
    db: impl PgExecutor<'_>,
    requester: &str,
    key: &str,
) -> Result<Option<(RecordingId, Vec<u8>)>, DbError> {
    let row = sqlx::query!(
        "select id, request_hash as \"request_hash!\" from recordings where requester = $1 and idempotency_key = $2",
        requester,
        key,
    );
    Ok(row.fetch_optional(db).await?.map(|row| (RecordingId(row.id), row.request_hash)))
}

/// Whether a sitting was recorded by its meeting's own wish, or is to be tried again only later.
pub async fn was_begun_for(
    db: impl PgExecutor<'_>,
    instance: InstanceId,
    tried_after: DateTime<Utc>,
) -> Result<bool, DbError> {
    let begun = sqlx::query_scalar!(
        "select exists (
             select from recordings
             where automatic_for = $1 and (verdict is distinct from 'never_taken' or requested_at > $2)
         ) as \"begun!\"",
        instance.0,
        tried_after,
    );
    Ok(begun.fetch_one(db).await?)
}

/// Writes what has become known of a recording, and where it stands.
pub async fn save(
    db: impl PgExecutor<'_>,
    id: RecordingId,
    course: &Course,
    (reason, size): (&str, Option<u64>),
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    let seconds = course.duration.map(|duration| i32::try_from(duration.num_seconds()).unwrap_or(i32::MAX));
    sqlx::query!(
        "update recordings
         set status = $2, egress_id = $3, phase = $4, verdict = $5, error = $6, started_at = $7, ended_at = $8,
             stop_asked_at = $9, doubted_since = $10, told_size = $11, duration_ms = $12, duration = $13,
             backup_told = $14, to_conclude = $15, reason = $16, file_size = $17,
             completed_at = case when $18 then coalesce(completed_at, $19) end
         where id = $1",
        id.0,
        course.status.as_str(),
        course.egress_id,
        course.phase.map(Phase::as_str),
        course.end.map(End::as_str),
        course.error,
        course.started_at,
        course.ended_at,
        course.stop_asked_at,
        course.doubted_since,
        bigint(course.told_size),
        course.duration.map(|duration| duration.num_milliseconds()),
        seconds,
        course.backup_told,
        course.to_conclude,
        reason,
        bigint(size),
        course.status.is_final(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes how much of a recording has come to storage.
pub async fn note_uploaded(db: impl PgExecutor<'_>, id: RecordingId, uploaded: u64) -> Result<(), DbError> {
    sqlx::query!("update recordings set uploaded = $2 where id = $1", id.0, bigint(Some(uploaded))).execute(db).await?;
    Ok(())
}

/// Keeps a recording from being deleted, or no longer does.
pub async fn set_hold(db: impl PgExecutor<'_>, id: RecordingId, since: Option<DateTime<Utc>>) -> Result<(), DbError> {
    let hold = sqlx::query!(
        "update recordings set held_at = case when $2::timestamptz is null then null else coalesce(held_at, $2) end
         where id = $1",
        id.0,
        since,
    );
    hold.execute(db).await?;
    Ok(())
}

/// Notes that somebody deletes a recording; `false` when another does already. Who began before `stale` is not at it any
/// more.
pub async fn claim_deletion(
    db: impl PgExecutor<'_>,
    id: RecordingId,
    (now, stale): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, DbError> {
    let claimed = sqlx::query!(
        "update recordings set deleting_at = $2
         where id = $1 and held_at is null and (deleting_at is null or deleting_at < $3)",
        id.0,
        now,
        stale,
    );
    Ok(claimed.execute(db).await?.rows_affected() > 0)
}

/// Notes that a recording is not being deleted after all.
pub async fn release_deletion(db: impl PgExecutor<'_>, id: RecordingId) -> Result<(), DbError> {
    sqlx::query!("update recordings set deleting_at = null where id = $1", id.0).execute(db).await?;
    Ok(())
}

/// Deletes the row, which somebody claimed.
pub async fn delete(db: impl PgExecutor<'_>, id: RecordingId) -> Result<bool, DbError> {
    let deleted = sqlx::query!("delete from recordings where id = $1 and deleting_at is not null", id.0);
    Ok(deleted.execute(db).await?.rows_affected() > 0)
}
