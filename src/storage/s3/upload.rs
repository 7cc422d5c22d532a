//! Uploads: in one request, or in parts when there is more.

use std::{
    fs::File,
    io,
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use md5::{Digest as _, Md5};
use reqwest::{
    Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG},
};
use rusty_s3::{S3Action, actions::CreateMultipartUpload};
use tracing::warn;
use url::Url;

use super::{
    super::{
        StorageError,
        key::Key,
        watch::{Moved, PIECE, pieces, read_piece},
    },
    Question, S3, answer, unreachable,
};

/// Up to here one request does.
const WHOLE: u64 = 100 * 1024 * 1024;
/// How large a part is, unless there would be too many of them.
const PART: u64 = 16 * 1024 * 1024;
/// What is no larger is waited for as any small question is.
const SMALL: u64 = 64 * 1024;
/// How many parts S3 takes.
const MOST_PARTS: u64 = 10_000;

/// What says that an entity tag is no MD5, though it looks like one: the store encrypted the object with a key of its own.
const ENCRYPTION: [&str; 2] = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm"];

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

impl Sending<'_> {
    /// Tells on what is new: a part that is sent again does not go back.
    fn moved(&self, bytes: u64) {
        let so_far = self.there + bytes;
        if self.furthest.fetch_max(so_far, Ordering::Relaxed) < so_far {
            (self.tell)(so_far);
        }
    }
}

impl Cargo {
    fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Self::File { range, .. } => range.end - range.start,
        }
    }

    fn is_small(&self) -> bool {
        self.length() <= SMALL
    }

    async fn md5(&self) -> Result<[u8; 16], StorageError> {
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
    fn body(&self, moved: Moved) -> reqwest::Body {
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

impl S3 {
    pub(in super::super) async fn upload_file(
        &self,
        key: Key<'_>,
        path: &Path,
        content_type: &str,
        progress: &(impl Fn(u64) + Send + Sync),
    ) -> Result<(), StorageError> {
        let (file, size) = open(path).await?;
        let furthest = AtomicU64::new(0);
        let sending = Sending { there: 0, furthest: &furthest, tell: progress };
        if size <= WHOLE {
            self.put_whole(key, &Cargo::File { file, range: 0..size }, content_type, &sending).await?;
        } else {
            self.put_parts(key, &file, size, (content_type, sending)).await?;
        }
        match self.head(key).await? {
            Some(info) if info.size == size => Ok(()),
            Some(info) => Err(StorageError::Mismatch(format!("{} bytes were sent and {} are there", size, info.size))),
            None => Err(StorageError::Mismatch("the object was uploaded and is not there".to_owned())),
        }
    }

    /// One request for everything.
    pub(super) async fn put_whole(
        &self,
        key: Key<'_>,
        cargo: &Cargo,
        content_type: &str,
        sending: &Sending<'_>,
    ) -> Result<(), StorageError> {
        let (name, md5) = (key.as_str(), cargo.md5().await?);
        let question = Question { operation: "write", key: name };
        let attempt = || async move {
            let mut action = self.bucket.put_object(Some(&self.credentials), name);
            action.headers_mut().insert("content-type", content_type);
            let answer = self.send(action, cargo, md5, (Some(content_type), sending)).await?;
            compare(&answer, md5)
        };
        if cargo.is_small() { self.asking(question, attempt).await } else { self.retrying(question, attempt).await }
    }

    async fn put_parts(
        &self,
        key: Key<'_>,
        file: &Arc<File>,
        size: u64,
        (content_type, sending): (&str, Sending<'_>),
    ) -> Result<(), StorageError> {
        let name = key.as_str();
        let upload = self.begin(name, content_type).await?;
        let outcome = match self.send_parts(name, &upload, (file, size), sending).await {
            Ok(tags) => self.complete(name, &upload, &tags).await,
            Err(err) => Err(err),
        };
        if outcome.is_err()
            && let Err(err) = self.abort(name, &upload).await
        {
            warn!(
                storage.key = name, error = %err,
                "the parts of `{name}` that were uploaded cannot be taken back; a rule of the bucket may delete \
                 uploads that were not completed"
            );
        }
        outcome
    }

    async fn begin(&self, key: &str, content_type: &str) -> Result<String, StorageError> {
        self.asking(Question { operation: "begin the upload of", key }, || async move {
            let mut action = self.bucket.create_multipart_upload(Some(&self.credentials), key);
            action.headers_mut().insert("content-type", content_type);
            let url = self.sign(&action);
            let answer =
                self.ask(self.http.post(url).header(CONTENT_TYPE, content_type).header(CONTENT_LENGTH, 0)).await?;
            if !answer.status().is_success() {
                return Err(self.refusal(answer).await);
            }
            let begun = CreateMultipartUpload::parse_response(&self.text(answer).await?);
            let begun = begun.map_err(|err| StorageError::Garbled(format!("the beginning of an upload: {err}")))?;
            Ok(begun.upload_id().to_owned())
        })
        .await
    }

    async fn send_parts(
        &self,
        key: &str,
        upload: &str,
        (file, size): (&Arc<File>, u64),
        mut sending: Sending<'_>,
    ) -> Result<Vec<String>, StorageError> {
        let mut tags = Vec::new();
        for (number, range) in (1_u16..).zip(parts_of(size)) {
            let cargo = Cargo::File { file: file.clone(), range };
            tags.push(self.send_part(key, (upload, number), &cargo, &sending).await?);
            sending.there += cargo.length();
        }
        Ok(tags)
    }

    async fn send_part(
        &self,
        key: &str,
        (upload, number): (&str, u16),
        cargo: &Cargo,
        sending: &Sending<'_>,
    ) -> Result<String, StorageError> {
        let md5 = cargo.md5().await?;
        self.retrying(Question { operation: "write a part of", key }, || async move {
            let action = self.bucket.upload_part(Some(&self.credentials), key, number, upload);
            let answer = self.send(action, cargo, md5, (None, sending)).await?;
            compare(&answer, md5)?;
            let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
            tag.map(str::to_owned).ok_or_else(|| StorageError::Garbled("a part without entity tag".to_owned()))
        })
        .await
    }

    /// Sends bytes, with their MD5, for as long as they move.
    async fn send<'a>(
        &self,
        mut action: impl S3Action<'a>,
        cargo: &Cargo,
        md5: [u8; 16],
        (content_type, sending): (Option<&str>, &Sending<'_>),
    ) -> Result<Response, StorageError> {
        let md5 = STANDARD.encode(md5);
        action.headers_mut().insert("content-md5", md5.clone());
        let moved = Moved::of(cargo.length());
        let mut request = self.http.put(self.sign(&action)).header("content-md5", md5);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        // With a length, since S3 takes no body of unknown size.
        let request = request.header(CONTENT_LENGTH, cargo.length()).body(cargo.body(moved.clone()));
        let answer = if cargo.is_small() {
            let answer = self.ask(request).await?;
            sending.moved(cargo.length());
            answer
        } else {
            let sent = moved.watch(self.patience.stall, &|bytes| sending.moved(bytes), request.send()).await?;
            sent.map_err(unreachable)?
        };
        if answer.status().is_success() { Ok(answer) } else { Err(self.refusal(answer).await) }
    }

    /// Puts the parts together. That may take a store minutes, and an answer that begins well may end badly.
    async fn complete(&self, key: &str, upload: &str, tags: &[String]) -> Result<(), StorageError> {
        let asked = AtomicU64::new(0);
        let asked = &asked;
        self.retrying(Question { operation: "complete", key }, || async move {
            let again = asked.fetch_add(1, Ordering::Relaxed) > 0;
            let tags = tags.iter().map(String::as_str);
            let action = self.bucket.complete_multipart_upload(Some(&self.credentials), key, upload, tags);
            let url = self.sign(&action);
            match self.completed(url, action.body()).await {
                // The answer to an earlier attempt was lost; whether it worked is seen by the object itself.
                Err(StorageError::Failed { code: Some(code), .. }) if again && code == "NoSuchUpload" => Ok(()),
                outcome => outcome,
            }
        })
        .await
    }

    async fn completed(&self, url: Url, body: String) -> Result<(), StorageError> {
        let patience = self.patience.completion;
        let asked = async {
            let answer = self.http.post(url).body(body).send().await.map_err(unreachable)?;
            if !answer.status().is_success() {
                return Err(self.refusal(answer).await);
            }
            let said = answer.text().await.map_err(unreachable)?;
            match answer::code(&said) {
                Some(code) => Err(answer::judge(500, Some(code), 0)),
                None => Ok(()),
            }
        };
        let late = || StorageError::Unreachable(format!("no answer within {patience:?}"));
        tokio::time::timeout(patience, asked).await.map_err(|_| late())?
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StorageError> {
        self.asking(Question { operation: "take back the upload of", key }, || async move {
            let url = self.sign(&self.bucket.abort_multipart_upload(Some(&self.credentials), key, upload));
            let answer = self.ask(self.http.delete(url)).await?;
            match answer.status().as_u16() {
                // It is gone already.
                200..=299 | 404 => Ok(()),
                _ => Err(self.refusal(answer).await),
            }
        })
        .await
    }
}

async fn open(path: &Path) -> Result<(Arc<File>, u64), StorageError> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok((Arc::new(file), size))
    });
    opened.await.map_err(io::Error::other).and_then(|opened| opened).map_err(StorageError::File)
}

/// Parts of equal size, the last one as large as what is left: never more than S3 takes.
fn parts_of(size: u64) -> impl Iterator<Item = Range<u64>> {
    const UNIT: u64 = 1024 * 1024;
    let part = PART.max(size.div_ceil(MOST_PARTS).next_multiple_of(UNIT));
    (0..size.div_ceil(part)).map(move |number| number * part..((number + 1) * part).min(size))
}

/// Whether the store has what was sent, as far as its entity tag tells.
fn compare(answer: &Response, md5: [u8; 16]) -> Result<(), StorageError> {
    if ENCRYPTION.iter().any(|name| answer.headers().get(*name).is_some_and(|value| value != "AES256")) {
        return Ok(());
    }
    let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default().trim_matches('"');
    let is_md5 = tag.len() == 32 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_md5 && !tag.eq_ignore_ascii_case(&hex(md5)) {
        return Err(StorageError::Mismatch("its MD5 is another one".to_owned()));
    }
    Ok(())
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_file_and_are_never_too_many() {
        const GIB: u64 = 1024 * 1024 * 1024;
        for size in [WHOLE + 1, 5 * GIB, 5 * GIB + 1, 160 * GIB, 700 * GIB, 5 * 1024 * GIB] {
            let parts: Vec<_> = parts_of(size).collect();
            assert!(parts.len() <= 10_000, "{size}: {}", parts.len());
            assert_eq!(parts.first().map(|part| part.start), Some(0));
            assert_eq!(parts.last().map(|part| part.end), Some(size));
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].end - pair[0].start >= PART));
        }
        assert_eq!(parts_of(5 * GIB).next(), Some(0..PART));
    }
}
