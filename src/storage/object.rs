//! What storage tells about objects.

use std::{fmt, ops::Range, pin::Pin};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::Stream;

use super::StorageError;

/// An object, without what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    pub key: String,
    pub size: u64,
    pub modified: DateTime<Utc>,
}

/// A page of a listing, in the order of the keys' bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub items: Vec<ObjectInfo>,
    /// After which key the next page begins, when there is one.
    pub next: Option<String>,
}

/// Which bytes of an object are wanted, the first being number 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From this one to the end.
    From(u64),
    /// From the one to the other, both included; an object that ends earlier gives what it has.
    Within(u64, u64),
    /// The last so many.
    Last(u64),
}

impl ByteRange {
    /// Which bytes of an object of that size these are, the end excluded; `None` when there are none.
    pub fn of(self, whole: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first) => first..whole,
            Self::Within(first, last) if first > last => return None,
            Self::Within(first, last) => first..last.saturating_add(1).min(whole),
            Self::Last(count) => whole.saturating_sub(count)..whole,
        };
        (!range.is_empty()).then_some(range)
    }

    /// As HTTP writes it.
    pub(super) fn header(self) -> String {
        match self {
            Self::From(first) => format!("bytes={first}-"),
            Self::Within(first, last) => format!("bytes={first}-{last}"),
            Self::Last(count) => format!("bytes=-{count}"),
        }
    }
}

/// The bytes of an object, or of a part of it, as they come in.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, StorageError>> + Send>>;

/// An object on its way to us.
pub struct Download {
    /// How many bytes come.
    pub size: u64,
    /// How many the object has.
    pub whole: u64,
    /// Which ones come, the end excluded.
    pub range: Range<u64>,
    pub modified: DateTime<Utc>,
    /// A stream that ends early ends with an error.
    pub body: Body,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("range", &self.range).field("whole", &self.whole).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_gives_what_the_object_has() {
        assert_eq!(ByteRange::From(3).of(10), Some(3..10));
        assert_eq!(ByteRange::From(10).of(10), None);
        assert_eq!(ByteRange::Within(2, 4).of(10), Some(2..5));
        assert_eq!(ByteRange::Within(8, u64::MAX).of(10), Some(8..10));
        assert_eq!(ByteRange::Within(4, 2).of(10), None);
        assert_eq!(ByteRange::Last(4).of(10), Some(6..10));
        assert_eq!(ByteRange::Last(40).of(10), Some(0..10));
        assert_eq!(ByteRange::Last(0).of(10), None);
        assert_eq!(ByteRange::Last(1).of(0), None);
    }
}
