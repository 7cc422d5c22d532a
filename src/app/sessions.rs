//! Sessions: signing in, and out again.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    db::{self, DbError},
    model::{
        account::{Account, Email},
        credential::{Credential, CredentialKind},
        id::{AccountId, SessionId},
        session::{Session, SessionHolder, Transport},
    },
};

use super::{
    App,
    access::Asker,
    audit::{self, Deed},
    credentials,
    guessing::{Guesser, Verdict},
    passwords::PasswordError,
};

/// How long a browser from which somebody signed in is known.
const BROWSER_KNOWN_FOR: TimeDelta = TimeDelta::days(180);
/// The most sessions of one account; the oldest end when there are more.
const MOST_SESSIONS: i64 = 50;
/// The most characters that are kept of what a browser calls itself.
const USER_AGENT_LENGTH: usize = 200;
/// How many rows one statement of the pruner deletes.
const PRUNE_BITE: i64 = 1000;

/// Somebody who wants to sign in with a password.
pub struct SignIn {
    pub email: Email,
    pub password: String,
    pub place: Place,
}

/// From where somebody signs in.
#[derive(Clone, Debug)]
pub struct Place {
    pub transport: Transport,
    pub address: String,
    pub user_agent: String,
    /// What a browser that has signed in before shows.
    pub browser: Option<Credential>,
    /// The session that the browser had until now: its cookie is overwritten, so that nobody could end it any more but
    /// whoever put it there.
    pub replaces: Option<SessionHolder>,
}

/// A session that was begun, with its secrets, which are told only now.
pub struct Begun {
    pub session: Session,
    pub account: Account,
    pub token: Credential,
    /// What the browser shows the next time; none for programs.
    pub browser: Option<Credential>,
}

/// Nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The same for an unknown account, a wrong password and a disabled account.
    #[error("the address and the password do not belong together")]
    Wrong,
    #[error("too many wrong passwords; try again in {} seconds", seconds(.0))]
    TooSoon(TimeDelta),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// A wait in whole seconds, rounded up.
pub fn seconds(wait: &TimeDelta) -> i64 {
    (wait.num_milliseconds().max(0) + 999) / 1000
}

/// Signs somebody in with address and password.
pub async fn sign_in(app: &App, wish: SignIn) -> Result<Begun, SignInError> {
    let SignIn { email, password, place } = wish;
    let account = db::accounts::find(&app.db, &email).await?;
    let hash = match &account {
        Some(account) => db::accounts::password_hash(&app.db, account.id).await?,
        None => None,
    };
    let guesser = match known_browser(app, account.as_ref(), &place).await? {
        Some(browser) => Guesser::at_account_from(browser, &email),
        None => Guesser::at_account(&email, &place.address),
    };
    let account = account.filter(|account| account.disabled_at.is_none());
    let look = async {
        let right = app.passwords.verify(&password, hash.as_deref()).await?;
        Ok::<_, SignInError>(right && account.is_some())
    };
    let verdict = guesser.guess(app, look).await?;
    match (verdict, account) {
        (Verdict::TooSoon(wait), _) => Err(SignInError::TooSoon(wait)),
        (Verdict::Right, Some(account)) => {
            let mut tx = app.begin().await.map_err(DbError::from)?;
            let begun = begin(app, &mut tx, account, place, "session.created").await?;
            tx.commit().await.map_err(DbError::from)?;
            Ok(begun)
        }
        (Verdict::Wrong, _) | (Verdict::Right, None) => {
            let asker = Asker { caller: super::access::Caller::Nobody, address: place.address };
            let deed = Deed::to("session.refused", "account", "", email.as_str());
            audit::note(app, &app.db, &asker, deed).await?;
            Err(SignInError::Wrong)
        }
    }
}

/// The browser, if the account has signed in from it before.
async fn known_browser<'a>(
    app: &App,
    account: Option<&Account>,
    place: &'a Place,
) -> Result<Option<&'a Credential>, DbError> {
    let (Some(account), Some(browser)) = (account, &place.browser) else { return Ok(None) };
    let since = app.clock.now() - BROWSER_KNOWN_FOR;
    let known = db::sessions::knows_browser(&app.db, browser.hash(), account.id, since).await?;
    Ok(known.then_some(browser))
}

/// Begins a session of an account that has proved who it is, within the caller's transaction.
pub(super) async fn begin(
    app: &App,
    tx: &mut PgConnection,
    account: Account,
    place: Place,
    action: &str,
) -> Result<Begun, DbError> {
    let now = app.clock.now();
    let session = Session {
        id: SessionId(Uuid::new_v4()),
        account_id: account.id,
        transport: place.transport,
        created_at: now,
        seen_at: now,
        expires_at: now + app.session_life,
        address: place.address.clone(),
        user_agent: place.user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_LENGTH).collect(),
    };
    let token = credentials::make(CredentialKind::Session);
    db::sessions::insert(&mut *tx, &session, token.hash()).await?;
    let mut ended = db::sessions::delete_oldest(&mut *tx, account.id, MOST_SESSIONS).await?;
    if let Some(old) = &place.replaces {
        ended.extend(db::sessions::delete(&mut *tx, old.account_id, old.session_id).await?);
    }
    credentials::forget_sessions(app, &ended).await;

    let browser = match place.transport {
        Transport::Cookie => Some(place.browser.unwrap_or_else(|| credentials::make(CredentialKind::Browser))),
        Transport::Bearer => None,
    };
    if let Some(browser) = &browser {
        db::sessions::remember_browser(&mut *tx, browser.hash(), account.id, now).await?;
    }
    let deed = Deed::to(action, "session", session.id, "");
    audit::note_account(app, tx, (account.id, account.name.as_str()), &place.address, deed).await?;
    Ok(Begun { session, account, token, browser })
}

/// The sessions of an account.
pub async fn list(app: &App, account: AccountId) -> Result<Vec<Session>, DbError> {
    let now = app.clock.now();
    db::sessions::list(&app.db, account, now, now - app.session_idle).await
}

/// Signs one session out; `false` when the account has no such session.
pub async fn end(app: &App, asker: &Asker, holder: &SessionHolder, id: SessionId) -> Result<bool, DbError> {
    let mut tx = app.begin().await?;
    let Some(hash) = db::sessions::delete(&mut *tx, holder.account_id, id).await? else { return Ok(false) };
    audit::note(app, &mut *tx, asker, Deed::to("session.ended", "session", id, "")).await?;
    tx.commit().await?;
    credentials::forget_sessions(app, &[hash]).await;
    Ok(true)
}

/// Signs an account out everywhere, here included, and forgets its browsers.
pub async fn end_all(app: &App, asker: &Asker, holder: &SessionHolder) -> Result<(), DbError> {
    let mut tx = app.begin().await?;
    let ended = db::sessions::delete_all(&mut *tx, holder.account_id, None).await?;
    db::sessions::forget_browsers(&mut *tx, holder.account_id).await?;
    let deed = Deed::to("session.ended", "account", holder.account_id, "").with("which", "all");
    audit::note(app, &mut *tx, asker, deed).await?;
    tx.commit().await?;
    credentials::forget_sessions(app, &ended).await;
    Ok(())
}

/// Deletes a bite of the sessions and browsers that are over; answers how many.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    let now: DateTime<Utc> = app.clock.now();
    let sessions = db::sessions::prune(&app.db, now, now - app.session_idle, PRUNE_BITE).await?;
    Ok(sessions + db::sessions::prune_browsers(&app.db, now - BROWSER_KNOWN_FOR, PRUNE_BITE).await?)
}
