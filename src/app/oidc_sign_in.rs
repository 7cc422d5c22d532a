//! Signing in through the OpenID Connect provider: who goes there, who comes back, and whose account it is.
//!
//! The provider's name for somebody, issuer and subject, leads to their account. A mail address does so once, the first
//! time, and only when the provider vouches for it: an address changes hands, and somebody could wait under another's.

use chrono::TimeDelta;
use sqlx::PgConnection;
use tracing::{info, warn};
use url::Url;

use crate::{
    config::OidcSettings,
    db::{self, DbError, identities::Identity, oidc_attempts::Carried},
    model::{
        account::{Account, AccountRole, Email},
        credential::{Credential, CredentialHash, CredentialKind},
        participant::DisplayName,
        return_path::ReturnPath,
    },
    oidc::{OidcError, Proof, Provider, Verified},
    telemetry,
};

use super::{
    App,
    access::{Asker, Caller},
    accounts::{self, AccountError, NewAccount},
    audit::{self, Deed},
    credentials,
    sessions::{self, Begun, Place},
};

/// How long somebody may take at the provider; their password manager, second factor and coffee included.
pub const ATTEMPT_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How many old attempts one statement deletes.
const PRUNE_BITE: i64 = 1000;

/// Where a sign-in begins.
#[derive(Debug)]
pub struct Beginning {
    /// Where the browser goes.
    pub url: Url,
    /// What the browser shows when it is back.
    pub browser: Credential,
}

/// What the browser brings back from the provider.
pub struct Answer {
    pub state: String,
    /// What it was given when it began.
    pub browser: Option<Credential>,
    /// Who the provider says it is, when it says so.
    pub issuer: Option<String>,
    /// A code, or the provider's reason to give none.
    pub outcome: Result<String, String>,
}

/// Somebody who came back and is signed in.
pub struct SignedIn {
    pub begun: Begun,
    pub return_to: ReturnPath,
}

/// Nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum OidcSignInError {
    #[error("no OpenID Connect provider is set up")]
    NotSetUp,
    #[error("the sign-in took too long, was used already, or began in another browser")]
    Expired,
    #[error("the provider let nobody in: {0}")]
    Denied(String),
    #[error("the provider tells no mail address that can be used")]
    EmailMissing,
    #[error("the provider does not vouch for the mail address")]
    EmailNotVerified,
    #[error("addresses of this domain may not sign in")]
    DomainNotAllowed,
    #[error("the account is disabled")]
    AccountDisabled,
    #[error("the address belongs to an account that somebody else signs in to through this provider")]
    AddressTaken,
    #[error("the first administrator has not been set up yet")]
    SetupNeeded,
    #[error(transparent)]
    Provider(OidcError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// Begins a sign-in. A browser that began one before goes on with what it has, so that two tabs do not trip each other.
pub async fn begin(
    app: &App,
    return_to: ReturnPath,
    browser: Option<Credential>,
) -> Result<Beginning, OidcSignInError> {
    let attempt = provider(app)?.begin().await.map_err(failed)?;
    let browser = browser.unwrap_or_else(|| credentials::make(CredentialKind::OidcAttempt));
    let carried = Carried { state: hash_of(&attempt.state), browser: browser.hash() };
    let Proof { nonce, verifier } = attempt.proof;

    let kept = db::oidc_attempts::Attempt { nonce, verifier, return_to };
    db::oidc_attempts::insert(&app.db, carried, &kept, app.clock.now()).await?;
    Ok(Beginning { url: attempt.url, browser })
}

/// Finishes a sign-in: asks the provider who that is, finds or makes their account, and begins a session.
pub async fn finish(app: &App, answer: Answer, place: Place) -> Result<SignedIn, OidcSignInError> {
    let provider = provider(app)?;
    let browser = answer.browser.ok_or(OidcSignInError::Expired)?;
    let carried = Carried { state: hash_of(&answer.state), browser: browser.hash() };
    let attempt = db::oidc_attempts::take(&app.db, carried, app.clock.now() - ATTEMPT_LIFE).await?;
    let attempt = attempt.ok_or(OidcSignInError::Expired)?;

    // RFC 9207: an answer that another provider made must not be redeemed at ours.
    if answer.issuer.is_some_and(|issuer| issuer != provider.settings().issuer) {
        return Err(failed(OidcError::Untrusted("the answer is another provider's".to_owned())));
    }
    let code = answer.outcome.map_err(OidcSignInError::Denied)?;
    let proof = Proof { nonce: attempt.nonce, verifier: attempt.verifier };
    let verified = provider.finish(&code, &proof).await.map_err(failed)?;

    let begun = match Person::of(verified, provider.settings()) {
        Ok(person) => admit_in_turn(app, &person, &place).await,
        Err((email, err)) => Err((email, err)),
    };
    match begun {
        Ok(begun) => Ok(SignedIn { begun, return_to: attempt.return_to }),
        Err((email, err)) => {
            note_refusal(app, email.as_ref(), place, &err).await?;
            Err(err)
        }
    }
}

/// Deletes a bite of the attempts that nobody came back from; answers how many.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    db::oidc_attempts::prune(&app.db, app.clock.now() - ATTEMPT_LIFE, PRUNE_BITE).await
}

impl OidcSignInError {
    /// The refusal in a word that stays the same.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotSetUp => "not-set-up",
            Self::Expired => "expired",
            Self::Denied(_) => "denied",
            Self::EmailMissing | Self::Provider(OidcError::Incomplete) => "email-missing",
            Self::EmailNotVerified => "email-not-verified",
            Self::DomainNotAllowed => "domain-not-allowed",
            Self::AccountDisabled => "account-disabled",
            Self::AddressTaken => "address-taken",
            Self::SetupNeeded => "setup-needed",
            Self::Provider(OidcError::Untrusted(_) | OidcError::Refused(_)) => "untrusted",
            Self::Provider(OidcError::Unreachable(_)) | Self::Store(_) => "unavailable",
        }
    }
}

fn provider(app: &App) -> Result<&Provider, OidcSignInError> {
    app.oidc.as_ref().ok_or(OidcSignInError::NotSetUp)
}

fn hash_of(state: &str) -> CredentialHash {
    CredentialHash::of("oidc state", state)
}

/// Tells the operator, who alone can do something about it.
fn failed(err: OidcError) -> OidcSignInError {
    warn!(error = telemetry::chain(&err), "a sign-in through the OpenID Connect provider came to nothing");
    OidcSignInError::Provider(err)
}

/// Somebody whom the provider vouches for and the settings let in.
struct Person {
    issuer: String,
    subject: String,
    email: Email,
    name: DisplayName,
    /// None: the provider has no say in it.
    role: Option<AccountRole>,
}

/// Whom a refusal is about, as far as it is known.
type Refused = (Option<Email>, OidcSignInError);

impl Person {
    fn of(verified: Verified, settings: &OidcSettings) -> Result<Self, Refused> {
        let email = address(&verified.email).ok_or((None, OidcSignInError::EmailMissing))?;
        if !verified.email_verified {
            return Err((Some(email), OidcSignInError::EmailNotVerified));
        }
        let allowed = &settings.allowed_domains;
        if !allowed.is_empty() && !allowed.iter().any(|domain| domain == email.domain()) {
            return Err((Some(email), OidcSignInError::DomainNotAllowed));
        }
        let local: String = email.as_str().chars().take_while(|c| *c != '@').take(80).collect();
        let name = verified.name.and_then(|name| DisplayName::parse(&name).ok());
        let name = name.or_else(|| DisplayName::parse(&local).ok()).ok_or((None, OidcSignInError::EmailMissing))?;
        let role = settings.role.as_ref().map(|rule| {
            let admin = verified.role_values.iter().any(|value| rule.admin_values.contains(value));
            if admin { AccountRole::Admin } else { AccountRole::Host }
        });
        Ok(Self { issuer: verified.issuer, subject: verified.subject, email, name, role })
    }

    fn identity(&self) -> Identity<'_> {
        Identity { issuer: &self.issuer, subject: &self.subject }
    }
}

/// The address, unless making it small makes another one of it: the Kelvin sign would become a `k`, and its owner somebody
/// else.
fn address(text: &str) -> Option<Email> {
    Email::parse(text).ok().filter(|email| email.as_str() == text.trim().to_ascii_lowercase())
}

/// Lets somebody in. When somebody else was faster, perhaps they themselves in another tab, the second look finds what
/// that one has made.
async fn admit_in_turn(app: &App, person: &Person, place: &Place) -> Result<Begun, Refused> {
    let raced = |outcome: &Result<_, _>| matches!(outcome, Err(OidcSignInError::Store(DbError::Taken(_))));
    let mut outcome = admit(app, person, place).await;
    if raced(&outcome) {
        outcome = admit(app, person, place).await;
    }
    if raced(&outcome) {
        outcome = Err(OidcSignInError::AddressTaken);
    }
    outcome.map_err(|err| (Some(person.email.clone()), err))
}

async fn admit(app: &App, person: &Person, place: &Place) -> Result<Begun, OidcSignInError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let mut account = account_of(app, &mut tx, person, place).await?;
    if account.disabled_at.is_some() {
        return Err(OidcSignInError::AccountDisabled);
    }
    let ended = give_role(app, &mut tx, &mut account, person.role, place).await?;
    let id = account.id;
    let begun = sessions::begin(app, &mut tx, account, place.clone(), "session.created").await?;
    tx.commit().await.map_err(DbError::from)?;

    if let Some(ended) = ended {
        credentials::forget_sessions(app, &ended).await;
        app.known.forget_all_of(id);
    }
    Ok(begun)
}

/// The account that the provider's name leads to; the first time the one of the verified address, or a new one.
async fn account_of(
    app: &App,
    tx: &mut PgConnection,
    person: &Person,
    place: &Place,
) -> Result<Account, OidcSignInError> {
    let now = app.clock.now();
    if let Some(id) = db::identities::find(&mut *tx, person.identity()).await?
        && let Some(account) = db::accounts::lock(&mut *tx, id).await?
    {
        // The account is always locked before the identity: two who come back at once must not wait for each other.
        db::identities::touch(&mut *tx, person.identity(), now).await?;
        return Ok(account);
    }
    let (account, action) = match db::accounts::find(&mut *tx, &person.email).await? {
        // Locked like any that is about to change; it is there, since accounts are not deleted.
        Some(found) => (db::accounts::lock(&mut *tx, found.id).await?.unwrap_or(found), "account.linked"),
        None => (make(app, tx, person).await?, "account.created"),
    };
    db::identities::insert(&mut *tx, person.identity(), account.id, now).await?;
    let deed = Deed::to_account(action, account.id, account.email.as_str()).with("by", "identity provider");
    audit::note_account(app, &mut *tx, (account.id, account.name.as_str()), &place.address, deed).await?;
    info!(account.id = %account.id, "{action} through the OpenID Connect provider");
    Ok(account)
}

async fn make(app: &App, tx: &mut PgConnection, person: &Person) -> Result<Account, OidcSignInError> {
    // With a host as the first account the link for the first administrator would open no longer, and nobody be one.
    if person.role != Some(AccountRole::Admin) && !db::accounts::exist(&mut *tx).await? {
        return Err(OidcSignInError::SetupNeeded);
    }
    let role = person.role.unwrap_or(AccountRole::Host);
    let wish = NewAccount { email: person.email.clone(), name: person.name.clone(), role, password: None };
    let account = accounts::insert(app, tx, wish, None).await.map_err(|err| match err {
        AccountError::Store(err) => err,
        // The same as any other constraint: somebody was faster.
        err => DbError::Taken(err.to_string()),
    })?;
    db::setup_links::close(&mut *tx, app.clock.now()).await?;
    Ok(account)
}

/// Gives the account the role that the provider says. As with any change of the role its sessions end: answers their tokens,
/// or none when nothing changed.
async fn give_role(
    app: &App,
    tx: &mut PgConnection,
    account: &mut Account,
    role: Option<AccountRole>,
    place: &Place,
) -> Result<Option<Vec<CredentialHash>>, OidcSignInError> {
    let Some(role) = role.filter(|role| *role != account.role) else { return Ok(None) };
    if role == AccountRole::Host && db::accounts::lock_admins(&mut *tx, account.id).await? == 0 {
        warn!(account.id = %account.id, "the provider says that the last administrator is none; they stay one");
        return Ok(None);
    }
    account.role = role;
    db::accounts::update(&mut *tx, account).await?;
    let deed = Deed::to_account("account.role_changed", account.id, account.email.as_str());
    let deed = deed.with("role", role.as_str());
    audit::note_account(app, &mut *tx, (account.id, account.name.as_str()), &place.address, deed).await?;
    db::sessions::forget_browsers(&mut *tx, account.id).await?;
    Ok(Some(db::sessions::delete_all(&mut *tx, account.id, None).await?))
}

/// Writes down whom we did not let in; not when something was merely away.
async fn note_refusal(app: &App, email: Option<&Email>, place: Place, err: &OidcSignInError) -> Result<(), DbError> {
    if matches!(err, OidcSignInError::Store(_)) {
        return Ok(());
    }
    let asker = Asker { caller: Caller::Nobody, address: place.address };
    let deed = Deed::to("session.refused", "account", "", email.map_or("", Email::as_str)).with("reason", err.word());
    audit::note(app, &app.db, &asker, deed).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RoleRule;

    fn settings(domains: &[&str], role: Option<RoleRule>) -> OidcSettings {
        OidcSettings {
            issuer: "https://id.example.org".to_owned(),
            client_id: "meetbox".to_owned(),
            client_secret: "secret".to_owned().into(),
            redirect_url: Url::parse("https://meet.example.org/oidc/callback").unwrap(),
            name: "Example ID".to_owned(),
            allowed_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            role,
            scopes: vec!["openid".to_owned()],
        }
    }

    fn verified(email: &str) -> Verified {
        Verified {
            issuer: "https://id.example.org".to_owned(),
            subject: "1".to_owned(),
            email: email.to_owned(),
            email_verified: true,
            name: Some("Ada".to_owned()),
            role_values: vec![],
        }
    }

    fn refusal(verified: Verified, domains: &[&str]) -> &'static str {
        Person::of(verified, &settings(domains, None)).map_or_else(|(_, err)| err.word(), |_| "let in")
    }

    #[test]
    fn only_verified_addresses_of_allowed_domains_come_in() {
        assert_eq!(refusal(verified("ada@example.org"), &[]), "let in");
        assert_eq!(refusal(verified("Ada@Example.org"), &["example.com", "example.org"]), "let in");

        for other in ["ada@sub.example.org", "ada@example.org.evil.example", "ada@notexample.org"] {
            assert_eq!(refusal(verified(other), &["example.org"]), "domain-not-allowed", "{other}");
        }
        let unverified = Verified { email_verified: false, ..verified("ada@example.org") };
        assert_eq!(refusal(unverified, &["example.org"]), "email-not-verified");
        for none in ["", "ada", "ada@", "ada@example.org@evil.example", "\u{212a}ate@example.org"] {
            assert_eq!(refusal(verified(none), &[]), "email-missing", "{none}");
        }
    }

    #[test]
    fn the_role_is_the_providers_only_when_the_settings_say_so() {
        let rule = RoleRule { claim: "groups".to_owned(), admin_values: vec!["admins".to_owned()] };
        let role = |values: &[&str], rule| {
            let role_values = values.iter().map(|value| (*value).to_owned()).collect();
            let verified = Verified { role_values, ..verified("ada@example.org") };
            Person::of(verified, &settings(&[], rule)).map(|person| person.role).ok().flatten()
        };
        assert_eq!(role(&["admins"], None), None);
        assert_eq!(role(&["staff", "admins"], Some(rule.clone())), Some(AccountRole::Admin));
        assert_eq!(role(&["staff", "Admins"], Some(rule.clone())), Some(AccountRole::Host));
        assert_eq!(role(&[], Some(rule)), Some(AccountRole::Host));
    }

    #[test]
    fn somebody_without_a_name_is_called_by_their_address() {
        let name = |name: Option<&str>| {
            let verified = Verified { name: name.map(str::to_owned), ..verified("ada.l@example.org") };
            Person::of(verified, &settings(&[], None)).map(|person| person.name.as_str().to_owned()).ok()
        };
        assert_eq!(name(Some("Ada")).as_deref(), Some("Ada"));
        assert_eq!(name(Some(" \u{200b} ")).as_deref(), Some("ada.l"));
        assert_eq!(name(None).as_deref(), Some("ada.l"));
    }
}
