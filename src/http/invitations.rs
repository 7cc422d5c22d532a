//! The operations on invitations.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        invitations::{self, NewInvitation},
    },
    model::{
        id::{InvitationId, MeetingId},
        invitation::Invitation,
    },
};

use super::{
    api::Tag,
    caller::{May, ReadMeetings, WriteMeetings},
    failure::Failure,
    page,
    policy_views::MeetingRoleView,
};

/// What a new invitation shall be like
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct InvitationRequest {
    /// In which role it lets people in.
    role: MeetingRoleView,
    /// For whom or what it is, in your words.
    #[oai(validator(max_length = 200))]
    label: Option<String>,
    /// When it ends; never when nothing is said.
    expires_at: Option<DateTime<Utc>>,
    /// How many different people may use it; any number when nothing is said.
    #[oai(validator(minimum(value = "1"), maximum(value = "100000")))]
    max_uses: Option<u32>,
}

/// A link that lets somebody into a meeting, without its secret
#[derive(Debug, Object)]
#[oai(rename = "Invitation", skip_serializing_if_is_none)]
pub struct InvitationView {
    pub id: Uuid,
    pub role: MeetingRoleView,
    pub label: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_uses: Option<u32>,
    /// How many different people have used it.
    pub uses: u32,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// An invitation that was just made
#[derive(Debug, Object)]
pub struct NewInvitationView {
    pub invitation: InvitationView,
    /// Its secret, which is told only now.
    pub secret: String,
    /// The link's path, with the secret behind the `#`: put the address of the web app before it.
    pub path: String,
}

/// A page of invitations
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct InvitationPage {
    pub items: Vec<InvitationView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// The invitation that was made
#[derive(ApiResponse)]
pub enum Created {
    /// The invitation.
    #[oai(status = 201)]
    Created(Json<NewInvitationView>),
}

/// An invitation opens nothing any more
#[derive(ApiResponse)]
pub enum Revoked {
    /// It was taken back.
    #[oai(status = 204)]
    Revoked,
}

/// The operations.
pub struct InvitationsApi;

#[OpenApi(prefix_path = "/meetings", tag = "Tag::Meetings")]
impl InvitationsApi {
    /// List the invitations to a meeting, the newest first
    #[oai(path = "/:meeting_id/invitations", method = "get", operation_id = "list_invitations")]
    async fn list(
        &self,
        app: Data<&App>,
        caller: May<ReadMeetings>,
        meeting_id: Path<Uuid>,
        /// How many invitations a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<InvitationPage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let page = invitations::list(&app, &caller.0.caller, MeetingId(meeting_id.0), after, limit).await?;
        Ok(Json(InvitationPage {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.as_ref().map(page::encode),
        }))
    }

    /// Invite somebody to a meeting
    #[oai(path = "/:meeting_id/invitations", method = "post", operation_id = "create_invitation")]
    async fn create(
        &self,
        app: Data<&App>,
        caller: May<WriteMeetings>,
        meeting_id: Path<Uuid>,
        body: Json<InvitationRequest>,
    ) -> Result<Created, Failure> {
        let InvitationRequest { role, label, expires_at, max_uses } = body.0;
        let wish = NewInvitation { role: role.into(), label: label.unwrap_or_default(), expires_at, max_uses };
        let made = invitations::create(&app, &caller.0, MeetingId(meeting_id.0), wish).await?;
        let secret = made.secret.expose().to_owned();
        Ok(Created::Created(Json(NewInvitationView {
            path: format!("/m/{}#invitation={secret}", made.room_name),
            invitation: view(made.invitation),
            secret,
        })))
    }

    /// Take an invitation back
    #[oai(path = "/:meeting_id/invitations/:invitation_id", method = "delete", operation_id = "revoke_invitation")]
    async fn revoke(
        &self,
        app: Data<&App>,
        caller: May<WriteMeetings>,
        meeting_id: Path<Uuid>,
        invitation_id: Path<Uuid>,
    ) -> Result<Revoked, Failure> {
        let (meeting, id) = (MeetingId(meeting_id.0), InvitationId(invitation_id.0));
        invitations::revoke(&app, &caller.0, meeting, id).await?;
        Ok(Revoked::Revoked)
    }
}

fn view(invitation: Invitation) -> InvitationView {
    InvitationView {
        id: invitation.id.0,
        role: invitation.role.into(),
        label: invitation.label,
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
        max_uses: invitation.max_uses,
        uses: invitation.uses,
        revoked_at: invitation.revoked_at,
    }
}
