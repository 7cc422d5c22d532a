//! Guessing at secrets made slow: each wrong guess makes the next one wait, twice as long each time.

use std::time::Duration;

use chrono::TimeDelta;

use crate::{
    db::{self, DbError, failed_attempts::Growth},
    model::{
        account::Email,
        credential::{Credential, CredentialHash},
        id::{AccountId, MeetingId},
    },
};

use super::App;

/// How many old wrong guesses one statement deletes.
const PRUNE_BITE: i64 = 1000;

/// How long a wrong guess counts.
const REMEMBERED: TimeDelta = TimeDelta::minutes(15);
/// How long the first makes the next wait; each one after it doubles that, up to the longest.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(1);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(60);

/// For who guesses: several people may share one address.
const OF_ADDRESSES: Growth = Growth { free: 5, longest: LONGEST_WAIT, forgotten_after: REMEMBERED };

/// How long a guess holds up the others at the same secret before it is known what it came to. When nobody ever says, since
/// the process died or the client went away, it was a wrong one.
const LOOKED_AT_FOR: TimeDelta = TimeDelta::seconds(3);
/// How often, and after what pause, a guess that meets another one looks whether that is over. Two windows of one person, and
/// a class behind one address, come at the same moment: they take turns.
const LOOKS: usize = 30;
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
    /// It was not looked at; the next may come after so long.
    TooSoon(TimeDelta),
}

/// One who guesses at one secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guesser {
    secret: CredentialHash,
    /// None for who is told apart better than by an address.
    address: Option<CredentialHash>,
}

impl Guesser {
    /// Somebody who signs in. The account need not exist: what does not exist is guarded in the same way.
    pub(super) fn at_account(email: &Email, address: &str) -> Self {
        let secret = CredentialHash::of("account", email.as_str());
        Self { secret, address: Some(CredentialHash::of("address", address)) }
    }

    /// Somebody who signs in from a browser in which the account was signed in before. Its guesses are counted for it alone:
    /// whoever guesses elsewhere must not lock the account's owner out.
    pub(super) fn at_account_from(browser: &Credential, email: &Email) -> Self {
        let secret = CredentialHash::of("browser", &format!("{} {email}", browser.hash().to_hex()));
        Self { secret, address: None }
    }

    /// Somebody signed in who says their password once more. Counted apart from signing in: whoever guesses out there must
    /// not keep an account's owner from changing its password.
    pub(super) fn at_own_password(account: AccountId, address: &str) -> Self {
        let secret = CredentialHash::of("own password", &account.to_string());
        Self { secret, address: Some(CredentialHash::of("address", address)) }
    }

    /// Somebody who tries a meeting's passcode. Guesses from elsewhere do not keep others out of the meeting.
    pub(super) fn at_passcode(meeting: MeetingId, address: &str) -> Self {
        let secret = CredentialHash::of("passcode", &format!("{meeting} {address}"));
        Self { secret, address: Some(CredentialHash::of("address", address)) }
    }

    /// Looks at a guess with `look`, unless they have to wait. A wrong one makes the next wait.
    pub(super) async fn guess<E: From<DbError>>(
        &self,
        app: &App,
        look: impl Future<Output = Result<bool, E>>,
    ) -> Result<Verdict, E> {
        if let Some(wait) = self.begin(app).await? {
            return Ok(Verdict::TooSoon(wait));
        }
        match look.await {
            Ok(true) => {
                // What counts against the address stays: whoever knows one secret may be guessing at others.
                db::failed_attempts::clear(&app.db, self.secret).await?;
                Ok(Verdict::Right)
            }
            Ok(false) => {
                self.failed(app).await?;
                Ok(Verdict::Wrong)
            }
            Err(err) => {
                db::failed_attempts::withdraw(&app.db, self.secret, app.clock.now()).await?;
                Err(err)
            }
        }
    }

    /// Begins a guess, as the only one at this moment; or answers how long they have to wait.
    async fn begin(&self, app: &App) -> Result<Option<TimeDelta>, DbError> {
        for _ in 0..LOOKS {
            let now = app.clock.now();
            if let Some(address) = self.address
                && let Some(held) = db::failed_attempts::held(&app.db, address, now).await?
            {
                return Ok(Some(held.until - now));
            }
            let times = (now, now + LOOKED_AT_FOR);
            if db::failed_attempts::reserve(&app.db, self.secret, times, now - REMEMBERED).await? {
                return Ok(None);
            }
            match db::failed_attempts::held(&app.db, self.secret, now).await? {
                Some(held) if held.under_way => tokio::time::sleep(PAUSE).await,
                Some(held) => return Ok(Some(held.until - now)),
                // It is over in this moment.
                None => {}
            }
        }
        Ok(Some(FIRST_WAIT))
    }

    async fn failed(&self, app: &App) -> Result<(), DbError> {
        let now = app.clock.now();
        if let Some(address) = self.address {
            db::failed_attempts::record(&app.db, address, OF_ADDRESSES, now).await?;
        }
        db::failed_attempts::settle(&app.db, self.secret, LONGEST_WAIT, now).await
    }
}

/// Deletes a bite of the wrong guesses that no longer count; answers how many.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    db::failed_attempts::prune(&app.db, app.clock.now() - REMEMBERED, PRUNE_BITE).await
}
