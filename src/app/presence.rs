//! Who is in a running meeting: that they may be there and do no more than they may, and who decides about them.

use std::collections::HashMap;

use futures_util::future::join_all;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    db::{
        self, DbError,
        standings::{Concerned, Which},
    },
    livekit::{LivekitError, rooms::Present},
    model::{
        id::{InstanceId, MeetingId},
        meeting::Meeting,
        participant::Identity,
        policy::{MeetingRole, Policy},
        room_name::RoomName,
        ticket::TicketState,
    },
};

use super::{
    App,
    access::{self, Caller, Denied},
    meetings::MeetingError,
};

/// How many participants are told their permissions at once.
const AT_ONCE: usize = 16;

/// Somebody may not decide about a running meeting.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("there is no such meeting")]
    NotFound,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] DbError),
}

impl From<RunError> for MeetingError {
    fn from(err: RunError) -> Self {
        match err {
            RunError::NotFound => Self::NotFound,
            RunError::Denied(denied) => Self::Denied(denied),
            RunError::Store(err) => Self::Store(err),
        }
    }
}

/// The meeting and the sitting that is running, for somebody who may decide about it: whose meeting it is, an
/// administrator, a key that reaches it, and whoever is a host in the sitting.
pub(super) async fn run_by(
    app: &App,
    caller: &Caller,
    id: MeetingId,
) -> Result<(Meeting, Option<InstanceId>), RunError> {
    let meeting = db::meetings::get(&app.db, id).await?.ok_or(RunError::NotFound)?;
    let sitting = db::standings::running(&app.db, id).await?;
    if caller.reach().covers(meeting.host) {
        return Ok((meeting, sitting));
    }
    let role = role_in_sitting(app, caller, &meeting, sitting).await?;
    if access::runs(caller, id, meeting.host, role) {
        return Ok((meeting, sitting));
    }
    // Whoever is in the meeting knows that it is there.
    match role {
        Some(_) => Err(Denied::HostsOnly.into()),
        None => Err(RunError::NotFound),
    }
}

/// The role of somebody who is neither the meeting's host nor an administrator; none when they have no place in it.
async fn role_in_sitting(
    app: &App,
    caller: &Caller,
    meeting: &Meeting,
    sitting: Option<InstanceId>,
) -> Result<Option<MeetingRole>, DbError> {
    let now = app.clock.now();
    let ticket = match caller {
        Caller::Nobody | Caller::Key(_) => return Ok(None),
        Caller::Guest(ticket) => Some(ticket.clone()),
        Caller::Account(holder) => {
            let identity = Identity::of_account(holder.account_id);
            db::tickets::find_of(&app.db, meeting.id, identity.as_str()).await?
        }
    };
    let identity = match (caller, &ticket) {
        (Caller::Account(holder), _) => Identity::of_account(holder.account_id).as_str().to_owned(),
        (_, Some(ticket)) if ticket.meeting_id == meeting.id => ticket.identity.clone(),
        _ => return Ok(None),
    };
    let standing = match sitting {
        Some(sitting) => db::standings::get(&app.db, sitting, &identity).await?,
        None => None,
    };
    if standing.as_ref().is_some_and(|standing| standing.barred) {
        return Ok(None);
    }
    let came_with = ticket.filter(|ticket| ticket.state == TicketState::Admitted && ticket.is_good(now));
    Ok(standing.and_then(|standing| standing.role).or(came_with.map(|ticket| ticket.role)))
}

/// Sends out who may not be in those meetings, and gives everybody the permissions that they should have. Whoever cannot
/// be reached is told again at the next comparison.
pub async fn enforce(app: &App, meetings: &[Uuid], which: Which) {
    if meetings.is_empty() {
        return;
    }
    let concerned = match db::standings::list_concerned(&app.db, meetings).await {
        Ok(concerned) => concerned,
        Err(err) => {
            warn!(error = crate::telemetry::chain(&err), "cannot read who may not be where; trying again later");
            return;
        }
    };
    for one in &concerned {
        if !one.barred && !is_locked_out(app, one).await {
            continue;
        }
        match app.livekit.remove_participant(&one.room_name, &one.identity).await {
            Ok(()) => info!(meeting.id = %one.meeting_id, "sent out somebody who came back to where they may not be"),
            Err(err) => warn!(meeting.id = %one.meeting_id, error = %err, "cannot send somebody out"),
        }
    }
    let policies = match db::standings::list_policies(&app.db, meetings, which).await {
        Ok(policies) => policies,
        Err(err) => {
            warn!(error = crate::telemetry::chain(&err), "cannot read who may do what; trying again later");
            return;
        }
    };
    for (id, room_name, policy) in policies {
        apply_policy(app, id, &room_name, &policy).await;
    }
}

/// Whether the lock should have kept somebody out. Hosts come in, and whoever was given a role in the sitting was let in.
async fn is_locked_out(app: &App, one: &Concerned) -> bool {
    let is_owner = one.host.is_some_and(|host| Identity::of_account(host).as_str() == one.identity);
    if !one.locked_out || one.role.is_some() || is_owner {
        return false;
    }
    // A host may come with a token from before the lock; the role in their attributes is ours and not theirs.
    match app.livekit.list_present(&one.room_name).await {
        Ok(present) => !present.iter().any(|it| it.identity == one.identity && it.role == Some(MeetingRole::Host)),
        Err(err) => {
            warn!(meeting.id = %one.meeting_id, error = %err, "cannot look who came into a locked meeting");
            false
        }
    }
}

/// Gives everybody in a meeting the permissions of their role, as far as they have others.
pub(super) async fn apply_policy(app: &App, meeting: MeetingId, room_name: &RoomName, policy: &Policy) {
    if let Err(err) = try_to_apply(app, meeting, room_name, policy).await {
        warn!(meeting.id = %meeting, error = err, "cannot tell everybody what they may do; trying again later");
    }
}

async fn try_to_apply(app: &App, meeting: MeetingId, room_name: &RoomName, policy: &Policy) -> Result<(), String> {
    let describe = |err: DbError| crate::telemetry::chain(&err);
    let roles = match db::standings::running(&app.db, meeting).await.map_err(describe)? {
        Some(sitting) => db::standings::roles(&app.db, sitting).await.map_err(describe)?,
        None => return Ok(()),
    };
    let present = app.livekit.list_present(room_name.as_str()).await.map_err(|err| err.to_string())?;
    let updates = present.iter().filter_map(|one| update_for(one, &roles, policy)).collect::<Vec<_>>();
    // One who cannot be reached, such as whom a killed LiveKit left in its list, must not keep the others from theirs.
    let mut failed = None;
    for some in updates.chunks(AT_ONCE) {
        let told = some.iter().map(|(identity, role)| update(app, room_name, identity, *role, policy));
        failed = join_all(told).await.into_iter().find_map(Result::err).or(failed);
    }
    failed.map_or(Ok(()), |err| Err(err.to_string()))
}

/// The role whose permissions somebody should have, where they have others.
fn update_for(one: &Present, roles: &HashMap<String, MeetingRole>, policy: &Policy) -> Option<(String, MeetingRole)> {
    let role = roles.get(&one.identity).copied().or(one.role)?;
    let fits = one.role == Some(role) && one.may_publish == policy.sources_of(role);
    (!fits).then(|| (one.identity.clone(), role))
}

/// Gives somebody a role's permissions, and the attribute that shows it.
pub(super) async fn update(
    app: &App,
    room_name: &RoomName,
    identity: &str,
    role: MeetingRole,
    policy: &Policy,
) -> Result<(), LivekitError> {
    let sources = policy.sources_of(role);
    match app.livekit.update_participant(room_name.as_str(), identity, role, &sources).await {
        // They left meanwhile.
        Err(LivekitError::NotFound) => Ok(()),
        outcome => outcome,
    }
}
