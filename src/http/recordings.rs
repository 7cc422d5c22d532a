//! The operations on recordings. Their files are handed out in `media.rs`.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        recordings::{self, Begun, Order, Wanted, Which, Wish},
    },
    model::{
        id::{MeetingId, RecordingId},
        recording::Status,
        room_name::RoomName,
    },
};

use super::{
    api::Tag,
    caller::{May, ReadRecordings, Record, WriteRecordings},
    failure::Failure,
    page,
    recording_views::{
        HoldRequest, RecordingPage, RecordingSlots, RecordingView, RemovedView, StartRequest, StatusView, StopRequest,
        page_view, view,
    },
};

/// Which of two recordings comes first
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "RecordingOrder", rename_all = "snake_case")]
pub enum OrderView {
    NewestFirst,
    OldestFirst,
}

/// A recording that was asked for
#[derive(Debug, ApiResponse)]
pub enum Started {
    /// A recorder took it on.
    #[oai(status = 201)]
    Now(
        Json<RecordingView>,
        /// Where the recording is.
        #[oai(header = "Location")]
        String,
    ),
    /// A request with this `Idempotency-Key` began it before.
    #[oai(status = 200)]
    Before(Json<RecordingView>),
}

/// The operations.
pub struct RecordingsApi;

#[OpenApi(prefix_path = "/recordings", tag = "Tag::Recordings")]
impl RecordingsApi {
    /// Start a recording
    ///
    /// Answers once a recorder took it on, which may take half a minute when none does. It records as soon as somebody is to
    /// be seen or heard. A meeting is recorded once at a time: a second start is refused and names the first.
    #[oai(path = "/start", method = "post", operation_id = "start_recording")]
    async fn start(
        &self,
        app: Data<&App>,
        caller: May<Record>,
        /// 1 to 128 characters of your own; asking again with the same answers with the same recording.
        #[oai(name = "Idempotency-Key")]
        idempotency_key: Header<Option<String>>,
        body: Json<StartRequest>,
    ) -> Result<Started, Failure> {
        let wish = Wish {
            shape: body.shape()?,
            room_name: body.0.room_name.0,
            idempotency_key: idempotency_key.0.map(read_key).transpose()?,
        };
        Ok(match recordings::start(&app, &caller.0, &wish).await? {
            Begun::Now(recording) => {
                Started::Now(Json(view(&recording, None)), format!("/recordings/{}", recording.id))
            }
            Begun::Before(recording) => Started::Before(Json(view(&recording, None))),
        })
    }

    /// Stop a recording
    ///
    /// When this is answered, the recording stops even if the media server is away: it is told when it is back. Stopping what
    /// is over changes nothing.
    #[oai(path = "/stop", method = "post", operation_id = "stop_recording")]
    async fn stop(
        &self,
        app: Data<&App>,
        caller: May<Record>,
        body: Json<StopRequest>,
    ) -> Result<Json<RecordingView>, Failure> {
        let StopRequest { recording_id, egress_id, room_name } = body.0;
        let which = match (recording_id, egress_id, room_name) {
            (Some(id), None, None) => Which::Id(RecordingId(id)),
            (None, Some(id), None) => Which::Run(id),
            (None, None, Some(name)) => Which::RoomName(name.0),
            _ => return Err(Failure::invalid("which-recording", "give one of recording_id, egress_id and room_name")),
        };
        let recording = recordings::stop(&app, &caller.0, &which).await?;
        Ok(Json(view(&recording, None)))
    }

    /// List recordings
    ///
    /// Those of one's own meetings; administrators see all.
    #[oai(path = "/", method = "get", operation_id = "list_recordings")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query")]
    async fn list(
        &self,
        app: Data<&App>,
        caller: May<ReadRecordings>,
        /// Only those of this meeting.
        meeting_id: Query<Option<Uuid>>,
        /// Only those of the meeting with this room name.
        room_name: Query<Option<String>>,
        /// Only those that stand there.
        status: Query<Option<StatusView>>,
        /// Only those asked for then or later.
        from: Query<Option<DateTime<Utc>>>,
        /// Only those asked for before then.
        to: Query<Option<DateTime<Utc>>>,
        /// The newest first when nothing is said.
        order: Query<Option<OrderView>>,
        /// How many recordings a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<RecordingPage>, Failure> {
        let room_name = room_name.0.map(|name| RoomName::parse(&name)).transpose();
        let wanted = Wanted {
            meeting: meeting_id.0.map(MeetingId),
            room_name: room_name.map_err(|err| Failure::invalid("room-name-malformed", err))?,
            status: status.0.map(Status::from),
            from: from.0,
            to: to.0,
            order: match order.0 {
                None | Some(OrderView::NewestFirst) => Order::NewestFirst,
                Some(OrderView::OldestFirst) => Order::OldestFirst,
            },
        };
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let page = recordings::list(&app, &caller.0.caller, &wanted, after, limit).await?;
        Ok(Json(page_view(&page)))
    }

    /// See how many meetings may be recorded at once
    #[oai(path = "/slots", method = "get", operation_id = "get_recording_slots")]
    async fn slots(&self, app: Data<&App>, _caller: May<ReadRecordings>) -> Result<Json<RecordingSlots>, Failure> {
        Ok(Json(recordings::slots(&app).await?.into()))
    }

    /// Look at a recording
    ///
    /// With a link to its file that expires, once there is one.
    #[oai(path = "/:recording_id", method = "get", operation_id = "get_recording")]
    async fn get(
        &self,
        app: Data<&App>,
        caller: May<ReadRecordings>,
        recording_id: Path<Uuid>,
    ) -> Result<Json<RecordingView>, Failure> {
        let (recording, link) = recordings::look(&app, &caller.0.caller, RecordingId(recording_id.0)).await?;
        Ok(Json(view(&recording, link.as_ref())))
    }

    /// Delete a recording
    ///
    /// Its file or folder, what the recorder's backup folder has of it, and what is known of it. One that is not over is not
    /// deleted (stop it first), nor is one on hold.
    #[oai(path = "/:recording_id", method = "delete", operation_id = "delete_recording")]
    async fn delete(
        &self,
        app: Data<&App>,
        caller: May<WriteRecordings>,
        recording_id: Path<Uuid>,
    ) -> Result<Json<RemovedView>, Failure> {
        let removed = recordings::delete(&app, &caller.0, RecordingId(recording_id.0)).await?;
        Ok(Json(removed.into()))
    }

    /// Keep a recording from being deleted, or no longer
    ///
    /// By people, and by the settings that say how long recordings are kept.
    #[oai(path = "/:recording_id/hold", method = "put", operation_id = "hold_recording")]
    async fn hold(
        &self,
        app: Data<&App>,
        caller: May<WriteRecordings>,
        recording_id: Path<Uuid>,
        body: Json<HoldRequest>,
    ) -> Result<Json<RecordingView>, Failure> {
        let recording = recordings::set_hold(&app, &caller.0, RecordingId(recording_id.0), body.on_hold).await?;
        Ok(Json(view(&recording, None)))
    }
}

/// The key as it is kept: what a header carries as text.
fn read_key(key: String) -> Result<String, Failure> {
    let fits = (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        return Ok(key);
    }
    Err(Failure::bad_request("idempotency-key-malformed", "`Idempotency-Key` has 1 to 128 visible ASCII characters"))
}
