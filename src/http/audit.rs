//! The operation that tells who did what.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, param::Query, payload::Json};
use uuid::Uuid;

use crate::{
    app::{
        App,
        audit::{self, Filter},
    },
    model::audit::{ActorKind, AuditEntry},
};

use super::{
    api::Tag,
    caller::{Administer, May},
    failure::Failure,
    meeting_views::Metadata,
    page,
};

/// What kind of somebody did it
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "ActorKind", rename_all = "snake_case")]
pub enum ActorKindView {
    Account,
    Key,
    Guest,
    /// Somebody at the machine's command line.
    Operator,
    /// Somebody who showed nothing, or nothing that is good.
    Nobody,
}

/// Who did what to what, from where and when
#[derive(Debug, Object)]
#[oai(rename = "AuditEntry", skip_serializing_if_is_none)]
pub struct AuditEntryView {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub actor_kind: ActorKindView,
    pub actor_id: Option<Uuid>,
    /// What the actor was called then.
    pub actor_name: String,
    /// Such as `meeting.deleted`.
    pub action: String,
    /// The kind of thing it was done to.
    pub subject_kind: String,
    pub subject_id: String,
    /// What that was called then.
    pub subject_name: String,
    pub meeting_id: Option<Uuid>,
    /// From where it was asked.
    pub address: String,
    /// What more there is to say.
    pub details: Metadata,
}

/// A page of the audit log
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AuditPage {
    pub items: Vec<AuditEntryView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// The operation.
pub struct AuditApi;

#[OpenApi(tag = "Tag::Accounts")]
impl AuditApi {
    /// Read the audit log, the newest first
    #[expect(clippy::too_many_arguments, reason = "each filter is a parameter of the request")]
    #[oai(path = "/audit-log", method = "get", operation_id = "list_audit_log")]
    async fn list(
        &self,
        app: Data<&App>,
        _caller: May<Administer>,
        /// Only what this account, key or guest did.
        actor: Query<Option<Uuid>>,
        /// Only this action.
        #[oai(validator(max_length = 80))]
        action: Query<Option<String>>,
        /// Only what was done to the thing with this id.
        #[oai(validator(max_length = 128))]
        subject: Query<Option<String>>,
        /// Only from this moment on.
        from: Query<Option<DateTime<Utc>>>,
        /// Only before this moment.
        to: Query<Option<DateTime<Utc>>>,
        /// How many entries a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<AuditPage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let filter = Filter { actor: actor.0, action: action.0, subject: subject.0, from: from.0, to: to.0 };
        let page = audit::list(&app, &filter, after, limit).await?;
        Ok(Json(AuditPage {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.as_ref().map(page::encode),
        }))
    }
}

fn view(entry: AuditEntry) -> AuditEntryView {
    let actor_kind = match entry.actor.kind {
        ActorKind::Account => ActorKindView::Account,
        ActorKind::Key => ActorKindView::Key,
        ActorKind::Guest => ActorKindView::Guest,
        ActorKind::Operator => ActorKindView::Operator,
        ActorKind::Nobody => ActorKindView::Nobody,
    };
    AuditEntryView {
        id: entry.id.0,
        at: entry.at,
        actor_kind,
        actor_id: entry.actor.id,
        actor_name: entry.actor.name,
        action: entry.action,
        subject_kind: entry.subject.kind,
        subject_id: entry.subject.id,
        subject_name: entry.subject.name,
        meeting_id: entry.meeting_id.map(|id| id.0),
        address: entry.address,
        details: serde_json::from_str(&entry.details).unwrap_or_default(),
    }
}
