//! The failures that operations answer with, and which of them a use case's error becomes.

use poem::http::StatusCode;
use poem_openapi::{ApiResponse, payload::Json};
use tracing::error;

use crate::{
    app::{access::Denied, meetings::MeetingError, tokens::TokenError},
    db::DbError,
    livekit::LivekitError,
    telemetry,
};

use super::problem::Problem;

/// Why an operation was not done
#[derive(Debug, ApiResponse)]
pub enum Failure {
    /// The request cannot be understood: a parameter, a header or the JSON of the body.
    #[oai(status = 400, content_type = "application/problem+json")]
    BadRequest(Json<Problem>),
    /// The caller may not do this.
    #[oai(status = 403, content_type = "application/problem+json")]
    Forbidden(Json<Problem>),
    /// There is no such thing.
    #[oai(status = 404, content_type = "application/problem+json")]
    NotFound(Json<Problem>),
    /// The body did not arrive in time.
    #[oai(status = 408, content_type = "application/problem+json")]
    TooSlow(Json<Problem>),
    /// Something else stands in the way.
    #[oai(status = 409, content_type = "application/problem+json")]
    Conflict(Json<Problem>),
    /// It was changed since you read it.
    #[oai(status = 412, content_type = "application/problem+json")]
    ChangedMeanwhile(Json<Problem>),
    /// The body is too large.
    #[oai(status = 413, content_type = "application/problem+json")]
    TooLarge(Json<Problem>),
    /// The body is not of a media type that is read here.
    #[oai(status = 415, content_type = "application/problem+json")]
    NotJson(Json<Problem>),
    /// The request is understood, but a value in it is not allowed.
    #[oai(status = 422, content_type = "application/problem+json")]
    Invalid(Json<Problem>),
    /// The request must say which version it changes.
    #[oai(status = 428, content_type = "application/problem+json")]
    VersionMissing(Json<Problem>),
    /// Too many requests: `Retry-After` says in how many seconds the next one may come.
    #[oai(status = 429, content_type = "application/problem+json")]
    TooMany(Json<Problem>),
    /// Our fault; the log tells more under the request id.
    #[oai(status = 500, content_type = "application/problem+json")]
    Internal(Json<Problem>),
    /// Something that this needs is away. Try again.
    #[oai(status = 503, content_type = "application/problem+json")]
    Unavailable(Json<Problem>),
}

impl Failure {
    /// A value that is not allowed, under a stable code.
    pub fn invalid(code: &str, err: impl std::fmt::Display) -> Self {
        Self::Invalid(problem(StatusCode::UNPROCESSABLE_ENTITY, code, "A value is not allowed", err.to_string()))
    }

    /// A parameter or header that cannot be understood.
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::BadRequest(problem(StatusCode::BAD_REQUEST, code, "The request cannot be understood", detail))
    }

    /// A change that does not say which version it is for.
    pub fn version_missing() -> Self {
        let detail = "send If-Match with the ETag that you read, so that nobody's change is lost";
        Self::VersionMissing(problem(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-missing",
            "The request must name a version",
            detail,
        ))
    }
}

fn problem(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Json<Problem> {
    Json(Problem::new(status, code, title, detail))
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        let code = match denied {
            Denied::NoAccounts => "no-accounts-yet",
            Denied::IdentityIsOurs => "identity-not-allowed",
            Denied::ForeignPage => "foreign-page",
        };
        Self::Forbidden(problem(StatusCode::FORBIDDEN, code, "Not allowed", denied.to_string()))
    }
}

impl From<DbError> for Failure {
    fn from(err: DbError) -> Self {
        match err {
            DbError::Unavailable(_) => {
                tracing::warn!(error = telemetry::chain(&err), "postgres is unavailable");
                let detail = "the database does not answer; try again in a moment";
                Self::Unavailable(problem(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "database-unavailable",
                    "The database is unavailable",
                    detail,
                ))
            }
            DbError::Refused(_) => Self::invalid("value-refused", "the database cannot store a value of the request"),
            DbError::Taken(_) | DbError::Referenced(_) | DbError::Broken(_) => internal(&err),
        }
    }
}

impl From<LivekitError> for Failure {
    fn from(err: LivekitError) -> Self {
        // The words are for the operator: a caller can do nothing with them but try again.
        error!(error = telemetry::chain(&err), "LiveKit did not do what it was asked");
        let detail = "the media server does not do what it was asked; try again in a moment";
        Self::Unavailable(problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "livekit-unavailable",
            "The media server is unavailable",
            detail,
        ))
    }
}

impl From<TokenError> for Failure {
    fn from(err: TokenError) -> Self {
        match err {
            TokenError::Denied(denied) => denied.into(),
            TokenError::Store(err) => err.into(),
        }
    }
}

impl From<MeetingError> for Failure {
    fn from(err: MeetingError) -> Self {
        let detail = err.to_string();
        match err {
            MeetingError::NotFound => {
                Self::NotFound(problem(StatusCode::NOT_FOUND, "meeting-not-found", "No such meeting", detail))
            }
            MeetingError::RoomNameTaken(_) => {
                Self::Conflict(problem(StatusCode::CONFLICT, "room-name-taken", "The room name is taken", detail))
            }
            MeetingError::HasRecordings => {
                Self::Conflict(problem(StatusCode::CONFLICT, "recordings-exist", "The meeting has recordings", detail))
            }
            MeetingError::ChangedMeanwhile { .. } => Self::ChangedMeanwhile(problem(
                StatusCode::PRECONDITION_FAILED,
                "changed-meanwhile",
                "It was changed meanwhile",
                detail,
            )),
            MeetingError::Livekit(err) => err.into(),
            MeetingError::Store(err) => err.into(),
        }
    }
}

fn internal(err: &(dyn std::error::Error + 'static)) -> Failure {
    error!(
        error = telemetry::chain(err),
        backtrace = %std::backtrace::Backtrace::force_capture(),
        "a request failed through a fault of ours"
    );
    Failure::Internal(problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Internal error",
        "something is wrong on our side; the log has the details under this request id",
    ))
}
