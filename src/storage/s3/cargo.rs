//! What an upload carries: bytes in memory or of a file, in parts that a store takes, counted as they leave.

use std::{
    fs::File,
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use md5::{Digest as _, Md5};

use super::super::{
    StorageError,
    watch::{Moved, PIECE, pieces, read_piece},
};

/// How large a part is, unless there would be too many of them.
const PART: u64 = 16 * 1024 * 1024;
/// What is no larger is waited for as any small question is.
const SMALL: u64 = 64 * 1024;
/// How many parts S3 takes.
const MOST_PARTS: u64 = 10_000;

/// Bytes to send.
pub(super) enum Cargo {
    Memory(Bytes),
    File { file: Arc<File>, range: Range<u64> },
}

/// How far a whole upload is: what is there, and whom to tell.
pub(super) struct Sending<'a> {
    there: u64,
    furthest: &'a AtomicU64,
    tell: &'a (dyn Fn(u64) + Send + Sync),
}

impl Sending<'static> {
    /// Nobody is told.
    pub fn unwatched() -> Self {
        static NOWHERE: AtomicU64 = AtomicU64::new(0);
        Self { there: 0, furthest: &NOWHERE, tell: &|_| {} }
    }
}

impl<'a> Sending<'a> {
    /// `furthest` remembers what was told, for this upload alone.
    pub fn of(furthest: &'a AtomicU64, tell: &'a (dyn Fn(u64) + Send + Sync)) -> Self {
        Self { there: 0, furthest, tell }
    }

    /// So much more is there.
    pub fn advance(&mut self, bytes: u64) {
        self.there += bytes;
    }

    /// Tells on what is new: a part that is sent again does not go back.
    pub fn moved(&self, bytes: u64) {
        let so_far = self.there + bytes;
        if self.furthest.fetch_max(so_far, Ordering::Relaxed) < so_far {
            (self.tell)(so_far);
        }
    }
}

impl Cargo {
    pub fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::File { range, .. } => range.end - range.start,
        }
    }

    /// The same in parts of equal size, the last one as large as what is left. Only a file is ever that large.
    pub fn into_parts(self) -> Vec<Self> {
        match self {
            Self::Memory(bytes) => vec![Self::Memory(bytes)],
            Self::File { file, range } => {
                let parts = parts_of(range.end - range.start);
                let at = |part: Range<u64>| range.start + part.start..range.start + part.end;
                parts.map(|part| Self::File { file: file.clone(), range: at(part) }).collect()
            }
        }
    }

    pub fn is_small(&self) -> bool {
        self.length() <= SMALL
    }

    pub async fn md5(&self) -> Result<[u8; 16], StorageError> {
        match self {
            Self::Memory(bytes) => Ok(Md5::digest(bytes).into()),
            Self::File { file, range } => {
                let (file, range) = (file.clone(), range.clone());
                let hashed = tokio::task::spawn_blocking(move || md5_of(&file, range)).await;
                hashed.map_err(io::Error::other).and_then(|hashed| hashed).map_err(StorageError::File)
            }
        }
    }

    /// The bytes as a request takes them; each is counted when it leaves.
    pub fn body(&self, moved: Moved) -> reqwest::Body {
        match self {
            Self::Memory(bytes) => {
                let size = usize::try_from(PIECE).unwrap_or(usize::MAX);
                let mut rest = bytes.clone();
                let pieces = std::iter::from_fn(move || {
                    let piece = rest.split_to(size.min(rest.len()));
                    (!piece.is_empty()).then_some(piece)
                });
                let counted = pieces.inspect(move |piece| moved.add(piece.len()));
                reqwest::Body::wrap_stream(stream::iter(counted.map(Ok::<_, io::Error>)))
            }
            Self::File { file, range } => {
                let counted = pieces(file.clone(), range.clone()).inspect(move |piece| {
                    if let Ok(piece) = piece {
                        moved.add(piece.len());
                    }
                });
                reqwest::Body::wrap_stream(counted)
            }
        }
    }
}

fn md5_of(file: &File, range: Range<u64>) -> io::Result<[u8; 16]> {
    let mut md5 = Md5::new();
    let mut from = range.start;
    while from < range.end {
        let length = PIECE.min(range.end - from);
        md5.update(read_piece(file, from, length)?);
        from += length;
    }
    Ok(md5.finalize().into())
}

/// Never more than S3 takes.
fn parts_of(size: u64) -> impl Iterator<Item = Range<u64>> {
    const UNIT: u64 = 1024 * 1024;
    let part = PART.max(size.div_ceil(MOST_PARTS).next_multiple_of(UNIT));
    (0..size.div_ceil(part)).map(move |number| number * part..((number + 1) * part).min(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_and_are_never_too_many() {
        const GIB: u64 = 1024 * 1024 * 1024;
        for size in [100 * 1024 * 1024 + 1, 5 * GIB, 5 * GIB + 1, 160 * GIB, 700 * GIB, 5 * 1024 * GIB] {
            let parts: Vec<_> = parts_of(size).collect();
            assert!(parts.len() <= 10_000, "{size}: {}", parts.len());
            assert_eq!(parts.first().map(|part| part.start), Some(0));
            assert_eq!(parts.last().map(|part| part.end), Some(size));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].end - pair[0].start >= PART));
        }
        assert_eq!(parts_of(5 * GIB).next(), Some(0..PART));
    }
}
