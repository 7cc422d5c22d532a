//! Wrong guesses at secrets, and how long the next one has to wait.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;

use crate::model::credential::CredentialHash;

use super::DbError;

/// Until when these have to wait, the latest of all; none when nobody has to.
pub async fn blocked_until(
    db: impl PgExecutor<'_>,
    subjects: &[CredentialHash],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, DbError> {
    let subjects = subjects.iter().map(|hash| hash.0.to_vec()).collect::<Vec<_>>();
    let until = sqlx::query_scalar!(
        "select max(blocked_until) from failed_attempts where subject = any($1) and blocked_until > $2",
        &subjects,
        now,
    );
    Ok(until.fetch_one(db).await?)
}

/// How waiting grows with wrong guesses.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// So many cost nothing.
    pub free: i32,
    /// The wait doubles from one second to this.
    pub longest: TimeDelta,
    /// After so long without a wrong guess, counting begins anew.
    pub forgotten_after: TimeDelta,
}

/// Counts one more wrong guess; answers until when the next has to wait.
pub async fn record(
    db: impl PgExecutor<'_>,
    subject: CredentialHash,
    growth: Growth,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, DbError> {
    let until = sqlx::query_scalar!(
        "insert into failed_attempts as f (subject, failures, failed_at, blocked_until)
         values ($1, 1, $2::timestamptz, $2::timestamptz + make_interval(secs => case when $3::integer < 1 then 1 else 0 end))
         on conflict (subject) do update set
             failures = case when f.failed_at < $5 then 1 else f.failures + 1 end,
             failed_at = excluded.failed_at,
             blocked_until = excluded.failed_at + case
                 when (case when f.failed_at < $5 then 1 else f.failures + 1 end) <= $3 then interval '0'
                 else make_interval(secs => least(
                     $4::double precision,
                     power(2, least(30, (case when f.failed_at < $5 then 1 else f.failures + 1 end) - $3 - 1))
                 ))
             end
         returning blocked_until",
        &subject.0[..],
        now,
        growth.free,
        growth.longest.as_seconds_f64(),
        now - growth.forgotten_after,
    );
    Ok(until.fetch_one(db).await?)
}

/// Forgets the wrong guesses of one.
pub async fn clear(db: impl PgExecutor<'_>, subject: CredentialHash) -> Result<(), DbError> {
    sqlx::query!("delete from failed_attempts where subject = $1", &subject.0[..]).execute(db).await?;
    Ok(())
}

/// Deletes up to `most` that are older than `before`; answers how many.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>, most: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from failed_attempts where subject in (
             select subject from failed_attempts where failed_at < $1 limit $2 for update skip locked
         )",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
