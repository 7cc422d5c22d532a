//! The audit log: written with the deed it tells of, read by administrators, pruned by age.

use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    db::{self, DbError},
    model::{
        audit::{Actor, ActorKind, AuditEntry, Subject},
        id::{AccountId, AuditId, MeetingId},
        meeting::Meeting,
        page::{Cursor, Limit, Page},
    },
};

pub use crate::db::audit::Filter;

use super::{App, access::Asker};

/// How many old entries one statement deletes.
const PRUNE_BITE: i64 = 1000;

/// What is written about a deed.
#[derive(Clone, Debug)]
pub(super) struct Deed<'a> {
    pub action: &'a str,
    pub subject: Subject,
    pub meeting: Option<MeetingId>,
    /// A JSON object, as text; made of words of ours and ids, never of what people typed.
    pub details: String,
}

impl<'a> Deed<'a> {
    /// A deed to something of that kind.
    pub(super) fn to(action: &'a str, kind: &str, id: impl ToString, name: &str) -> Self {
        let subject = Subject { kind: kind.to_owned(), id: id.to_string(), name: name.to_owned() };
        Self { action, subject, meeting: None, details: "{}".to_owned() }
    }

    /// A deed to an account.
    pub(super) fn to_account(action: &'a str, id: AccountId, email: &str) -> Self {
        Self::to(action, "account", id, email)
    }

    /// A deed to a meeting.
    pub(super) fn to_meeting(action: &'a str, meeting: &Meeting) -> Self {
        let deed = Self::to(action, "meeting", meeting.id, meeting.room_name.as_str());
        Self { meeting: Some(meeting.id), ..deed }
    }

    /// A deed to somebody in a meeting, or at its door.
    pub(super) fn to_participant(action: &'a str, meeting: &Meeting, identity: &str) -> Self {
        let deed = Self::to(action, "participant", identity, "");
        Self { meeting: Some(meeting.id), ..deed }
    }

    /// The same with one word more about how it was done.
    #[must_use]
    pub(super) fn with(mut self, name: &str, word: &str) -> Self {
        self.details = format!(r#"{{"{name}": "{word}"}}"#);
        self
    }
}

/// Writes down that `asker` did it.
pub(super) async fn note(app: &App, db: impl PgExecutor<'_>, asker: &Asker, deed: Deed<'_>) -> Result<(), DbError> {
    write(app, db, asker.caller.actor(), &asker.address, deed).await
}

/// Writes down that somebody at the machine's command line did it.
pub(super) async fn note_operator(app: &App, db: impl PgExecutor<'_>, deed: Deed<'_>) -> Result<(), DbError> {
    let operator = Actor { kind: ActorKind::Operator, id: None, name: String::new() };
    write(app, db, operator, "", deed).await
}

/// Writes down that the house did it by itself, as the settings say.
pub(super) async fn note_house(app: &App, db: impl PgExecutor<'_>, deed: Deed<'_>) -> Result<(), DbError> {
    let house = Actor { kind: ActorKind::Operator, id: None, name: "settings".to_owned() };
    write(app, db, house, "", deed).await
}

/// Writes down that this account did it, which nobody was signed in to yet.
pub(super) async fn note_account(
    app: &App,
    db: impl PgExecutor<'_>,
    (id, name): (AccountId, &str),
    address: &str,
    deed: Deed<'_>,
) -> Result<(), DbError> {
    let actor = Actor { kind: ActorKind::Account, id: Some(id.0), name: name.to_owned() };
    write(app, db, actor, address, deed).await
}

async fn write(app: &App, db: impl PgExecutor<'_>, actor: Actor, address: &str, deed: Deed<'_>) -> Result<(), DbError> {
    let entry = AuditEntry {
        id: AuditId(Uuid::now_v7()),
        at: app.clock.now(),
        actor,
        action: deed.action.to_owned(),
        subject: deed.subject,
        meeting_id: deed.meeting,
        address: address.to_owned(),
        details: deed.details,
    };
    db::audit::insert(db, &entry).await
}

/// The entries, the newest first.
pub async fn list(
    app: &App,
    filter: &Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<AuditEntry>, DbError> {
    let entries = db::audit::list(&app.db, filter, after, limit).await?;
    Ok(Page::cut(entries, limit, |entry| Cursor { at: entry.at, id: entry.id.0 }))
}

/// Deletes a bite of the entries that are older than the settings keep them; answers how many.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    db::audit::prune(&app.db, app.clock.now() - app.audit_retention, PRUNE_BITE).await
}
