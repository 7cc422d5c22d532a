//! Standings: what was decided about identities in one sitting, and whom that concerns who is there.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    id::{AccountId, InstanceId, MeetingId},
    policy::{MeetingRole, Policy},
    room_name::RoomName,
};

use super::{DbError, error::unreadable, meetings, tickets};

/// The sitting of a meeting that is running, the latest if there are several.
pub async fn running(db: impl PgExecutor<'_>, meeting: MeetingId) -> Result<Option<InstanceId>, DbError> {
    let id = sqlx::query_scalar!(
        "select id from meeting_instances where meeting_id = $1 and ended_at is null order by started_at desc limit 1",
        meeting.0,
    );
    Ok(id.fetch_optional(db).await?.map(InstanceId))
}

/// Keeps an identity out of a sitting from now on.
pub async fn bar(
    db: impl PgExecutor<'_>,
    instance: InstanceId,
    identity: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into standings (instance_id, identity, barred_at, decided_at) values ($1, $2, $3, $3)
         on conflict (instance_id, identity) do update set barred_at = $3, decided_at = $3",
        instance.0,
        identity,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives an identity another role in a sitting.
pub async fn set_role(
    db: impl PgExecutor<'_>,
    instance: InstanceId,
    identity: &str,
    role: MeetingRole,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into standings (instance_id, identity, role, decided_at) values ($1, $2, $3, $4)
         on conflict (instance_id, identity) do update set role = $3, decided_at = $4",
        instance.0,
        identity,
        role.as_str(),
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks a sitting, or opens it again with none.
pub async fn set_lock(
    db: impl PgExecutor<'_>,
    instance: InstanceId,
    locked_at: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    // Locking twice keeps the first moment: who came in between was let in.
    sqlx::query!(
        "update meeting_instances
         set locked_at = case when $2::timestamptz is null then null else coalesce(locked_at, $2) end where id = $1",
        instance.0,
        locked_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the identity was in that sitting.
pub async fn was_present(db: impl PgExecutor<'_>, instance: InstanceId, identity: &str) -> Result<bool, DbError> {
    let was = sqlx::query_scalar!(
        "select exists (select from participants where instance_id = $1 and identity = $2) as \"was!\"",
        instance.0,
        identity,
    );
    Ok(was.fetch_one(db).await?)
}

/// Whether the identity was in that sitting before it was locked. Whoever got in during a lock with an old token, and was
/// sent out, was not inside, whatever was unlocked and locked since.
pub async fn was_inside_at_lock(
    db: impl PgExecutor<'_>,
    instance: InstanceId,
    identity: &str,
) -> Result<bool, DbError> {
    let was = sqlx::query_scalar!(
        "select exists (
             select from participants p join meeting_instances i on i.id = p.instance_id
             where p.instance_id = $1 and p.identity = $2 and p.joined_at <= i.locked_at
               and p.leave_reason is distinct from 'PARTICIPANT_REMOVED'
         ) as \"was!\"",
        instance.0,
        identity,
    );
    Ok(was.fetch_one(db).await?)
}

/// What was decided about an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub barred: bool,
    pub role: Option<MeetingRole>,
}

/// What was decided about an identity in that sitting, if anything was.
pub async fn get(db: impl PgExecutor<'_>, instance: InstanceId, identity: &str) -> Result<Option<Standing>, DbError> {
    let row = sqlx::query!(
        "select barred_at is not null as \"barred!\", role from standings where instance_id = $1 and identity = $2",
        instance.0,
        identity,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let role = row.role.as_deref().map(tickets::role).transpose()?;
        Ok(Standing { barred: row.barred, role })
    })
    .transpose()
}

/// The roles that were decided in that sitting, by identity.
pub async fn roles(db: impl PgExecutor<'_>, instance: InstanceId) -> Result<HashMap<String, MeetingRole>, DbError> {
    let rows = sqlx::query!(
        "select identity, role as \"role!\" from standings where instance_id = $1 and role is not null",
        instance.0,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| Ok((row.identity, tickets::role(&row.role)?))).collect()
}

/// Which sittings are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that are running.
    Running,
    /// Those in which not everybody may do what they came with: a role was decided, or the policy is not the usual one.
    Narrowed,
}

/// Those of the meetings that have such a sitting, with their policies.
pub async fn list_policies(
    db: impl PgExecutor<'_>,
    meetings: &[Uuid],
    which: Which,
) -> Result<Vec<(MeetingId, RoomName, Policy)>, DbError> {
    let rows = sqlx::query!(
        "select id, room_name, access, lobby, speaker_sources, viewer_sources from meetings m
         where id = any($1)
           and exists (select from meeting_instances i where i.meeting_id = m.id and i.ended_at is null)
           and ($2 or cardinality(speaker_sources) < 4 or cardinality(viewer_sources) > 0 or exists (
               select from meeting_instances i join standings s on s.instance_id = i.id
               where i.meeting_id = m.id and i.ended_at is null and s.role is not null
           ))",
        meetings,
        which == Which::Running,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let policy = meetings::policy(&row.access, &row.lobby, &row.speaker_sources, &row.viewer_sources)?;
            Ok((MeetingId(row.id), RoomName::parse(&row.room_name).map_err(unreadable)?, policy))
        })
        .collect()
}

/// Somebody who is in a sitting and may not be, or not as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concerned {
    pub meeting_id: MeetingId,
    pub room_name: String,
    pub identity: String,
    pub barred: bool,
    /// They came first after the sitting was locked.
    pub locked_out: bool,
    /// The role that was decided for them.
    pub role: Option<MeetingRole>,
    /// Whose meeting it is.
    pub host: Option<AccountId>,
}

/// Those who are present and concerned by a decision: all of the running sittings of those meetings.
pub async fn list_concerned(db: impl PgExecutor<'_>, meetings: &[Uuid]) -> Result<Vec<Concerned>, DbError> {
    let rows = sqlx::query!(
        "select p.meeting_id, m.room_name, p.identity, s.role, m.host_account_id,
                s.barred_at is not null as \"barred!\",
                coalesce(i.locked_at < (
                    select min(f.joined_at) from participants f
                    where f.instance_id = p.instance_id and f.identity = p.identity
                      and f.leave_reason is distinct from 'PARTICIPANT_REMOVED'
                ), false) as \"locked_out!\"
         from participants p
         join meeting_instances i on i.id = p.instance_id
         join meetings m on m.id = p.meeting_id
         left join standings s on s.instance_id = p.instance_id and s.identity = p.identity
         where p.meeting_id = any($1) and p.left_at is null and i.ended_at is null
           and (s.barred_at is not null or s.role is not null or i.locked_at is not null)",
        meetings,
    )
    .fetch_all(db)
    .await?;

    rows.into_iter()
        .map(|row| {
            Ok(Concerned {
                meeting_id: MeetingId(row.meeting_id),
                room_name: row.room_name,
                identity: row.identity,
                barred: row.barred,
                locked_out: row.locked_out,
                role: row.role.as_deref().map(tickets::role).transpose()?,
                host: row.host_account_id.map(AccountId),
            })
        })
        .collect()
}

/// What everybody in a meeting's room is to know.
#[derive(Clone, Debug)]
pub struct Notice {
    pub room_name: RoomName,
    pub locked: bool,
    /// Since when it is recorded.
    pub recorded_since: Option<DateTime<Utc>>,
}

/// What everybody in a meeting's room is to know; none when there is no such meeting.
pub async fn notice(db: impl PgExecutor<'_>, meeting: MeetingId) -> Result<Option<Notice>, DbError> {
    let notice = sqlx::query!(
        "select m.room_name,
                exists (
                    select from meeting_instances i
                    where i.meeting_id = m.id and i.ended_at is null and i.locked_at is not null
                ) as \"locked!\",
                (
                    select coalesce(r.started_at, r.requested_at) from recordings r
                    where r.meeting_id = m.id and r.status in ('starting', 'active')
                ) as recorded_since
         from meetings m where m.id = $1",
        meeting.0,
    );
    let notice = notice.fetch_optional(db).await?.map(|row| {
        let room_name = RoomName::parse(&row.room_name).map_err(unreadable)?;
        Ok(Notice { room_name, locked: row.locked, recorded_since: row.recorded_since })
    });
    notice.transpose()
}
