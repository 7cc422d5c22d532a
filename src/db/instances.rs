//! Instances: the sittings of meetings.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::{InstanceId, MeetingId},
    instance::Instance,
    page::{Cursor, Limit},
};

use super::DbError;

/// An instance that no end is known of, with what LiveKit is asked about it.
#[derive(Clone, Debug)]
pub struct OpenInstance {
    pub id: InstanceId,
    pub meeting_id: MeetingId,
    pub room_sid: String,
    pub room_name: String,
    /// The last moment at which somebody is known to have been in it; its start when nobody was.
    pub occupied_at: DateTime<Utc>,
}

/// All instances that are open, of all meetings.
pub async fn list_open(db: impl PgExecutor<'_>) -> Result<Vec<OpenInstance>, DbError> {
    let rows = sqlx::query!(
        "select i.id, i.meeting_id, i.room_sid, m.room_name,
                greatest(i.started_at, (select max(p.seen_at) from participants p where p.instance_id = i.id))
                    as \"occupied_at!\"
         from meeting_instances i join meetings m on m.id = i.meeting_id
         where i.ended_at is null",
    )
    .fetch_all(db)
    .await?;

    Ok(rows
        .into_iter()
        .map(|row| OpenInstance {
            id: InstanceId(row.id),
            meeting_id: MeetingId(row.meeting_id),
            room_sid: row.room_sid,
            room_name: row.room_name,
            occupied_at: row.occupied_at,
        })
        .collect())
}

/// The instances of a meeting, the newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Instance>, DbError> {
    let rows = sqlx::query!(
        "select id, meeting_id, room_sid, started_at, ended_at, ended_inferred from meeting_instances
         where meeting_id = $1 and ($2::timestamptz is null or (started_at, id) < ($2, $3))
         order by started_at desc, id desc limit $4",
        meeting.0,
        after.map(|cursor| cursor.at),
        after.map_or(Uuid::nil(), |cursor| cursor.id),
        limit.and_one_more(),
    )
    .fetch_all(db)
    .await?;

    Ok(rows
        .into_iter()
        .map(|row| Instance {
            id: InstanceId(row.id),
            meeting_id: MeetingId(row.meeting_id),
            room_sid: row.room_sid,
            started_at: row.started_at,
            ended_at: row.ended_at,
            ended_inferred: row.ended_inferred,
        })
        .collect())
}
