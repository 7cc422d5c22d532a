//! Uploads: in one request, or in parts when there is more.

use std::{
    fs::File,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    Response,
    header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG},
};
use rusty_s3::{S3Action, actions::CreateMultipartUpload};
use tracing::warn;
use url::Url;

use super::{
    super::{StorageError, Watched, key::Key, unless_stopped, watch::Moved},
    Question, S3, answer,
    cargo::{Cargo, Sending},
    unreachable,
};

/// Up to here one request does.
const WHOLE: u64 = 100 * 1024 * 1024;

/// What says that an entity tag is no MD5, though it looks like one: the store encrypted the object with a key of its own.
const ENCRYPTION: [&str; 2] = ["x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-algorithm"];

/// Bytes on their way in one request.
struct Parcel<'a> {
    cargo: &'a Cargo,
    md5: [u8; 16],
    /// Of a part the store knows it already.
    content_type: Option<&'a str>,
    sending: &'a Sending<'a>,
}

/// A part of an upload that has begun.
#[derive(Clone, Copy)]
struct Part<'a> {
    key: &'a str,
    upload: &'a str,
    number: u16,
}

impl S3 {
    pub(in super::super) async fn upload_file(
        &self,
        key: Key<'_>,
        path: &Path,
        content_type: &str,
        watched: Watched<'_, impl Fn(u64) + Send + Sync>,
    ) -> Result<(), StorageError> {
        let (file, size) = open(path).await?;
        let furthest = AtomicU64::new(0);
        let sending = Sending::of(&furthest, watched.progress);
        let cargo = Cargo::File { file, range: 0..size };
        if size <= WHOLE {
            unless_stopped(&watched.stop, self.put_whole(key, &cargo, content_type, &sending)).await?;
        } else {
            let upload = self.begin(key.as_str(), content_type).await?;
            let parts = self.put_parts(key.as_str(), &upload, cargo, sending);
            let outcome = unless_stopped(&watched.stop, parts).await;
            if outcome.is_err() {
                self.take_back(key.as_str(), &upload).await;
            }
            outcome?;
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
        let name = key.as_str();
        let parcel = &Parcel { cargo, md5: cargo.md5().await?, content_type: Some(content_type), sending };
        let question = Question { operation: "write", key: name };
        let attempt = || async move {
            let mut action = self.bucket.put_object(Some(&self.credentials), name);
            action.headers_mut().insert("content-type", content_type);
            let answer = self.send(action, parcel).await?;
            compare(&answer, parcel.md5)
        };
        if cargo.is_small() { self.asking(question, attempt).await } else { self.retrying(question, attempt).await }
    }

    /// Sends everything in parts and puts it together.
    async fn put_parts(&self, key: &str, upload: &str, cargo: Cargo, sending: Sending<'_>) -> Result<(), StorageError> {
        let tags = self.send_parts(key, upload, cargo, sending).await?;
        self.complete(key, upload, &tags).await
    }

    /// Takes back the parts of an upload that comes to nothing.
    async fn take_back(&self, key: &str, upload: &str) {
        if let Err(err) = self.abort(key, upload).await {
            warn!(
                storage.key = key, error = %err,
                "the parts of `{key}` that were uploaded cannot be taken back; a rule of the bucket may delete \
                 uploads that were not completed"
            );
        }
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
        cargo: Cargo,
        mut sending: Sending<'_>,
    ) -> Result<Vec<String>, StorageError> {
        let mut tags = Vec::new();
        for (number, cargo) in (1..).zip(cargo.into_parts()) {
            tags.push(self.send_part(Part { key, upload, number }, &cargo, &sending).await?);
            sending.advance(cargo.length());
        }
        Ok(tags)
    }

    async fn send_part(&self, part: Part<'_>, cargo: &Cargo, sending: &Sending<'_>) -> Result<String, StorageError> {
        let parcel = &Parcel { cargo, md5: cargo.md5().await?, content_type: None, sending };
        self.retrying(Question { operation: "write a part of", key: part.key }, || async move {
            let action = self.bucket.upload_part(Some(&self.credentials), part.key, part.number, part.upload);
            let answer = self.send(action, parcel).await?;
            compare(&answer, parcel.md5)?;
            let tag = answer.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
            tag.map(str::to_owned).ok_or_else(|| StorageError::Garbled("a part without entity tag".to_owned()))
        })
        .await
    }

    /// Sends bytes, with their MD5, for as long as they move.
    async fn send<'a>(&self, mut action: impl S3Action<'a>, parcel: &Parcel<'_>) -> Result<Response, StorageError> {
        let Parcel { cargo, md5, content_type, sending } = parcel;
        let md5 = STANDARD.encode(md5);
        action.headers_mut().insert("content-md5", md5.clone());
        let moved = Moved::of(cargo.length());
        let mut request = self.http.put(self.sign(&action)).header("content-md5", md5);
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, *content_type);
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
