//! The doors of meetings: all that decides who comes in, read at once.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::model::{
    id::{AccountId, InstanceId, MeetingId},
    meeting::Title,
    policy::{MeetingRole, Policy},
    room_name::RoomName,
};

use super::{DbError, error::unreadable, meetings, tickets};

/// What decides who comes into a meeting.
#[derive(Clone, Debug)]
pub struct Door {
    pub meeting_id: MeetingId,
    pub title: Option<Title>,
    pub host: Option<AccountId>,
    pub policy: Policy,
    pub passcode_hash: Option<String>,
    /// Whether each sitting is recorded as soon as somebody is in it.
    pub auto_record: bool,
    /// Since when it is being recorded.
    pub recorded_since: Option<DateTime<Utc>>,
    /// The sitting that is running.
    pub sitting: Option<Sitting>,
}

/// What was decided in the sitting that is running.
#[derive(Clone, Debug)]
pub struct Sitting {
    pub id: InstanceId,
    pub locked_at: Option<DateTime<Utc>>,
    /// The identities that are kept out.
    pub barred: HashSet<String>,
    /// The roles that differ from those people came with.
    pub roles: HashMap<String, MeetingRole>,
}

/// The meeting with that room name, as far as its door goes; the sitting is looked up apart ([`sitting`]).
pub async fn find(db: impl PgExecutor<'_>, room_name: &RoomName) -> Result<Option<Door>, DbError> {
    let row = sqlx::query!(
        "select id, title, host_account_id, access, lobby, passcode_hash, speaker_sources, viewer_sources, auto_record,
                (select coalesce(r.started_at, r.requested_at) from recordings r
                 where r.meeting_id = m.id and r.status in ('starting', 'active')) as recorded_since
         from meetings m where room_name = $1",
        room_name.as_str(),
    )
    .fetch_optional(db)
    .await?;

    row.map(|row| {
        Ok(Door {
            meeting_id: MeetingId(row.id),
            title: row.title.as_deref().map(Title::parse).transpose().map_err(unreadable)?,
            host: row.host_account_id.map(AccountId),
            policy: meetings::policy(&row.access, &row.lobby, &row.speaker_sources, &row.viewer_sources)?,
            passcode_hash: row.passcode_hash,
            auto_record: row.auto_record,
            recorded_since: row.recorded_since,
            sitting: None,
        })
    })
    .transpose()
}

/// The sitting of a meeting that is running, the latest if there are several, with what was decided in it.
pub async fn sitting(db: impl PgExecutor<'_>, meeting: MeetingId) -> Result<Option<Sitting>, DbError> {
    let row = sqlx::query!(
        "select i.id, i.locked_at,
                array(select s.identity from standings s where s.instance_id = i.id and s.barred_at is not null)
                    as \"barred!\",
                array(select s.identity from standings s where s.instance_id = i.id and s.role is not null
                      order by s.identity) as \"identities!\",
                array(select s.role from standings s where s.instance_id = i.id and s.role is not null
                      order by s.identity) as \"roles!\"
         from meeting_instances i
         where i.meeting_id = $1 and i.ended_at is null order by i.started_at desc limit 1",
        meeting.0,
    )
    .fetch_optional(db)
    .await?;

    row.map(|row| {
        let roles = row.identities.into_iter().zip(row.roles);
        let roles = roles.map(|(identity, role)| Ok((identity, tickets::role(&role)?)));
        Ok(Sitting {
            id: InstanceId(row.id),
            locked_at: row.locked_at,
            barred: row.barred.into_iter().collect(),
            roles: roles.collect::<Result<_, DbError>>()?,
        })
    })
    .transpose()
}
