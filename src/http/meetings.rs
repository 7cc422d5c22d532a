//! The operations on meetings.

use poem::web::Data;
use poem_openapi::{
    OpenApi,
    param::{Header, Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        meetings::{self, Change, NewMeeting, RecordingChange, Whose},
    },
    model::{
        id::MeetingId,
        meeting::{MeetingState, Title},
    },
};

use super::{
    api::Tag,
    caller::{May, ReadMeetings, RunMeetings, WriteMeetings},
    failure::Failure,
    meeting_views::{
        Answered, Created, Deleted, MeetingChange, MeetingPage, MeetingRequest, Metadata, StateView, page_view,
    },
    page,
    policy_views::PolicyWish,
};

/// The most bytes of metadata, as JSON.
const METADATA_LIMIT: usize = 16 * 1024;

/// The operations.
pub struct MeetingsApi;

#[OpenApi(prefix_path = "/meetings", tag = "Tag::Meetings")]
impl MeetingsApi {
    /// Make a meeting
    #[oai(path = "/", method = "post", operation_id = "create_meeting")]
    async fn create(
        &self,
        app: Data<&App>,
        caller: May<WriteMeetings>,
        body: Json<MeetingRequest>,
    ) -> Result<Created, Failure> {
        let recording = RecordingChange {
            automatic: body.auto_record,
            days: body.recording_retention_days.map(Some),
            bytes: body.recording_retention_bytes.map(Some),
        };
        let MeetingRequest { room_name, title, starts_at, access, lobby, passcode, publish, metadata, .. } = body.0;
        let wish = NewMeeting {
            recording,
            room_name: room_name.map(|name| name.0),
            title: title.map(|title| read_title(&title)).transpose()?,
            starts_at,
            policy: PolicyWish { access, lobby, passcode, publish }.read()?,
            metadata: read_metadata(&metadata.unwrap_or_default())?,
        };

        let meeting = meetings::create_meeting(&app, &caller.0, wish).await?;
        Ok(Created::from(&meeting, app.clock.now()))
    }

    /// List meetings, the newest first
    ///
    /// One's own; administrators see all.
    #[oai(path = "/", method = "get", operation_id = "list_meetings")]
    async fn list(
        &self,
        app: Data<&App>,
        caller: May<ReadMeetings>,
        /// Only meetings in this state.
        state: Query<Option<StateView>>,
        /// Only one's own, also for administrators; a key without an account has none.
        #[oai(default)]
        mine: Query<bool>,
        /// How many meetings a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<MeetingPage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let whose = if mine.0 { Whose::Own } else { Whose::Reachable };
        let which = (state.0.map(MeetingState::from), whose);
        let page = meetings::list_meetings(&app, &caller.0.caller, which, after, limit).await?;
        Ok(Json(page_view(&page, app.clock.now())))
    }

    /// Look at a meeting
    #[oai(path = "/:meeting_id", method = "get", operation_id = "get_meeting")]
    async fn get(
        &self,
        app: Data<&App>,
        caller: May<ReadMeetings>,
        meeting_id: Path<Uuid>,
    ) -> Result<Answered, Failure> {
        let meeting = meetings::get_meeting(&app, &caller.0.caller, MeetingId(meeting_id.0)).await?;
        Ok(Answered::from(&meeting, app.clock.now()))
    }

    /// Change a meeting
    #[oai(path = "/:meeting_id", method = "patch", operation_id = "change_meeting")]
    async fn change(
        &self,
        app: Data<&App>,
        caller: May<WriteMeetings>,
        meeting_id: Path<Uuid>,
        /// The `ETag` of the meeting as you read it.
        #[oai(name = "If-Match")]
        if_match: Header<Option<String>>,
        body: Json<MeetingChange>,
    ) -> Result<Answered, Failure> {
        let version = read_version(if_match.0.as_deref())?;
        let recording = RecordingChange {
            automatic: body.auto_record,
            days: said(body.recording_retention_days),
            bytes: said(body.recording_retention_bytes),
        };
        let MeetingChange { title, starts_at, access, lobby, passcode, publish, metadata, .. } = body.0;
        let change = Change {
            recording,
            title: said(title).map(|title| title.map(|title| read_title(&title)).transpose()).transpose()?,
            starts_at: said(starts_at),
            policy: PolicyWish { access, lobby, passcode, publish }.read()?,
            metadata: metadata.as_ref().map(read_metadata).transpose()?,
        };

        let meeting = meetings::change_meeting(&app, &caller.0, MeetingId(meeting_id.0), version, change).await?;
        Ok(Answered::from(&meeting, app.clock.now()))
    }

    /// End the sitting that is running
    ///
    /// Everybody is sent out; the meeting stays and can be held again. Nothing happens when no sitting is running.
    /// The answer may still say `live`: the end is noted when the media server tells it, a moment later.
    #[oai(path = "/:meeting_id/end", method = "post", operation_id = "end_meeting")]
    async fn end(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
    ) -> Result<Answered, Failure> {
        let meeting = meetings::end_meeting(&app, &caller.0, MeetingId(meeting_id.0)).await?;
        Ok(Answered::from(&meeting, app.clock.now()))
    }

    /// Delete a meeting and its history
    ///
    /// Everybody is sent out. A meeting with recordings is not deleted: they would be lost with it.
    #[oai(path = "/:meeting_id", method = "delete", operation_id = "delete_meeting")]
    async fn delete(
        &self,
        app: Data<&App>,
        caller: May<WriteMeetings>,
        meeting_id: Path<Uuid>,
    ) -> Result<Deleted, Failure> {
        meetings::delete_meeting(&app, &caller.0, MeetingId(meeting_id.0)).await?;
        Ok(Deleted::Deleted)
    }
}

/// Absent, null and a value are three different wishes.
fn said<T>(field: poem_openapi::types::MaybeUndefined<T>) -> Option<Option<T>> {
    use poem_openapi::types::MaybeUndefined::{Null, Undefined, Value};
    match field {
        Undefined => None,
        Null => Some(None),
        Value(value) => Some(Some(value)),
    }
}

fn read_title(text: &str) -> Result<Title, Failure> {
    Title::parse(text).map_err(|err| Failure::invalid("title-malformed", err))
}

fn read_metadata(metadata: &Metadata) -> Result<String, Failure> {
    let text = serde_json::to_string(metadata).unwrap_or_default();
    if text.len() > METADATA_LIMIT {
        return Err(Failure::invalid(
            "metadata-too-large",
            format!("metadata has at most {METADATA_LIMIT} bytes as JSON"),
        ));
    }
    Ok(text)
}

/// The version in an `If-Match` header: the number that our ETags carry, in quotes.
fn read_version(header: Option<&str>) -> Result<i64, Failure> {
    let text = header.ok_or_else(Failure::version_missing)?.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|version| version.parse().ok()).ok_or_else(
        || Failure::bad_request("if-match-malformed", "`If-Match` is the `ETag` of the meeting, such as \"3\""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_only_from_an_etag_of_ours() {
        assert_eq!(read_version(Some("\"3\"")).unwrap(), 3);
        assert!(matches!(read_version(None), Err(Failure::VersionMissing(_))));
        for bad in ["3", "\"x\"", "*", "W/\"3\"", ""] {
            assert!(matches!(read_version(Some(bad)), Err(Failure::BadRequest(_))), "{bad}");
        }
    }
}
