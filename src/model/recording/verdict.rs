//! How a recording ends: from how the recorder ended, and what really lies in storage.

use super::Status;

/// How a run of the recorder ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// It says that all is well.
    Complete,
    /// It says that it failed.
    Failed,
    /// It says that it never began.
    Aborted,
    /// It says that it went up to its limit.
    LimitReached,
    /// It says nothing any more: no witness knows of it.
    Lost,
    /// No recorder took it on.
    NeverTaken,
}

impl End {
    const ALL: [Self; 6] =
        [Self::Complete, Self::Failed, Self::Aborted, Self::LimitReached, Self::Lost, Self::NeverTaken];

    /// The word for it in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::LimitReached => "limit_reached",
            Self::Lost => "lost",
            Self::NeverTaken => "never_taken",
        }
    }

    /// The end of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == word)
    }

    /// Whether the recorder itself said so; what we only inferred gives way to it.
    pub fn is_told(self) -> bool {
        match self {
            Self::Complete | Self::Failed | Self::Aborted | Self::LimitReached => true,
            Self::Lost | Self::NeverTaken => false,
        }
    }
}

/// What storage says of the recording's object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// It is there, with so many bytes.
    There(u64),
    /// It is surely not there.
    Absent,
    /// Storage does not answer.
    Unknown,
}

/// What lies in the recorder's backup folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backup {
    /// The recording's file, with so many bytes.
    Holds(u64),
    /// Nothing of it.
    Empty,
    /// The folder cannot be looked into from here, or none is set.
    Unseen,
}

/// What is known of the file when the recorder is over. The backup folder is looked into before storage: whoever moves the
/// file in between must not make it seem to be in neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    pub object: Object,
    pub backup: Backup,
    /// Whether the recorder says that it used its backup folder.
    pub backup_told: bool,
    /// The size of the file as the recorder says it, in bytes.
    pub told_size: Option<u64>,
}

/// Where a recording stands after its end was weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    pub status: Status,
    /// In words, for people; empty when all is well.
    pub reason: String,
    /// Bytes in storage.
    pub size: Option<u64>,
}

/// Weighs how the recorder ended against what there is. `error` is what the recorder said went wrong.
pub fn conclude(end: End, evidence: Evidence, error: &str) -> Conclusion {
    match evidence.object {
        Object::There(size) if size > 0 && evidence.told_size.is_none_or(|told| told <= size) => {
            with_file(end, size, error)
        }
        Object::There(size) => cut_short(size, evidence),
        Object::Unknown => waiting(
            "the recording is over, and storage does not answer whether its file has arrived; it is asked again",
        ),
        Object::Absent => without_object(end, evidence, error),
    }
}

fn with_file(end: End, size: u64, error: &str) -> Conclusion {
    let (status, reason) = match end {
        End::Complete => (Status::Complete, String::new()),
        End::LimitReached => {
            (Status::LimitReached, "the recorder stopped at its limit; everything up to it is in the file".to_owned())
        }
        End::Failed => {
            (Status::Partial, with_words("the recorder failed, and uploaded what it had all the same", error))
        }
        End::Aborted => {
            (Status::Partial, with_words("the recorder gave up, and uploaded what it had all the same", error))
        }
        End::Lost => {
            (Status::Partial, "the recorder vanished; its file is in storage, and may lack its end".to_owned())
        }
        End::NeverTaken => {
            (Status::Partial, "no recorder was known to have taken it on; its file turned up in storage".to_owned())
        }
    };
    Conclusion { status, reason, size: Some(size) }
}

/// An object that is empty or smaller than the recorder said.
fn cut_short(size: u64, evidence: Evidence) -> Conclusion {
    if let Backup::Holds(whole) = evidence.backup
        && whole > size
    {
        return waiting("storage has only a part of the file; the whole one is in the recorder's backup folder");
    }
    if evidence.backup == Backup::Unseen && evidence.backup_told {
        return waiting(
            "storage has only a part of the recording; the rest is in the recorder's backup folder, which this server cannot \
             look into (RECORDING_BACKUP_DIR)",
        );
    }
    if size == 0 {
        let reason = "the object in storage is empty".to_owned();
        return Conclusion { status: Status::Failed, reason, size: None };
    }
    let told = evidence.told_size.unwrap_or_default();
    let reason = format!("storage has {size} of the {told} bytes that the recorder wrote");
    Conclusion { status: Status::Partial, reason, size: Some(size) }
}

fn without_object(end: End, evidence: Evidence, error: &str) -> Conclusion {
    match evidence.backup {
        Backup::Holds(_) => {
            return waiting(
                "the file could not be uploaded; it is in the recorder's backup folder and is brought from there",
            );
        }
        Backup::Unseen if evidence.backup_told => {
            return waiting(
                "the file could not be uploaded; it is in the recorder's backup folder, which this server cannot look into \
                 (RECORDING_BACKUP_DIR)",
            );
        }
        Backup::Empty | Backup::Unseen => {}
    }
    let (status, reason) = match end {
        End::Complete => {
            let reason =
                "the recorder says that all went well, but its file is neither in storage nor in its backup folder";
            (Status::Failed, reason.to_owned())
        }
        End::LimitReached => {
            let reason =
                "the recorder stopped at its limit, but its file is neither in storage nor in its backup folder";
            (Status::Failed, reason.to_owned())
        }
        End::Failed => (Status::Failed, with_words("the recorder failed, and left no file", error)),
        End::Aborted => (Status::Aborted, with_words("it was stopped before there was anything to record", error)),
        End::Lost => (Status::Failed, "the recorder vanished, and left no file".to_owned()),
        End::NeverTaken => (Status::Failed, with_words("no recorder took it on", error)),
    };
    Conclusion { status, reason, size: None }
}

fn waiting(reason: &str) -> Conclusion {
    Conclusion { status: Status::Uploading, reason: reason.to_owned(), size: None }
}

fn with_words(sentence: &str, error: &str) -> String {
    if error.is_empty() { sentence.to_owned() } else { format!("{sentence}: {error}") }
}
