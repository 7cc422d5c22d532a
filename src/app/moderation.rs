//! Moderation: what hosts decide about who is in a running meeting. Our record decides, and LiveKit is told.

use tracing::info;

use crate::{
    db::{self, DbError},
    livekit::LivekitError,
    model::{
        id::{InstanceId, MeetingId},
        meeting::Meeting,
        participant::{Identity, RECORDER_IDENTITY_PREFIX},
        policy::MeetingRole,
    },
};

use super::{
    App,
    access::{Asker, Denied},
    audit::{self, Deed},
    presence::{self, RunError},
    recordings,
};

/// It was not done.
#[derive(Debug, thiserror::Error)]
pub enum ModerationError {
    #[error("nobody is meeting there now")]
    NotLive,
    #[error("there is no such participant or track in the meeting now")]
    NobodyThere,
    #[error("whose meeting it is cannot be removed from it, nor lose the role")]
    OwnersStay,
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Livekit(#[from] LivekitError),
    #[error(transparent)]
    Store(#[from] DbError),
}

impl From<Denied> for ModerationError {
    fn from(denied: Denied) -> Self {
        Self::Run(denied.into())
    }
}

/// A meeting and its running sitting, for somebody who may decide about it.
async fn running(app: &App, asker: &Asker, id: MeetingId) -> Result<(Meeting, InstanceId), ModerationError> {
    let (meeting, sitting) = presence::run_by(app, &asker.caller, id).await?;
    Ok((meeting, sitting.ok_or(ModerationError::NotLive)?))
}

/// Mutes somebody's track. They may unmute it themselves: a microphone is opened by nobody but its owner.
pub async fn mute(
    app: &App,
    asker: &Asker,
    meeting: MeetingId,
    (identity, track_sid): (&str, &str),
) -> Result<(), ModerationError> {
    let (meeting, _) = running(app, asker, meeting).await?;
    match app.livekit.mute_track(meeting.room_name.as_str(), identity, track_sid).await {
        Ok(()) => {}
        Err(LivekitError::NotFound) => return Err(ModerationError::NobodyThere),
        Err(err) => return Err(err.into()),
    }
    Ok(audit::note(app, &app.db, asker, Deed::to_participant("participant.muted", &meeting, identity)).await?)
}

/// Sends somebody out and keeps them out of this sitting: their identity, and with it a guest's ticket.
pub async fn remove(app: &App, asker: &Asker, meeting: MeetingId, identity: &str) -> Result<(), ModerationError> {
    let (meeting, sitting) = running(app, asker, meeting).await?;
    refuse_owner(&meeting, identity)?;
    if !could_be_there(identity) {
        return Err(ModerationError::NobodyThere);
    }

    // Barred first: whoever is sent out and comes back at once must find the door closed.
    let mut tx = app.begin().await.map_err(DbError::from)?;
    db::standings::bar(&mut *tx, sitting, identity, app.clock.now()).await?;
    audit::note(app, &mut *tx, asker, Deed::to_participant("participant.removed", &meeting, identity)).await?;
    tx.commit().await.map_err(DbError::from)?;
    app.doors.forget(&meeting.room_name);
    info!(meeting.id = %meeting.id, "removed a participant from `{}`", meeting.room_name);
    Ok(app.livekit.remove_participant(meeting.room_name.as_str(), identity).await?)
}

/// Gives somebody another role for this sitting.
pub async fn set_role(
    app: &App,
    asker: &Asker,
    meeting: MeetingId,
    (identity, role): (&str, MeetingRole),
) -> Result<(), ModerationError> {
    let (meeting, sitting) = running(app, asker, meeting).await?;
    refuse_owner(&meeting, identity)?;
    if !db::standings::was_present(&app.db, sitting, identity).await? {
        return Err(ModerationError::NobodyThere);
    }
    let mut tx = app.begin().await.map_err(DbError::from)?;
    db::standings::set_role(&mut *tx, sitting, identity, role, app.clock.now()).await?;
    let deed = Deed::to_participant("participant.role_changed", &meeting, identity).with("role", role.as_str());
    audit::note(app, &mut *tx, asker, deed).await?;
    tx.commit().await.map_err(DbError::from)?;
    app.doors.forget(&meeting.room_name);
    Ok(presence::update(app, &meeting.room_name, identity, role, &meeting.policy).await?)
}

/// Whether a meeting lets in who was not in it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Locked,
    Open,
}

/// Locks the sitting that is running, or opens it again; it opens by itself when it ends.
pub async fn set_lock(app: &App, asker: &Asker, meeting: MeetingId, lock: Lock) -> Result<(), ModerationError> {
    let (meeting, sitting) = running(app, asker, meeting).await?;
    let (locked_at, action) = match lock {
        Lock::Locked => (Some(app.clock.now()), "meeting.locked"),
        Lock::Open => (None, "meeting.unlocked"),
    };
    let mut tx = app.begin().await.map_err(DbError::from)?;
    db::standings::set_lock(&mut *tx, sitting, locked_at).await?;
    audit::note(app, &mut *tx, asker, Deed::to_meeting(action, &meeting)).await?;
    tx.commit().await.map_err(DbError::from)?;
    app.doors.forget(&meeting.room_name);

    // For those who are inside to see; that the door is closed does not depend on it.
    recordings::tell_room(app, meeting.id).await;
    Ok(())
}

/// Whether somebody can have that identity; the recorder is nobody.
fn could_be_there(identity: &str) -> bool {
    (1..=128).contains(&identity.len())
        && identity.bytes().all(|byte| byte.is_ascii_graphic())
        && !identity.starts_with(RECORDER_IDENTITY_PREFIX)
}

fn refuse_owner(meeting: &Meeting, identity: &str) -> Result<(), ModerationError> {
    let is_owner = meeting.host.is_some_and(|host| Identity::of_account(host).as_str() == identity);
    if is_owner { Err(ModerationError::OwnersStay) } else { Ok(()) }
}
