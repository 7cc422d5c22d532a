//! Guessing at secrets made slow: each wrong guess makes the next one wait, twice as long each time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    db::{self, DbError, failed_attempts::Growth},
    model::{
        account::Email,
        credential::CredentialHash,
        id::{AccountId, MeetingId},
    },
};

use super::App;

/// How many old wrong guesses one statement deletes.
const PRUNE_BITE: i64 = 1000;

/// How long a wrong guess counts.
const REMEMBERED: TimeDelta = TimeDelta::minutes(15);
const LONGEST_WAIT: TimeDelta = TimeDelta::seconds(60);

/// For what is guessed at: everybody mistypes once.
const OF_SECRETS: Growth = Growth { free: 1, longest: LONGEST_WAIT, forgotten_after: REMEMBERED };
/// For who guesses: several people may share one address.
const OF_ADDRESSES: Growth = Growth { free: 5, longest: LONGEST_WAIT, forgotten_after: REMEMBERED };

/// One who guesses at one secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guesser {
    secret: CredentialHash,
    address: CredentialHash,
}

impl Guesser {
    /// Somebody who signs in. The account need not exist: what does not exist is guarded in the same way.
    pub(super) fn at_account(email: &Email, address: &str) -> Self {
        let secret = CredentialHash::of("account", email.as_str());
        Self { secret, address: CredentialHash::of("address", address) }
    }

    /// Somebody signed in who says their password once more. Counted apart from signing in: whoever guesses out there must
    /// not keep an account's owner from changing its password.
    pub(super) fn at_own_password(account: AccountId, address: &str) -> Self {
        let secret = CredentialHash::of("own password", &account.to_string());
        Self { secret, address: CredentialHash::of("address", address) }
    }

    /// Somebody who tries a meeting's passcode. Guesses from elsewhere do not keep others out of the meeting.
    pub(super) fn at_passcode(meeting: MeetingId, address: &str) -> Self {
        let secret = CredentialHash::of("passcode", &format!("{meeting} {address}"));
        Self { secret, address: CredentialHash::of("address", address) }
    }

    /// How long they have to wait before they may guess; none when they may.
    pub(super) async fn wait(&self, app: &App) -> Result<Option<TimeDelta>, DbError> {
        let now = app.clock.now();
        let until = db::failed_attempts::blocked_until(&app.db, &[self.secret, self.address], now).await?;
        Ok(until.map(|until| until - now))
    }

    /// They guessed wrong; answers until when the next guess has to wait.
    pub(super) async fn failed(&self, app: &App) -> Result<DateTime<Utc>, DbError> {
        let now = app.clock.now();
        let of_address = db::failed_attempts::record(&app.db, self.address, OF_ADDRESSES, now).await?;
        let of_secret = db::failed_attempts::record(&app.db, self.secret, OF_SECRETS, now).await?;
        Ok(of_address.max(of_secret))
    }

    /// They guessed right. What counts against the address stays: whoever knows one secret may be guessing at others.
    pub(super) async fn succeeded(&self, app: &App) -> Result<(), DbError> {
        db::failed_attempts::clear(&app.db, self.secret).await
    }
}

/// Deletes a bite of the wrong guesses that no longer count; answers how many.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    db::failed_attempts::prune(&app.db, app.clock.now() - REMEMBERED, PRUNE_BITE).await
}
