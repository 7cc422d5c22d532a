//! Meetings.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::{AccountId, MeetingId},
    meeting::{Meeting, MeetingState, RecordingWish, Title},
    page::{Cursor, Limit},
    policy::{Access, Lobby, Policy, Source, Sources},
    room_name::RoomName,
};

use super::{DbError, error::unreadable, keyset};

/// The constraint that keeps room names apart.
pub const ROOM_NAME_KEY: &str = "meetings_room_name_key";

/// A row as it is read; what was written through the model's types comes back through them.
struct Row {
    id: Uuid,
    room_name: String,
    title: Option<String>,
    host_account_id: Option<Uuid>,
    access: String,
    lobby: String,
    speaker_sources: Vec<String>,
    viewer_sources: Vec<String>,
    auto_record: bool,
    recording_days: Option<i32>,
    recording_bytes: Option<i64>,
    created_at: DateTime<Utc>,
    starts_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    metadata: String,
    version: i64,
    live: bool,
}

impl TryFrom<Row> for Meeting {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: MeetingId(row.id),
            room_name: RoomName::parse(&row.room_name).map_err(unreadable)?,
            title: row.title.as_deref().map(Title::parse).transpose().map_err(unreadable)?,
            host: row.host_account_id.map(AccountId),
            policy: policy(&row.access, &row.lobby, &row.speaker_sources, &row.viewer_sources)?,
            recording: RecordingWish {
                automatic: row.auto_record,
                days: row.recording_days.and_then(|days| u32::try_from(days).ok()),
                bytes: row.recording_bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            },
            created_at: row.created_at,
            starts_at: row.starts_at,
            ended_at: row.ended_at,
            metadata: row.metadata,
            version: row.version,
            live: row.live,
        })
    }
}

/// A policy as it was written.
pub(super) fn policy(access: &str, lobby: &str, speaker: &[String], viewer: &[String]) -> Result<Policy, DbError> {
    let sources = |names: &[String]| {
        let parse = |name: &String| Source::parse(name).ok_or_else(|| DbError::unknown("track source", name));
        Ok::<_, DbError>(Sources::of(&names.iter().map(parse).collect::<Result<Vec<_>, _>>()?))
    };
    Ok(Policy {
        access: Access::parse(access).ok_or_else(|| DbError::unknown("access", access))?,
        lobby: Lobby::parse(lobby).ok_or_else(|| DbError::unknown("lobby", lobby))?,
        speaker_sources: sources(speaker)?,
        viewer_sources: sources(viewer)?,
    })
}

macro_rules! meetings {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, room_name, title, host_account_id, access, lobby, speaker_sources, viewer_sources, auto_record,
                    recording_days, recording_bytes, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                    exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null) as \"live!\"
             from meetings m " + $tail
            $(, $argument)*
        )
    };
}

/// Both are bounded at the door, far below what the columns hold.
fn days(meeting: &Meeting) -> Option<i32> {
    meeting.recording.days.and_then(|days| i32::try_from(days).ok())
}

fn bytes(meeting: &Meeting) -> Option<i64> {
    meeting.recording.bytes.and_then(|bytes| i64::try_from(bytes).ok())
}

/// A new row; `Taken` when its room name is in use.
pub async fn insert(db: impl PgExecutor<'_>, meeting: &Meeting, passcode_hash: Option<&str>) -> Result<(), DbError> {
    sqlx::query!(
        "insert into meetings (id, room_name, title, created_at, starts_at, metadata, version, host_account_id, access,
                               lobby, passcode_hash, speaker_sources, viewer_sources, auto_record, recording_days,
                               recording_bytes)
         values ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        meeting.id.0,
        meeting.room_name.as_str(),
        meeting.title.as_ref().map(Title::as_str),
        meeting.created_at,
        meeting.starts_at,
        meeting.metadata,
        meeting.version,
        meeting.host.map(|host| host.0),
        meeting.policy.access.as_str(),
        meeting.policy.lobby.as_str(),
        passcode_hash,
        &meeting.policy.speaker_sources.names(),
        &meeting.policy.viewer_sources.names(),
        meeting.recording.automatic,
        days(meeting),
        bytes(meeting),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The id of the meeting with that room name.
pub async fn find_id(db: impl PgExecutor<'_>, room_name: &RoomName) -> Result<Option<MeetingId>, DbError> {
    let id = sqlx::query_scalar!("select id from meetings where room_name = $1", room_name.as_str())
        .fetch_optional(db)
        .await?;
    Ok(id.map(MeetingId))
}

/// The meetings that have one of those room names: name and id.
pub async fn find_ids(db: impl PgExecutor<'_>, room_names: &[String]) -> Result<Vec<(String, MeetingId)>, DbError> {
    let rows =
        sqlx::query!("select room_name, id from meetings where room_name = any($1)", room_names).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.room_name, MeetingId(row.id))).collect())
}

/// The meeting.
pub async fn get(db: impl PgExecutor<'_>, id: MeetingId) -> Result<Option<Meeting>, DbError> {
    meetings!("where id = $1", id.0).fetch_optional(db).await?.map(Meeting::try_from).transpose()
}

/// The meeting, kept from changing until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, id: MeetingId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!("select 1 from meetings where id = $1 for update", id.0).fetch_optional(db).await?.is_some())
}

/// Whether anybody could know the passcode of a meeting: whether it has one.
pub async fn has_passcode(db: impl PgExecutor<'_>, id: MeetingId) -> Result<bool, DbError> {
    let has = sqlx::query_scalar!("select passcode_hash is not null as \"has!\" from meetings where id = $1", id.0);
    Ok(has.fetch_optional(db).await?.unwrap_or(false))
}

/// Writes what may change of a meeting; without a new passcode the old one stays.
pub async fn update(
    db: impl PgExecutor<'_>,
    meeting: &Meeting,
    new_passcode_hash: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update meetings
         set title = $2, starts_at = $3, metadata = $4::text::jsonb, version = $5, access = $6, lobby = $7,
             speaker_sources = $8, viewer_sources = $9, passcode_hash = coalesce($10, passcode_hash), auto_record = $11,
             recording_days = $12, recording_bytes = $13
         where id = $1",
        meeting.id.0,
        meeting.title.as_ref().map(Title::as_str),
        meeting.starts_at,
        meeting.metadata,
        meeting.version,
        meeting.policy.access.as_str(),
        meeting.policy.lobby.as_str(),
        &meeting.policy.speaker_sources.names(),
        &meeting.policy.viewer_sources.names(),
        new_passcode_hash,
        meeting.recording.automatic,
        days(meeting),
        bytes(meeting),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes the meeting and its history; `Referenced` while it has recordings. Answers whether it was there.
pub async fn delete(db: impl PgExecutor<'_>, id: MeetingId) -> Result<bool, DbError> {
    Ok(sqlx::query!("delete from meetings where id = $1", id.0).execute(db).await?.rows_affected() > 0)
}

/// All meetings, the newest first.
pub async fn list(db: impl PgExecutor<'_>, after: Option<Cursor>, limit: Limit) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    let rows = meetings!(
        "where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more()
    );
    read(rows.fetch_all(db).await?)
}

/// The meetings in which a sitting is running, the newest meeting first.
pub async fn list_live(db: impl PgExecutor<'_>, after: Option<Cursor>, limit: Limit) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    let rows = meetings!(
        "where (created_at, id) < ($1, $2)
           and id in (select i.meeting_id from meeting_instances i where i.ended_at is null)
         order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more()
    );
    read(rows.fetch_all(db).await?)
}

/// The meetings that are planned for later and not running, the newest meeting first.
pub async fn list_upcoming(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    let rows = meetings!(
        "where (created_at, id) < ($1, $2) and starts_at > $4
           and not exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
         order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more(),
        now
    );
    read(rows.fetch_all(db).await?)
}

/// The meetings that are over, the newest meeting first.
pub async fn list_past(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    let rows = meetings!(
        "where (created_at, id) < ($1, $2)
           and (starts_at <= $4 or (starts_at is null and ended_at is not null))
           and not exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
         order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more(),
        now
    );
    read(rows.fetch_all(db).await?)
}

/// The meetings that nothing is planned for and nobody has met in, the newest first.
pub async fn list_new(db: impl PgExecutor<'_>, after: Option<Cursor>, limit: Limit) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    let rows = meetings!(
        "where (created_at, id) < ($1, $2) and starts_at is null and ended_at is null
           and not exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
         order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more()
    );
    read(rows.fetch_all(db).await?)
}

/// The meetings of one host that stand in `state` at `now`, or all of them; the newest first.
// One query for every state: a host has so few meetings that the index on them is enough.
pub async fn list_of_host(
    db: impl PgExecutor<'_>,
    host: AccountId,
    (state, now): (Option<MeetingState>, DateTime<Utc>),
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    let state = state.map(|state| match state {
        MeetingState::Live => "live",
        MeetingState::Upcoming => "upcoming",
        MeetingState::Past => "past",
        MeetingState::New => "new",
    });
    let rows = meetings!(
        "where host_account_id = $4 and (created_at, id) < ($1, $2)
           and ($5::text is null or $5 = case
               when exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null) then 'live'
               when starts_at > $6 then 'upcoming'
               when starts_at is not null or ended_at is not null then 'past'
               else 'new'
           end)
         order by created_at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more(),
        host.0,
        state,
        now
    );
    read(rows.fetch_all(db).await?)
}

fn read(rows: Vec<Row>) -> Result<Vec<Meeting>, DbError> {
    rows.into_iter().map(Meeting::try_from).collect()
}
