//! Participants: who was in an instance, from when to when.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::{InstanceId, MeetingId, ParticipantId},
    page::{Cursor, Limit},
    participant::{Leave, Participant},
};

use super::DbError;

/// Which participants of a meeting are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// Only those of one instance.
    pub instance: Option<InstanceId>,
    /// Only those who are there, or only those who left.
    pub present: Option<bool>,
}

/// The participants of a meeting in the order in which they joined.
pub async fn list(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    filter: Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Participant>, DbError> {
    let rows = sqlx::query!(
        "select id, instance_id, identity, name, joined_at, seen_at, left_at, left_inferred, leave_reason, gone_at
         from participants
         where meeting_id = $1
           and ($2::timestamptz is null or (joined_at, id) > ($2, $3))
           and ($4::uuid is null or instance_id = $4)
           and ($5::boolean is null or (left_at is null) = $5)
         order by joined_at, id limit $6",
        meeting.0,
        after.map(|cursor| cursor.at),
        after.map_or(Uuid::nil(), |cursor| cursor.id),
        filter.instance.map(|instance| instance.0),
        filter.present,
        limit.and_one_more(),
    )
    .fetch_all(db)
    .await?;

    Ok(rows
        .into_iter()
        .map(|row| Participant {
            id: ParticipantId(row.id),
            instance_id: InstanceId(row.instance_id),
            identity: row.identity,
            name: row.name,
            joined_at: row.joined_at,
            leave: leave(row.left_at, row.left_inferred, row.seen_at, row.gone_at, row.leave_reason),
        })
        .collect())
}

fn leave(
    left_at: Option<DateTime<Utc>>,
    inferred: bool,
    seen_at: DateTime<Utc>,
    gone_at: Option<DateTime<Utc>>,
    reason: Option<String>,
) -> Leave {
    match (left_at, inferred) {
        (None, _) => Leave::Present,
        (Some(at), false) => Leave::Told { at, reason },
        (Some(after), true) => Leave::Inferred { after, before: gone_at.unwrap_or(seen_at).max(after) },
    }
}
