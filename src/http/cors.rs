//! Pages of other sites: those that the settings allow may use the API with a person's session, and no others.
//!
//! Source: the Fetch standard, "CORS protocol".

use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
};

use crate::app::App;

use super::{guard, is_webs, origins};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, if-match, idempotency-key");
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, location, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, x-request-id",
);
/// How long a browser remembers what it may do: ten minutes.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const YES: HeaderValue = HeaderValue::from_static("true");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// The middleware.
pub struct Cors {
    app: App,
}

/// An endpoint behind [`Cors`].
pub struct Crossed<E> {
    endpoint: E,
    app: App,
}

impl Cors {
    pub fn of(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

impl<E: Endpoint> Middleware<E> for Cors {
    type Output = Crossed<E>;

    fn transform(&self, endpoint: E) -> Crossed<E> {
        Crossed { endpoint, app: self.app.clone() }
    }
}

impl<E: Endpoint> Endpoint for Crossed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if is_webs(request.uri().path()) {
            return self.endpoint.call(request).await.map(IntoResponse::into_response);
        }
        let allowed = allowed(&request, &self.app);
        let is_preflight = request.method() == Method::OPTIONS && has(request.headers(), ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = match (is_preflight, &allowed) {
            (true, Some(_)) => preflight(),
            _ => match self.endpoint.call(request).await {
                Ok(response) => response.into_response(),
                Err(err) => guard::failure(err),
            },
        };
        let headers = response.headers_mut();
        headers.append(VARY, BY_ORIGIN);
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, YES);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
        Ok(response)
    }
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    response
}

/// The origin, if the settings allow its pages to ask.
fn allowed(request: &Request, app: &App) -> Option<HeaderValue> {
    let origin = request.headers().get(ORIGIN)?;
    origins::is_allowed(origin.to_str().ok()?, app).then(|| origin.clone())
}

fn has(headers: &HeaderMap, name: HeaderName) -> bool {
    headers.contains_key(name)
}
