//! The lobby of a meeting: who waits, and what its hosts say to them.

use tracing::info;

use crate::{
    db::{self, DbError, tickets::Decision},
    model::{
        id::{MeetingId, TicketId},
        ticket::{LOBBY_PATIENCE, Ticket, TicketState},
    },
};

use super::{
    App,
    access::Asker,
    audit::{self, Deed},
    presence::{self, RunError},
};

/// What a host says to somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Admit,
    Deny,
}

/// Nobody was let in or sent away.
#[derive(Debug, thiserror::Error)]
pub enum LobbyError {
    #[error("nobody with that ticket waits; they may have left")]
    NobodyWaits,
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Who waits, the first to come first.
pub async fn list(app: &App, asker: &Asker, meeting: MeetingId) -> Result<Vec<Ticket>, LobbyError> {
    presence::run_by(app, &asker.caller, meeting).await?;
    Ok(db::tickets::list_waiting(&app.db, meeting, app.clock.now() - LOBBY_PATIENCE).await?)
}

/// Lets somebody in who waits, or sends them away; `None` means all who wait. Answers about how many it was decided.
pub async fn decide(
    app: &App,
    asker: &Asker,
    meeting: MeetingId,
    (ticket, verdict): (Option<TicketId>, Verdict),
) -> Result<usize, LobbyError> {
    let (meeting, _) = presence::run_by(app, &asker.caller, meeting).await?;
    let now = app.clock.now();
    let by = asker.caller.actor().name;
    let (state, action) = match verdict {
        Verdict::Admit => (TicketState::Admitted, "lobby.admitted"),
        Verdict::Deny => (TicketState::Denied, "lobby.denied"),
    };
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let decision = Decision { state, by: &by, now, since: now - LOBBY_PATIENCE };
    let identities = db::tickets::decide(&mut *tx, meeting.id, ticket, &decision).await?;
    if identities.is_empty() && ticket.is_some() {
        return Err(LobbyError::NobodyWaits);
    }
    for identity in &identities {
        audit::note(app, &mut *tx, asker, Deed::to_participant(action, &meeting, identity)).await?;
    }
    tx.commit().await.map_err(DbError::from)?;
    info!(meeting.id = %meeting.id, "decided about {} in the lobby of `{}`", identities.len(), meeting.room_name);
    Ok(identities.len())
}
