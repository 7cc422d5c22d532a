//! Bytes on their way: read from a file piece by piece, counted, and given up when they stand still.

use std::{
    fs::File,
    future::Future,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::Instant;

use super::{StorageError, object::Body};

/// How much of a file is read at once.
pub(super) const PIECE: u64 = 256 * 1024;
/// How often is looked whether something moves.
const BEAT: Duration = Duration::from_millis(200);
/// How much more patience the end takes: the last megabytes may leave us and still be in the machine's buffers.
const TAIL: u32 = 4;

/// How many bytes have moved, of how many.
#[derive(Clone, Debug)]
pub(super) struct Moved {
    so_far: Arc<AtomicU64>,
    whole: u64,
}

impl Moved {
    pub fn of(whole: u64) -> Self {
        Self { so_far: Arc::default(), whole }
    }

    pub fn add(&self, bytes: usize) {
        self.so_far.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    /// Waits for `work` for as long as something moves; tells `progress` how much has.
    pub async fn watch<T>(
        &self,
        stall: Duration,
        progress: &(impl Fn(u64) + Sync),
        work: impl Future<Output = T>,
    ) -> Result<T, StorageError> {
        let mut work = pin!(work);
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            let done = tokio::time::timeout(BEAT, &mut work).await;
            let so_far = self.so_far.load(Ordering::Relaxed);
            if so_far != seen {
                (seen, since) = (so_far, Instant::now());
                progress(so_far);
            }
            let patience = if so_far < self.whole { stall } else { stall * TAIL };
            match done {
                Ok(done) => return Ok(done),
                Err(_) if since.elapsed() >= patience => {
                    return Err(StorageError::Unreachable(format!("nothing has moved for {patience:?}")));
                }
                Err(_) => {}
            }
        }
    }
}

/// The bytes of a file in that range. A file that has become shorter ends it with an error.
pub(super) fn pieces(file: Arc<File>, range: Range<u64>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((file, range), |(file, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let length = PIECE.min(range.end - range.start);
        let reader = file.clone();
        let piece = tokio::task::spawn_blocking(move || read_piece(&reader, range.start, length));
        let piece = piece.await.map_err(io::Error::other)??;
        Ok(Some((piece, (file, range.start + length..range.end))))
    })
}

pub(super) fn read_piece(file: &File, from: u64, length: u64) -> io::Result<Bytes> {
    let mut piece = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut piece, from)?;
    Ok(piece.into())
}

/// The same stream for somebody who does not wait for ever for its next piece; after an error nothing comes.
pub(super) fn patient(
    pieces: impl Stream<Item = Result<Bytes, StorageError>> + Send + 'static,
    stall: Duration,
) -> Body {
    let watched = stream::unfold(Some(Box::pin(pieces)), move |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(stall, pieces.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(pieces))),
            Ok(Some(Err(err))) => Some((Err(err), None)),
            Err(_) => Some((Err(StorageError::Unreachable(format!("nothing has come for {stall:?}"))), None)),
        }
    });
    Box::pin(watched)
}
