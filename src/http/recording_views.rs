//! Recordings as a client sees them, and what it may ask for.

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    app::recordings::{Removed, Slots},
    model::{
        page::Page,
        recording::{Encoding, Format, Layout, Measures, Preset, Recording, Shape, Status},
    },
    storage::Link,
};

use super::{failure::Failure, page, room_name_text::RoomNameText};

macro_rules! mirrored {
    ($(#[$doc:meta])* $view:ident($name:literal) = $model:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        #[oai(rename = $name)]
        pub enum $view {
            $($(#[$case_doc])* #[oai(rename = $word)] $case,)*
        }

        impl From<$model> for $view {
            fn from(model: $model) -> Self {
                match model { $($model::$case => Self::$case,)* }
            }
        }

        impl From<$view> for $model {
            fn from(view: $view) -> Self {
                match view { $($view::$case => Self::$case,)* }
            }
        }
    };
}

mirrored! {
    /// Where a recording stands; it only moves forward
    StatusView("RecordingStatus") = Status {
        /// The media server is being asked.
        Requested = "requested",
        /// A recorder took it on, and waits for something to record.
        Starting = "starting",
        /// It records.
        Active = "active",
        /// It was told to stop, or is over and its file is being looked for.
        Stopping = "stopping",
        /// It is over, and its file is not in storage yet; `reason` says where it is.
        Uploading = "uploading",
        /// Whole, in storage.
        Complete = "complete",
        /// The recorder failed, and left a file all the same.
        Partial = "partial",
        /// Over, without a file.
        Failed = "failed",
        /// Stopped before there was anything to record.
        Aborted = "aborted",
        /// Whole up to the recorder's limit.
        LimitReached = "limit_reached",
    }
}

mirrored! {
    /// How those who are there are arranged
    LayoutView("RecordingLayout") = Layout {
        /// Everybody at once.
        Grid = "grid",
        /// Who speaks, large, and the others beside them.
        Speaker = "speaker",
        /// Who speaks, alone.
        SingleSpeaker = "single-speaker",
    }
}

mirrored! {
    /// What kind of file a recording leaves
    FormatView("RecordingFormat") = Format {
        /// One file with picture and sound.
        Mp4 = "mp4",
        /// One file with the sound alone.
        Ogg = "ogg",
        /// A folder with a playlist and segments.
        Hls = "hls",
    }
}

mirrored! {
    /// A size and a rate by name
    PresetView("RecordingPreset") = Preset {
        Hd30 = "H264_720P_30",
        Hd60 = "H264_720P_60",
        FullHd30 = "H264_1080P_30",
        FullHd60 = "H264_1080P_60",
        PortraitHd30 = "PORTRAIT_H264_720P_30",
        PortraitHd60 = "PORTRAIT_H264_720P_60",
        PortraitFullHd30 = "PORTRAIT_H264_1080P_30",
        PortraitFullHd60 = "PORTRAIT_H264_1080P_60",
    }
}

/// What is to be recorded, and how
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct StartRequest {
    /// The room name of the meeting.
    pub room_name: RoomNameText,
    /// A grid when nothing is said.
    layout: Option<LayoutView>,
    /// MP4 when nothing is said.
    format: Option<FormatView>,
    /// 720p at 30 frames a second when nothing is said; not together with sizes and rates of one's own.
    preset: Option<PresetView>,
    /// Pixels, even, 160 to 3840; together with `height`.
    width: Option<u32>,
    /// Pixels, even, 160 to 3840; together with `width`.
    height: Option<u32>,
    /// Kilobits a second, 100 to 20000.
    video_bitrate: Option<u32>,
    /// Kilobits a second, 16 to 510.
    audio_bitrate: Option<u32>,
}

impl StartRequest {
    /// What it asks for.
    pub fn shape(&self) -> Result<Shape, Failure> {
        let format = self.format.map_or(Format::Mp4, Format::from);
        let measures = Measures {
            width: self.width,
            height: self.height,
            video_bitrate: self.video_bitrate,
            audio_bitrate: self.audio_bitrate,
        };
        let encoding = Encoding::new(format, self.preset.map(Preset::from), measures)
            .map_err(|err| Failure::invalid("recording-shape", err))?;
        Ok(Shape { layout: self.layout.map_or_else(Layout::default, Layout::from), format, encoding })
    }
}

/// Which recording shall stop; exactly one of these
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct StopRequest {
    pub recording_id: Option<Uuid>,
    /// The media server's id of the recording.
    #[oai(validator(min_length = 1, max_length = 200))]
    pub egress_id: Option<String>,
    /// The room name of the meeting that is being recorded.
    pub room_name: Option<RoomNameText>,
}

/// A recording
#[derive(Debug, Object)]
#[oai(rename = "Recording", skip_serializing_if_is_none)]
pub struct RecordingView {
    id: Uuid,
    meeting_id: Uuid,
    room_name: String,
    status: StatusView,
    /// Why it stands where it does, in words; absent when all is well.
    reason: Option<String>,
    layout: LayoutView,
    format: FormatView,
    preset: Option<PresetView>,
    /// Pixels.
    width: Option<u32>,
    /// Pixels.
    height: Option<u32>,
    /// Kilobits a second.
    video_bitrate: Option<u32>,
    /// Kilobits a second.
    audio_bitrate: Option<u32>,
    /// Whether its meeting's own wish began it.
    automatic: bool,
    /// The media server's id; absent until it has one.
    egress_id: Option<String>,
    /// The name of its object in storage; of a folder of segments, of its playlist.
    storage_path: String,
    requested_at: DateTime<Utc>,
    /// When the recorder began; absent until it did.
    started_at: Option<DateTime<Utc>>,
    /// When the recorder ended.
    ended_at: Option<DateTime<Utc>>,
    /// When nothing more was going to happen to it.
    completed_at: Option<DateTime<Utc>>,
    /// Bytes in storage.
    size: Option<u64>,
    /// Seconds.
    duration: Option<f64>,
    /// Bytes that have come to storage so far, while it is brought there from the recorder's backup folder.
    uploaded: Option<u64>,
    /// Whether it is kept from being deleted.
    on_hold: bool,
    /// A link with which anybody can download the file, until it expires. Only where one recording is looked at, and only
    /// when there is a file; of a folder of segments it is an archive.
    download_url: Option<String>,
    /// Until when the link is good.
    download_expires_at: Option<DateTime<Utc>>,
}

/// A page of recordings
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct RecordingPage {
    items: Vec<RecordingView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    next_cursor: Option<String>,
}

/// Whether a recording is kept from being deleted
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct HoldRequest {
    pub on_hold: bool,
}

/// What was deleted with a recording
#[derive(Debug, Object)]
pub struct RemovedView {
    /// Objects in storage.
    objects: u64,
    /// Bytes of them.
    bytes: u64,
    /// Files in the recorder's backup folder.
    backup_files: u64,
}

/// How many meetings may be recorded at once
#[derive(Debug, Object)]
pub struct RecordingSlots {
    total: u32,
    used: u32,
    free: u32,
}

impl From<Slots> for RecordingSlots {
    fn from(slots: Slots) -> Self {
        Self { total: slots.total, used: slots.used, free: slots.total.saturating_sub(slots.used) }
    }
}

impl From<Removed> for RemovedView {
    fn from(removed: Removed) -> Self {
        Self { objects: removed.objects, bytes: removed.bytes, backup_files: removed.backup_files }
    }
}

/// A page as a client sees it.
pub fn page_view(page: &Page<Recording>) -> RecordingPage {
    RecordingPage {
        items: page.items.iter().map(|recording| view(recording, None)).collect(),
        next_cursor: page.next.as_ref().map(page::encode),
    }
}

/// A recording as a client sees it.
pub fn view(recording: &Recording, link: Option<&Link>) -> RecordingView {
    let course = &recording.course;
    let (preset, measures) = match recording.shape.encoding {
        Encoding::Preset(preset) => (Some(preset.into()), Measures::default()),
        Encoding::Measures(measures) => (None, measures),
    };
    RecordingView {
        id: recording.id.0,
        meeting_id: recording.meeting_id.0,
        room_name: recording.room_name.as_str().to_owned(),
        status: course.status.into(),
        reason: Some(recording.reason.clone()).filter(|reason| !reason.is_empty()),
        layout: recording.shape.layout.into(),
        format: recording.shape.format.into(),
        preset: preset.filter(|_| recording.shape.format != Format::Ogg),
        width: measures.width,
        height: measures.height,
        video_bitrate: measures.video_bitrate,
        audio_bitrate: measures.audio_bitrate,
        automatic: recording.automatic_for.is_some(),
        egress_id: course.egress_id.clone(),
        storage_path: recording.key.clone(),
        requested_at: course.requested_at,
        started_at: course.started_at,
        ended_at: course.ended_at,
        completed_at: recording.completed_at,
        size: recording.size,
        duration: course.duration.map(|duration| duration.as_seconds_f64()),
        uploaded: recording.uploaded.filter(|_| course.status == Status::Uploading),
        on_hold: recording.held_at.is_some(),
        download_url: link.map(|link| link.address.clone()),
        download_expires_at: link.map(|link| link.expires),
    }
}
