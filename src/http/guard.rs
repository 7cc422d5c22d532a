//! What surrounds every request: an id, a deadline, one line in the log, and one shape for every failure.

use std::{panic::AssertUnwindSafe, sync::OnceLock, time::Duration};

use futures_util::FutureExt;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
};
use poem_openapi::error::ParsePathError;
use tokio::time::{Instant, timeout};
use tracing::{Instrument, error, info, info_span};
use uuid::Uuid;

use crate::app::access::Caller;

use super::problem::{Problem, REQUEST_ID};

tokio::task_local! {
    /// Who sent the request that is being answered, once that is found out.
    static CALLER: OnceLock<String>;
}

/// Notes for the log who sent the request that is being answered.
pub(super) fn note_caller(caller: &Caller) {
    let told = match caller {
        Caller::Nobody => "nobody".to_owned(),
        Caller::Account(holder) => format!("account {}", holder.account_id),
        Caller::Key(holder) => format!("key {}", holder.key_id),
        Caller::Guest(ticket) => format!("guest {}", ticket.id),
    };
    // Outside of a request there is nothing to note it for, and it is noted once.
    let _ = CALLER.try_with(|noted| noted.set(told));
}

/// The header that carries the id of a request.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// How long an answer may take. Clients and load balancers hear within two seconds that something is away, and
/// LiveKit's deliveries are told to come again before their queue overflows.
const ANSWER_WITHIN: Duration = Duration::from_millis(1900);

/// The same for whoever is on the way to the identity provider or back: it is far away, may be slow, and is asked several
/// things. The pipe to it gives up earlier, so that the sign-in page can say why.
const PROVIDER_ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// What may come of data that a browser shows as if it were a page: nothing.
const DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// The outermost middleware.
pub struct Guard;

/// An endpoint behind [`Guard`].
pub struct Guarded<E>(E);

/// The middleware that bounds the time to answer; inside of what reads the body, which a client may send slowly.
pub struct Deadline;

/// An endpoint behind [`Deadline`].
pub struct Timed<E>(E);

impl<E: Endpoint> Middleware<E> for Guard {
    type Output = Guarded<E>;

    fn transform(&self, endpoint: E) -> Guarded<E> {
        Guarded(endpoint)
    }
}

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        // Ours alone: an id that a client chose could be made to look like somebody else's in the log.
        let id = Uuid::new_v4();
        let asked = Asked::of(&request);
        let span = info_span!("request", request_id = %id.simple());

        let answer = AssertUnwindSafe(REQUEST_ID.scope(id, self.0.call(request))).catch_unwind();
        let answered = CALLER.scope(OnceLock::new(), async {
            let mut response = match answer.await {
                Ok(Ok(response)) => response.into_response(),
                // Inside the scope again: the failure carries the request's id.
                Ok(Err(err)) => REQUEST_ID.sync_scope(id, || failure(err)),
                // The panic hook has told the log where and why.
                Err(_) => REQUEST_ID.sync_scope(id, || internal().response()),
            };
            dress(&mut response, id);
            asked.log(&response);
            response
        });
        Ok(answered.instrument(span).await)
    }
}

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = Timed<E>;

    fn transform(&self, endpoint: E) -> Timed<E> {
        Timed(endpoint)
    }
}

impl<E: Endpoint> Endpoint for Timed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let asks_the_provider = request.uri().path().starts_with("/oidc/");
        let within = if asks_the_provider { PROVIDER_ANSWERS_WITHIN } else { ANSWER_WITHIN };
        match timeout(within, self.0.call(request)).await {
            Ok(answer) => answer.map(IntoResponse::into_response),
            Err(_) => {
                let detail = "something that this needs does not answer; try again in a moment";
                let problem =
                    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timed-out", "The request took too long", detail);
                Ok(problem.response())
            }
        }
    }
}

/// What the log says of a request. Never the query: clients put secrets there.
struct Asked {
    at: Instant,
    method: String,
    path: String,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self { at: Instant::now(), method: request.method().to_string(), path: request.uri().path().to_owned() }
    }

    fn log(&self, response: &Response) {
        let status = response.status().as_u16();
        let ms = self.at.elapsed().as_micros() as f64 / 1000.0;
        let Self { method, path, .. } = self;
        let caller =
            CALLER.try_with(|noted| noted.get().cloned()).ok().flatten().unwrap_or_else(|| "unasked".to_owned());
        info!(
            http.method = method,
            http.route = path,
            http.status = status,
            duration_ms = ms,
            caller,
            "{method} {path} {status}"
        );
    }
}

fn is_data(content_type: &HeaderValue) -> bool {
    let data = ["application/json", "application/problem+json"];
    content_type.to_str().is_ok_and(|text| data.iter().any(|it| text.starts_with(it)))
}

/// What every answer wears.
fn dress(response: &mut Response, id: Uuid) {
    let unavailable = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.simple().to_string()) {
        headers.insert(REQUEST_ID_HEADER, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    // Answers are about people; files that may be kept say so themselves.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Data is no page: a browser that shows it all the same runs nothing of it, and in nobody's frame. Pages and scripts
    // have policies of their own (`web/policy.rs`).
    if headers.get(CONTENT_TYPE).is_some_and(is_data) {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(DATA_POLICY);
    }
    if unauthorized {
        // RFC 9110, section 15.5.2, wants one; this one makes no browser ask for a password.
        headers.entry(WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
    }
    if unavailable {
        headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
}

/// A failure that poem raised itself, in our shape; ours pass as they are.
pub(super) fn failure(err: poem::Error) -> Response {
    if err.is_from_response() {
        return err.into_response();
    }
    let status = err.status();
    let (code, title) = match status {
        StatusCode::BAD_REQUEST => ("bad-request", "The request cannot be understood"),
        StatusCode::NOT_FOUND => ("not-found", "No such place"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("not-json", "The body is not JSON"),
        status if status.is_client_error() => ("bad-request", "The request cannot be understood"),
        _ => {
            error!(error = %err, "a request failed through a fault of ours");
            return internal().response();
        }
    };
    Problem::new(status, code, title, detail(status, &err)).response()
}

/// What can be said of poem's own failures without its inner names.
fn detail(status: StatusCode, err: &poem::Error) -> String {
    if let Some(err) = err.downcast_ref::<ParsePathError>() {
        // poem names path parameters by their place.
        return format!("a part of the path cannot be understood: {}", err.reason);
    }
    match status {
        StatusCode::NOT_FOUND => "there is nothing at this path; /docs lists what there is".to_owned(),
        _ => err.to_string(),
    }
}

fn internal() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Internal error",
        "something is wrong on our side; the log has the details under this request id",
    )
}

#[cfg(test)]
mod tests {
    use poem::{EndpointExt, Route, handler, test::TestClient};
    use serde_json::Value;

    use super::*;

    #[handler]
    async fn stumbles() -> String {
        panic!("on purpose")
    }

    #[handler]
    async fn hangs() -> String {
        std::future::pending().await
    }

    #[handler]
    async fn breaks() -> Result<String> {
        Err(poem::Error::from_string("a secret of the house", StatusCode::INTERNAL_SERVER_ERROR))
    }

    async fn ask(path: &str) -> (StatusCode, Value) {
        let app = Route::new().at("/stumbles", stumbles).at("/hangs", hangs).at("/breaks", breaks);
        let mut answer = TestClient::new(app.with(Deadline).with(Guard)).get(path).send().await.0;
        let id = answer.headers()[REQUEST_ID_HEADER].to_str().unwrap().to_owned();
        let body: Value = serde_json::from_slice(&answer.take_body().into_vec().await.unwrap()).unwrap();
        assert_eq!(body["request_id"], id, "the problem names the request");
        (answer.status(), body)
    }

    #[tokio::test]
    async fn a_panic_and_a_fault_answer_500_and_tell_nothing() {
        for path in ["/stumbles", "/breaks"] {
            let (status, body) = ask(path).await;
            assert_eq!((status, &body["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &Value::from("internal")));
            assert!(!body.to_string().contains("secret") && !body.to_string().contains("purpose"));
        }
    }

    #[tokio::test]
    async fn what_does_not_exist_is_a_problem_too() {
        let (status, body) = ask("/nowhere").await;
        assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &Value::from("not-found")));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_503_in_time() {
        let (status, body) = ask("/hangs").await;
        assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::from("timed-out")));
    }
}
