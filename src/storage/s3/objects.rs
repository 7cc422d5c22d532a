//! Objects in an S3-compatible store.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use reqwest::{
    Response,
    header::{CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, LAST_MODIFIED, RANGE},
};
use rusty_s3::{S3Action as _, actions::ListObjectsV2};

use super::{
    super::{
        StorageError,
        key::{self, Key},
        object::{ByteRange, Download, Listing, ObjectInfo},
        watch::patient,
    },
    Question, S3, answer,
    cargo::{Cargo, Sending},
    unreachable,
};

impl S3 {
    pub(in super::super) async fn head(&self, key: Key<'_>) -> Result<Option<ObjectInfo>, StorageError> {
        let name = key.as_str();
        self.asking(Question { operation: "look at", key: name }, || async move {
            let url = self.sign(&self.bucket.head_object(Some(&self.credentials), name));
            let answer = self.ask(self.http.head(url)).await?;
            match answer.status().as_u16() {
                200..=299 => info(name, answer.headers()).map(Some),
                // The answer to a HEAD has no body that would tell what it is that is missing.
                404 => self.head_bucket().await.map(|()| None),
                _ => Err(self.refusal(answer).await),
            }
        })
        .await
    }

    pub(in super::super) async fn put(
        &self,
        key: Key<'_>,
        bytes: Bytes,
        content_type: &str,
    ) -> Result<(), StorageError> {
        self.put_whole(key, &Cargo::Memory(bytes), content_type, &Sending::unwatched()).await
    }

    pub(in super::super) async fn get(
        &self,
        key: Key<'_>,
        range: Option<ByteRange>,
    ) -> Result<Option<Download>, StorageError> {
        let name = key.as_str();
        self.asking(Question { operation: "read", key: name }, || async move {
            let url = self.sign(&self.bucket.get_object(Some(&self.credentials), name));
            let mut request = self.http.get(url);
            if let Some(range) = range {
                request = request.header(RANGE, range.header());
            }
            let answer = self.ask(request).await?;
            match answer.status().as_u16() {
                200..=299 => download(answer, range, self.patience.stall).map(Some),
                404 => self.absent(answer).await,
                416 => Err(StorageError::Range { whole: content_range(answer.headers()).and_then(|(_, whole)| whole) }),
                _ => Err(self.refusal(answer).await),
            }
        })
        .await
    }

    pub(in super::super) async fn delete(&self, key: Key<'_>) -> Result<(), StorageError> {
        let name = key.as_str();
        self.asking(Question { operation: "delete", key: name }, || async move {
            let url = self.sign(&self.bucket.delete_object(Some(&self.credentials), name));
            let answer = self.ask(self.http.delete(url)).await?;
            match answer.status().as_u16() {
                200..=299 => Ok(()),
                404 => self.absent::<()>(answer).await.map(drop),
                _ => Err(self.refusal(answer).await),
            }
        })
        .await
    }

    /// What a 404 means: the object is not there, or the bucket is not.
    async fn absent<T>(&self, answer: Response) -> Result<Option<T>, StorageError> {
        match self.refusal(answer).await {
            StorageError::Failed { code: Some(code), .. } if code == "NoSuchKey" => Ok(None),
            StorageError::Failed { .. } => self.head_bucket().await.map(|()| None),
            err => Err(err),
        }
    }

    pub(in super::super) async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Listing, StorageError> {
        self.asking(Question { operation: "list", key: prefix }, || async move {
            let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
            action.with_max_keys(usize::from(limit));
            // Keys have no characters that XML has not, and some stores compare `start-after` with what they encoded.
            action.query_mut().remove("encoding-type");
            if !prefix.is_empty() {
                action.with_prefix(prefix);
            }
            if let Some(after) = after {
                action.with_start_after(after);
            }
            let answer = self.ask(self.http.get(self.sign(&action))).await?;
            match answer.status().as_u16() {
                200..=299 => page(&self.text(answer).await?, after),
                _ => Err(self.refusal(answer).await),
            }
        })
        .await
    }
}

fn page(body: &str, after: Option<&str>) -> Result<Listing, StorageError> {
    let garbled = |err: &dyn std::fmt::Display| StorageError::Garbled(format!("a listing: {err}"));
    let told = ListObjectsV2::parse_response(body).map_err(|err| match answer::code(body) {
        Some(code) => StorageError::Failed { status: 200, code: Some(code) },
        None => garbled(&err),
    })?;
    let last = told.contents.last().map(|object| object.key.clone());
    let goes_on = told.next_continuation_token.is_some();
    // A store that begins anew each time would never come to an end.
    if goes_on && last.as_deref() <= after {
        return Err(garbled(&"it does not go on where it was told to"));
    }

    let ours = told.contents.into_iter().filter(|object| key::is_shown(&object.key));
    let behind = ours.filter(|object| after.is_none_or(|after| object.key.as_str() > after));
    let items = behind.map(|object| {
        let modified = object.last_modified.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let (Some(modified), Some(size)) = (modified, object.size) else {
            return Err(garbled(&"an object without size or time"));
        };
        Ok(ObjectInfo { key: object.key, size, modified: modified.to_utc() })
    });
    Ok(Listing { items: items.collect::<Result<_, _>>()?, next: last.filter(|_| goes_on) })
}

fn info(key: &str, headers: &HeaderMap) -> Result<ObjectInfo, StorageError> {
    // The length that the client tells is that of the body, which a HEAD has none of.
    let size = header(headers, CONTENT_LENGTH)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| StorageError::Garbled("an object without size".to_owned()))?;
    Ok(ObjectInfo { key: key.to_owned(), size, modified: modified(headers)? })
}

fn modified(headers: &HeaderMap) -> Result<DateTime<Utc>, StorageError> {
    let modified = header(headers, LAST_MODIFIED).and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    modified.map(|time| time.to_utc()).ok_or_else(|| StorageError::Garbled("an object without time".to_owned()))
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn download(answer: Response, range: Option<ByteRange>, stall: Duration) -> Result<Download, StorageError> {
    let headers = answer.headers();
    let size = answer.content_length().ok_or_else(|| StorageError::Garbled("an object without size".to_owned()))?;
    let modified = modified(headers)?;
    let (first, whole) = match answer.status().as_u16() {
        206 => match content_range(headers) {
            Some((Some(first), Some(whole))) => (first, whole),
            _ => return Err(StorageError::Garbled("a part of an object that does not say which".to_owned())),
        },
        // A store may give everything all the same, but not for a range that has nothing in it.
        _ if range.is_some_and(|range| range.of(size).is_none()) => {
            return Err(StorageError::Range { whole: Some(size) });
        }
        _ => (0, size),
    };
    let body = patient(answer.bytes_stream().map_err(unreachable), stall);
    Ok(Download { size, whole, range: first..first + size, modified, body })
}

/// The first byte and the size of the whole, from `bytes 0-9/100` or `bytes */100`.
fn content_range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let (range, whole) = header(headers, CONTENT_RANGE)?.strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split_once('-').and_then(|(first, _)| first.parse().ok());
    Some((first, whole.parse().ok()))
}
