//! What the strict store does with a request that it has let in.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use md5::{Digest as _, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::{Answer, Call, Object, Upload, World};

/// No part but the last is smaller.
const SMALLEST_PART: usize = 5 * 1024 * 1024;

pub fn answer(world: &mut World, call: &Call, body: &[u8]) -> Answer {
    if call.key.is_empty() {
        return bucket(world, call);
    }
    if !world.buckets.contains(&call.bucket) {
        return if call.method == "HEAD" { Answer::new(404) } else { Answer::error(404, "NoSuchBucket") };
    }
    let upload = call.says("uploadId");
    match (call.method.as_str(), upload) {
        ("POST", None) if call.says("uploads").is_some() => begin(world, call),
        ("PUT", Some(upload)) => part(world, call, upload, body),
        ("POST", Some(upload)) => complete(world, upload, body),
        ("DELETE", Some(upload)) => match world.uploads.remove(upload) {
            Some(_) => Answer::new(204),
            None => Answer::error(404, "NoSuchUpload"),
        },
        ("PUT", None) => put(world, call, body),
        ("GET", None) => get(world, call),
        ("HEAD", None) => head(world, call),
        ("DELETE", None) => match world.objects.remove(&call.key) {
            Some(_) => Answer::new(204),
            // Oracle says so, where others do not mind.
            None => Answer::error(404, "NoSuchKey"),
        },
        _ => Answer::error(501, "NotImplemented"),
    }
}

fn bucket(world: &mut World, call: &Call) -> Answer {
    let is_there = world.buckets.contains(&call.bucket);
    match call.method.as_str() {
        "PUT" if is_there => Answer::error(409, "BucketAlreadyExists"),
        "PUT" => {
            world.buckets.insert(call.bucket.clone());
            Answer::new(200)
        }
        "HEAD" if is_there => Answer::new(200),
        "HEAD" => Answer::new(404),
        _ if !is_there => Answer::error(404, "NoSuchBucket"),
        // Bulk deletion, which wants a checksum.
        "POST" if call.says("delete").is_some() && call.md5.is_none() => Answer::error(400, "InvalidRequest"),
        "GET" if call.says("list-type") == Some("2") => list(world, call),
        _ => Answer::error(501, "NotImplemented"),
    }
}

fn list(world: &World, call: &Call) -> Answer {
    let prefix = call.says("prefix").unwrap_or_default();
    let after = call.says("start-after").unwrap_or_default();
    let most: usize = call.says("max-keys").and_then(|most| most.parse().ok()).unwrap_or(1000);
    let encode = |key: &str| match call.says("encoding-type") {
        Some("url") => utf8_percent_encode(key, NON_ALPHANUMERIC).to_string(),
        _ => key.replace('&', "&amp;").replace('<', "&lt;"),
    };
    let mut found = world.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after).peekable();

    let mut body =
        String::from("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (key, object) in found.by_ref().take(most) {
        let (size, time) = (object.bytes.len(), object.modified.format("%Y-%m-%dT%H:%M:%S.000Z"));
        let _ = write!(
            body,
            "<Contents><Key>{}</Key><LastModified>{time}</LastModified><Size>{size}</Size></Contents>",
            encode(key)
        );
    }
    let goes_on = found.peek().is_some();
    if call.says("encoding-type").is_some() {
        body.push_str("<EncodingType>url</EncodingType>");
    }
    if goes_on {
        body.push_str("<NextContinuationToken>token</NextContinuationToken>");
    }
    let _ = write!(body, "<IsTruncated>{goes_on}</IsTruncated></ListBucketResult>");
    Answer::new(200).xml(body)
}

/// What the client says about the bytes and what the bytes say are the same.
fn arrived(call: &Call, body: &[u8]) -> Result<(), Answer> {
    match &call.md5 {
        Some(md5) if *md5 != STANDARD.encode(Md5::digest(body)) => Err(Answer::error(400, "BadDigest")),
        _ => Ok(()),
    }
}

fn has_room(world: &World, more: usize) -> Result<(), Answer> {
    let held: usize = world.objects.values().map(|object| object.bytes.len()).sum();
    match world.room {
        Some(room) if held + more > room => Err(Answer::error(507, "InsufficientStorage")),
        _ => Ok(()),
    }
}

fn put(world: &mut World, call: &Call, body: &[u8]) -> Answer {
    if let Err(answer) = arrived(call, body).and_then(|()| has_room(world, body.len())) {
        return answer;
    }
    keep(world, &call.key, body.to_vec(), call.content_type.clone().unwrap_or_default());
    Answer::new(200).with("etag", tag())
}

fn keep(world: &mut World, key: &str, bytes: Vec<u8>, content_type: String) {
    let object = Object { bytes, content_type, modified: Utc::now() + world.ahead };
    world.objects.insert(key.to_owned(), object);
}

/// Oracle's tags are no MD5.
fn tag() -> String {
    format!("\"{}\"", Uuid::new_v4())
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn head(world: &World, call: &Call) -> Answer {
    match world.objects.get(&call.key) {
        None => Answer::new(404),
        Some(object) => Answer::new(200)
            .with("content-length", object.bytes.len().to_string())
            .with("last-modified", time(object.modified))
            .with("content-type", object.content_type.clone()),
    }
}

fn get(world: &World, call: &Call) -> Answer {
    let Some(object) = world.objects.get(&call.key) else { return Answer::error(404, "NoSuchKey") };
    let whole = object.bytes.len();
    let (status, range) = match call.range.as_deref().map(|range| parse_range(range, whole)) {
        None => (200, 0..whole),
        Some(Some(range)) => (206, range),
        Some(None) => {
            return Answer::error(416, "InvalidRange").with("content-range", format!("bytes */{whole}"));
        }
    };
    let content_type = call.says("response-content-type").unwrap_or(&object.content_type);
    let mut answer = Answer::new(status)
        .with("last-modified", time(object.modified))
        .with("content-type", content_type)
        .with("accept-ranges", "bytes");
    if status == 206 {
        answer = answer.with("content-range", format!("bytes {}-{}/{whole}", range.start, range.end - 1));
    }
    if let Some(disposition) = call.says("response-content-disposition") {
        answer = answer.with("content-disposition", disposition);
    }
    answer.body = object.bytes[range].to_vec();
    answer
}

fn parse_range(range: &str, whole: usize) -> Option<std::ops::Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first, last) {
        ("", count) => whole.saturating_sub(count.parse().ok()?)..whole,
        (first, "") => first.parse().ok()?..whole,
        (first, last) => first.parse().ok()?..last.parse::<usize>().ok()?.saturating_add(1).min(whole),
    };
    (range.start < range.end).then_some(range)
}

fn begin(world: &mut World, call: &Call) -> Answer {
    let id = Uuid::new_v4().to_string();
    let content_type = call.content_type.clone().unwrap_or_default();
    world.uploads.insert(id.clone(), Upload { key: call.key.clone(), content_type, ..Upload::default() });
    Answer::new(200).xml(format!(
        "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
    ))
}

fn part(world: &mut World, call: &Call, upload: &str, body: &[u8]) -> Answer {
    if let Err(answer) = arrived(call, body).and_then(|()| has_room(world, body.len())) {
        return answer;
    }
    let Some(number) = call.says("partNumber").and_then(|number| number.parse().ok()) else {
        return Answer::error(400, "InvalidArgument");
    };
    let Some(upload) = world.uploads.get_mut(upload) else { return Answer::error(404, "NoSuchUpload") };
    let tag = tag();
    upload.parts.insert(number, (tag.clone(), body.to_vec()));
    Answer::new(200).with("etag", tag)
}

fn complete(world: &mut World, upload: &str, body: &[u8]) -> Answer {
    let Some(begun) = world.uploads.get(upload) else { return Answer::error(404, "NoSuchUpload") };
    let told = String::from_utf8_lossy(body);
    let fits = begun.parts.values().all(|(tag, _)| told.contains(tag.trim_matches('"')));
    if !fits || told.matches("<PartNumber>").count() != begun.parts.len() {
        return Answer::error(400, "InvalidPart");
    }
    let small = begun.parts.values().rev().skip(1).any(|(_, bytes)| bytes.len() < SMALLEST_PART);
    if small {
        return Answer::error(400, "EntityTooSmall");
    }
    let Some(Upload { key, content_type, parts }) = world.uploads.remove(upload) else {
        return Answer::error(404, "NoSuchUpload");
    };
    let bytes = parts.into_values().flat_map(|(_, bytes)| bytes).collect();
    keep(world, &key, bytes, content_type);
    Answer::new(200).xml(format!(
        "<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><ETag>{}</ETag></CompleteMultipartUploadResult>",
        tag()
    ))
}
