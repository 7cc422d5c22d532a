//! The operations with which hosts decide about who is in a running meeting.

use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    app::{
        App,
        moderation::{self, Lock},
    },
    model::{id::MeetingId, policy::MeetingRole},
};

use super::{
    api::Tag,
    caller::{May, RunMeetings},
    failure::Failure,
    policy_views::MeetingRoleView,
};

/// Which track
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct MuteRequest {
    /// LiveKit's id of the track.
    #[oai(validator(min_length = 1, max_length = 128))]
    track_sid: String,
}

/// What somebody shall be in the sitting that is running
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct RoleRequest {
    role: MeetingRoleView,
}

/// Whether a meeting is locked
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct LockRequest {
    /// Whether nobody comes in who was not in before; until it is unlocked or the sitting ends.
    locked: bool,
}

/// It was done
#[derive(ApiResponse)]
pub enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

/// The operations.
pub struct ModerationApi;

#[OpenApi(prefix_path = "/meetings", tag = "Tag::Moderation")]
impl ModerationApi {
    /// Mute somebody's track
    ///
    /// They may unmute it themselves.
    #[oai(path = "/:meeting_id/participants/:identity/mute", method = "post", operation_id = "mute_participant")]
    async fn mute(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
        identity: Path<String>,
        body: Json<MuteRequest>,
    ) -> Result<Done, Failure> {
        moderation::mute(&app, &caller.0, MeetingId(meeting_id.0), (&identity, &body.track_sid)).await?;
        Ok(Done::Done)
    }

    /// Remove somebody and keep them out
    ///
    /// Until the sitting ends they cannot come back, neither with a new token nor with the old one.
    #[oai(path = "/:meeting_id/participants/:identity", method = "delete", operation_id = "remove_participant")]
    async fn remove(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
        identity: Path<String>,
    ) -> Result<Done, Failure> {
        moderation::remove(&app, &caller.0, MeetingId(meeting_id.0), &identity).await?;
        Ok(Done::Done)
    }

    /// Give somebody another role
    ///
    /// For the sitting that is running; what they may publish follows at once.
    #[oai(path = "/:meeting_id/participants/:identity", method = "patch", operation_id = "change_participant")]
    async fn set_role(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
        identity: Path<String>,
        body: Json<RoleRequest>,
    ) -> Result<Done, Failure> {
        let role = MeetingRole::from(body.role);
        moderation::set_role(&app, &caller.0, MeetingId(meeting_id.0), (&identity, role)).await?;
        Ok(Done::Done)
    }

    /// Lock or unlock the sitting that is running
    #[oai(path = "/:meeting_id/lock", method = "put", operation_id = "lock_meeting")]
    async fn lock(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
        body: Json<LockRequest>,
    ) -> Result<Done, Failure> {
        let lock = if body.locked { Lock::Locked } else { Lock::Open };
        moderation::set_lock(&app, &caller.0, MeetingId(meeting_id.0), lock).await?;
        Ok(Done::Done)
    }
}
