//! The operations on who waits in a meeting's lobby.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    app::{
        App,
        lobby::{self, Verdict},
    },
    model::{
        id::{MeetingId, TicketId},
        participant::is_guest_identity,
        ticket::Ticket,
    },
};

use super::{
    api::Tag,
    caller::{May, RunMeetings},
    failure::Failure,
};

/// Somebody who waits
#[derive(Debug, Object)]
pub struct Waiter {
    pub ticket_id: Uuid,
    /// What they call themselves.
    pub name: String,
    /// Whether nobody has checked the name.
    pub guest: bool,
    pub waiting_since: DateTime<Utc>,
}

/// Who waits
#[derive(Debug, Object)]
pub struct Waiters {
    /// The first to come first; 200 at most.
    pub items: Vec<Waiter>,
}

/// What a host says to somebody who waits
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum DecisionView {
    /// Come in.
    Admit,
    /// Stay outside.
    Deny,
}

/// A decision
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct LobbyDecision {
    decision: DecisionView,
}

/// What became of it
#[derive(Debug, Object)]
pub struct Decided {
    /// About how many people it was decided.
    pub decided: u32,
}

/// The operations.
pub struct LobbyApi;

#[OpenApi(prefix_path = "/meetings", tag = "Tag::Moderation")]
impl LobbyApi {
    /// See who waits in the lobby
    #[oai(path = "/:meeting_id/lobby", method = "get", operation_id = "list_lobby")]
    async fn list(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
    ) -> Result<Json<Waiters>, Failure> {
        let waiting = lobby::list(&app, &caller.0, MeetingId(meeting_id.0)).await?;
        Ok(Json(Waiters { items: waiting.into_iter().map(waiter).collect() }))
    }

    /// Decide about everybody who waits
    #[oai(path = "/:meeting_id/lobby", method = "post", operation_id = "decide_lobby")]
    async fn decide_all(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
        body: Json<LobbyDecision>,
    ) -> Result<Json<Decided>, Failure> {
        decide(&app, &caller, meeting_id.0, (None, body.decision)).await
    }

    /// Decide about somebody who waits
    #[oai(path = "/:meeting_id/lobby/:ticket_id", method = "post", operation_id = "decide_ticket")]
    async fn decide_one(
        &self,
        app: Data<&App>,
        caller: May<RunMeetings>,
        meeting_id: Path<Uuid>,
        ticket_id: Path<Uuid>,
        body: Json<LobbyDecision>,
    ) -> Result<Json<Decided>, Failure> {
        decide(&app, &caller, meeting_id.0, (Some(TicketId(ticket_id.0)), body.decision)).await
    }
}

async fn decide(
    app: &App,
    caller: &May<RunMeetings>,
    meeting: Uuid,
    (ticket, decision): (Option<TicketId>, DecisionView),
) -> Result<Json<Decided>, Failure> {
    let verdict = match decision {
        DecisionView::Admit => Verdict::Admit,
        DecisionView::Deny => Verdict::Deny,
    };
    let decided = lobby::decide(app, &caller.0, MeetingId(meeting), (ticket, verdict)).await?;
    Ok(Json(Decided { decided: u32::try_from(decided).unwrap_or(u32::MAX) }))
}

fn waiter(ticket: Ticket) -> Waiter {
    Waiter {
        ticket_id: ticket.id.0,
        guest: is_guest_identity(&ticket.identity),
        name: ticket.name,
        waiting_since: ticket.created_at,
    }
}
