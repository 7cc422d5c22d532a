//! A folder with a file for each object: what the recorder writes there is an object, and what is put there is a file.

mod listing;
mod place;
mod secret;

use std::{
    fs::File,
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;

use self::place::{Draft, Place};
use super::{
    Patience, StorageError,
    breaker::Breaker,
    key::Key,
    link::{self, Link, LinkKey, LinkOptions},
    object::{ByteRange, Download, Listing, ObjectInfo},
    watch::{Moved, PIECE, patient, pieces, read_piece},
};
use crate::{clock::Clock, config::FolderSettings};

/// A folder that holds objects.
#[derive(Clone, Debug)]
pub struct Folder {
    place: Arc<Place>,
    clock: Clock,
    breaker: Arc<Breaker>,
    /// Read when it is first needed: the folder may be away at the start.
    link_key: Arc<OnceLock<LinkKey>>,
    pub(super) patience: Patience,
}

impl Folder {
    pub(super) fn new(settings: &FolderSettings, clock: Clock) -> Self {
        Self {
            place: Arc::new(Place::new(settings.dir.clone())),
            clock,
            breaker: Arc::default(),
            link_key: Arc::default(),
            patience: Patience::default(),
        }
    }

    /// Whether the folder is there, and can be written to.
    pub(super) async fn probe(&self) -> Result<(), StorageError> {
        let place = self.place.clone();
        let outcome = self.waiting(move || place.probe()).await;
        self.breaker.note(&outcome);
        outcome
    }

    /// Makes the folder if need be, and clears away what writers that were cut off left behind.
    pub(super) async fn prepare(&self) -> Result<(), StorageError> {
        let now = self.clock.now();
        self.blocking(move |place| {
            place.make()?;
            place.clear_drafts(now)?;
            place.probe()
        })
        .await
    }

    pub(super) async fn head(&self, key: Key<'_>) -> Result<Option<ObjectInfo>, StorageError> {
        let name = key.as_str().to_owned();
        self.blocking(move |place| {
            let Some(file) = place.open(Key::parse(&name)?)? else { return Ok(None) };
            let (size, modified) = describe(&file)?;
            Ok(Some(ObjectInfo { key: name, size, modified }))
        })
        .await
    }

    pub(super) async fn put(&self, key: Key<'_>, bytes: Bytes) -> Result<(), StorageError> {
        let name = key.as_str().to_owned();
        let place = self.place.clone();
        let written = Moved::of(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let counting = written.clone();
        let work = tokio::task::spawn_blocking(move || {
            let draft = Draft::begin(&place)?;
            for piece in bytes.chunks(usize::try_from(PIECE).unwrap_or(usize::MAX)) {
                draft.write(piece)?;
                counting.add(piece.len());
            }
            draft.finish(Key::parse(&name)?)
        });
        self.finished(written, &|_| {}, work).await
    }

    pub(super) async fn get(&self, key: Key<'_>, range: Option<ByteRange>) -> Result<Option<Download>, StorageError> {
        let name = key.as_str().to_owned();
        let opened = self.blocking(move |place| {
            let Some(file) = place.open(Key::parse(&name)?)? else { return Ok(None) };
            let (whole, modified) = describe(&file)?;
            Ok(Some((Arc::new(file), whole, modified)))
        });
        let Some((file, whole, modified)) = opened.await? else { return Ok(None) };
        let range = match range {
            None => 0..whole,
            Some(range) => range.of(whole).ok_or(StorageError::Range { whole: Some(whole) })?,
        };
        let bytes = pieces(file, range.clone()).map_err(|err| StorageError::folder("read", err));
        let body = patient(bytes, self.patience.stall);
        Ok(Some(Download { size: range.end - range.start, whole, range, modified, body }))
    }

    pub(super) async fn list(&self, prefix: &str, after: Option<&str>, limit: u16) -> Result<Listing, StorageError> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.blocking(move |place| listing::list(place, &prefix, after.as_deref(), usize::from(limit))).await
    }

    pub(super) async fn delete(&self, key: Key<'_>) -> Result<(), StorageError> {
        let name = key.as_str().to_owned();
        self.blocking(move |place| place.delete(Key::parse(&name)?)).await
    }

    pub(super) async fn make_way(&self, key: Key<'_>) -> Result<(), StorageError> {
        let name = key.as_str().to_owned();
        self.blocking(move |place| place.make_way(Key::parse(&name)?)).await
    }

    pub(super) async fn upload_file(
        &self,
        key: Key<'_>,
        path: &Path,
        progress: &(impl Fn(u64) + Send + Sync),
    ) -> Result<(), StorageError> {
        let (name, path) = (key.as_str().to_owned(), path.to_owned());
        let place = self.place.clone();
        let opened = self.waiting(move || {
            let file = File::open(path).map_err(StorageError::File)?;
            let size = file.metadata().map_err(StorageError::File)?.len();
            Ok((file, size))
        });
        let (file, size) = opened.await?;
        let written = Moved::of(size);
        let counting = written.clone();
        let work = tokio::task::spawn_blocking(move || {
            let draft = Draft::begin(&place)?;
            let mut from = 0;
            while from < size {
                let length = PIECE.min(size - from);
                let piece = read_piece(&file, from, length).map_err(StorageError::File)?;
                draft.write(&piece)?;
                counting.add(piece.len());
                from += length;
            }
            draft.finish(Key::parse(&name)?)
        });
        self.finished(written, progress, work).await
    }

    pub(super) fn link(&self, key: Key<'_>, options: &LinkOptions) -> Result<Link, StorageError> {
        let expires = link::expiry(self.clock.now(), options.ttl);
        Ok(Link { address: self.link_key()?.address(key.as_str(), expires, options), expires })
    }

    /// The key of this folder, which every process that works with it shares.
    pub(super) fn link_key(&self) -> Result<&LinkKey, StorageError> {
        if let Some(key) = self.link_key.get() {
            return Ok(key);
        }
        let key = secret::link_key(&self.place)?;
        Ok(self.link_key.get_or_init(|| key))
    }

    /// Something small; a disk that does not answer, as one behind a network may, is not waited for.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.breaker.enter()?;
        let place = self.place.clone();
        let outcome = self.waiting(move || work(&place)).await;
        self.breaker.note(&outcome);
        outcome
    }

    async fn waiting<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let patience = self.patience.answer;
        match tokio::time::timeout(patience, tokio::task::spawn_blocking(work)).await {
            Ok(done) => done.map_err(|err| StorageError::folder("work", io::Error::other(err)))?,
            Err(_) => Err(StorageError::Unreachable(format!("STORAGE_DIR does not answer within {patience:?}"))),
        }
    }

    /// Something that may be large, for as long as bytes move.
    async fn finished(
        &self,
        written: Moved,
        progress: &(impl Fn(u64) + Sync),
        work: tokio::task::JoinHandle<Result<(), StorageError>>,
    ) -> Result<(), StorageError> {
        let done = written.watch(self.patience.stall, progress, work).await?;
        done.map_err(|err| StorageError::folder("work", io::Error::other(err)))?
    }
}

/// The size and the time of a file.
fn describe(file: &File) -> Result<(u64, DateTime<Utc>), StorageError> {
    let metadata = file.metadata().map_err(|err| StorageError::folder("look at a file", err))?;
    Ok((metadata.len(), time(metadata.mtime())))
}

/// Whole seconds, as S3 tells times.
fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
