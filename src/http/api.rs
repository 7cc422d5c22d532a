//! The API as a whole: its operations and the spec that describes them.

use poem_openapi::{OpenApiService, Tags};

use super::{
    accounts::AccountsApi, api_keys::ApiKeysApi, audit::AuditApi, connection_test::ConnectionTestApi,
    health::HealthApi, invitations::InvitationsApi, lobby::LobbyApi, media::MediaApi, meetings::MeetingsApi,
    moderation::ModerationApi, oidc::OidcApi, participants::ParticipantsApi, recordings::RecordingsApi,
    sessions::SessionsApi, tokens::TokensApi,
};

/// The parts of the API
#[derive(Tags)]
pub enum Tag {
    /// Letting people in.
    Tokens,
    /// Meetings, their sittings and who was there.
    Meetings,
    /// Deciding about who is in a running meeting, and who waits to come in.
    Moderation,
    /// Recordings: made, played, kept and deleted.
    Recordings,
    /// Signing in, accounts, keys, and who did what.
    Accounts,
    /// How Meetbox is.
    Health,
}

/// All operations.
pub type Operations = (
    (TokensApi, ConnectionTestApi),
    (MeetingsApi, ParticipantsApi, InvitationsApi),
    (LobbyApi, ModerationApi),
    (RecordingsApi, MediaApi),
    (SessionsApi, OidcApi, AccountsApi, ApiKeysApi, AuditApi),
    HealthApi,
);

const DESCRIPTION: &str = "Self-hosted video meetings on LiveKit: make meetings, let people in, and see who was there.\n\n\
    Browsers sign in with `POST /sessions` and are known by a cookie; programs send an API key as \
    `Authorization: Bearer …`. A host sees their own meetings, an administrator all; what belongs to others is not there \
    (404).\n\n\
    Failures are problem documents (RFC 9457, `application/problem+json`): `code` names the failure for programs, \
    `detail` tells people what they can do about it, and `request_id` finds it in the log.\n\n\
    Requests are limited for each caller: `RateLimit-Limit` says how many may come at once and in a minute, \
    `RateLimit-Remaining` how many more may come now, and `RateLimit-Reset` in how many seconds the limit is whole again. \
    What is beyond it is answered with 429 and `Retry-After`.";

/// The service that answers them.
pub fn service() -> OpenApiService<Operations, ()> {
    let operations = (
        (TokensApi, ConnectionTestApi),
        (MeetingsApi, ParticipantsApi, InvitationsApi),
        (LobbyApi, ModerationApi),
        (RecordingsApi, MediaApi),
        (SessionsApi, OidcApi, AccountsApi, ApiKeysApi, AuditApi),
        HealthApi,
    );
    OpenApiService::new(operations, "Meetbox", env!("CARGO_PKG_VERSION")).description(DESCRIPTION)
}

/// The spec as JSON, the same for the same code.
pub fn spec() -> String {
    let mut spec = service().spec();
    spec.push('\n');
    spec
}
