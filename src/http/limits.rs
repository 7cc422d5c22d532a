//! What a request may cost: the size of its body, the time to send it, the time to answer.
//!
//! Every body of ours is small JSON, so it is read whole before the endpoint sees the request: no endpoint can
//! forget a limit, and every refusal is a problem.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, combinators::BoxBody};
use hyper::body::Body as _;
use poem::{
    Body, Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{
        StatusCode,
        header::{CONNECTION, HeaderValue, RETRY_AFTER},
    },
};
use tokio::time::timeout;

use super::problem::Problem;

/// The largest body, unless its path has another limit.
pub const BODY_LIMIT: u64 = 256 * 1024;

/// What a request may cost; a middleware that answers 413, 408, 400 or 503 in the endpoint's place.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest body in bytes for a path.
    pub body: fn(&str) -> u64,
    /// For the whole body to arrive.
    pub body_time: Duration,
    /// From the head of the request to the head of the answer.
    pub request_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: |_| BODY_LIMIT, body_time: Duration::from_secs(15), request_time: Duration::from_secs(30) }
    }
}

impl<E: Endpoint> Middleware<E> for Limits {
    type Output = Limited<E>;

    fn transform(&self, endpoint: E) -> Limited<E> {
        Limited { endpoint, limits: *self }
    }
}

/// An endpoint behind [`Limits`].
pub struct Limited<E> {
    endpoint: E,
    limits: Limits,
}

impl<E: Endpoint> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let answer = async {
            match self.limits.with_whole_body(request).await {
                Ok(request) => self.endpoint.call(request).await.map(IntoResponse::into_response),
                Err(refusal) => Ok(refusal.response()),
            }
        };
        timeout(self.limits.request_time, answer).await.unwrap_or_else(|_| Ok(self.too_long()))
    }
}

impl<E> Limited<E> {
    fn too_long(&self) -> Response {
        let detail = format!("no answer within {} seconds; try again", self.limits.request_time.as_secs());
        let problem =
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "request-timed-out", "The request took too long", detail);
        let mut response = problem.response();
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        response
    }
}

impl Limits {
    /// The same request, with its body in memory.
    async fn with_whole_body(&self, mut request: Request) -> Result<Request, Refusal> {
        let limit = (self.body)(request.uri().path());
        let body: BoxBody<Bytes, io::Error> = request.take_body().into();
        if body.is_end_stream() {
            return Ok(request);
        }

        // A length that was told is refused before a byte is read, and before `100 Continue` invites it.
        if body.size_hint().lower() > limit {
            return Err(Refusal::TooLarge(limit));
        }
        let whole =
            timeout(self.body_time, read(body, limit)).await.map_err(|_| Refusal::TooSlow(self.body_time))??;
        request.set_body(Body::from_bytes(whole));
        Ok(request)
    }
}

async fn read(mut body: BoxBody<Bytes, io::Error>, limit: u64) -> Result<Bytes, Refusal> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Unreadable)?.into_data() else { continue };
        if (whole.len() + data.len()) as u64 > limit {
            return Err(Refusal::TooLarge(limit));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Why a body was not read to its end.
#[derive(Debug)]
enum Refusal {
    TooLarge(u64),
    TooSlow(Duration),
    /// Broken off, or not framed as HTTP wants it.
    Unreadable,
}

impl Refusal {
    fn response(self) -> Response {
        let problem = match self {
            Self::TooLarge(limit) => Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "The body is too large",
                format!("a body may have at most {limit} bytes here"),
            ),
            Self::TooSlow(time) => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "body-too-slow",
                "The body did not arrive in time",
                format!("a body must arrive within {} seconds", time.as_secs()),
            ),
            Self::Unreadable => Problem::new(
                StatusCode::BAD_REQUEST,
                "body-unreadable",
                "The body cannot be read",
                "the body broke off, or its chunks are malformed",
            ),
        };
        let mut response = problem.response();
        // What is left of the body stands where the next request would.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}
