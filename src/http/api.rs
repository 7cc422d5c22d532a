//! The API as a whole: its operations and the spec that describes them.

use poem_openapi::{OpenApiService, Tags};

use super::{health::HealthApi, meetings::MeetingsApi, participants::ParticipantsApi, tokens::TokensApi};

/// The parts of the API
#[derive(Tags)]
pub enum Tag {
    /// Letting people in.
    Tokens,
    /// Meetings, their sittings and who was there.
    Meetings,
    /// How Meetbox is.
    Health,
}

/// All operations.
pub type Operations = (TokensApi, MeetingsApi, ParticipantsApi, HealthApi);

/// The service that answers them.
pub fn service() -> OpenApiService<Operations, ()> {
    OpenApiService::new((TokensApi, MeetingsApi, ParticipantsApi, HealthApi), "Meetbox", env!("CARGO_PKG_VERSION"))
            .description(
            "Self-hosted video meetings on LiveKit: make meetings, let people in, and see who was there.\n\nFailures are problem documents \
         (RFC 9457, `application/problem+json`): `code` names the failure for programs, `detail` tells people what they \
         can do about it, and `request_id` finds it in the log.\n\nRequests are limited for each caller: `RateLimit-Limit` \
         says how many may come at once and in a minute, `RateLimit-Remaining` how many more may come now, and \
         `RateLimit-Reset` in how many seconds the limit is whole again. What is beyond it is answered with 429 and \
         `Retry-After`.",
        )
}

/// The spec as JSON, the same for the same code.
pub fn spec() -> String {
    let mut spec = service().spec();
    spec.push('\n');
    spec
}
