//! The one shape of every failure that a client sees: RFC 9457's problem details.

use poem::{Body, IntoResponse, Response, http::StatusCode, http::header};
use poem_openapi::{Object, types::ToJSON};
use uuid::Uuid;

tokio::task_local! {
    /// The id of the request that is being answered; every problem of it carries the id.
    pub(super) static REQUEST_ID: Uuid;
}

/// The media type of a problem.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong, in words and as a stable code
#[derive(Clone, Debug, PartialEq, Eq, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Problem {
    /// Always `about:blank`: `code` says which problem it is
    #[oai(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words; the same for every occurrence of a code
    pub title: String,
    /// The HTTP status
    pub status: u16,
    /// The name of the problem, for programs; it does not change between releases
    pub code: String,
    /// What happened this time, for people
    pub detail: String,
    /// The id of the request, under which the log tells more
    pub request_id: Option<String>,
    /// The recording that this is about, where the problem is about another than was asked for
    pub recording_id: Option<Uuid>,
}

impl Problem {
    /// A problem of the request that is being answered, if one is.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: title.to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            request_id: REQUEST_ID.try_with(|id| id.simple().to_string()).ok(),
            recording_id: None,
        }
    }

    /// The same, about this recording.
    #[must_use]
    pub fn with_recording(self, id: Uuid) -> Self {
        Self { recording_id: Some(id), ..self }
    }

    /// The answer that tells it. A status that HTTP does not know becomes 500.
    pub fn response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Response::builder()
            .status(status)
            .header(header::CONTENT_TYPE, CONTENT_TYPE)
            .body(Body::from_string(self.to_json_string()))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_problem_is_told_without_the_fields_it_lacks() {
        let problem = Problem::new(StatusCode::CONFLICT, "room-name-taken", "Room name taken", "`blue` is in use");
        let answer = problem.response();

        assert_eq!(answer.status(), StatusCode::CONFLICT);
        assert_eq!(answer.content_type(), Some(CONTENT_TYPE));
        let body: serde_json::Value = answer.into_body().into_json().await.unwrap();
        assert_eq!(
            body,
            serde_json::json!({
                "type": "about:blank", "title": "Room name taken", "status": 409,
                "code": "room-name-taken", "detail": "`blue` is in use",
            })
        );
    }
}
