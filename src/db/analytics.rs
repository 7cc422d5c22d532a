//! What happened in meetings, event by event.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::id::{MeetingId, ParticipantId};

use super::DbError;

/// One event, for later views.
#[derive(Clone, Debug)]
pub struct Entry {
    pub meeting_id: Option<MeetingId>,
    pub participant_id: Option<ParticipantId>,
    pub event_type: String,
    /// JSON text.
    pub event_data: String,
    pub created_at: DateTime<Utc>,
    pub livekit_event_id: String,
}

/// Adds the entry, once for each of LiveKit's events.
pub async fn insert(db: impl PgExecutor<'_>, entry: &Entry) -> Result<(), DbError> {
    sqlx::query!(
        "insert into analytics (id, meeting_id, participant_id, event_type, event_data, created_at, livekit_event_id)
         values ($1, $2, $3, $4, $5::text::jsonb, $6, $7)
         on conflict (livekit_event_id) do nothing",
        Uuid::now_v7(),
        entry.meeting_id.map(|id| id.0),
        entry.participant_id.map(|id| id.0),
        entry.event_type,
        entry.event_data,
        entry.created_at,
        entry.livekit_event_id,
    )
    .execute(db)
    .await?;
    Ok(())
}
