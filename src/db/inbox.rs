//! The inbox of LiveKit's webhooks.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::DbError;

/// A delivery as it is kept.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub event_id: String,
    pub event_type: String,
    pub room_name: Option<String>,
    /// The body as JSON text, secrets taken out.
    pub payload: String,
    pub created_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
}

/// Adds what is not there yet, in one statement; answers how many were new.
pub async fn insert(db: impl PgExecutor<'_>, deliveries: &[Delivery]) -> Result<u64, DbError> {
    let column = |pick: fn(&Delivery) -> &String| deliveries.iter().map(|d| pick(d).clone()).collect::<Vec<_>>();
    let room_names = deliveries.iter().map(|d| d.room_name.clone()).collect::<Vec<_>>();
    let created = deliveries.iter().map(|d| d.created_at).collect::<Vec<_>>();
    let received = deliveries.iter().map(|d| d.received_at).collect::<Vec<_>>();

    let done = sqlx::query!(
        "insert into livekit_events (event_id, event_type, room_name, payload, created_at, received_at)
         select event_id, event_type, room_name, payload::jsonb, created_at, received_at
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
              as d (event_id, event_type, room_name, payload, created_at, received_at)
         on conflict (event_id) do nothing",
        &column(|d| &d.event_id),
        &column(|d| &d.event_type),
        &room_names as &[Option<String>],
        &column(|d| &d.payload),
        &created,
        &received,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// When the newest delivery came in; none while nothing has come, or everything is pruned.
pub async fn newest(db: impl PgExecutor<'_>) -> Result<Option<DateTime<Utc>>, DbError> {
    let newest = sqlx::query_scalar!("select received_at from livekit_events order by received_at desc limit 1");
    Ok(newest.fetch_optional(db).await?)
}

/// Whether a delivery about that room came in at `since` or later.
pub async fn has_heard_of(db: impl PgExecutor<'_>, room_name: &str, since: DateTime<Utc>) -> Result<bool, DbError> {
    let heard = sqlx::query_scalar!(
        "select exists (select 1 from livekit_events where received_at >= $1 and room_name = $2) as \"heard!\"",
        since,
        room_name,
    );
    Ok(heard.fetch_one(db).await?)
}

/// The oldest deliveries that wait to be applied, kept from others until the transaction ends.
pub async fn take_waiting(db: impl PgExecutor<'_>, most: i64) -> Result<Vec<Delivery>, DbError> {
    let rows = sqlx::query!(
        "select event_id, event_type, room_name, payload::text as \"payload!\", created_at, received_at
         from livekit_events where applied_at is null and failure is null
         order by arrival limit $1 for update skip locked",
        most,
    )
    .fetch_all(db)
    .await?;

    Ok(rows
        .into_iter()
        .map(|row| Delivery {
            event_id: row.event_id,
            event_type: row.event_type,
            room_name: row.room_name,
            payload: row.payload,
            created_at: row.created_at,
            received_at: row.received_at,
        })
        .collect())
}

/// Notes that these were applied.
pub async fn mark_applied(db: impl PgExecutor<'_>, event_ids: &[String], now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("update livekit_events set applied_at = $2 where event_id = any($1)", event_ids, now)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that this one cannot be applied, and why.
pub async fn mark_failed(db: impl PgExecutor<'_>, event_id: &str, failure: &str) -> Result<(), DbError> {
    sqlx::query!("update livekit_events set failure = $2 where event_id = $1", event_id, failure).execute(db).await?;
    Ok(())
}

/// Deletes up to `most` deliveries that arrived before `before` and were dealt with; answers how many.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>, most: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from livekit_events where event_id in (
             select event_id from livekit_events
             where received_at < $1 and (applied_at is not null or failure is not null)
             order by received_at limit $2 for update skip locked
         )",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
