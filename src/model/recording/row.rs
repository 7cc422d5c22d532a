//! A recording as we keep it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{
    id::{AccountId, InstanceId, MeetingId, RecordingId},
    room_name::RoomName,
};

use super::{Course, Shape, key_of};

/// A recording: what was asked for, what has become of it, and what is kept of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    pub id: RecordingId,
    pub meeting_id: MeetingId,
    pub room_name: RoomName,
    /// Whose meeting it is.
    pub host: Option<AccountId>,
    /// The name of its object: of the file, or of the playlist in its folder.
    pub key: String,
    pub shape: Shape,
    pub course: Course,
    /// Why it stands where it does, in words; empty when all is well.
    pub reason: String,
    /// Who asked, as kind and id; empty for one that was found.
    pub requester: String,
    /// The sitting for which it was begun by the meeting's own wish.
    pub automatic_for: Option<InstanceId>,
    pub completed_at: Option<DateTime<Utc>>,
    /// Bytes in storage.
    pub size: Option<u64>,
    /// Bytes that have come to storage so far, while it is brought there from the backup folder.
    pub uploaded: Option<u64>,
    /// Since when it must not be deleted.
    pub held_at: Option<DateTime<Utc>>,
    /// Since when it is being deleted.
    pub deleting_at: Option<DateTime<Utc>>,
}

/// For how long, and how many, recordings of a meeting are kept. None: without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub age: Option<TimeDelta>,
    /// Bytes of all its recordings together; the oldest go first.
    pub bytes: Option<u64>,
}

impl Recording {
    /// One of a meeting that is being asked for `now`, by nobody yet.
    pub fn new(
        id: RecordingId,
        (meeting_id, room_name): (MeetingId, RoomName),
        shape: Shape,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            meeting_id,
            host: None,
            key: key_of(id, &room_name, now, shape.format),
            room_name,
            shape,
            course: Course::new(now),
            reason: String::new(),
            requester: String::new(),
            automatic_for: None,
            completed_at: None,
            size: None,
            uploaded: None,
            held_at: None,
            deleting_at: None,
        }
    }

    /// Under which everything of it lies in storage: its file, or its folder.
    pub fn prefix(&self) -> &str {
        match self.shape.format {
            super::Format::Mp4 | super::Format::Ogg => &self.key,
            super::Format::Hls => self.key.rsplit_once('/').map_or(&self.key, |(folder, _)| &self.key[..=folder.len()]),
        }
    }
}
