//! Wrong guesses at secrets, and how long the next one has to wait.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;

use crate::model::credential::CredentialHash;

use super::DbError;

/// Somebody has to wait.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub until: DateTime<Utc>,
    /// A guess is being looked at, and what it comes to is not known yet.
    pub under_way: bool,
}

/// Whether this one has to wait.
pub async fn held(
    db: impl PgExecutor<'_>,
    subject: CredentialHash,
    now: DateTime<Utc>,
) -> Result<Option<Held>, DbError> {
    let held = sqlx::query_as!(
        Held,
        r#"select blocked_until as until, failed_at > $2 as "under_way!" from failed_attempts
           where subject = $1 and blocked_until > $2"#,
        &subject.0[..],
        now,
    );
    Ok(held.fetch_optional(db).await?)
}

/// Lets one guess go ahead, unless this one has to wait; answers whether it may.
///
/// It counts as a wrong one that will have been made at `until`, and holds all others up for so long: of many at once, one
/// goes ahead. A guess that may not changes nothing.
pub async fn reserve(
    db: impl PgExecutor<'_>,
    subject: CredentialHash,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    forgotten_before: DateTime<Utc>,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "insert into failed_attempts as f (subject, failures, failed_at, blocked_until) values ($1, 1, $3, $3)
         on conflict (subject) do update set
             failures = case when f.failed_at < $4 then 1 else f.failures + 1 end,
             failed_at = excluded.failed_at,
             blocked_until = excluded.blocked_until
         where f.blocked_until <= $2::timestamptz",
        &subject.0[..],
        now,
        until,
        forgotten_before,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What was reserved came out wrong: the next has to wait from now on, twice as long with each.
pub async fn settle(
    db: impl PgExecutor<'_>,
    subject: CredentialHash,
    longest: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update failed_attempts set
             failed_at = $2::timestamptz,
             blocked_until = $2::timestamptz
                 + make_interval(secs => least($3::double precision, power(2, least(30, greatest(0, failures - 1)))))
         where subject = $1",
        &subject.0[..],
        now,
        longest.as_seconds_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was reserved was not looked at: it counts for nothing.
pub async fn withdraw(db: impl PgExecutor<'_>, subject: CredentialHash, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!(
        "update failed_attempts set failures = failures - 1, failed_at = $2, blocked_until = $2
         where subject = $1 and failed_at > $2",
        &subject.0[..],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
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

/// Counts one more wrong guess.
pub async fn record(
    db: impl PgExecutor<'_>,
    subject: CredentialHash,
    growth: Growth,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
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
             end",
        &subject.0[..],
        now,
        growth.free,
        growth.longest.as_seconds_f64(),
        now - growth.forgotten_after,
    )
    .execute(db)
    .await?;
    Ok(())
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
