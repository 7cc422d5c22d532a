//! Storage: where recordings are kept, an S3-compatible store or a folder, behind the same questions.

mod breaker;
mod error;
mod folder;
mod key;
mod link;
mod object;
mod s3;
mod watch;

use std::{path::Path, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::key::Key;
pub use self::{
    error::StorageError,
    folder::Folder,
    link::{Disposition, Link, LinkOptions, LinkParts},
    object::{Body, ByteRange, Download, Listing, ObjectInfo},
    s3::S3,
};
use crate::{
    clock::Clock,
    config::{Environment, StorageSettings},
};

/// What [`Storage::prove`] writes and reads.
const PROOF: &[u8] = b"Meetbox looks whether it can write, read and delete here.\n";

/// Where recordings are kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// No storage is set up.
    NotConfigured,
    /// An S3-compatible store.
    S3(Box<S3>),
    /// A folder with a file for each object.
    Folder(Box<Folder>),
}

/// How long storage is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For one answer.
    pub answer: Duration,
    /// For an answer, retries included.
    pub whole: Duration,
    /// For the next byte of something that may be large.
    pub stall: Duration,
    /// For a large upload to be put together.
    pub completion: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(4),
            whole: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            completion: Duration::from_secs(300),
        }
    }
}

/// Whom an upload tells how far it is, and who may stop it.
struct Watched<'a, P> {
    progress: &'a P,
    stop: CancellationToken,
}

impl<'a, P> Watched<'a, P> {
    /// Nobody stops it.
    fn by(progress: &'a P) -> Self {
        Self { progress, stop: CancellationToken::new() }
    }
}

async fn unless_stopped<T>(
    stop: &CancellationToken,
    work: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(StorageError::Stopped),
        done = work => done,
    }
}

impl Storage {
    /// The storage in the settings. Nothing is asked of it yet. On a developer's machine a bucket that is missing is
    /// made whenever that is noticed; elsewhere buckets are the operator's.
    pub fn new(
        http: reqwest::Client,
        settings: &StorageSettings,
        environment: Environment,
        clock: Clock,
    ) -> Result<Self, StorageError> {
        match settings {
            StorageSettings::None => Ok(Self::NotConfigured),
            StorageSettings::S3(settings) => {
                S3::new(http, settings, environment, clock).map(|s3| Self::S3(Box::new(s3)))
            }
            StorageSettings::Folder(settings) => Ok(Self::Folder(Box::new(Folder::new(settings, clock)))),
        }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        match &mut self {
            Self::NotConfigured => {}
            Self::S3(s3) => s3.patience = patience,
            Self::Folder(folder) => folder.patience = patience,
        }
        self
    }

    /// A cheap look whether storage is there and open to us. It goes past the breaker, and what it finds counts.
    pub async fn probe(&self) -> Result<(), StorageError> {
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.probe().await,
            Self::Folder(folder) => folder.probe().await,
        }
    }

    /// Makes sure that objects can be written, looked at, read and deleted. Makes what is ours to make: the folder,
    /// and on a developer's machine the bucket.
    pub async fn prove(&self) -> Result<(), StorageError> {
        match self {
            Self::NotConfigured => return Err(StorageError::NotConfigured),
            // It knows best whether the bucket is there: the answer to a HEAD of an object does not tell.
            Self::S3(s3) => s3.probe().await?,
            Self::Folder(folder) => folder.prepare().await?,
        }
        let key = format!("{}/{}", key::PROBES, Uuid::new_v4());
        self.put(&key, Bytes::from_static(PROOF), "text/plain").await?;
        let proved = self.prove_object(&key).await;
        self.delete(&key).await?;
        proved
    }

    async fn prove_object(&self, key: &str) -> Result<(), StorageError> {
        let missing = || StorageError::Mismatch("an object that was just written is not there".to_owned());
        let info = self.head(key).await?.ok_or_else(missing)?;
        let download = self.get(key, None).await?.ok_or_else(missing)?;
        let read: Vec<Bytes> = download.body.try_collect().await?;
        if read.concat() != PROOF || usize::try_from(info.size) != Ok(PROOF.len()) {
            return Err(StorageError::Mismatch("an object is not read as it was written".to_owned()));
        }
        Ok(())
    }

    /// What is known about an object; `None` when it is surely not there.
    pub async fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.head(key).await,
            Self::Folder(folder) => folder.head(key).await,
        }
    }

    /// Writes an object, in place of one that may be there. It is there as a whole or not at all.
    pub async fn put(&self, key: &str, bytes: Bytes, content_type: &str) -> Result<(), StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.put(key, bytes, content_type).await,
            Self::Folder(folder) => folder.put(key, bytes).await,
        }
    }

    /// Reads an object, or a part of it; `None` when it is surely not there.
    pub async fn get(&self, key: &str, range: Option<ByteRange>) -> Result<Option<Download>, StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.get(key, range).await,
            Self::Folder(folder) => folder.get(key, range).await,
        }
    }

    /// At most `limit` (1 to 1000) of the objects whose keys begin with `prefix` and come behind `after`.
    pub async fn list(&self, prefix: &str, after: Option<&str>, limit: u16) -> Result<Listing, StorageError> {
        let limit = limit.clamp(1, 1000);
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.list(prefix, after, limit).await,
            Self::Folder(folder) => folder.list(prefix, after, limit).await,
        }
    }

    /// Deletes an object; one that is not there counts as deleted.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.delete(key).await,
            Self::Folder(folder) => folder.delete(key).await,
        }
    }

    /// Makes what has to be there before somebody else writes this object: in a folder the folders on the way.
    pub async fn make_way(&self, key: &str) -> Result<(), StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(_) => Ok(()),
            Self::Folder(folder) => folder.make_way(key).await,
        }
    }

    /// Writes an object from a file of any size, and makes sure that it arrived. `progress` is told now and then how
    /// many bytes are on their way or there.
    pub async fn upload_file(
        &self,
        key: &str,
        path: &Path,
        content_type: &str,
        progress: impl Fn(u64) + Send + Sync,
    ) -> Result<(), StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.upload_file(key, path, content_type, Watched::by(&progress)).await,
            Self::Folder(folder) => folder.upload_file(key, path, &progress).await,
        }
    }

    /// The same for as long as nobody stops it. Then parts that are there are taken back; an object that was whole by then
    /// stays.
    pub async fn upload_file_until(
        &self,
        stop: &CancellationToken,
        key: &str,
        path: &Path,
        content_type: &str,
    ) -> Result<(), StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => {
                let watched = Watched { stop: stop.clone(), ..Watched::by(&|_| {}) };
                s3.upload_file(key, path, content_type, watched).await
            }
            Self::Folder(folder) => unless_stopped(stop, folder.upload_file(key, path, &|_| {})).await,
        }
    }

    /// An address at which anybody can fetch the object until it expires.
    pub fn link(&self, key: &str, options: &LinkOptions) -> Result<Link, StorageError> {
        let key = Key::parse(key)?;
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => Ok(s3.link(key, options)),
            Self::Folder(folder) => folder.link(key, options),
        }
    }

    /// Whether a link of a folder opens what it says, now.
    pub fn opens(&self, parts: &LinkParts<'_>, now: DateTime<Utc>) -> Result<bool, StorageError> {
        let key = match self {
            Self::NotConfigured => return Err(StorageError::NotConfigured),
            // Its links lead to the store itself.
            Self::S3(_) => return Ok(false),
            Self::Folder(folder) => folder.link_key()?,
        };
        Ok(key.opens(parts) && now.timestamp() < parts.expires)
    }

    /// Signs something of ours that is not one object, such as a page of them; whoever can write to storage could.
    pub fn sign(&self, subject: &str, expires: DateTime<Utc>) -> Result<String, StorageError> {
        match self {
            Self::NotConfigured => Err(StorageError::NotConfigured),
            Self::S3(s3) => Ok(s3.link_key().sign(subject, expires)),
            Self::Folder(folder) => Ok(folder.link_key()?.sign(subject, expires)),
        }
    }

    /// Whether the signature is ours, for this subject and this expiry, which has not come.
    pub fn verify(
        &self,
        subject: &str,
        expires: DateTime<Utc>,
        signature: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StorageError> {
        let key = match self {
            Self::NotConfigured => return Err(StorageError::NotConfigured),
            Self::S3(s3) => s3.link_key(),
            Self::Folder(folder) => folder.link_key()?,
        };
        Ok(key.verifies(subject, expires, signature) && now < expires)
    }
}
