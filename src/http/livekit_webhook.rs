//! Where LiveKit tells what happens. Not in the spec: nobody else may call it.

use poem::{
    Body, IntoResponse, Response, handler,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    web::Data,
};
use tracing::warn;

use crate::app::{
    App,
    inbox::{self, IntakeError},
};

use super::problem::Problem;

/// The largest webhook that is read, in bytes; LiveKit's have a few thousand.
pub const BODY_LIMIT: u64 = 1024 * 1024;

/// Takes an event in: 200 only when it is committed.
///
/// LiveKit tries again after 429 and 5xx, and never after another 4xx; so 401 stands only for a bad signature and 400
/// for what no second try can mend.
#[handler]
pub async fn receive(app: Data<&App>, headers: &HeaderMap, body: Body) -> Response {
    let Ok(body) = body.into_bytes().await else {
        return Problem::new(StatusCode::BAD_REQUEST, "body-unreadable", "The body cannot be read", "it broke off")
            .response();
    };
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());

    match inbox::take_in(&app, authorization, &body).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(err) => refuse(&err),
    }
}

fn refuse(err: &IntakeError) -> Response {
    let (status, code, title) = match err {
        IntakeError::Unsigned(_) => (StatusCode::UNAUTHORIZED, "webhook-unsigned", "The webhook is not LiveKit's"),
        IntakeError::Malformed(_) => (StatusCode::BAD_REQUEST, "webhook-malformed", "The webhook is no event"),
        IntakeError::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "database-unavailable", "The event cannot be stored now")
        }
    };
    warn!(error = %err, status = status.as_u16(), "a webhook was not taken");
    Problem::new(status, code, title, err.to_string()).response()
}
