//! Lists of recordings: for people page by page, and for whoever has to look after them.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::{AccountId, InstanceId, MeetingId, RecordingId},
    page::{Cursor, Limit},
    recording::{Recording, Status},
    room_name::RoomName,
};

use super::{
    DbError,
    error::unreadable,
    recordings::{Row, recordings},
};

/// Whose recordings are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Everybody's.
    All,
    /// Those of one meeting.
    Meeting(MeetingId),
    /// Those of one host's meetings.
    Host(AccountId),
}

/// Which of two comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub of: Of,
    pub status: Option<Status>,
    /// When they were asked for: from then …
    pub from: Option<DateTime<Utc>>,
    /// … to before then.
    pub to: Option<DateTime<Utc>>,
    pub order: Order,
}

/// A page of recordings.
// A query for each kind: one that fits all would not use the index that fits.
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Recording>, DbError> {
    macro_rules! page {
        ($where:literal $(, $argument:expr)*) => {
            match filter.order {
                Order::NewestFirst => {
                    let (at, id) = after.map_or((newest(), Uuid::max()), |after| (after.at, after.id));
                    let from = filter.from.unwrap_or(DateTime::UNIX_EPOCH);
                    // Both bounds in the row's own order, so that the index begins where the page does.
                    let (at, id) = match filter.to {
                        Some(to) if to <= at => (to, Uuid::nil()),
                        _ => (at, id),
                    };
                    page!(@read "where (requested_at, r.id) < ($1, $2) and requested_at >= $3 and " $where
                        " order by requested_at desc, r.id desc limit $4", at, id, from $(, $argument)*)
                }
                Order::OldestFirst => {
                    let (at, id) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |after| (after.at, after.id));
                    let (at, id) = match filter.from {
                        // All of that very moment belong to it: before any id is below all of them.
                        Some(from) if from > at => (from, Uuid::nil()),
                        _ => (at, id),
                    };
                    let to = filter.to.unwrap_or(newest());
                    page!(@read "where (requested_at, r.id) > ($1, $2) and requested_at < $3 and " $where
                        " order by requested_at, r.id limit $4", at, id, to $(, $argument)*)
                }
            }
        };
        (@read $a:literal $b:literal $c:literal, $at:expr, $id:expr, $bound:expr $(, $argument:expr)*) => {
            sqlx::query_as!(
                Row,
                "select r.id, r.meeting_id, m.room_name, m.host_account_id, storage_path, status, reason, format, layout,
                        preset, width, height, video_bitrate, audio_bitrate, requester, automatic_for, requested_at, egress_id,
                        phase, verdict, error, r.started_at, r.ended_at, stop_asked_at, doubted_since, told_size, duration_ms,
                        backup_told, to_conclude, completed_at, file_size, uploaded, held_at, deleting_at
                 from recordings r join meetings m on m.id = r.meeting_id " + $a + $b + $c,
                $at, $id, $bound, limit.and_one_more() $(, $argument)*
            ).fetch_all(db).await
        };
    }

    let status = filter.status.map(Status::as_str);
    let rows = match (filter.of, status) {
        (Of::All, None) => page!("true"),
        (Of::All, Some(status)) => page!("status = $5", status),
        (Of::Meeting(meeting), status) => {
            page!("r.meeting_id = $5 and ($6::text is null or status = $6)", meeting.0, status)
        }
        (Of::Host(host), status) => page!(
            "r.meeting_id in (select h.id from meetings h where h.host_account_id = $5)
             and ($6::text is null or status = $6)",
            host.0,
            status
        ),
    };
    read(rows?)
}

/// Later than any row.
fn newest() -> DateTime<Utc> {
    DateTime::from_timestamp(32_503_680_000, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn read(rows: Vec<Row>) -> Result<Vec<Recording>, DbError> {
    rows.into_iter().map(Recording::try_from).collect()
}

/// Those that are not settled, the oldest first: they run, wait for their file, or something new was said of them.
pub async fn unsettled(db: impl PgExecutor<'_>) -> Result<Vec<Recording>, DbError> {
    let rows = recordings!(
        "where status in ('requested', 'starting', 'active', 'stopping', 'uploading') or to_conclude
         order by requested_at"
    );
    read(rows.fetch_all(db).await?)
}

/// Those that are over and whose file has to be looked for, the oldest first.
pub async fn to_conclude(db: impl PgExecutor<'_>, most: i64) -> Result<Vec<Recording>, DbError> {
    let rows = recordings!("where to_conclude order by requested_at limit $1", most);
    read(rows.fetch_all(db).await?)
}

/// Those that somebody began to delete before `stale`, and left.
pub async fn half_deleted(db: impl PgExecutor<'_>, stale: DateTime<Utc>, most: i64) -> Result<Vec<Recording>, DbError> {
    let rows = recordings!("where deleting_at < $1 order by requested_at limit $2", stale, most);
    read(rows.fetch_all(db).await?)
}

/// Those of these ids that there are.
pub async fn known(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<RecordingId>, DbError> {
    let known = sqlx::query_scalar!("select id from recordings where id = any($1)", ids).fetch_all(db).await?;
    Ok(known.into_iter().map(RecordingId).collect())
}

/// Those of these ids that there were, and that somebody deleted.
// Deletions are in the audit log for far longer than LiveKit lists a run that is over.
pub async fn deleted(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<RecordingId>, DbError> {
    let deleted = sqlx::query_scalar!(
        "select distinct gone.id as \"id!\"
         from unnest($1::uuid[]) gone (id) join audit_log a on a.subject_id = gone.id::text
         where a.subject_kind = 'recording' and a.action in ('recording.deleted', 'recording.expired')",
        ids,
    );
    Ok(deleted.fetch_all(db).await?.into_iter().map(RecordingId).collect())
}

/// Those of these ids of which LiveKit has told the end.
pub async fn told_the_end(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<RecordingId>, DbError> {
    let told = sqlx::query_scalar!(
        "select id from recordings
         where id = any($1) and verdict in ('complete', 'failed', 'aborted', 'limit_reached')",
        ids,
    );
    Ok(told.fetch_all(db).await?.into_iter().map(RecordingId).collect())
}

/// How many hold a recorder.
pub async fn count_running(db: impl PgExecutor<'_>) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        "select count(*) as \"count!\" from recordings where status in ('requested', 'starting', 'active', 'stopping')"
    );
    Ok(count.fetch_one(db).await?)
}

/// A sitting that should be recorded by its meeting's own wish, and is not.
#[derive(Clone, Debug)]
pub struct Unrecorded {
    pub meeting_id: MeetingId,
    pub room_name: RoomName,
    pub instance_id: InstanceId,
}

/// Sittings with somebody in them whose meeting wants to be recorded and is not.
pub async fn unrecorded(db: impl PgExecutor<'_>) -> Result<Vec<Unrecorded>, DbError> {
    let rows = sqlx::query!(
        "select m.id as meeting_id, m.room_name, i.id as instance_id
         from meetings m join meeting_instances i on i.meeting_id = m.id and i.ended_at is null
         where m.auto_record
           and exists (select from participants p where p.instance_id = i.id and p.left_at is null)
           and not exists (
               select from recordings r
               where r.meeting_id = m.id and r.status in ('requested', 'starting', 'active', 'stopping')
           )"
    );
    let read = |row: (Uuid, String, Uuid)| {
        let room_name = RoomName::parse(&row.1).map_err(unreadable)?;
        Ok(Unrecorded { meeting_id: MeetingId(row.0), room_name, instance_id: InstanceId(row.2) })
    };
    let rows = rows.fetch_all(db).await?.into_iter();
    rows.map(|row| read((row.meeting_id, row.room_name, row.instance_id))).collect()
}

/// Those that have been kept for longer than their meeting says, or the settings where it says nothing; the oldest first.
pub async fn outlived(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    days: Option<i32>,
    most: i64,
) -> Result<Vec<Recording>, DbError> {
    let rows = recordings!(
        "where status in ('complete', 'partial', 'failed', 'aborted', 'limit_reached') and held_at is null
           and deleting_at is null and not to_conclude
           and completed_at < $1::timestamptz - make_interval(days => coalesce(m.recording_days, $2))
           -- Nothing is completed before it was asked for, so only what is older than the shortest time is looked at.
           and requested_at
               < $1::timestamptz - make_interval(days => least($2, (select min(k.recording_days) from meetings k)))
         order by requested_at limit $3",
        now,
        days,
        most,
    );
    read(rows.fetch_all(db).await?)
}

/// The oldest of the meetings whose recordings take more bytes than their meeting says; what is on hold counts, and stays.
pub async fn beyond_own_bytes(db: impl PgExecutor<'_>, most: i64) -> Result<Vec<Recording>, DbError> {
    let rows = recordings!(
        "where r.id in (
             select s.id from (
                 select k.id, k.held_at, n.recording_bytes,
                        sum(k.file_size) over (partition by k.meeting_id order by k.requested_at desc, k.id desc) as bytes
                 from recordings k join meetings n on n.id = k.meeting_id
                 where n.recording_bytes is not null and k.file_size is not null
             ) s
             where s.bytes > s.recording_bytes and s.held_at is null
         ) and deleting_at is null and not to_conclude
         order by requested_at limit $1",
        most,
    );
    read(rows.fetch_all(db).await?)
}

/// The oldest beyond so many bytes of all recordings together; what is on hold counts, and stays.
// What is older than a recording, and goes before it, must not make up for what is too much. Summed from the oldest on, since
// that ends with the last that is wanted.
pub async fn beyond_bytes(db: impl PgExecutor<'_>, bytes: i64, most: i64) -> Result<Vec<Recording>, DbError> {
    let rows = recordings!(
        "where r.id = any(array(
             with total as materialized (select sum(file_size) - $1::bigint as excess from recordings)
             select s.id from (
                 select k.id, k.requested_at, k.held_at, k.deleting_at, k.to_conclude,
                        coalesce(sum(k.file_size) over (
                            order by k.requested_at, k.id rows between unbounded preceding and 1 preceding
                        ), 0) as older
                 from recordings k where k.file_size is not null
             ) s
             where (select excess from total) > 0 and s.older < (select excess from total)
               and s.held_at is null and s.deleting_at is null and not s.to_conclude
             order by s.requested_at, s.id limit $2
         ))
         order by requested_at",
        bytes,
        most,
    );
    read(rows.fetch_all(db).await?)
}
