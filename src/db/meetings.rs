//! Meetings.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::MeetingId,
    meeting::{Meeting, Title},
    page::{Cursor, Limit},
    room_name::RoomName,
};

use super::DbError;

/// The constraint that keeps room names apart.
pub const ROOM_NAME_KEY: &str = "meetings_room_name_key";

/// Later than any row: the year 3000. The type's own maximum is beyond what Postgres stores.
const FAR_FUTURE: DateTime<Utc> = match DateTime::from_timestamp(32_503_680_000, 0) {
    Some(moment) => moment,
    None => DateTime::UNIX_EPOCH,
};

/// A row as it is read; what was written through the model's types comes back through them.
struct Row {
    id: Uuid,
    room_name: String,
    title: Option<String>,
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
            created_at: row.created_at,
            starts_at: row.starts_at,
            ended_at: row.ended_at,
            metadata: row.metadata,
            version: row.version,
            live: row.live,
        })
    }
}

fn unreadable(err: impl std::error::Error + Send + Sync + 'static) -> DbError {
    DbError::Broken(sqlx::Error::Decode(Box::new(err)))
}

/// A new row; `Taken` when its room name is in use.
pub async fn insert(db: impl PgExecutor<'_>, meeting: &Meeting) -> Result<(), DbError> {
    sqlx::query!(
        "insert into meetings (id, room_name, title, created_at, starts_at, metadata, version)
         values ($1, $2, $3, $4, $5, $6::text::jsonb, $7)",
        meeting.id.0,
        meeting.room_name.as_str(),
        meeting.title.as_ref().map(Title::as_str),
        meeting.created_at,
        meeting.starts_at,
        meeting.metadata,
        meeting.version,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The id of the meeting with that room name, which is added as `fresh` when there is none.
pub async fn find_or_insert(
    db: impl PgExecutor<'_>,
    room_name: &RoomName,
    fresh: MeetingId,
    now: DateTime<Utc>,
) -> Result<MeetingId, DbError> {
    // The update that changes nothing makes the row come back also when it was there; with plain `do nothing` two
    // callers at once could see neither the other's row nor their own.
    let id = sqlx::query_scalar!(
        "insert into meetings (id, room_name, created_at) values ($1, $2, $3)
         on conflict (room_name) do update set room_name = excluded.room_name
         returning id",
        fresh.0,
        room_name.as_str(),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(MeetingId(id))
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
    sqlx::query_as!(
        Row,
        "select id, room_name, title, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null) as \"live!\"
         from meetings m where id = $1",
        id.0,
    )
    .fetch_optional(db)
    .await?
    .map(Meeting::try_from)
    .transpose()
}

/// The meeting, kept from changing until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, id: MeetingId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!("select 1 from meetings where id = $1 for update", id.0).fetch_optional(db).await?.is_some())
}

/// Writes what may change of a meeting, and counts its version on.
pub async fn update(db: impl PgExecutor<'_>, meeting: &Meeting) -> Result<(), DbError> {
    sqlx::query!(
        "update meetings set title = $2, starts_at = $3, metadata = $4::text::jsonb, version = $5 where id = $1",
        meeting.id.0,
        meeting.title.as_ref().map(Title::as_str),
        meeting.starts_at,
        meeting.metadata,
        meeting.version,
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
    read(
        sqlx::query_as!(
            Row,
            "select id, room_name, title, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                    exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null) as \"live!\"
             from meetings m
             where (created_at, id) < ($1, $2)
             order by created_at desc, id desc limit $3",
            at,
            id,
            limit.and_one_more(),
        )
        .fetch_all(db)
        .await?,
    )
}

/// The meetings in which a sitting is running, the newest meeting first.
pub async fn list_live(db: impl PgExecutor<'_>, after: Option<Cursor>, limit: Limit) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    read(
        sqlx::query_as!(
            Row,
            "select id, room_name, title, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                    true as \"live!\"
             from meetings m
             where (created_at, id) < ($1, $2)
               and id in (select i.meeting_id from meeting_instances i where i.ended_at is null)
             order by created_at desc, id desc limit $3",
            at,
            id,
            limit.and_one_more(),
        )
        .fetch_all(db)
        .await?,
    )
}

/// The meetings that are planned for later and not running, the newest meeting first.
pub async fn list_upcoming(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    read(
        sqlx::query_as!(
            Row,
            "select id, room_name, title, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                    false as \"live!\"
             from meetings m
             where (created_at, id) < ($1, $2) and starts_at > $4
               and not exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
             order by created_at desc, id desc limit $3",
            at,
            id,
            limit.and_one_more(),
            now,
        )
        .fetch_all(db)
        .await?,
    )
}

/// The meetings that are over, the newest meeting first.
pub async fn list_past(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    read(
        sqlx::query_as!(
            Row,
            "select id, room_name, title, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                    false as \"live!\"
             from meetings m
             where (created_at, id) < ($1, $2)
               and (starts_at <= $4 or (starts_at is null and ended_at is not null))
               and not exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
             order by created_at desc, id desc limit $3",
            at,
            id,
            limit.and_one_more(),
            now,
        )
        .fetch_all(db)
        .await?,
    )
}

/// The meetings that nothing is planned for and nobody has met in, the newest first.
pub async fn list_new(db: impl PgExecutor<'_>, after: Option<Cursor>, limit: Limit) -> Result<Vec<Meeting>, DbError> {
    let (at, id) = keyset(after);
    read(
        sqlx::query_as!(
            Row,
            "select id, room_name, title, created_at, starts_at, ended_at, metadata::text as \"metadata!\", version,
                    false as \"live!\"
             from meetings m
             where (created_at, id) < ($1, $2) and starts_at is null and ended_at is null
               and not exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
             order by created_at desc, id desc limit $3",
            at,
            id,
            limit.and_one_more(),
        )
        .fetch_all(db)
        .await?,
    )
}

fn read(rows: Vec<Row>) -> Result<Vec<Meeting>, DbError> {
    rows.into_iter().map(Meeting::try_from).collect()
}

/// Where a list that runs backward begins: below everything when no page came before.
fn keyset(after: Option<Cursor>) -> (DateTime<Utc>, Uuid) {
    after.map_or((FAR_FUTURE, Uuid::max()), |cursor| (cursor.at, cursor.id))
}
