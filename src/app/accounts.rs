//! Accounts: made, looked at, changed; by their owners, by administrators, and by the operator at the command line.

use chrono::TimeDelta;
use sqlx::PgConnection;
use tracing::info;
use uuid::Uuid;

use crate::{
    db::{self, DbError, accounts::EMAIL_KEY},
    model::{
        account::{Account, AccountRole, Email, NewPassword},
        credential::{Credential, CredentialKind},
        id::AccountId,
        page::{Cursor, Limit, Page},
        participant::DisplayName,
        session::SessionHolder,
    },
};

use super::{
    App,
    access::Asker,
    audit::{self, Deed},
    credentials,
    guessing::{Guesser, Verdict},
    passwords::PasswordError,
    sessions::{self, Begun, Place, seconds},
};

/// How long the link for the first administrator opens.
const SETUP_LINK_LIFE: TimeDelta = TimeDelta::hours(1);

/// What a new account shall be like.
#[derive(Debug)]
pub struct NewAccount {
    pub email: Email,
    pub name: DisplayName,
    pub role: AccountRole,
    /// None: it signs in only through an identity provider.
    pub password: Option<NewPassword>,
}

/// What shall be different about an account.
#[derive(Debug, Default)]
pub struct Change {
    pub name: Option<DisplayName>,
    pub role: Option<AccountRole>,
    pub disabled: Option<bool>,
    pub password: Option<NewPassword>,
}

/// What was asked about an account cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("there is no such account")]
    NotFound,
    #[error("another account has the address `{0}`")]
    EmailTaken(Email),
    #[error("this is the last administrator who can sign in; make another one first")]
    LastAdmin,
    #[error("the current password is another one")]
    PasswordWrong,
    #[error("too many wrong passwords; try again in {} seconds", seconds(.0))]
    TooSoon(TimeDelta),
    #[error("the link is unknown, was used, or is older than an hour; `meetbox account setup-link` makes a new one")]
    SetupLinkSpent,
    #[error("there are accounts already; sign in, or ask an administrator")]
    SetUpAlready,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Who changes accounts: somebody over the API, or the operator.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    Asker(&'a Asker),
    Operator,
}

impl By<'_> {
    async fn note(self, app: &App, tx: &mut PgConnection, deed: Deed<'_>) -> Result<(), DbError> {
        match self {
            Self::Asker(asker) => audit::note(app, tx, asker, deed).await,
            Self::Operator => audit::note_operator(app, tx, deed).await,
        }
    }
}

/// Makes an account.
pub async fn create(app: &App, by: By<'_>, wish: NewAccount) -> Result<Account, AccountError> {
    // Before the transaction: whoever waits for their turn to hash must not hold a connection.
    let hash = match &wish.password {
        Some(password) => Some(app.passwords.hash(password.expose()).await?),
        None => None,
    };
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let account = insert(app, &mut tx, wish, hash.as_deref()).await?;
    db::setup_links::close(&mut *tx, app.clock.now()).await?;
    let deed = Deed::to_account("account.created", account.id, account.email.as_str());
    by.note(app, &mut tx, deed.with("role", account.role.as_str())).await?;
    tx.commit().await.map_err(DbError::from)?;
    info!(account.id = %account.id, "created account {} with the role {}", account.id, account.role);
    Ok(account)
}

/// The row of a new account.
pub(super) async fn insert(
    app: &App,
    tx: &mut PgConnection,
    wish: NewAccount,
    password_hash: Option<&str>,
) -> Result<Account, AccountError> {
    let account = Account {
        id: AccountId(Uuid::new_v4()),
        email: wish.email,
        name: wish.name,
        role: wish.role,
        has_password: password_hash.is_some(),
        created_at: app.clock.now(),
        disabled_at: None,
    };
    match db::accounts::insert(tx, &account, password_hash).await {
        Ok(()) => Ok(account),
        Err(DbError::Taken(constraint)) if constraint == EMAIL_KEY => Err(AccountError::EmailTaken(account.email)),
        Err(err) => Err(err.into()),
    }
}

/// The account.
pub async fn get(app: &App, id: AccountId) -> Result<Account, AccountError> {
    db::accounts::get(&app.db, id).await?.ok_or(AccountError::NotFound)
}

/// The account with that address.
pub async fn find(app: &App, email: &Email) -> Result<Account, AccountError> {
    db::accounts::find(&app.db, email).await?.ok_or(AccountError::NotFound)
}

/// The accounts, the newest first.
pub async fn list(app: &App, after: Option<Cursor>, limit: Limit) -> Result<Page<Account>, AccountError> {
    let accounts = db::accounts::list(&app.db, after, limit).await?;
    Ok(Page::cut(accounts, limit, |account| Cursor { at: account.created_at, id: account.id.0 }))
}

/// Changes an account. Another role, another password and being disabled end its sessions: whoever holds one must not go
/// on with what they had.
pub async fn change(app: &App, by: By<'_>, id: AccountId, change: Change) -> Result<Account, AccountError> {
    let hash = match &change.password {
        Some(password) => Some(app.passwords.hash(password.expose()).await?),
        None => None,
    };
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let other_admins = db::accounts::lock_admins(&mut *tx, id).await?;
    let before = db::accounts::get(&mut *tx, id).await?.ok_or(AccountError::NotFound)?;
    let mut account = before.clone();
    account.name = change.name.unwrap_or(account.name);
    account.role = change.role.unwrap_or(account.role);
    account.disabled_at = match change.disabled {
        None => account.disabled_at,
        Some(true) => account.disabled_at.or(Some(app.clock.now())),
        Some(false) => None,
    };
    let is_admin = |account: &Account| account.role == AccountRole::Admin && account.disabled_at.is_none();
    if is_admin(&before) && !is_admin(&account) && other_admins == 0 {
        return Err(AccountError::LastAdmin);
    }
    db::accounts::update(&mut *tx, &account).await?;

    let name = account.email.as_str();
    if account.role != before.role {
        let deed = Deed::to_account("account.role_changed", id, name).with("role", account.role.as_str());
        by.note(app, &mut tx, deed).await?;
    }
    if account.disabled_at.is_some() != before.disabled_at.is_some() {
        let action = if account.disabled_at.is_some() { "account.disabled" } else { "account.enabled" };
        by.note(app, &mut tx, Deed::to_account(action, id, name)).await?;
    }
    if account.name != before.name {
        by.note(app, &mut tx, Deed::to_account("account.renamed", id, name)).await?;
    }
    if let Some(hash) = &hash {
        db::accounts::set_password(&mut *tx, id, hash).await?;
        by.note(app, &mut tx, Deed::to_account("account.password_reset", id, name)).await?;
        account.has_password = true;
    }
    let ended = if account.role != before.role || account.disabled_at.is_some() || hash.is_some() {
        db::sessions::forget_browsers(&mut *tx, id).await?;
        db::sessions::delete_all(&mut *tx, id, None).await?
    } else {
        Vec::new()
    };
    tx.commit().await.map_err(DbError::from)?;
    credentials::forget_sessions(app, &ended).await;
    app.known.forget_all_of(id);
    Ok(account)
}

/// Changes one's own password. All other sessions are signed out, and this one goes on under a new token.
pub async fn change_password(
    app: &App,
    asker: &Asker,
    (holder, place): (&SessionHolder, Place),
    current: &str,
    new: &NewPassword,
) -> Result<Begun, AccountError> {
    let account = get(app, holder.account_id).await?;
    let hash = db::accounts::password_hash(&app.db, account.id).await?;
    let look = async { Ok::<_, AccountError>(app.passwords.verify(current, hash.as_deref()).await?) };
    match Guesser::at_own_password(account.id, &asker.address).guess(app, look).await? {
        Verdict::TooSoon(wait) => return Err(AccountError::TooSoon(wait)),
        Verdict::Wrong => return Err(AccountError::PasswordWrong),
        Verdict::Right => {}
    }

    let hash = app.passwords.hash(new.expose()).await?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    db::accounts::set_password(&mut *tx, account.id, &hash).await?;
    let ended = db::sessions::delete_all(&mut *tx, account.id, None).await?;
    db::sessions::forget_browsers(&mut *tx, account.id).await?;
    let deed = Deed::to_account("account.password_changed", account.id, account.email.as_str());
    audit::note(app, &mut *tx, asker, deed).await?;
    let begun = sessions::begin(app, &mut tx, account, place, "session.renewed").await?;
    tx.commit().await.map_err(DbError::from)?;
    credentials::forget_sessions(app, &ended).await;
    Ok(begun)
}

/// Whether nobody can sign in yet.
pub async fn setup_is_needed(app: &App) -> Result<bool, DbError> {
    Ok(!db::accounts::exist(&app.db).await?)
}

/// Makes the link with which the first administrator makes their account; refused when there are accounts.
pub async fn make_setup_link(app: &App) -> Result<Credential, AccountError> {
    if !setup_is_needed(app).await? {
        return Err(AccountError::SetUpAlready);
    }
    let secret = credentials::make(CredentialKind::SetupLink);
    let now = app.clock.now();
    db::setup_links::insert(&app.db, secret.hash(), now, now + SETUP_LINK_LIFE).await?;
    Ok(secret)
}

/// Makes the first administrator for whoever has the link, and signs them in.
pub async fn set_up(app: &App, secret: &Credential, wish: NewAccount, place: Place) -> Result<Begun, AccountError> {
    let now = app.clock.now();
    let mut tx = app.begin().await.map_err(DbError::from)?;
    if !db::setup_links::take(&mut *tx, secret.hash(), now).await? {
        return Err(AccountError::SetupLinkSpent);
    }
    if db::accounts::exist(&mut *tx).await? {
        return Err(AccountError::SetUpAlready);
    }
    // Only now: whoever has no link must not make us hash for them.
    let hash = match &wish.password {
        Some(password) => Some(app.passwords.hash(password.expose()).await?),
        None => None,
    };
    db::setup_links::close(&mut *tx, now).await?;
    let account = insert(app, &mut tx, wish, hash.as_deref()).await?;
    let deed = Deed::to_account("account.created", account.id, account.email.as_str()).with("by", "setup link");
    audit::note_account(app, &mut *tx, (account.id, account.name.as_str()), &place.address, deed).await?;
    let begun = sessions::begin(app, &mut tx, account, place, "session.created").await?;
    tx.commit().await.map_err(DbError::from)?;
    info!(account.id = %begun.account.id, "the first administrator made their account");
    Ok(begun)
}
