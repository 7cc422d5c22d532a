//! The failures that operations answer with, and which of them a use case's error becomes.

use poem::http::StatusCode;
use poem_openapi::{ApiResponse, payload::Json};
use tracing::error;

use crate::{
    app::{
        access::Denied,
        accounts::AccountError,
        api_keys::KeyError,
        entrance::Refusal,
        invitations::InvitationError,
        lobby::LobbyError,
        meetings::MeetingError,
        moderation::ModerationError,
        passwords::PasswordError,
        presence::RunError,
        recordings::RecordingError,
        sessions::{self, SignInError},
        tokens::TokenError,
    },
    db::DbError,
    livekit::LivekitError,
    storage::StorageError,
    telemetry,
};

use super::problem::Problem;

/// Why an operation was not done
#[derive(Debug, ApiResponse)]
pub enum Failure {
    /// The request cannot be understood: a parameter, a header or the JSON of the body.
    #[oai(status = 400, content_type = "application/problem+json")]
    BadRequest(Json<Problem>),
    /// Nobody is signed in, or what was sent to sign in with is not good.
    #[oai(status = 401, content_type = "application/problem+json")]
    Unauthorized(Json<Problem>),
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
    /// The file ends before the range begins.
    #[oai(status = 416, content_type = "application/problem+json")]
    Range(Json<Problem>, #[oai(header = "Content-Range")] String),
    /// The body is not of a media type that is read here.
    #[oai(status = 415, content_type = "application/problem+json")]
    NotJson(Json<Problem>),
    /// The request is understood, but a value in it is not allowed.
    #[oai(status = 422, content_type = "application/problem+json")]
    Invalid(Json<Problem>),
    /// The request must say which version it changes.
    #[oai(status = 428, content_type = "application/problem+json")]
    VersionMissing(Json<Problem>),
    /// Too many requests, or too many wrong guesses.
    #[oai(status = 429, content_type = "application/problem+json")]
    TooMany(
        Json<Problem>,
        /// In how many seconds the next one may come.
        #[oai(header = "Retry-After")]
        i64,
    ),
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

impl Failure {
    /// Something is wrong in our own house.
    pub fn broken(what: &'static str) -> Self {
        error!(what, "a request failed through a fault of ours");
        Self::Internal(fault())
    }

    /// The same for an error that several requests may share.
    pub fn of_store(err: &DbError) -> Self {
        match err {
            DbError::Unavailable(_) => {
                tracing::warn!(error = telemetry::chain(err), "postgres is unavailable");
                let detail = "the database does not answer; try again in a moment";
                Self::unavailable("database-unavailable", "The database is unavailable", detail)
            }
            DbError::Refused(_) => Self::invalid("value-refused", "the database cannot store a value of the request"),
            DbError::Taken(_) | DbError::Referenced(_) | DbError::Broken(_) => internal(err),
        }
    }

    fn unavailable(code: &str, title: &str, detail: &str) -> Self {
        Self::Unavailable(problem(StatusCode::SERVICE_UNAVAILABLE, code, title, detail))
    }

    /// The caller may not do this.
    pub fn forbidden(code: &str, err: impl std::fmt::Display) -> Self {
        Self::Forbidden(problem(StatusCode::FORBIDDEN, code, "Not allowed", err.to_string()))
    }

    /// There is no such thing, as far as the caller may know.
    pub fn not_found(code: &str, err: impl std::fmt::Display) -> Self {
        Self::NotFound(problem(StatusCode::NOT_FOUND, code, "No such thing", err.to_string()))
    }

    /// Something stands in the way.
    pub fn conflict(code: &str, err: impl std::fmt::Display) -> Self {
        Self::Conflict(problem(StatusCode::CONFLICT, code, "Something stands in the way", err.to_string()))
    }

    /// Too many wrong guesses.
    pub fn too_soon(code: &str, wait: &chrono::TimeDelta, err: impl std::fmt::Display) -> Self {
        let seconds = sessions::seconds(wait).max(1);
        Self::TooMany(problem(StatusCode::TOO_MANY_REQUESTS, code, "Too many wrong guesses", err.to_string()), seconds)
    }
}

impl From<Denied> for Failure {
    fn from(denied: Denied) -> Self {
        let unauthorized = |code| {
            let title = "Sign in first";
            Self::Unauthorized(problem(StatusCode::UNAUTHORIZED, code, title, denied.to_string()))
        };
        match denied {
            Denied::SignInNeeded => unauthorized("sign-in-needed"),
            Denied::CredentialUnknown => unauthorized("credential-unknown"),
            Denied::ScopeMissing(_) => Self::forbidden("scope-missing", denied),
            Denied::AccountsOnly => Self::forbidden("accounts-only", denied),
            Denied::AdminsOnly => Self::forbidden("admins-only", denied),
            Denied::HostsOnly => Self::forbidden("hosts-only", denied),
            Denied::TicketsOnly => Self::forbidden("tickets-only", denied),
            Denied::IdentityIsOurs => Self::forbidden("identity-not-allowed", denied),
            Denied::ForeignPage => Self::forbidden("foreign-page", denied),
        }
    }
}

impl From<DbError> for Failure {
    fn from(err: DbError) -> Self {
        Self::of_store(&err)
    }
}

impl From<LivekitError> for Failure {
    fn from(err: LivekitError) -> Self {
        // The words are for the operator: a caller can do nothing with them but try again.
        error!(error = telemetry::chain(&err), "LiveKit did not do what it was asked");
        let detail = "the media server does not do what it was asked; try again in a moment";
        Self::unavailable("livekit-unavailable", "The media server is unavailable", detail)
    }
}

impl From<PasswordError> for Failure {
    fn from(err: PasswordError) -> Self {
        match err {
            PasswordError::Busy => {
                let detail = "too many people are signing in at this moment; try again in a moment";
                Self::unavailable("busy", "Too much to do", detail)
            }
            PasswordError::Broken(_) => Self::broken("a password cannot be hashed"),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(err: TokenError) -> Self {
        let detail = err.to_string();
        match err {
            TokenError::NotFound => Self::not_found("meeting-not-found", detail),
            TokenError::InvitationSpent => Self::forbidden("invitation-invalid", detail),
            TokenError::TooSoon(wait) => Self::too_soon("passcode-delayed", &wait, detail),
            TokenError::Refused(refusal) => Self::forbidden(refusal_code(refusal), refusal),
            TokenError::Denied(denied) => denied.into(),
            TokenError::Password(err) => err.into(),
            TokenError::Store(err) => err.into(),
        }
    }
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::SignInNeeded => "account-needed",
        Refusal::InvitationNeeded => "invitation-needed",
        Refusal::PasscodeNeeded => "passcode-needed",
        Refusal::PasscodeWrong => "passcode-wrong",
        Refusal::Locked => "meeting-locked",
        Refusal::LobbyDenied => "lobby-denied",
        Refusal::Removed => "removed-from-meeting",
    }
}

impl From<MeetingError> for Failure {
    fn from(err: MeetingError) -> Self {
        let detail = err.to_string();
        match err {
            MeetingError::NotFound => Self::not_found("meeting-not-found", detail),
            MeetingError::RoomNameTaken(_) => Self::conflict("room-name-taken", detail),
            MeetingError::HasRecordings => Self::conflict("recordings-exist", detail),
            MeetingError::ChangedMeanwhile { .. } => Self::ChangedMeanwhile(problem(
                StatusCode::PRECONDITION_FAILED,
                "changed-meanwhile",
                "It was changed meanwhile",
                detail,
            )),
            MeetingError::PasscodeMissing => Self::invalid("passcode-missing", detail),
            MeetingError::Denied(denied) => denied.into(),
            MeetingError::Password(err) => err.into(),
            MeetingError::Livekit(err) => err.into(),
            MeetingError::Store(err) => err.into(),
        }
    }
}

impl From<RunError> for Failure {
    fn from(err: RunError) -> Self {
        match err {
            RunError::NotFound => Self::not_found("meeting-not-found", err),
            RunError::Denied(denied) => denied.into(),
            RunError::Store(err) => err.into(),
        }
    }
}

impl From<LobbyError> for Failure {
    fn from(err: LobbyError) -> Self {
        match err {
            LobbyError::NobodyWaits => Self::not_found("nobody-waits", err),
            LobbyError::Run(err) => err.into(),
            LobbyError::Store(err) => err.into(),
        }
    }
}

impl From<ModerationError> for Failure {
    fn from(err: ModerationError) -> Self {
        match err {
            ModerationError::NotLive => Self::conflict("meeting-not-live", err),
            ModerationError::NobodyThere => Self::not_found("nobody-there", err),
            ModerationError::OwnersStay => Self::conflict("owner-stays", err),
            ModerationError::Run(err) => err.into(),
            ModerationError::Livekit(err) => err.into(),
            ModerationError::Store(err) => err.into(),
        }
    }
}

impl From<RecordingError> for Failure {
    fn from(err: RecordingError) -> Self {
        let detail = err.to_string();
        match err {
            RecordingError::NotFound => Self::not_found("recording-not-found", detail),
            RecordingError::NoMeeting => Self::not_found("meeting-not-found", detail),
            RecordingError::Running(id) => Self::Conflict(Json(
                Problem::new(StatusCode::CONFLICT, "recording-running", "It is being recorded already", detail)
                    .with_recording(id.0),
            )),
            RecordingError::NotRunning => Self::conflict("not-recorded", detail),
            RecordingError::NotOver => Self::conflict("recording-not-over", detail),
            RecordingError::Held => Self::conflict("recording-on-hold", detail),
            RecordingError::BeingDeleted => Self::conflict("recording-being-deleted", detail),
            RecordingError::NoFile(_) => Self::conflict("recording-without-file", detail),
            RecordingError::FileGone => Self::not_found("recording-file-gone", detail),
            RecordingError::KeyReused => Self::invalid("idempotency-key-reused", detail),
            RecordingError::NoStorage => {
                Self::unavailable("storage-not-configured", "Nothing can be recorded", &detail)
            }
            RecordingError::NoSlot(_) => {
                Self::unavailable("no-recording-slot", "Nothing more can be recorded", &detail)
            }
            RecordingError::NobodyFree => Self::unavailable("no-recorder", "No recorder is free", &detail),
            RecordingError::Unanswered(id) => Self::Unavailable(Json(
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "recording-unanswered", "It is not known yet", detail)
                    .with_recording(id.0),
            )),
            RecordingError::BadLink => Self::forbidden("link-invalid", detail),
            RecordingError::Denied(denied) => denied.into(),
            RecordingError::Livekit(err) => err.into(),
            RecordingError::Storage(err) => err.into(),
            RecordingError::Store(err) => err.into(),
        }
    }
}

impl From<StorageError> for Failure {
    fn from(err: StorageError) -> Self {
        match err {
            StorageError::Range { whole } => Self::Range(
                problem(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    "range-outside",
                    "There is nothing in that range",
                    "the file ends before the range begins",
                ),
                whole.map_or_else(|| "bytes */*".to_owned(), |whole| format!("bytes */{whole}")),
            ),
            err => {
                // The words are for the operator: a caller can do nothing with them but try again.
                error!(error = telemetry::chain(&err), "storage did not do what it was asked");
                let detail = "storage does not do what it was asked; try again in a moment";
                Self::unavailable("storage-unavailable", "Storage is unavailable", detail)
            }
        }
    }
}

impl From<InvitationError> for Failure {
    fn from(err: InvitationError) -> Self {
        match err {
            InvitationError::NotFound => Self::not_found("invitation-not-found", err),
            InvitationError::ExpiresInPast => Self::invalid("expires-in-past", err),
            InvitationError::Label => Self::invalid("label-malformed", err),
            InvitationError::Meeting(err) => err.into(),
            InvitationError::Store(err) => err.into(),
        }
    }
}

impl From<SignInError> for Failure {
    fn from(err: SignInError) -> Self {
        let detail = err.to_string();
        match err {
            SignInError::Wrong => {
                Self::Unauthorized(problem(StatusCode::UNAUTHORIZED, "sign-in-wrong", "Not signed in", detail))
            }
            SignInError::TooSoon(wait) => Self::too_soon("sign-in-delayed", &wait, detail),
            SignInError::Password(err) => err.into(),
            SignInError::Store(err) => err.into(),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(err: AccountError) -> Self {
        let detail = err.to_string();
        match err {
            AccountError::NotFound => Self::not_found("account-not-found", detail),
            AccountError::EmailTaken(_) => Self::conflict("email-taken", detail),
            AccountError::LastAdmin => Self::conflict("last-admin", detail),
            AccountError::PasswordWrong => Self::forbidden("password-wrong", detail),
            AccountError::TooSoon(wait) => Self::too_soon("sign-in-delayed", &wait, detail),
            AccountError::SetupLinkSpent => Self::forbidden("setup-link-spent", detail),
            AccountError::SetUpAlready => Self::conflict("set-up-already", detail),
            AccountError::Password(err) => err.into(),
            AccountError::Store(err) => err.into(),
        }
    }
}

impl From<KeyError> for Failure {
    fn from(err: KeyError) -> Self {
        match err {
            KeyError::NotFound => Self::not_found("api-key-not-found", err),
            KeyError::AdminScope => Self::forbidden("admin-scope", err),
            KeyError::ExpiresInPast => Self::invalid("expires-in-past", err),
            KeyError::TooMany => Self::conflict("too-many-keys", err),
            KeyError::Denied(denied) => denied.into(),
            KeyError::Store(err) => err.into(),
        }
    }
}

fn internal(err: &(dyn std::error::Error + 'static)) -> Failure {
    error!(
        error = telemetry::chain(err),
        backtrace = %std::backtrace::Backtrace::force_capture(),
        "a request failed through a fault of ours"
    );
    Failure::Internal(fault())
}

fn fault() -> Json<Problem> {
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "Internal error",
        "something is wrong on our side; the log has the details under this request id",
    )
}
