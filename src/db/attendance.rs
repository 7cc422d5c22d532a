//! Who was there: facts that merge in any order, and what follows from them.
//!
//! LiveKit's events come late, twice, shuffled or not at all. So a fact is written by taking the earliest or the latest
//! of what is there and what is told, and [`settle`] works out the ends from the facts. Both halves give the same result however often and in whatever order they run.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::model::id::{InstanceId, MeetingId, ParticipantId};

use super::DbError;

/// What is told of a room.
#[derive(Clone, Debug)]
pub struct InstanceFact {
    pub meeting_id: MeetingId,
    pub room_sid: String,
    /// The earliest moment of all that are told is the start.
    pub started_at: DateTime<Utc>,
    /// When it was open; none for a fact that says nothing of that.
    pub alive_at: Option<DateTime<Utc>>,
    /// When it ended, if it did.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What is told of somebody's presence.
#[derive(Clone, Debug)]
pub struct PresenceFact {
    pub meeting_id: MeetingId,
    pub instance_id: InstanceId,
    pub participant_sid: String,
    pub identity: String,
    /// Empty when it is not told.
    pub name: String,
    /// The earliest moment of all that are told is the join.
    pub joined_at: DateTime<Utc>,
    /// When they were there.
    pub seen_at: DateTime<Utc>,
    /// When they left, if they did, and why.
    pub left_at: Option<DateTime<Utc>>,
    pub leave_reason: Option<String>,
}

/// Merges what is told of a room into its row.
pub async fn merge_instance(db: impl PgExecutor<'_>, fact: &InstanceFact) -> Result<InstanceId, DbError> {
    // A proof of life takes back an inferred end before it: the room had only been out of sight.
    let id = sqlx::query_scalar!(
        "insert into meeting_instances as i (id, meeting_id, room_sid, started_at, alive_at, told_ended_at)
         values ($1, $2, $3, $4::timestamptz, coalesce($5, $4), $6)
         on conflict (room_sid) do update set
             started_at = least(i.started_at, excluded.started_at),
             alive_at = greatest(i.alive_at, excluded.alive_at),
             told_ended_at = greatest(i.told_ended_at, excluded.told_ended_at),
             gone_at = case when i.gone_at > greatest(i.alive_at, excluded.alive_at) then i.gone_at end
         returning id",
        Uuid::new_v4(),
        fact.meeting_id.0,
        fact.room_sid,
        fact.started_at,
        fact.alive_at,
        fact.ended_at,
    )
    .fetch_one(db)
    .await?;
    Ok(InstanceId(id))
}

/// Merges what is told of somebody's presence into its row.
pub async fn merge_presence(db: impl PgExecutor<'_>, fact: &PresenceFact) -> Result<ParticipantId, DbError> {
    let id = sqlx::query_scalar!(
        "insert into participants as p (id, meeting_id, instance_id, participant_sid, identity, name, joined_at,
                                        seen_at, told_left_at, leave_reason)
         values ($1, $2, $3, $4, $5, $6, $7::timestamptz, greatest($7, $8), $9, $10)
         on conflict (participant_sid) do update set
             name = case when excluded.name = '' then p.name else excluded.name end,
             joined_at = least(p.joined_at, excluded.joined_at),
             seen_at = greatest(p.seen_at, excluded.seen_at),
             told_left_at = least(p.told_left_at, excluded.told_left_at),
             leave_reason = coalesce(p.leave_reason, excluded.leave_reason),
             gone_at = case when p.gone_at > greatest(p.seen_at, excluded.seen_at) then p.gone_at end
         returning id",
        Uuid::new_v4(),
        fact.meeting_id.0,
        fact.instance_id.0,
        fact.participant_sid,
        fact.identity,
        fact.name,
        fact.joined_at,
        fact.seen_at,
        fact.left_at,
        fact.leave_reason,
    )
    .fetch_one(db)
    .await?;
    Ok(ParticipantId(id))
}

/// Notes that these rooms are gone, as was seen at `gone_at` by a listing that began at `asked_at`.
///
/// A room that was open after the listing began may have been too new for it, and is left alone.
pub async fn mark_instances_gone(
    db: impl PgExecutor<'_>,
    instances: &[Uuid],
    asked_at: DateTime<Utc>,
    gone_at: DateTime<Utc>,
) -> Result<(), DbError> {
    // Whoever was there after an earlier proof of absence has disproved it; it must not stand in the way of a new one.
    sqlx::query!(
        "update meeting_instances
         set gone_at = case when gone_at > alive_at then least(gone_at, $3) else $3 end
         where id = any($1) and alive_at < $2 and told_ended_at is null",
        instances,
        asked_at,
        gone_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that everybody in this instance but those with `there` as sids is gone; the times as above.
pub async fn mark_others_gone(
    db: impl PgExecutor<'_>,
    instance: InstanceId,
    there: &[String],
    asked_at: DateTime<Utc>,
    gone_at: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update participants set gone_at = least(gone_at, $4)
         where instance_id = $1 and participant_sid <> all($2) and seen_at < $3 and told_left_at is null",
        instance.0,
        there,
        asked_at,
        gone_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which rows new facts may have changed the ends of.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// Meetings whose open instances and present participants may be over.
    pub meetings: Vec<Uuid>,
    /// Instances about which something was told.
    pub instances: Vec<Uuid>,
}

/// Works out the ends of what was touched.
pub async fn settle(db: &mut PgConnection, touched: &Touched) -> Result<(), DbError> {
    settle_instances(&mut *db, touched).await?;
    settle_participants(&mut *db, touched).await?;
    settle_meetings(db, &touched.meetings).await
}

/// Works out the ends of instances.
///
/// - A told end holds, unless the room was open more than two seconds after it: times that LiveKit cuts to whole
///   seconds are compared with exact ones.
/// - A room's name belongs to one room at a time: the start of a later one proves that the earlier one is over.
/// - An end that nobody told is put at the last proof of life.
async fn settle_instances(db: impl PgExecutor<'_>, touched: &Touched) -> Result<(), DbError> {
    sqlx::query!(
        "with known as (
             select i.id,
                    i.started_at,
                    greatest(i.alive_at, (select max(p.seen_at) from participants p where p.instance_id = i.id)) as alive_at,
                    i.told_ended_at,
                    least(
                        i.gone_at,
                        (select min(later.started_at) from meeting_instances later
                         where later.meeting_id = i.meeting_id and later.started_at > i.started_at)
                    ) as gone_at
             from meeting_instances i
             where i.id = any($2) or (i.meeting_id = any($1) and i.ended_at is null)
         ), settled as (
             select id, alive_at, gone_at,
                    case
                        when told_ended_at + interval '2 seconds' >= alive_at then greatest(told_ended_at, started_at)
                        when gone_at > alive_at then alive_at
                    end as ended_at,
                    told_ended_at + interval '2 seconds' >= alive_at as told
             from known
         )
         update meeting_instances i
         set alive_at = s.alive_at,
             gone_at = s.gone_at,
             ended_at = s.ended_at,
             ended_inferred = s.ended_at is not null and s.told is not true
         from settled s
         where i.id = s.id
           and (i.alive_at, i.gone_at, i.ended_at, i.ended_inferred)
               is distinct from (s.alive_at, s.gone_at, s.ended_at, s.ended_at is not null and s.told is not true)",
        &touched.meetings,
        &touched.instances,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Works out who left.
///
/// - A told leave holds.
/// - An identity is in a room once: a later join proves that the earlier presence is over, and so does the end of the
///   instance.
/// - A leave that nobody told is put at the last proof of presence.
async fn settle_participants(db: impl PgExecutor<'_>, touched: &Touched) -> Result<(), DbError> {
    sqlx::query!(
        "with known as (
             select p.id, p.joined_at, p.seen_at, p.told_left_at,
                    least(
                        p.gone_at,
                        (select min(later.joined_at) from participants later
                         where later.instance_id = p.instance_id and later.identity = p.identity
                           and later.joined_at > p.joined_at),
                        case when i.ended_inferred then i.gone_at else i.ended_at end
                    ) as gone_at
             from participants p join meeting_instances i on i.id = p.instance_id
             where p.instance_id = any($2) or (p.meeting_id = any($1) and p.left_at is null)
         ), settled as (
             select id,
                    gone_at,
                    case
                        when told_left_at is not null then greatest(told_left_at, joined_at)
                        when gone_at is not null then greatest(joined_at, least(seen_at, gone_at))
                    end as left_at,
                    told_left_at is null and gone_at is not null as inferred
             from known
         )
         update participants p
         set gone_at = s.gone_at, left_at = s.left_at, left_inferred = s.inferred
         from settled s
         where p.id = s.id
           and (p.gone_at, p.left_at, p.left_inferred) is distinct from (s.gone_at, s.left_at, s.inferred)",
        &touched.meetings,
        &touched.instances,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Works out when these meetings' latest sitting ended; null while one is running.
async fn settle_meetings(db: impl PgExecutor<'_>, meetings: &[Uuid]) -> Result<(), DbError> {
    sqlx::query!(
        "update meetings m set ended_at = latest.ended_at
         from (
             select meeting_id,
                    case when bool_and(ended_at is not null) then max(ended_at) end as ended_at
             from meeting_instances where meeting_id = any($1) group by meeting_id
         ) latest
         where m.id = latest.meeting_id and m.ended_at is distinct from latest.ended_at",
        meetings,
    )
    .execute(db)
    .await?;
    Ok(())
}
