//! The audit log.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    audit::{Actor, ActorKind, AuditEntry, Subject},
    id::{AuditId, MeetingId},
    page::{Cursor, Limit},
};

use super::{DbError, keyset};

/// Which entries are asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub actor: Option<Uuid>,
    pub action: Option<String>,
    /// The id of what something was done to.
    pub subject: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// A new entry.
pub async fn insert(db: impl PgExecutor<'_>, entry: &AuditEntry) -> Result<(), DbError> {
    sqlx::query!(
        "insert into audit_log (id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name,
                                meeting_id, address, details)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb)",
        entry.id.0,
        entry.at,
        entry.actor.kind.as_str(),
        entry.actor.id,
        entry.actor.name,
        entry.action,
        entry.subject.kind,
        entry.subject.id,
        entry.subject.name,
        entry.meeting_id.map(|id| id.0),
        entry.address,
        entry.details,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The entries, the newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<AuditEntry>, DbError> {
    let (at, id) = keyset(after);
    let rows = sqlx::query!(
        "select id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name, meeting_id,
                address, details::text as \"details!\"
         from audit_log
         where (at, id) < ($1, $2)
           and ($4::uuid is null or actor_id = $4)
           and ($5::text is null or action = $5)
           and ($6::text is null or subject_id = $6)
           and ($7::timestamptz is null or at >= $7)
           and ($8::timestamptz is null or at < $8)
         order by at desc, id desc limit $3",
        at,
        id,
        limit.and_one_more(),
        filter.actor,
        filter.action,
        filter.subject,
        filter.from,
        filter.to,
    )
    .fetch_all(db)
    .await?;

    rows.into_iter()
        .map(|row| {
            let kind =
                ActorKind::parse(&row.actor_kind).ok_or_else(|| DbError::unknown("kind of actor", &row.actor_kind))?;
            Ok(AuditEntry {
                id: AuditId(row.id),
                at: row.at,
                actor: Actor { kind, id: row.actor_id, name: row.actor_name },
                action: row.action,
                subject: Subject { kind: row.subject_kind, id: row.subject_id, name: row.subject_name },
                meeting_id: row.meeting_id.map(MeetingId),
                address: row.address,
                details: row.details,
            })
        })
        .collect()
}

/// Deletes up to `most` entries from before `before`; answers how many.
pub async fn prune(db: impl PgExecutor<'_>, before: DateTime<Utc>, most: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from audit_log where id in (
             select id from audit_log where at < $1 order by at limit $2 for update skip locked
         )",
        before,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
