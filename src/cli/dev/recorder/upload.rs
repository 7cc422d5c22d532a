//! What a run leaves: pieces that are written one after the other, to storage or, when that fails, to the backup folder.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::model::recording::Format;

use super::{
    file::{self, Playlist, SEGMENT_LENGTH},
    info::{About, Info},
};

/// How long egress tries a store that does not answer before it gives up.
pub const TRIES: TimeDelta = TimeDelta::milliseconds(15_100);

/// Something to be written; whoever does it says how it went ([`Egresses::written`](super::Egresses::written)).
#[derive(Clone, Debug)]
pub struct Write {
    pub id: u64,
    pub egress_id: String,
    pub place: Place,
    /// The object's key, or the file's path.
    pub path: String,
    pub bytes: Vec<u8>,
    pub media_type: &'static str,
    /// When it is written.
    pub at: DateTime<Utc>,
}

/// Where something is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where recordings are kept.
    Storage,
    /// The folder on the recorder's machine; the path begins with its prefix.
    Backup,
}

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The store says no, in these words; egress believes it at once.
    Refused(String),
    /// The store says nothing; egress tries for a quarter of a minute.
    Unreachable(String),
}

impl Trouble {
    /// How long it takes egress to find out.
    pub fn takes(&self) -> TimeDelta {
        match self {
            Self::Refused(_) => TimeDelta::zero(),
            Self::Unreachable(_) => TRIES,
        }
    }

    /// What egress says then.
    pub fn error(&self) -> String {
        match self {
            Self::Refused(why) => {
                format!("S3 upload failed: err: operation error S3: PutObject, {why}")
            }
            Self::Unreachable(why) => format!(
                "S3 upload failed: err: operation error S3: PutObject, exceeded maximum number of attempts, 5, https \
                 response error StatusCode: 0, RequestID: , HostID: , request send failed, {why}, status code: 0"
            ),
        }
    }
}

/// What a piece is to its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    File,
    Segment,
    Playlist,
    Manifest,
}

/// A piece that is to be written.
#[derive(Clone, Debug)]
pub struct Piece {
    pub what: What,
    pub path: String,
    pub bytes: Vec<u8>,
}

impl Piece {
    /// Its media type.
    pub fn media_type(&self, format: Format) -> &'static str {
        match self.what {
            What::File | What::Playlist => format.media_type(),
            What::Segment => "video/mp2t",
            What::Manifest => "application/json",
        }
    }
}

/// The pieces of one run.
pub struct Upload {
    pub todo: VecDeque<Piece>,
    pub under_way: Option<(u64, Piece)>,
    /// Once storage has failed, everything that follows goes to the backup folder.
    pub storage_failed: bool,
    /// Nothing is recorded any more: when everything is written, the run is over.
    pub closing: bool,
    playlist: Playlist,
    segments: u32,
    segmented_until: Option<DateTime<Utc>>,
}

impl Upload {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            todo: VecDeque::new(),
            under_way: None,
            storage_failed: false,
            closing: false,
            playlist: Playlist::new(),
            segments: 0,
            segmented_until: None,
        }
    }

    /// Another segment has been recorded, up to `now`.
    pub fn segment(&mut self, about: &About, info: &Info, now: DateTime<Utc>) {
        let output = &about.request.output;
        let begins = self.segmented_until.or(info.outcome.started).unwrap_or(now);
        let path = output.segment(self.segments);
        let name = path.rsplit('/').next().unwrap_or(&path);
        self.playlist.add(name, begins, now - begins);
        self.segments += 1;
        self.segmented_until = Some(now);
        self.todo.push_back(Piece { what: What::Segment, bytes: file::content(output.format, SEGMENT_LENGTH), path });
        self.push_playlist(about);
    }

    /// The recording is over: what is left to write follows.
    pub fn close(&mut self, about: &About, info: &Info) {
        self.closing = true;
        let output = &about.request.output;
        let (Some(began), Some(ended)) = (info.outcome.started, info.outcome.ended) else { return };
        match output.format {
            Format::Mp4 | Format::Ogg => {
                let bytes = file::content(output.format, ended - began);
                self.todo.push_back(Piece { what: What::File, path: output.path.clone(), bytes });
            }
            Format::Hls => {
                if self.segmented_until.is_none_or(|until| until < ended) {
                    self.segment(about, info, ended);
                }
                self.playlist.end();
                self.push_playlist(about);
            }
        }
    }

    /// What tells which files belong together.
    pub fn manifest(&mut self, about: &About, info: &Info) {
        let output = &about.request.output;
        let manifest = json!({
            "egress_id": about.egress_id,
            "room_id": about.room_sid,
            "room_name": about.request.room_name,
            "started_at": info.started.and_then(|it| it.timestamp_nanos_opt()),
            "ended_at": info.ended.and_then(|it| it.timestamp_nanos_opt()),
            "files": [{ "filename": output.path, "location": info.outcome.location }],
        });
        let path = output.manifest(&about.egress_id);
        self.todo.push_back(Piece { what: What::Manifest, path, bytes: manifest.to_string().into_bytes() });
    }

    fn push_playlist(&mut self, about: &About) {
        let path = about.request.output.path.clone();
        self.todo.push_back(Piece { what: What::Playlist, path, bytes: self.playlist.bytes() });
    }
}
