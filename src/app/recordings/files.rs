//! Handing out what was recorded: links that expire, files with ranges, playlists and archives.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use crate::{
    app::{App, access::Caller},
    db,
    model::{
        id::RecordingId,
        recording::{Format, Recording},
    },
    storage::{ByteRange, Disposition, Download, Link, LinkOptions, LinkParts, Storage, StorageError},
};

use super::{RecordingError, conclude::parts, get};

/// The longest playlist that is read into memory: a day in segments of a few seconds has less.
const LONGEST_PLAYLIST: u64 = 8 * 1024 * 1024;

/// A recording, ready to be played.
#[derive(Debug)]
pub enum Media {
    /// At an address of the store's own.
    Elsewhere(Link),
    /// Here, or the part of it that was asked for.
    Here { content: Download, media_type: &'static str },
    /// A playlist whose segments are links that expire.
    Playlist(String),
}

/// Bytes of an archive as they come.
pub type Source = Pin<Box<dyn Stream<Item = Result<Bytes, StorageError>> + Send>>;

/// A recording's file, to be played; a range of it where it is served from here.
pub async fn media(
    app: &App,
    caller: &Caller,
    id: RecordingId,
    range: Option<ByteRange>,
) -> Result<Media, RecordingError> {
    let recording = with_file(get(app, caller, id).await?)?;
    let media_type = recording.shape.format.media_type();
    match (recording.shape.format, &app.storage) {
        (Format::Hls, _) => playlist(app, &recording).await.map(Media::Playlist),
        (Format::Mp4 | Format::Ogg, Storage::S3(_) | Storage::NotConfigured) => {
            let options = LinkOptions {
                ttl: app.recordings.link_ttl,
                file_name: None,
                content_type: Some(media_type.to_owned()),
                disposition: Disposition::Inline,
            };
            Ok(Media::Elsewhere(app.storage.link(&recording.key, &options)?))
        }
        (Format::Mp4 | Format::Ogg, Storage::Folder(_)) => {
            let content = app.storage.get(&recording.key, range).await?.ok_or(RecordingError::FileGone)?;
            Ok(Media::Here { content, media_type })
        }
    }
}

fn with_file(recording: Recording) -> Result<Recording, RecordingError> {
    let status = recording.course.status;
    if status.has_file() { Ok(recording) } else { Err(RecordingError::NoFile(status)) }
}

/// The playlist with a link for each segment: a player asks for them without a session.
async fn playlist(app: &App, recording: &Recording) -> Result<String, RecordingError> {
    let download = app.storage.get(&recording.key, None).await?.ok_or(RecordingError::FileGone)?;
    if download.whole > LONGEST_PLAYLIST {
        return Err(RecordingError::FileGone);
    }
    let bytes = download.body.try_collect::<Vec<_>>().await?.concat();
    let options = LinkOptions {
        ttl: app.recordings.link_ttl,
        file_name: None,
        content_type: Some("video/mp2t".to_owned()),
        disposition: Disposition::Inline,
    };
    let mut lines = Vec::new();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let name = line.trim();
        if name.is_empty() || name.starts_with('#') {
            lines.push(line.to_owned());
        } else {
            // Whatever path the recorder wrote, segments lie beside their playlist.
            let name = name.rsplit('/').next().unwrap_or(name);
            lines.push(app.storage.link(&format!("{}{name}", recording.prefix()), &options)?.address);
        }
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// A link with which anybody can download the file until it expires; none while there is no file. Of a folder of segments it
/// is an archive.
pub(super) fn download_link(app: &App, recording: &Recording) -> Result<Option<Link>, RecordingError> {
    if !recording.course.status.has_file() {
        return Ok(None);
    }
    let ttl = app.recordings.link_ttl;
    if recording.shape.format == Format::Hls {
        return signed_archive(app, recording.id, ttl).map(Some);
    }
    let options = LinkOptions {
        ttl,
        file_name: Some(file_name(recording, recording.shape.format.as_str())),
        content_type: Some(recording.shape.format.media_type().to_owned()),
        disposition: Disposition::Attachment,
    };
    Ok(Some(app.storage.link(&recording.key, &options)?))
}

/// A name that says what it is when it lies among others: `blue-heron 2026-11-25 14.03.mp4`.
fn file_name(recording: &Recording, extension: &str) -> String {
    let began = recording.course.started_at.unwrap_or(recording.course.requested_at);
    format!("{} {}.{extension}", recording.room_name, began.format("%Y-%m-%d %H.%M"))
}

fn archive_subject(id: RecordingId) -> String {
    format!("archive of recording {id}")
}

/// A link to everything of a recording in one archive.
fn signed_archive(app: &App, id: RecordingId, ttl: Duration) -> Result<Link, RecordingError> {
    let expires = app.clock.now() + chrono::TimeDelta::from_std(ttl).unwrap_or_default();
    let signature = app.storage.sign(&archive_subject(id), expires)?;
    let address = format!("/recordings/{id}/archive?expires={}&signature={signature}", expires.timestamp());
    Ok(Link { address, expires })
}

/// Everything of a recording as a tar archive, for whoever has the link: name and content.
pub async fn archive(
    app: &App,
    id: RecordingId,
    (expires, signature): (i64, &str),
) -> Result<(String, Source), RecordingError> {
    let until = DateTime::<Utc>::from_timestamp(expires, 0).ok_or(RecordingError::BadLink)?;
    if !app.storage.verify(&archive_subject(id), until, signature, app.clock.now())? {
        return Err(RecordingError::BadLink);
    }
    let recording = db::recordings::get(&app.db, id).await?.ok_or(RecordingError::NotFound)?;
    let recording = with_file(recording)?;
    let files = parts(app, &recording).await?;
    let began = recording.course.requested_at.timestamp();
    let storage = app.storage.clone();
    let folder = recording.prefix().len();
    let content = stream::iter(files).then(move |(key, size)| {
        let storage = storage.clone();
        async move { file_in_archive(&storage, &key, (key.get(folder..).unwrap_or(&key), size, began)).await }
    });
    // Two empty blocks end an archive.
    let end = stream::once(async { Ok(Bytes::from_static(&[0; 1024])) });
    Ok((file_name(&recording, "tar"), Box::pin(content.try_flatten().chain(end))))
}

/// One file in the form in which an archive has it: header, content, and zeros up to the next block of 512 bytes.
async fn file_in_archive(
    storage: &Storage,
    key: &str,
    (name, size, modified): (&str, u64, i64),
) -> Result<Source, StorageError> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(modified).unwrap_or_default());
    // Names of segments are short; one that is too long is a fault of the recorder's, not of whoever downloads.
    header.set_path(name).map_err(|err| StorageError::Garbled(err.to_string()))?;
    header.set_cksum();
    let changed = || StorageError::Mismatch("a file changed while it was read".to_owned());
    let download = storage.get(key, None).await?.filter(|download| download.whole == size).ok_or_else(changed)?;
    let padding = usize::try_from((512 - size % 512) % 512).unwrap_or_default();
    let header = stream::once(async move { Ok(Bytes::copy_from_slice(header.as_bytes())) });
    let padding = stream::once(async move { Ok(Bytes::from(vec![0; padding])) });
    Ok(Box::pin(header.chain(download.body).chain(padding)))
}

/// What a link of ours opens: an object in the folder, or a part of it.
pub async fn opened(app: &App, parts: &LinkParts<'_>, range: Option<ByteRange>) -> Result<Download, RecordingError> {
    if !app.storage.opens(parts, app.clock.now())? {
        return Err(RecordingError::BadLink);
    }
    app.storage.get(parts.key, range).await?.ok_or(RecordingError::FileGone)
}
