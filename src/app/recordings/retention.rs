//! Deleting recordings that have been kept for long enough, or that are too many.

use tracing::warn;

use crate::{
    app::App,
    db::{
        self, DbError,
        lock::{self, Work},
    },
    model::recording::Recording,
    telemetry,
};

use super::{
    RecordingError,
    delete::{By, STALE, remove},
};

/// How many are deleted in one bite.
const BITE: i64 = 20;

/// Deletes a bite of what has outlived its time or goes beyond its bytes, and finishes what somebody left half-deleted; answers
/// how many. What is on hold stays.
pub async fn retain(app: &App) -> Result<u64, DbError> {
    let Some(lock) = lock::try_hold(&app.db, Work::Retention).await? else { return Ok(0) };
    let outcome = retain_all(app).await;
    lock.release().await;
    outcome
}

async fn retain_all(app: &App) -> Result<u64, DbError> {
    let now = app.clock.now();
    let days = app.recordings.retention_days.and_then(|days| i32::try_from(days).ok());
    let half_deleted = db::recording_lists::half_deleted(&app.db, now - STALE, BITE).await?;
    let mut deleted = delete_all(app, &half_deleted, "left half-deleted").await?;
    let outlived = db::recording_lists::outlived(&app.db, now, days, BITE).await?;
    deleted += delete_all(app, &outlived, "age").await?;
    // What goes by its meeting's own bytes makes room for the others: they are counted only when nothing of it is left.
    let beyond_own = db::recording_lists::beyond_own_bytes(&app.db, BITE).await?;
    deleted += delete_all(app, &beyond_own, "the meeting's bytes").await?;
    if deleted > 0 {
        return Ok(deleted);
    }
    if let Some(bytes) = app.recordings.retention_bytes.and_then(|bytes| i64::try_from(bytes).ok()) {
        let beyond = db::recording_lists::beyond_bytes(&app.db, bytes, BITE).await?;
        deleted += delete_all(app, &beyond, "bytes").await?;
    }
    Ok(deleted)
}

async fn delete_all(app: &App, recordings: &[Recording], why: &str) -> Result<u64, DbError> {
    let mut deleted = 0;
    for recording in recordings {
        deleted += delete(app, recording, why).await?;
    }
    Ok(deleted)
}

async fn delete(app: &App, recording: &Recording, why: &str) -> Result<u64, DbError> {
    match remove(app, recording, By::House(why)).await {
        Ok(_) => Ok(1),
        // Somebody was faster, or holds it.
        Err(RecordingError::BeingDeleted) => Ok(0),
        Err(RecordingError::Store(err)) => Err(err),
        Err(err) => {
            warn!(recording.id = %recording.id, error = telemetry::chain(&err), "cannot delete an old recording; trying later");
            Ok(0)
        }
    }
}
