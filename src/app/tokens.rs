//! Tokens: what lets somebody into a meeting's room, or a place in its lobby.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{self, DbError},
    model::{
        credential::Credential,
        id::MeetingId,
        meeting::Passcode,
        participant::{DisplayName, Identity},
        policy::MeetingRole,
        room_name::RoomName,
        ticket::{TICKET_LIFE, Ticket, TicketState},
    },
};

use super::{
    App,
    access::{self, Asker, Caller, Denied},
    arrival::Arrival,
    doors,
    entrance::{Entrance, Refusal},
    passwords::PasswordError,
    sessions::seconds,
};

/// How many old tickets one statement deletes.
const PRUNE_BITE: i64 = 1000;

/// Who wants to join what, as whom, and what they show.
#[derive(Debug)]
pub struct Wish {
    pub room_name: RoomName,
    pub name: DisplayName,
    /// None: we make one that nobody can guess.
    pub identity: Option<Identity>,
    /// None: as the invitation says, or a speaker.
    pub role: Option<MeetingRole>,
    pub passcode: Option<Passcode>,
    pub invitation: Option<Credential>,
    /// A guest's ticket of before.
    pub ticket: Option<Credential>,
}

/// What comes of it.
pub enum Answer {
    /// A way into the room.
    Admitted(Pass),
    /// A place in the lobby.
    Waiting(Place),
}

/// A way into a room.
pub struct Pass {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub identity: Identity,
    pub role: MeetingRole,
    pub meeting_id: MeetingId,
    /// Whether the meeting is recorded as soon as somebody is in it.
    pub auto_record: bool,
    /// Since when it is being recorded.
    pub recorded_since: Option<DateTime<Utc>>,
    /// For a guest: with it they come back as the same.
    pub ticket: Option<Credential>,
}

/// A place in a lobby.
pub struct Place {
    /// For a guest: with it they ask again.
    pub ticket: Option<Credential>,
    pub since: DateTime<Utc>,
}

/// No token is made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("there is no such meeting")]
    NotFound,
    #[error("the invitation is unknown, was taken back, has expired or is used up; ask the host for a new link")]
    InvitationSpent,
    #[error("too many wrong passcodes; try again in {} seconds", seconds(.0))]
    TooSoon(TimeDelta),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Decides whether somebody comes in, and makes their token. The meeting is made too, when there is none yet and the asker
/// may make meetings.
pub async fn create_token(app: &App, asker: &Asker, wish: Wish) -> Result<Answer, TokenError> {
    if wish.identity.is_some() || wish.role.is_some() {
        access::may_choose_identity(&asker.caller)?;
    }
    let door = match doors::find(app, &wish.room_name).await? {
        Some(door) => door,
        // Boxed, as is what else is rare and has a transaction: its space would be part of every request's.
        None if access::may_make_meetings(&asker.caller) => Box::pin(doors::make(app, asker, &wish.room_name)).await?,
        None => return Err(TokenError::NotFound),
    };
    if matches!(asker.caller, Caller::Key(_)) && !asker.caller.reach().covers(door.host) {
        return Err(TokenError::NotFound);
    }

    let arrival = Arrival::new(app, asker, door, wish).await?;
    match arrival.decide().await? {
        Entrance::Refuse(refusal) => Err(refusal.into()),
        Entrance::Admit(role) => {
            arrival.use_invitation().await?;
            arrival.note_host_in_locked_sitting(role).await?;
            let place = arrival.take_place(TicketState::Admitted, role).await.map_err(unless_gone)?;
            Ok(Answer::Admitted(arrival.pass(role, place.ticket)))
        }
        Entrance::Wait(role) => {
            arrival.use_invitation().await?;
            Ok(Answer::Waiting(arrival.take_place(TicketState::Waiting, role).await.map_err(unless_gone)?))
        }
    }
}

/// Where a guest's ticket stands; asking keeps their place in the lobby. None: it says nothing any more.
pub async fn look_at_ticket(app: &App, ticket: &Ticket) -> Result<Option<TicketState>, DbError> {
    let now = app.clock.now();
    if !ticket.is_good(now) {
        return Ok(None);
    }
    db::tickets::touch(&app.db, ticket.id, &ticket.name, now).await?;
    Ok(Some(ticket.state))
}

/// A door that this process still remembers may be of a meeting that another has just deleted.
fn unless_gone(err: DbError) -> TokenError {
    match err {
        DbError::Referenced(_) => TokenError::NotFound,
        err => err.into(),
    }
}

/// Gives back the place of somebody who leaves the lobby; nothing happens when they are not in it.
pub async fn leave_lobby(app: &App, ticket: &Ticket) -> Result<(), DbError> {
    db::tickets::leave(&app.db, ticket.id).await.map(drop)
}

/// Deletes a bite of the tickets that open nothing any more; answers how many.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    db::tickets::prune(&app.db, app.clock.now() - TICKET_LIFE, PRUNE_BITE).await
}
