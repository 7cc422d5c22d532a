//! The web app and the API's documentation: embedded files, answered with caching, compression and a strict policy.

mod encoding;
mod files;
mod policy;

use std::sync::Arc;

use bytes::Bytes;
use poem::{
    Body, Endpoint, Request, Response, Result,
    http::{
        HeaderMap, Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use tokio::task::spawn_blocking;
use tracing::{error, warn};

use self::{
    encoding::Encoding,
    files::{File, Files},
    policy::Policy,
};
use super::problem::Problem;
use crate::{
    assets::{self, Asset},
    config::{LivekitSettings, S3Settings},
    model::room_name::RoomName,
};

/// Next writes a new name when a file's content changes.
const HASHED_NAMES: &str = "_next/static/";

/// Serves every meeting: the name is read from the address in the browser.
const MEETING_PAGE: &str = "m.html";

/// What this binary says of its own API; the export brings its compressed forms.
const SPEC: &str = "openapi.json";

/// What stands in place of the web app in a binary without one.
const NOT_BUILT: &str = include_str!("web/not_built.html");

/// The embedded files by address; an endpoint for whatever the API does not own.
pub struct WebFiles {
    files: Files,
    policy: Policy,
}

/// The web app and the documentation of this binary, for a LiveKit that clients dial at its public address and a storage
/// that recordings are played from.
pub fn endpoint(livekit: &LivekitSettings, storage: Option<&S3Settings>) -> WebFiles {
    let web = WebFiles::new(assets::web_export(), super::spec(), livekit, storage);
    if !web.is_built() {
        warn!("this binary was built without the web app; `make web` builds it");
    }
    web
}

impl WebFiles {
    fn new(
        export: impl Iterator<Item = Asset>,
        spec: String,
        livekit: &LivekitSettings,
        storage: Option<&S3Settings>,
    ) -> Self {
        let (mut files, hashes) = Files::index(export);
        files.insist_on(SPEC, spec);
        let policy = Policy::new(&files, &hashes, &livekit.public_url, storage.map(S3Settings::media_origin).as_ref());
        Self { files, policy }
    }

    /// In development Swagger UI may be there without the app.
    fn is_built(&self) -> bool {
        self.files.get("index.html").is_some()
    }

    /// The file that stands at an address. Only what is embedded can be found: there is no path to climb.
    fn at(&self, address: &str) -> Option<&Arc<File>> {
        let address = percent_encoding::percent_decode_str(address).decode_utf8().ok()?;
        let path = address.trim_matches('/');
        if let Some(name) = path.strip_prefix("m/") {
            RoomName::parse(name).ok()?;
            return self.files.get(MEETING_PAGE);
        }
        [path.to_owned(), format!("{path}.html"), format!("{path}/index.html"), format!("{path}index.html")]
            .iter()
            .find_map(|name| self.files.get(name))
    }

    async fn answer(&self, request: &Request) -> Response {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        match self.at(request.uri().path()) {
            Some(_) if !reads => only_reading(),
            Some(file) if file.is_known_to(request.headers()) => self.not_modified(file, request.headers()),
            Some(file) => self.send(file, StatusCode::OK, request).await,
            None if !reads => not_found(),
            None if !self.is_built() && is_a_page(request) => not_built(),
            None if wants_html(request.headers()) => match self.files.get(page_of_absence(request.uri().path())) {
                Some(page) => self.send(page, StatusCode::NOT_FOUND, request).await,
                None => not_found(),
            },
            None => not_found(),
        }
    }

    async fn send(&self, file: &Arc<File>, status: StatusCode, request: &Request) -> Response {
        let encoding = encoding::choose(request.headers(), file.encodings());
        let content = match content(file, encoding).await {
            Ok(content) => content,
            Err(err) => {
                error!(error = err, path = file.path, "an embedded file cannot be sent as it was asked for: {err}");
                return unreadable();
            }
        };

        let mut response = Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, file.content_type)
            .header(header::CONTENT_LENGTH, content.len())
            .finish();
        if encoding != Encoding::Identity {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        self.describe(file, encoding, response.headers_mut());
        if request.method() != Method::HEAD {
            response.set_body(Body::from_bytes(content));
        }
        response
    }

    fn not_modified(&self, file: &File, asked: &HeaderMap) -> Response {
        let encoding = encoding::choose(asked, file.encodings());
        let mut response = Response::from(StatusCode::NOT_MODIFIED);
        self.describe(file, encoding, response.headers_mut());
        response
    }

    /// What is said of a file with every answer, 304 included: a cache brings its copy up to date with it.
    fn describe(&self, file: &File, encoding: Encoding, headers: &mut HeaderMap) {
        let caching = match file.path.starts_with(HASHED_NAMES) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
        headers.insert(header::ETAG, file.etag(encoding));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if file.encodings() != [Encoding::Identity] {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        self.policy.apply(&file.path, headers);
    }
}

impl Endpoint for WebFiles {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self.answer(&request).await)
    }
}

/// The content of a file. A form that must be made first is made where it holds nobody up.
async fn content(file: &Arc<File>, encoding: Encoding) -> Result<Bytes, String> {
    if let Some(content) = file.at_hand(encoding) {
        return Ok(content);
    }
    let file = Arc::clone(file);
    spawn_blocking(move || file.content(encoding)).await.unwrap_or_else(|err| Err(err.to_string()))
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// The page that tells why there is nothing; that of a meeting says what is wrong with a name.
fn page_of_absence(path: &str) -> &'static str {
    if path.starts_with("/m/") { MEETING_PAGE } else { "404.html" }
}

/// Whether there would be a page, had the web app been built.
fn is_a_page(request: &Request) -> bool {
    let path = request.uri().path();
    wants_html(request.headers()) || matches!(path, "/" | "/docs" | "/docs/")
}

fn not_found() -> Response {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found", "there is nothing at this address").response()
}

fn unreadable() -> Response {
    let detail = "this file is damaged in the binary that serves it: install Meetbox again; the log says more";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", detail).response()
}

fn only_reading() -> Response {
    let detail = "this address answers GET and HEAD only";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed", detail);
    let mut response = problem.response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn not_built() -> Response {
    let policy: (HeaderName, &str) = (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    Response::builder()
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .content_type("text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(policy.0, policy.1)
        .body(NOT_BUILT)
}

#[cfg(test)]
mod tests;
