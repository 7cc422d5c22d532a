//! Invitations: made, listed, taken back. Using one is part of arriving (`arrival.rs`).

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    db::{self, DbError},
    model::{
        credential::{Credential, CredentialKind},
        id::{InvitationId, MeetingId},
        invitation::Invitation,
        page::{Cursor, Limit, Page},
        policy::MeetingRole,
        room_name::RoomName,
    },
};

use super::{
    App,
    access::{Asker, Caller},
    audit::{self, Deed},
    credentials,
    meetings::{MeetingError, get_meeting},
};

/// What a new invitation shall be like.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    pub role: MeetingRole,
    /// At most 200 characters.
    pub label: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<u32>,
}

/// What was asked about an invitation cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    #[error("there is no such invitation, or it was taken back already")]
    NotFound,
    #[error("an invitation expires later than now")]
    ExpiresInPast,
    #[error("a label has at most 200 characters and no control characters")]
    Label,
    #[error(transparent)]
    Meeting(#[from] MeetingError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// An invitation that was just made, with its secret, which is told only now.
pub struct Made {
    pub invitation: Invitation,
    pub secret: Credential,
    pub room_name: RoomName,
}

/// Makes an invitation.
pub async fn create(
    app: &App,
    asker: &Asker,
    meeting: MeetingId,
    wish: NewInvitation,
) -> Result<Made, InvitationError> {
    let meeting = get_meeting(app, &asker.caller, meeting).await?;
    let now = app.clock.now();
    let label = wish.label.trim();
    if label.chars().count() > 200 || label.chars().any(char::is_control) {
        return Err(InvitationError::Label);
    }
    if wish.expires_at.is_some_and(|end| end <= now) {
        return Err(InvitationError::ExpiresInPast);
    }
    let secret = credentials::make(CredentialKind::Invitation);
    let invitation = Invitation {
        id: InvitationId(Uuid::new_v4()),
        meeting_id: meeting.id,
        role: wish.role,
        label: label.to_owned(),
        created_at: now,
        expires_at: wish.expires_at,
        max_uses: wish.max_uses,
        uses: 0,
        revoked_at: None,
    };
    let mut tx = app.begin().await.map_err(DbError::from)?;
    db::invitations::insert(&mut *tx, &invitation, secret.hash()).await?;
    let deed = Deed { meeting: Some(meeting.id), ..Deed::to("invitation.created", "invitation", invitation.id, "") };
    audit::note(app, &mut *tx, asker, deed.with("role", wish.role.as_str())).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(Made { invitation, secret, room_name: meeting.room_name })
}

/// The invitations to a meeting, the newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    meeting: MeetingId,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Invitation>, InvitationError> {
    let meeting = get_meeting(app, caller, meeting).await?;
    let invitations = db::invitations::list(&app.db, meeting.id, after, limit).await?;
    Ok(Page::cut(invitations, limit, |one| Cursor { at: one.created_at, id: one.id.0 }))
}

/// Takes an invitation back. Who came in with it before may come back.
pub async fn revoke(app: &App, asker: &Asker, meeting: MeetingId, id: InvitationId) -> Result<(), InvitationError> {
    let meeting = get_meeting(app, &asker.caller, meeting).await?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    if !db::invitations::revoke(&mut *tx, meeting.id, id, app.clock.now()).await? {
        return Err(InvitationError::NotFound);
    }
    let deed = Deed { meeting: Some(meeting.id), ..Deed::to("invitation.revoked", "invitation", id, "") };
    audit::note(app, &mut *tx, asker, deed).await?;
    tx.commit().await.map_err(DbError::from)?;
    Ok(())
}
