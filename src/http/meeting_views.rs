//! Meetings as a client sees them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use poem_openapi::{ApiResponse, Enum, Object, payload::Json, types::MaybeUndefined};
use uuid::Uuid;

use crate::model::{
    meeting::{Meeting, MeetingState, Title},
    page::Page,
};

use super::{
    page,
    policy_views::{AccessView, LobbyView, PublishView},
    room_name_text::RoomNameText,
};

/// What programs keep with a meeting.
pub type Metadata = BTreeMap<String, serde_json::Value>;

/// What a new meeting shall be like
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct MeetingRequest {
    /// The name in the meeting's link: 3 to 64 characters from a–z and 0–9, with single dashes between them. Left out: one is made up.
    pub room_name: Option<RoomNameText>,
    /// What people call the meeting.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub title: Option<String>,
    /// When it is planned to begin.
    pub starts_at: Option<DateTime<Utc>>,
    /// How somebody gets in who is neither the meeting's host nor invited; as the settings have it when nothing is said.
    pub access: Option<AccessView>,
    /// Who waits until a host lets them in; as the settings have it when nothing is said.
    pub lobby: Option<LobbyView>,
    /// What the access `passcode` asks for: 4 to 64 characters. It is kept only as a hash, so nobody can read it back.
    #[oai(validator(min_length = 4, max_length = 64))]
    pub passcode: Option<String>,
    /// What each role may publish; speakers everything and viewers nothing when nothing is said.
    pub publish: Option<PublishView>,
    /// Whether each sitting is recorded as soon as somebody is in it; not when nothing is said.
    pub auto_record: Option<bool>,
    /// For how many days its recordings are kept; as the settings have it when nothing is said.
    #[oai(validator(minimum(value = "1"), maximum(value = "36500")))]
    pub recording_retention_days: Option<u32>,
    /// How many bytes its recordings may take together before the oldest are deleted; as the settings have it when nothing
    /// is said.
    #[oai(validator(minimum(value = "1000000"), maximum(value = "9000000000000000")))]
    pub recording_retention_bytes: Option<u64>,
    /// Whatever your program wants to keep with the meeting; at most 16 KiB as JSON.
    pub metadata: Option<Metadata>,
}

/// What shall be different about a meeting; what is left out stays as it is
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct MeetingChange {
    /// What people call the meeting; null takes the title away.
    #[oai(nullable, validator(min_length = 1, max_length = 200))]
    pub title: MaybeUndefined<String>,
    /// When it is planned to begin; null takes the plan away.
    #[oai(nullable)]
    pub starts_at: MaybeUndefined<DateTime<Utc>>,
    /// How somebody gets in who is neither the meeting's host nor invited.
    pub access: Option<AccessView>,
    /// Who waits until a host lets them in.
    pub lobby: Option<LobbyView>,
    /// What the access `passcode` asks for: 4 to 64 characters. It is kept only as a hash, so nobody can read it back.
    #[oai(validator(min_length = 4, max_length = 64))]
    pub passcode: Option<String>,
    /// What each role may publish; who is in the meeting is bound by it at once.
    pub publish: Option<PublishView>,
    /// Whether each sitting is recorded as soon as somebody is in it.
    pub auto_record: Option<bool>,
    /// For how many days its recordings are kept; null leaves it to the settings.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "36500")))]
    pub recording_retention_days: MaybeUndefined<u32>,
    /// How many bytes its recordings may take together before the oldest are deleted; null leaves it to the settings.
    #[oai(nullable, validator(minimum(value = "1000000"), maximum(value = "9000000000000000")))]
    pub recording_retention_bytes: MaybeUndefined<u64>,
    /// Takes the place of all metadata there was.
    pub metadata: Option<Metadata>,
}

/// Where a meeting stands
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "MeetingState", rename_all = "snake_case")]
pub enum StateView {
    /// People are meeting now.
    Live,
    /// Its planned beginning is still to come.
    Upcoming,
    /// It was held, or its planned beginning went by.
    Past,
    /// Nothing is planned and nobody has met here yet.
    New,
}

/// A named place where people meet
#[derive(Debug, Object)]
#[oai(rename = "Meeting", skip_serializing_if_is_none)]
pub struct MeetingView {
    pub id: Uuid,
    /// The name in the meeting's link.
    pub room_name: String,
    /// What people call it.
    pub title: Option<String>,
    pub state: StateView,
    /// The account whose it is; absent for one that a key of the house made, or whose account is gone.
    pub host_account_id: Option<Uuid>,
    pub access: AccessView,
    pub lobby: LobbyView,
    pub publish: PublishView,
    /// Whether each sitting is recorded as soon as somebody is in it.
    pub auto_record: bool,
    /// For how many days its recordings are kept; absent: as the settings have it.
    pub recording_retention_days: Option<u32>,
    /// How many bytes its recordings may take together; absent: as the settings have it.
    pub recording_retention_bytes: Option<u64>,
    pub created_at: DateTime<Utc>,
    /// When it is planned to begin.
    pub starts_at: Option<DateTime<Utc>>,
    /// When its latest sitting ended; absent before the first and while one is running.
    pub ended_at: Option<DateTime<Utc>>,
    /// What programs keep with it.
    pub metadata: Metadata,
}

/// A page of meetings
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct MeetingPage {
    pub items: Vec<MeetingView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// The meeting that was made
#[derive(Debug, ApiResponse)]
pub enum Created {
    /// The meeting.
    #[oai(status = 201)]
    Created(
        Json<MeetingView>,
        /// The meeting's version, for `If-Match`.
        #[oai(header = "ETag")]
        String,
        /// Where the meeting is.
        #[oai(header = "Location")]
        String,
    ),
}

/// A meeting as it is now
#[derive(Debug, ApiResponse)]
pub enum Answered {
    /// The meeting.
    #[oai(status = 200)]
    Meeting(
        Json<MeetingView>,
        /// The meeting's version, for `If-Match`.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A meeting is no more
#[derive(Debug, ApiResponse)]
pub enum Deleted {
    /// It is deleted.
    #[oai(status = 204)]
    Deleted,
}

impl Created {
    /// The answer that shows a new meeting.
    pub fn from(meeting: &Meeting, now: DateTime<Utc>) -> Self {
        Self::Created(Json(view(meeting, now)), etag(meeting), format!("/meetings/{}", meeting.id))
    }
}

impl Answered {
    /// The answer that shows a meeting.
    pub fn from(meeting: &Meeting, now: DateTime<Utc>) -> Self {
        Self::Meeting(Json(view(meeting, now)), etag(meeting))
    }
}

fn etag(meeting: &Meeting) -> String {
    format!("\"{}\"", meeting.version)
}

/// A page as a client sees it.
pub fn page_view(page: &Page<Meeting>, now: DateTime<Utc>) -> MeetingPage {
    MeetingPage {
        items: page.items.iter().map(|meeting| view(meeting, now)).collect(),
        next_cursor: page.next.as_ref().map(page::encode),
    }
}

fn view(meeting: &Meeting, now: DateTime<Utc>) -> MeetingView {
    MeetingView {
        id: meeting.id.0,
        room_name: meeting.room_name.as_str().to_owned(),
        title: meeting.title.as_ref().map(Title::as_str).map(str::to_owned),
        state: meeting.state(now).into(),
        host_account_id: meeting.host.map(|host| host.0),
        access: meeting.policy.access.into(),
        lobby: meeting.policy.lobby.into(),
        publish: PublishView::of(&meeting.policy),
        auto_record: meeting.recording.automatic,
        recording_retention_days: meeting.recording.days,
        recording_retention_bytes: meeting.recording.bytes,
        created_at: meeting.created_at,
        starts_at: meeting.starts_at,
        ended_at: meeting.ended_at,
        // It came in as an object and Postgres keeps it as one.
        metadata: serde_json::from_str(&meeting.metadata).unwrap_or_default(),
    }
}

impl From<MeetingState> for StateView {
    fn from(state: MeetingState) -> Self {
        match state {
            MeetingState::Live => Self::Live,
            MeetingState::Upcoming => Self::Upcoming,
            MeetingState::Past => Self::Past,
            MeetingState::New => Self::New,
        }
    }
}

impl From<StateView> for MeetingState {
    fn from(state: StateView) -> Self {
        match state {
            StateView::Live => Self::Live,
            StateView::Upcoming => Self::Upcoming,
            StateView::Past => Self::Past,
            StateView::New => Self::New,
        }
    }
}
