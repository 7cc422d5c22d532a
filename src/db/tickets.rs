//! Tickets: places at the doors of meetings.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    credential::CredentialHash,
    id::{AccountId, MeetingId, TicketId},
    policy::MeetingRole,
    ticket::{Ticket, TicketState},
};

use super::DbError;

/// The most who are listed as waiting; whoever came first is let in first.
const MOST_WAITING: i64 = 200;

struct Row {
    id: Uuid,
    meeting_id: Uuid,
    account_id: Option<Uuid>,
    identity: String,
    name: String,
    role: String,
    state: String,
    created_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Ticket {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: TicketId(row.id),
            meeting_id: MeetingId(row.meeting_id),
            account_id: row.account_id.map(AccountId),
            identity: row.identity,
            name: row.name,
            role: role(&row.role)?,
            state: TicketState::parse(&row.state).ok_or_else(|| DbError::unknown("state of a ticket", &row.state))?,
            created_at: row.created_at,
            seen_at: row.seen_at,
            decided_at: row.decided_at,
        })
    }
}

/// A role in a meeting as it was written.
pub(super) fn role(text: &str) -> Result<MeetingRole, DbError> {
    MeetingRole::parse(text).ok_or_else(|| DbError::unknown("role in a meeting", text))
}

macro_rules! tickets {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, meeting_id, account_id, identity, name, role, state, created_at, seen_at, decided_at from tickets "
                + $tail
            $(, $argument)*
        )
    };
}

/// A new ticket, or the same holder's place of before given out anew. A guest's has the hash of its secret.
pub async fn put(db: impl PgExecutor<'_>, ticket: &Ticket, hash: Option<CredentialHash>) -> Result<(), DbError> {
    sqlx::query!(
        "insert into tickets (id, meeting_id, token_hash, account_id, identity, name, role, state, created_at, seen_at,
                              decided_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (meeting_id, identity) do update set
             name = excluded.name, role = excluded.role, state = excluded.state, created_at = excluded.created_at,
             seen_at = excluded.seen_at, decided_at = excluded.decided_at",
        ticket.id.0,
        ticket.meeting_id.0,
        hash.as_ref().map(|hash| &hash.0[..]),
        ticket.account_id.map(|id| id.0),
        ticket.identity,
        ticket.name,
        ticket.role.as_str(),
        ticket.state.as_str(),
        ticket.created_at,
        ticket.seen_at,
        ticket.decided_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The ticket with that secret.
pub async fn find(db: impl PgExecutor<'_>, hash: CredentialHash) -> Result<Option<Ticket>, DbError> {
    tickets!("where token_hash = $1", &hash.0[..]).fetch_optional(db).await?.map(Ticket::try_from).transpose()
}

/// The place of that identity at the door of that meeting.
pub async fn find_of(db: impl PgExecutor<'_>, meeting: MeetingId, identity: &str) -> Result<Option<Ticket>, DbError> {
    let row = tickets!("where meeting_id = $1 and identity = $2", meeting.0, identity);
    row.fetch_optional(db).await?.map(Ticket::try_from).transpose()
}

/// Notes that the holder asked again, and under which name.
pub async fn touch(db: impl PgExecutor<'_>, id: TicketId, name: &str, now: DateTime<Utc>) -> Result<(), DbError> {
    sqlx::query!("update tickets set seen_at = greatest(seen_at, $2), name = $3 where id = $1", id.0, now, name)
        .execute(db)
        .await?;
    Ok(())
}

/// Who waits in a meeting's lobby and asked after `since`, the first to come first.
pub async fn list_waiting(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    since: DateTime<Utc>,
) -> Result<Vec<Ticket>, DbError> {
    let rows = tickets!(
        "where meeting_id = $1 and state = 'waiting' and seen_at > $2 order by created_at, id limit $3",
        meeting.0,
        since,
        MOST_WAITING
    );
    rows.fetch_all(db).await?.into_iter().map(Ticket::try_from).collect()
}

/// Decides about one who waits, or about all who wait when `only` is none; answers whom it was decided about.
pub async fn decide(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    only: Option<TicketId>,
    decision: &Decision<'_>,
) -> Result<Vec<String>, DbError> {
    let identities = sqlx::query_scalar!(
        "update tickets set state = $4, decided_at = $5, decided_by = $6
         where meeting_id = $1 and state = 'waiting' and seen_at > $3 and ($2::uuid is null or id = $2)
         returning identity",
        meeting.0,
        only.map(|id| id.0),
        decision.since,
        decision.state.as_str(),
        decision.now,
        decision.by,
    );
    Ok(identities.fetch_all(db).await?)
}

/// What a host says to somebody who waits.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    pub state: TicketState,
    pub by: &'a str,
    pub now: DateTime<Utc>,
    /// Who has not asked since then has left.
    pub since: DateTime<Utc>,
}

/// Gives back the place of somebody who leaves the lobby; answers whether they were in it.
pub async fn leave(db: impl PgExecutor<'_>, id: TicketId) -> Result<bool, DbError> {
    let done = sqlx::query!("delete from tickets where id = $1 and state = 'waiting'", id.0).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes up to `most` tickets that nobody has used since then; answers how many.
pub async fn prune(db: impl PgExecutor<'_>, since: DateTime<Utc>, most: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from tickets where id in (
             select id from tickets where seen_at < $1 and (decided_at is null or decided_at < $1)
             limit $2 for update skip locked
         )",
        since,
        most,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
