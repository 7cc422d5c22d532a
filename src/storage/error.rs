//! What can go wrong with storage, in words that an operator can act on.

use std::io;

use rustix::io::Errno;

/// Storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("no storage is set up")]
    NotConfigured,
    #[error("S3_ENDPOINT and S3_BUCKET make no address: {0}")]
    Address(#[from] rusty_s3::BucketError),
    /// No answer, or none in time.
    #[error("cannot reach storage: {0}")]
    Unreachable(String),
    /// It failed again and again, and is left alone for a moment.
    #[error("storage is left alone for some seconds, since it failed again and again: {0}")]
    Unavailable(String),
    #[error("storage has no bucket of the name in S3_BUCKET")]
    NoBucket,
    #[error("storage refuses S3_ACCESS_KEY and S3_SECRET_KEY for this bucket{}", in_brackets(.0.as_deref()))]
    Refused(Option<String>),
    #[error(
        "the clocks of this machine and of storage are {0} seconds apart, so storage refuses what is signed here: \
         set this machine's clock (`timedatectl set-ntp true`)"
    )]
    ClockSkew(i64),
    #[error(
        "storage says that the bucket is at another place{}: S3_ENDPOINT and S3_REGION must be those of the bucket",
        in_brackets(.0.as_deref())
    )]
    Elsewhere(Option<String>),
    #[error("storage is full{}", in_brackets(.0.as_deref()))]
    Full(Option<String>),
    #[error("storage answered {status}{}", in_brackets(.code.as_deref()))]
    Failed { status: u16, code: Option<String> },
    #[error("storage answered what is not S3: {0}")]
    Garbled(String),
    /// What arrived is not what was sent.
    #[error("storage has something else than was sent: {0}")]
    Mismatch(String),
    /// No object can have that key.
    #[error("the key {0}")]
    Key(&'static str),
    /// The object has no byte of the range that was asked for.
    #[error("the range lies outside of the object")]
    Range { whole: Option<u64> },
    #[error("the upload was broken off")]
    Stopped,
    #[error("cannot read the file that is to be uploaded: {0}")]
    File(#[source] io::Error),
    #[error("cannot {doing} in STORAGE_DIR: {source}")]
    Folder { doing: &'static str, source: io::Error },
}

impl StorageError {
    /// What the machine says about the folder, in our words.
    pub(super) fn folder(doing: &'static str, source: io::Error) -> Self {
        let full = [Errno::NOSPC, Errno::DQUOT].iter().any(|errno| source.raw_os_error() == Some(errno.raw_os_error()));
        if full {
            Self::Full(Some("no space is left in STORAGE_DIR".to_owned()))
        } else {
            Self::Folder { doing, source }
        }
    }

    /// Whether storage is what does not work, and not what it was asked: the same may succeed once it is mended.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Unavailable(_)
            | Self::NoBucket
            | Self::Refused(_)
            | Self::ClockSkew(_)
            | Self::Elsewhere(_)
            | Self::Full(_)
            | Self::Failed { .. }
            | Self::Garbled(_)
            | Self::Folder { .. } => true,
            Self::NotConfigured
            | Self::Address(_)
            | Self::Mismatch(_)
            | Self::Key(_)
            | Self::Range { .. }
            | Self::Stopped
            | Self::File(_) => false,
        }
    }

    /// Whether the same question may well be answered a moment later.
    pub(super) fn passes(&self) -> bool {
        match self {
            // What was damaged on its way is sent once more.
            Self::Unreachable(_) | Self::Mismatch(_) => true,
            Self::Failed { status, code } => {
                matches!(status, 408 | 429 | 500 | 502 | 503 | 504) || code.as_deref() == Some("RequestTimeout")
            }
            Self::NotConfigured
            | Self::Address(_)
            | Self::Unavailable(_)
            | Self::NoBucket
            | Self::Refused(_)
            | Self::ClockSkew(_)
            | Self::Elsewhere(_)
            | Self::Full(_)
            | Self::Garbled(_)
            | Self::Key(_)
            | Self::Range { .. }
            | Self::Stopped
            | Self::File(_)
            | Self::Folder { .. } => false,
        }
    }

    /// Whether it says that storage as a whole is away.
    pub(super) fn is_away(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Failed { status, .. } => matches!(status, 500 | 502 | 503 | 504),
            Self::NotConfigured
            | Self::Address(_)
            | Self::Unavailable(_)
            | Self::NoBucket
            | Self::Refused(_)
            | Self::ClockSkew(_)
            | Self::Elsewhere(_)
            | Self::Full(_)
            | Self::Garbled(_)
            | Self::Mismatch(_)
            | Self::Key(_)
            | Self::Range { .. }
            | Self::Stopped
            | Self::File(_)
            | Self::Folder { .. } => false,
        }
    }
}

fn in_brackets(words: Option<&str>) -> String {
    words.map(|words| format!(" ({words})")).unwrap_or_default()
}
