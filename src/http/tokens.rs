//! The operations that let somebody in.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    app::{
        App, doors,
        tokens::{self, Answer, Wish},
    },
    model::{
        credential::{Credential, CredentialKind},
        meeting::Title,
        participant::Identity,
        policy::MeetingRole,
        room_name::RoomName,
        ticket::TicketState,
    },
};

use super::{
    account_views::read_name,
    api::Tag,
    caller::{AskForToken, LookAtDoor, May, WithTicket},
    failure::Failure,
    policy_views::{AccessView, LobbyView, MeetingRoleView, read_passcode},
    room_name_text::RoomNameText,
};

/// Who wants to join which meeting
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct TokenRequest {
    /// The room name of the meeting, as it stands in its link. Whoever may make meetings makes this one, if there is none.
    room_name: RoomNameText,
    /// What the participant wants to be called: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
    /// Only with an API key: under which identity the participant joins. Whoever joins under somebody's identity takes
    /// their place.
    #[oai(validator(min_length = 1, max_length = 128))]
    identity: Option<String>,
    /// Only with an API key: in which role the participant joins; a speaker when nothing is said.
    role: Option<MeetingRoleView>,
    /// The meeting's passcode, where its access asks for one.
    #[oai(validator(min_length = 1, max_length = 64))]
    passcode: Option<String>,
    /// What an invitation's link carries behind its `#`.
    #[oai(validator(min_length = 1, max_length = 200))]
    invitation: Option<String>,
    /// For a guest who comes back, or who waits in the lobby: the ticket of the answer before.
    #[oai(validator(min_length = 1, max_length = 200))]
    ticket: Option<String>,
}

/// A way into a room
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Token {
    /// What LiveKit's client connects with.
    token: String,
    /// Where LiveKit's client connects to.
    url: String,
    /// Until when the token opens the door; who is in may stay longer.
    expires_at: DateTime<Utc>,
    /// Under which identity the participant joins.
    identity: String,
    /// In which role the participant joins.
    role: MeetingRoleView,
    /// The room name of the meeting.
    room_name: String,
    /// The id of the meeting.
    meeting_id: Uuid,
    /// Whether the meeting is recorded as soon as somebody is in it: let people agree before they connect.
    auto_record: bool,
    /// Since when it is being recorded; absent while it is not.
    recorded_since: Option<DateTime<Utc>>,
    /// For a guest: with it they come back as the same. It is told only to them.
    ticket: Option<String>,
}

/// Where somebody in the lobby stands
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum WaitingState {
    /// Nobody has decided yet.
    Waiting,
}

/// Where a guest's ticket stands
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "TicketState", rename_all = "snake_case")]
pub enum TicketStateView {
    /// In the lobby: nobody has decided yet.
    Waiting,
    /// A host lets you in: ask for a token.
    Admitted,
    /// A host does not.
    Denied,
    /// Too long unused: ask for a token to come as somebody new.
    Expired,
}

/// A guest's ticket
#[derive(Debug, Object)]
pub struct LobbyTicket {
    state: TicketStateView,
}

/// A place in the lobby
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct Waiting {
    state: WaitingState,
    /// Since when.
    waiting_since: DateTime<Utc>,
    /// For a guest: what to look with, every few seconds, whether a host has decided. Whoever does not look for half a
    /// minute has left.
    ticket: Option<String>,
}

/// What comes of asking for a token
#[derive(ApiResponse)]
pub enum Entered {
    /// The token.
    #[oai(status = 200)]
    Token(Json<Token>),
    /// Wait until a host lets you in, and ask again with the ticket.
    #[oai(status = 202)]
    Waiting(Json<Waiting>),
}

/// What anybody with the link may know of a meeting
#[derive(Debug, Object)]
#[oai(rename = "JoinInfo", skip_serializing_if_is_none)]
pub struct JoinInfoView {
    /// What people call it.
    title: Option<String>,
    access: AccessView,
    lobby: LobbyView,
    /// Whether it is recorded as soon as somebody is in it: let people agree before they connect.
    auto_record: bool,
    /// Since when it is being recorded; absent while it is not.
    recorded_since: Option<DateTime<Utc>>,
}

/// Somebody left the lobby
#[derive(ApiResponse)]
pub enum LeftLobby {
    /// Their place is given back, if they had one.
    #[oai(status = 204)]
    Left,
}

/// The operations.
pub struct TokensApi;

#[OpenApi(tag = "Tag::Tokens")]
impl TokensApi {
    /// See what it takes to join a meeting
    ///
    /// For anybody with its link: its title, its access, its lobby and whether it is recorded, and nothing else.
    #[oai(path = "/join-info/:room_name", method = "get", operation_id = "get_join_info")]
    async fn join_info(
        &self,
        app: Data<&App>,
        _caller: May<LookAtDoor>,
        room_name: Path<String>,
    ) -> Result<Json<JoinInfoView>, Failure> {
        let nothing = || Failure::not_found("meeting-not-found", "there is no such meeting");
        let room_name = RoomName::parse(&room_name).map_err(|_| nothing())?;
        let info = doors::join_info(&app, &room_name).await?.ok_or_else(nothing)?;
        Ok(Json(JoinInfoView {
            title: info.title.as_ref().map(Title::as_str).map(str::to_owned),
            access: info.access.into(),
            lobby: info.lobby.into(),
            auto_record: info.auto_record,
            recorded_since: info.recorded_since,
        }))
    }

    /// Get a token to join a meeting with, or a place in its lobby
    ///
    /// Who asks decides what comes of it: somebody signed in, a program with a key (`tokens:create`), or a guest with
    /// nothing, a passcode, an invitation or a ticket. The token allows what the role allows. A guest who waits asks again
    /// with the ticket.
    #[oai(path = "/token", method = "post", operation_id = "create_token")]
    async fn create(
        &self,
        app: Data<&App>,
        caller: May<AskForToken>,
        body: Json<TokenRequest>,
    ) -> Result<Entered, Failure> {
        let wish = read(body.0)?;
        let room_name = wish.room_name.as_str().to_owned();
        Ok(match tokens::create_token(&app, &caller.0, wish).await? {
            Answer::Admitted(pass) => Entered::Token(Json(Token {
                token: pass.token,
                url: app.livekit_public_url.to_string(),
                expires_at: pass.expires_at,
                identity: pass.identity.as_str().to_owned(),
                role: pass.role.into(),
                room_name,
                meeting_id: pass.meeting_id.0,
                auto_record: pass.auto_record,
                recorded_since: pass.recorded_since,
                ticket: pass.ticket.as_ref().map(exposed),
            })),
            Answer::Waiting(place) => Entered::Waiting(Json(Waiting {
                state: WaitingState::Waiting,
                waiting_since: place.since,
                ticket: place.ticket.as_ref().map(exposed),
            })),
        })
    }

    /// See where one's ticket stands
    ///
    /// For a guest who waits, with the ticket as `Authorization: Bearer …`: looking keeps the place in the lobby.
    #[oai(path = "/lobby-ticket", method = "get", operation_id = "get_lobby_ticket")]
    async fn look_at_ticket(&self, app: Data<&App>, caller: WithTicket) -> Result<Json<LobbyTicket>, Failure> {
        let state = match tokens::look_at_ticket(&app, &caller.0).await? {
            Some(TicketState::Waiting) => TicketStateView::Waiting,
            Some(TicketState::Admitted) => TicketStateView::Admitted,
            Some(TicketState::Denied) => TicketStateView::Denied,
            None => TicketStateView::Expired,
        };
        Ok(Json(LobbyTicket { state }))
    }

    /// Leave the lobby
    ///
    /// For a guest who waits, with the ticket as `Authorization: Bearer …`.
    #[oai(path = "/lobby-ticket", method = "delete", operation_id = "leave_lobby")]
    async fn leave_lobby(&self, app: Data<&App>, caller: WithTicket) -> Result<LeftLobby, Failure> {
        tokens::leave_lobby(&app, &caller.0).await?;
        Ok(LeftLobby::Left)
    }
}

fn exposed(credential: &Credential) -> String {
    credential.expose().to_owned()
}

fn read(request: TokenRequest) -> Result<Wish, Failure> {
    let TokenRequest { room_name, name, identity, role, passcode, invitation, ticket } = request;
    let spent = || Failure::from(tokens::TokenError::InvitationSpent);
    let invitation =
        invitation.map(|text| Credential::parse_as(CredentialKind::Invitation, &text).ok_or_else(spent)).transpose()?;
    let identity = identity.map(|identity| Identity::parse(&identity)).transpose();
    Ok(Wish {
        room_name: room_name.0,
        name: read_name(&name)?,
        identity: identity.map_err(|err| Failure::invalid("identity-malformed", err))?,
        role: role.map(MeetingRole::from),
        passcode: passcode.as_deref().map(read_passcode).transpose()?,
        invitation,
        // One that is no ticket, or of another meeting, says nothing: its bearer comes as somebody new.
        ticket: ticket.and_then(|text| Credential::parse_as(CredentialKind::Ticket, &text)),
    })
}
