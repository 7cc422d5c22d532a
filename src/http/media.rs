//! The files of recordings: played with ranges, downloaded by links that expire.

use poem::{
    Body, IntoResponse, Request, Response, Result, handler,
    http::{HeaderValue, StatusCode, header},
    web::{Data, Path as UrlPath, Query as UrlQuery},
};
use poem_openapi::{
    ApiResponse, OpenApi,
    param::{Header, Path, Query},
    payload::{Binary, Response as Headed},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    app::{
        App,
        recordings::{self, Media},
    },
    model::id::RecordingId,
    storage::{ByteRange, Disposition, Download, LinkParts},
};

use super::{
    api::Tag,
    caller::{May, ReadRecordings},
    failure::Failure,
};

/// What is kept by browsers alone, and not for long: it may be deleted.
const PRIVATE: &str = "private, max-age=60";

/// A recording's file
#[derive(ApiResponse)]
pub enum Played {
    /// All of it.
    #[oai(status = 200, content_type = "*/*")]
    Whole(Binary<Body>),
    /// The range that was asked for.
    #[oai(status = 206, content_type = "*/*")]
    Part(Binary<Body>),
    /// In the object store: go there.
    #[oai(status = 307)]
    Elsewhere(#[oai(header = "Location")] String),
}

/// A folder of segments as one archive
#[derive(ApiResponse)]
pub enum Archived {
    /// The archive.
    #[oai(status = 200, content_type = "application/x-tar")]
    Archive(Binary<Body>),
}

/// The operations.
pub struct MediaApi;

#[OpenApi(prefix_path = "/recordings", tag = "Tag::Recordings")]
impl MediaApi {
    /// Play a recording
    ///
    /// The file, with ranges so that a player can seek: served from here, or by the object store, to which this leads. Of a
    /// folder of segments it is the playlist, with links in it that expire.
    #[oai(path = "/:recording_id/media", method = "get", operation_id = "play_recording")]
    async fn media(
        &self,
        app: Data<&App>,
        caller: May<ReadRecordings>,
        recording_id: Path<Uuid>,
        /// Which bytes, as RFC 9110 has it. Several ranges at once, and other units, are passed over, and all is sent.
        range: Header<Option<String>>,
    ) -> Result<Headed<Played>, Failure> {
        let range = range.0.as_deref().and_then(read_range);
        let id = RecordingId(recording_id.0);
        Ok(match recordings::media(&app, &caller.0.caller, id, range).await? {
            Media::Elsewhere(link) => {
                Headed::new(Played::Elsewhere(link.address)).header(header::CACHE_CONTROL, "no-store")
            }
            Media::Playlist(text) => Headed::new(Played::Whole(Binary(Body::from(text))))
                .header(header::CONTENT_TYPE, "application/vnd.apple.mpegurl")
                .header(header::CACHE_CONTROL, "no-store"),
            Media::Here { content, media_type } => {
                let headers = headers_of(&content, media_type, range);
                let body = Binary(Body::from_bytes_stream(io_stream(content)));
                let played = if range.is_some() { Played::Part(body) } else { Played::Whole(body) };
                headers.into_iter().fold(Headed::new(played), |answer, (name, value)| answer.header(name, value))
            }
        })
    }

    /// Download a folder of segments
    ///
    /// By the link that `get_recording` gives, as a tar archive.
    #[oai(path = "/:recording_id/archive", method = "get", operation_id = "download_recording_archive")]
    async fn archive(
        &self,
        app: Data<&App>,
        recording_id: Path<Uuid>,
        /// Until when the link is good, in seconds since 1970.
        expires: Query<i64>,
        /// What makes the link one of ours.
        signature: Query<String>,
    ) -> Result<Headed<Archived>, Failure> {
        let id = RecordingId(recording_id.0);
        let (name, content) = recordings::archive(&app, id, (expires.0, &signature)).await?;
        let content = futures_util::TryStreamExt::map_err(content, std::io::Error::other);
        Ok(Headed::new(Archived::Archive(Binary(Body::from_bytes_stream(content))))
            .header(header::CONTENT_DISPOSITION, Disposition::Attachment.header(Some(&name)))
            .header(header::CACHE_CONTROL, "no-store"))
    }
}

/// What a link to an object in our folder carries besides the object's name.
#[derive(Deserialize)]
pub struct LinkQuery {
    expires: i64,
    disposition: String,
    name: Option<String>,
    #[serde(rename = "type")]
    media_type: Option<String>,
    signature: String,
}

/// Answers a link to an object in our folder. It is no operation of the API: such links are only ever given out.
#[handler]
pub async fn open(
    app: Data<&App>,
    request: &Request,
    UrlPath(key): UrlPath<String>,
    query: Result<UrlQuery<LinkQuery>>,
) -> Result<Response> {
    let bad_link = || Failure::from(recordings::RecordingError::BadLink);
    let UrlQuery(query) = query.map_err(|_| bad_link())?;
    let disposition = Disposition::parse(&query.disposition).ok_or_else(bad_link)?;
    let parts = LinkParts {
        key: &key,
        expires: query.expires,
        disposition,
        file_name: query.name.as_deref(),
        content_type: query.media_type.as_deref(),
        signature: &query.signature,
    };
    let range = request.header(header::RANGE).and_then(read_range);
    let content = recordings::opened(&app, &parts, range).await.map_err(Failure::from)?;
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let media_type = query.media_type.as_deref().unwrap_or("application/octet-stream");
    let headers = headers_of(&content, media_type, range);
    let mut response = Body::from_bytes_stream(io_stream(content)).into_response();
    response.set_status(status);
    for (name, value) in headers {
        // Signed by us: nothing in it breaks a header.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    let shown = disposition.header(query.name.as_deref());
    if let Ok(shown) = HeaderValue::from_str(&shown) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, shown);
    }
    Ok(response)
}

fn headers_of(content: &Download, media_type: &str, asked: Option<ByteRange>) -> Vec<(header::HeaderName, String)> {
    let mut headers = vec![
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_LENGTH, content.size.to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::CACHE_CONTROL, PRIVATE.to_owned()),
    ];
    // Also when the range is all of it, which is how a player begins: without, a browser takes the answer for broken.
    if asked.is_some() {
        let last = content.range.end.saturating_sub(1);
        headers.push((header::CONTENT_RANGE, format!("bytes {}-{last}/{}", content.range.start, content.whole)));
    }
    headers
}

fn io_stream(content: Download) -> impl futures_util::Stream<Item = std::io::Result<bytes::Bytes>> + Send + 'static {
    futures_util::TryStreamExt::map_err(content.body, std::io::Error::other)
}

/// The range in a `Range` header; none for what may be passed over: other units, several ranges, what is no range.
fn read_range(text: &str) -> Option<ByteRange> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (first.trim(), last.trim()) {
        ("", last) => number(last).map(ByteRange::Last),
        (first, "") => number(first).map(ByteRange::From),
        (first, last) => number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| ByteRange::Within(first, last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_read_and_anything_else_passed_over() {
        assert_eq!(read_range("bytes=0-499"), Some(ByteRange::Within(0, 499)));
        assert_eq!(read_range("bytes=500-"), Some(ByteRange::From(500)));
        assert_eq!(read_range("bytes=-500"), Some(ByteRange::Last(500)));
        for passed_over in ["", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "items=0-5", "bytes=+1-2"] {
            assert_eq!(read_range(passed_over), None, "{passed_over}");
        }
    }
}
