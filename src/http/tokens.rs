//! The operation that lets somebody in.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use uuid::Uuid;

use crate::{
    app::{
        App,
        tokens::{self, Wish},
    },
    model::participant::{DisplayName, Identity},
};

use super::{api::Tag, caller::Admitted, failure::Failure, room_name_text::RoomNameText};

/// Who wants to join which meeting
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct TokenRequest {
    /// The room name of the meeting, as it stands in its link. On a developer's machine the meeting is made if there
    /// is none.
    room_name: RoomNameText,
    /// What the participant wants to be called: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
    /// Only for programs: under which identity the participant joins. Whoever joins under somebody's identity takes
    /// their place, so browsers leave it out and get one that nobody can guess.
    #[oai(validator(min_length = 1, max_length = 128))]
    identity: Option<String>,
}

/// A way into a room
#[derive(Debug, Object)]
pub struct Token {
    /// What LiveKit's client connects with.
    token: String,
    /// Where LiveKit's client connects to.
    url: String,
    /// Until when the token opens the door; who is in may stay longer.
    expires_at: DateTime<Utc>,
    /// Under which identity the participant joins.
    identity: String,
    /// The room name of the meeting.
    room_name: String,
    /// The id of the meeting.
    meeting_id: Uuid,
}

/// The token
#[derive(Debug, ApiResponse)]
pub enum Created {
    /// The token.
    #[oai(status = 200)]
    Token(Json<Token>),
}

/// The operation.
pub struct TokensApi;

#[OpenApi(tag = "Tag::Tokens")]
impl TokensApi {
    /// Get a token to join a meeting with
    #[oai(path = "/token", method = "post", operation_id = "create_token")]
    async fn create(&self, app: Data<&App>, caller: Admitted, body: Json<TokenRequest>) -> Result<Created, Failure> {
        let TokenRequest { room_name, name, identity } = body.0;
        let wish = Wish {
            room_name: room_name.0,
            name: DisplayName::parse(&name).map_err(|err| Failure::invalid("name-malformed", err))?,
            identity: identity
                .map(|identity| Identity::parse(&identity))
                .transpose()
                .map_err(|err| Failure::invalid("identity-malformed", err))?,
        };

        let room_name = wish.room_name.as_str().to_owned();
        let pass = tokens::create_token(&app, caller.0, wish).await?;
        Ok(Created::Token(Json(Token {
            token: pass.token,
            url: app.livekit_public_url.to_string(),
            expires_at: pass.expires_at,
            identity: pass.identity.as_str().to_owned(),
            room_name,
            meeting_id: pass.meeting_id.0,
        })))
    }
}
