//! A recording: one run of LiveKit's recorder and the file that it leaves, from the wish to the end.
//!
//! What is known about a run comes from several witnesses, of which none is to be believed alone: what LiveKit says of
//! it ([`Report`]), whether the recorder is in the room, what stopping it answers, and what lies in storage. The rules here
//! weigh them; they ask nobody and know no time of their own.

mod course;
mod key;
mod row;
mod shape;
mod verdict;

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::{
    course::{Course, Doubt, STARTED_WITHIN, Seen, Sighting},
    key::{FOLDER, Format, id_in, key_of},
    row::{Recording, Retention},
    shape::{Encoding, Layout, Measures, Preset, Shape, ShapeError},
    verdict::{Backup, Conclusion, End, Evidence, Object, conclude},
};

/// Where a recording stands. It only moves forward ([`Status::may_become`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Our row is written; LiveKit is being asked.
    Requested,
    /// A recorder took it on, and waits for something to record.
    Starting,
    /// It records.
    Active,
    /// It was told to stop, or is over and its file is being looked for.
    Stopping,
    /// It is over, and its file is not in storage yet: the backup folder has it, or storage is silent.
    Uploading,
    /// Whole, in storage.
    Complete,
    /// The recorder failed, and left a file in storage all the same.
    Partial,
    /// Over, without a file.
    Failed,
    /// Stopped before there was anything to record.
    Aborted,
    /// Whole up to the recorder's limit, in storage.
    LimitReached,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Self; 10] = [
        Self::Requested,
        Self::Starting,
        Self::Active,
        Self::Stopping,
        Self::Uploading,
        Self::Complete,
        Self::Partial,
        Self::Failed,
        Self::Aborted,
        Self::LimitReached,
    ];

    /// The word for it, in the table and for clients.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Starting => "starting",
            Self::Active => "active",
            Self::Stopping => "stopping",
            Self::Uploading => "uploading",
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::LimitReached => "limit_reached",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether it holds its room: another recording of the same meeting has to wait.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Requested | Self::Starting | Self::Active | Self::Stopping)
    }

    /// Whether nothing more is going to happen to it, unless its file turns up after all.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Complete | Self::Partial | Self::Failed | Self::Aborted | Self::LimitReached)
    }

    /// Whether it has a file in storage.
    pub fn has_file(self) -> bool {
        matches!(self, Self::Complete | Self::Partial | Self::LimitReached)
    }

    /// How far along a life it stands. What has a file is farther than what has none: a file that turns up late counts.
    fn rank(self) -> u8 {
        match self {
            Self::Requested => 0,
            Self::Starting => 1,
            Self::Active => 2,
            Self::Stopping => 3,
            Self::Uploading => 4,
            Self::Failed | Self::Aborted => 5,
            Self::Complete | Self::Partial | Self::LimitReached => 6,
        }
    }

    /// Whether it may move to that one: only forward, and never from one end to another of the same worth.
    pub fn may_become(self, next: Self) -> bool {
        next.rank() > self.rank()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where LiveKit says that the recorder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    Starting,
    Active,
    Ending,
    Complete,
    Failed,
    Aborted,
    LimitReached,
}

impl Phase {
    const ALL: [Self; 7] =
        [Self::Starting, Self::Active, Self::Ending, Self::Complete, Self::Failed, Self::Aborted, Self::LimitReached];

    /// The word for it in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Active => "active",
            Self::Ending => "ending",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::LimitReached => "limit_reached",
        }
    }

    /// The phase of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }

    /// How it ended, if it did.
    pub fn end(self) -> Option<End> {
        match self {
            Self::Starting | Self::Active | Self::Ending => None,
            Self::Complete => Some(End::Complete),
            Self::Failed => Some(End::Failed),
            Self::Aborted => Some(End::Aborted),
            Self::LimitReached => Some(End::LimitReached),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Starting => 0,
            Self::Active => 1,
            Self::Ending => 2,
            Self::Complete | Self::Failed | Self::Aborted | Self::LimitReached => 3,
        }
    }
}

/// What LiveKit says of one run of the recorder: in a webhook, in a listing, or in the answer to a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// LiveKit's id of the run.
    pub egress_id: String,
    pub room_name: String,
    /// None for a phase that we do not know: LiveKit may learn new ones.
    pub phase: Option<Phase>,
    /// When the file began where LiveKit says so, else when the recorder did.
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// The paths that the run writes to, as it was told them: our key is in one of them.
    pub outputs: Vec<String>,
    /// Bytes; only once there is a whole file.
    pub size: Option<u64>,
    pub duration: Option<TimeDelta>,
    /// What went wrong, in the recorder's words; may be long.
    pub error: Option<String>,
    /// Whether a file went to the backup folder, since it could not be uploaded.
    pub backup_used: bool,
}

impl Report {
    /// Whether it says that the run is not over.
    pub fn is_going_on(&self) -> bool {
        self.phase.is_some_and(|phase| phase.end().is_none())
    }

    /// The id of our recording that this is about, if it is one of ours: it stands in the object's key.
    pub fn recording_id(&self) -> Option<super::id::RecordingId> {
        self.outputs.iter().find_map(|path| id_in(path))
    }
}

#[cfg(test)]
mod tests;
