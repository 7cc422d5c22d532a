//! The operations that tell who was in a meeting.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        meetings::{self, Filter},
    },
    model::{
        id::{InstanceId, MeetingId},
        instance::Instance,
        participant::{Leave, Participant, is_guest_identity},
    },
};

use super::{
    api::Tag,
    caller::{May, ReadMeetings},
    failure::Failure,
    page,
};

/// One sitting of a meeting
#[derive(Debug, Object)]
#[oai(rename = "Instance", skip_serializing_if_is_none)]
pub struct InstanceView {
    pub id: Uuid,
    /// LiveKit's id of the room.
    pub room_sid: String,
    pub started_at: DateTime<Utc>,
    /// Absent while it is running.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether the end was worked out because the media server did not tell it.
    pub ended_inferred: bool,
}

/// A page of instances
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct InstancePage {
    pub items: Vec<InstanceView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// Somebody's stay in a sitting, under one identity; who leaves and comes back has two
#[derive(Debug, Object)]
#[oai(rename = "Participant", skip_serializing_if_is_none)]
pub struct ParticipantView {
    pub id: Uuid,
    /// The sitting.
    pub instance_id: Uuid,
    /// Who they were to the media server.
    pub identity: String,
    /// What they called themselves.
    pub name: String,
    /// Whether they came without an account, so that nobody has checked the name.
    pub guest: bool,
    pub joined_at: DateTime<Utc>,
    /// Absent while they are there.
    pub left_at: Option<DateTime<Utc>>,
    /// Whether they are there now.
    pub present: bool,
    /// Whether the leave was worked out because the media server did not tell it.
    pub left_inferred: bool,
    /// For an inferred leave: when they were last known to be there.
    pub left_after: Option<DateTime<Utc>>,
    /// For an inferred leave: when they were known to be gone.
    pub left_before: Option<DateTime<Utc>>,
    /// The media server's reason, such as `CLIENT_INITIATED`.
    pub leave_reason: Option<String>,
}

/// A page of participants
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ParticipantPage {
    pub items: Vec<ParticipantView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// The operations.
pub struct ParticipantsApi;

#[OpenApi(prefix_path = "/meetings", tag = "Tag::Meetings")]
impl ParticipantsApi {
    /// List the sittings of a meeting, the newest first
    #[oai(path = "/:meeting_id/instances", method = "get", operation_id = "list_instances")]
    async fn instances(
        &self,
        app: Data<&App>,
        caller: May<ReadMeetings>,
        meeting_id: Path<Uuid>,
        /// How many instances a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<InstancePage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let page = meetings::list_instances(&app, &caller.0.caller, MeetingId(meeting_id.0), after, limit).await?;
        Ok(Json(InstancePage {
            items: page.items.into_iter().map(instance).collect(),
            next_cursor: page.next.as_ref().map(page::encode),
        }))
    }

    /// List who was in a meeting, in the order in which they joined
    #[oai(path = "/:meeting_id/participants", method = "get", operation_id = "list_participants")]
    async fn participants(
        &self,
        app: Data<&App>,
        caller: May<ReadMeetings>,
        meeting_id: Path<Uuid>,
        /// Only those of this sitting.
        instance: Query<Option<Uuid>>,
        /// Only those who are there now (`true`), or only those who left (`false`).
        present: Query<Option<bool>>,
        /// How many participants a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ParticipantPage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let filter = Filter { instance: instance.0.map(InstanceId), present: present.0 };
        let page =
            meetings::list_participants(&app, &caller.0.caller, MeetingId(meeting_id.0), filter, after, limit).await?;
        Ok(Json(ParticipantPage {
            items: page.items.into_iter().map(participant).collect(),
            next_cursor: page.next.as_ref().map(page::encode),
        }))
    }
}

fn instance(instance: Instance) -> InstanceView {
    InstanceView {
        id: instance.id.0,
        room_sid: instance.room_sid,
        started_at: instance.started_at,
        ended_at: instance.ended_at,
        ended_inferred: instance.ended_inferred,
    }
}

fn participant(participant: Participant) -> ParticipantView {
    let mut view = ParticipantView {
        id: participant.id.0,
        instance_id: participant.instance_id.0,
        guest: is_guest_identity(&participant.identity),
        identity: participant.identity,
        name: participant.name,
        joined_at: participant.joined_at,
        left_at: None,
        present: false,
        left_inferred: false,
        left_after: None,
        left_before: None,
        leave_reason: None,
    };
    match participant.leave {
        Leave::Present => view.present = true,
        Leave::Told { at, reason } => {
            view.left_at = Some(at);
            view.leave_reason = reason;
        }
        Leave::Inferred { after, before } => {
            view.left_at = Some(after);
            view.left_inferred = true;
            view.left_after = Some(after);
            view.left_before = Some(before);
        }
    }
    view
}
