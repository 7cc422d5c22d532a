//! Invitations, and who used them.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::model::{
    credential::CredentialHash,
    id::{InvitationId, MeetingId},
    invitation::Invitation,
    page::{Cursor, Limit},
};

use super::{DbError, keyset, tickets::role};

struct Row {
    id: Uuid,
    meeting_id: Uuid,
    role: String,
    label: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    max_uses: Option<i32>,
    uses: i64,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Invitation {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: InvitationId(row.id),
            meeting_id: MeetingId(row.meeting_id),
            role: role(&row.role)?,
            label: row.label,
            created_at: row.created_at,
            expires_at: row.expires_at,
            max_uses: row.max_uses.map(i32::unsigned_abs),
            uses: u32::try_from(row.uses).unwrap_or(u32::MAX),
            revoked_at: row.revoked_at,
        })
    }
}

macro_rules! invitations {
    ($tail:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, meeting_id, role, label, created_at, expires_at, max_uses, revoked_at,
                    (select count(*) from invitation_uses u where u.invitation_id = i.id) as \"uses!\"
             from invitations i " + $tail
            $(, $argument)*
        )
    };
}

/// A new row.
pub async fn insert(db: impl PgExecutor<'_>, invitation: &Invitation, hash: CredentialHash) -> Result<(), DbError> {
    sqlx::query!(
        "insert into invitations (id, meeting_id, token_hash, role, label, created_at, expires_at, max_uses)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        invitation.id.0,
        invitation.meeting_id.0,
        &hash.0[..],
        invitation.role.as_str(),
        invitation.label,
        invitation.created_at,
        invitation.expires_at,
        invitation.max_uses.map(|uses| i32::try_from(uses).unwrap_or(i32::MAX)),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The invitation with that secret to that meeting.
pub async fn find(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    hash: CredentialHash,
) -> Result<Option<Invitation>, DbError> {
    let row = invitations!("where meeting_id = $1 and token_hash = $2", meeting.0, &hash.0[..]);
    row.fetch_optional(db).await?.map(Invitation::try_from).transpose()
}

/// The invitation.
pub async fn get(db: impl PgExecutor<'_>, id: InvitationId) -> Result<Option<Invitation>, DbError> {
    invitations!("where id = $1", id.0).fetch_optional(db).await?.map(Invitation::try_from).transpose()
}

/// Keeps others from using the invitation until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, id: InvitationId) -> Result<(), DbError> {
    sqlx::query_scalar!("select 1 from invitations where id = $1 for update", id.0).fetch_optional(db).await?;
    Ok(())
}

/// Whether somebody has used the invitation before.
pub async fn was_used_by(db: impl PgExecutor<'_>, id: InvitationId, identity: &str) -> Result<bool, DbError> {
    let used = sqlx::query_scalar!(
        "select exists (select from invitation_uses where invitation_id = $1 and identity = $2) as \"used!\"",
        id.0,
        identity,
    );
    Ok(used.fetch_one(db).await?)
}

/// Notes that somebody used the invitation.
pub async fn note_use(
    db: impl PgExecutor<'_>,
    id: InvitationId,
    identity: &str,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into invitation_uses (invitation_id, identity, used_at) values ($1, $2, $3)
         on conflict (invitation_id, identity) do nothing",
        id.0,
        identity,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The invitations to a meeting, the newest first; also those that no longer open anything.
pub async fn list(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Invitation>, DbError> {
    let (at, id) = keyset(after);
    let rows = invitations!(
        "where meeting_id = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4",
        meeting.0,
        at,
        id,
        limit.and_one_more()
    );
    rows.fetch_all(db).await?.into_iter().map(Invitation::try_from).collect()
}

/// Takes an invitation back; `false` when there is none that is not taken back already.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    meeting: MeetingId,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update invitations set revoked_at = $3 where id = $1 and meeting_id = $2 and revoked_at is null",
        id.0,
        meeting.0,
        now,
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}
