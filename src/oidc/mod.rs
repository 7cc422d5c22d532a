//! The OpenID Connect provider: where people are sent to sign in, and what it says of them afterwards, checked.
//!
//! The protocol is the `openidconnect` crate's; who is asked, how often, how long and what counts as an outage is decided
//! here. See docs/decisions/0012.

mod claims;
mod client;
mod wire;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, CsrfToken, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RequestTokenError, Scope, SignatureVerificationError, SubjectIdentifier, UserInfoError,
    core::CoreAuthenticationFlow,
};
use tokio::time::timeout;
use url::Url;

use self::{
    claims::{Names, Said},
    client::{Client, Token, UserInfo},
    wire::{Wire, WireError},
};
use crate::{clock::Clock, config::OidcSettings, telemetry};

/// How long what the provider says of itself counts. A key that it takes back is trusted no longer than this.
const FRESH_FOR: TimeDelta = TimeDelta::hours(1);
/// How long one step may take in all; somebody waits in front of an empty page.
const STEP_TIMEOUT: Duration = Duration::from_secs(8);
/// Random bytes in `state` and in the nonce.
const SECRET_BYTES: u32 = 32;

/// The provider in the settings; a clone is the same one.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    wire: Wire,
    settings: OidcSettings,
    clock: Clock,
    known: Mutex<Option<Known>>,
}

/// What the provider said of itself: its addresses, what it can do, its keys.
#[derive(Clone)]
struct Known {
    client: Arc<Client>,
    fetched_at: DateTime<Utc>,
}

/// The beginning of a sign-in.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where the browser goes.
    pub url: Url,
    /// What the browser brings back, and nobody else knows.
    pub state: String,
    pub proof: Proof,
}

/// What must be kept until the browser is back; it never leaves this side.
#[derive(Clone)]
pub struct Proof {
    /// Ties the ID token to the attempt.
    pub nonce: String,
    /// Ties the code to the attempt (PKCE).
    pub verifier: String,
}

/// Who the provider says has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub issuer: String,
    /// The provider's own name for this person; it never gives it to another.
    pub subject: String,
    pub email: String,
    /// Whether the provider vouches that the address is this person's.
    pub email_verified: bool,
    pub name: Option<String>,
    /// The values of the claim that decides the role; none when there is no such claim.
    pub role_values: Vec<String>,
}

/// A sign-in that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// Nobody answered in time, or nothing that can be read: the provider is away, or is no provider.
    #[error("cannot reach the OpenID Connect provider: {0}")]
    Unreachable(String),
    /// The provider says no, with this code: the sign-in is too old or was used already, or it does not know us.
    #[error("the OpenID Connect provider refuses: {0}")]
    Refused(String),
    /// What it says proves nothing: a signature, an audience, a nonce, a time that is not right.
    #[error("what the OpenID Connect provider says cannot be trusted: {0}")]
    Untrusted(String),
    /// It tells no mail address.
    #[error("the OpenID Connect provider tells no mail address")]
    Incomplete,
}

impl Provider {
    /// The provider in the settings. Nothing is asked of it yet.
    pub fn new(http: reqwest::Client, settings: OidcSettings, clock: Clock) -> Self {
        Self(Arc::new(Inner { wire: Wire::new(http), settings, clock, known: Mutex::new(None) }))
    }

    /// What the button calls it.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// What was set about it.
    pub fn settings(&self) -> &OidcSettings {
        &self.0.settings
    }

    /// Begins a sign-in: every attempt has its own state, nonce and PKCE verifier.
    pub async fn begin(&self) -> Result<Attempt, OidcError> {
        in_time(self.0.begin()).await
    }

    /// Redeems the code that the browser brought back, and checks all that the provider says.
    pub async fn finish(&self, code: &str, proof: &Proof) -> Result<Verified, OidcError> {
        in_time(self.0.finish(code, proof)).await
    }
}

async fn in_time<T>(step: impl Future<Output = Result<T, OidcError>>) -> Result<T, OidcError> {
    let late = |_| Err(OidcError::Unreachable(format!("no answer within {STEP_TIMEOUT:?}")));
    timeout(STEP_TIMEOUT, step).await.unwrap_or_else(late)
}

impl Inner {
    async fn begin(&self) -> Result<Attempt, OidcError> {
        let client = self.client().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let state = || CsrfToken::new_random_len(SECRET_BYTES);
        // The crate adds `openid` itself.
        let scopes = self.settings.scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);

        let request = client.authorize_url(flow, state, || Nonce::new_random_len(SECRET_BYTES));
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Attempt {
            url,
            state: state.into_secret(),
            proof: Proof { nonce: nonce.secret().clone(), verifier: verifier.into_secret() },
        })
    }

    async fn finish(&self, code: &str, proof: &Proof) -> Result<Verified, OidcError> {
        let client = self.client().await?;
        let token = self.redeem(&client, code, proof).await?;
        let (client, subject, said) = self.check_token(client, &token, proof).await?;
        let said = self.complete(&client, &token, subject.clone(), said).await?;

        let claim = self.settings.role.as_ref().map(|rule| rule.claim.as_str());
        Ok(Verified {
            issuer: self.settings.issuer.clone(),
            subject: subject.to_string(),
            email_verified: said.email_is_verified(&self.settings.issuer),
            role_values: claim.and_then(|claim| said.values(claim)).unwrap_or_default(),
            email: said.email.ok_or(OidcError::Incomplete)?,
            name: said.name,
        })
    }

    async fn redeem(&self, client: &Client, code: &str, proof: &Proof) -> Result<Token, OidcError> {
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|err| OidcError::Unreachable(telemetry::chain(&err)))?;
        let verifier = PkceCodeVerifier::new(proof.verifier.clone());

        let answer = request.set_pkce_verifier(verifier).request_async(&self.wire).await;
        answer.map_err(|err| match err {
            RequestTokenError::ServerResponse(refusal) => OidcError::Refused(printable(refusal.error().as_ref())),
            RequestTokenError::Request(err) => err.into(),
            // Neither the answer nor what a parser quotes of it: tokens stand there.
            RequestTokenError::Parse(err, _) => unreadable("token", err.path()),
            RequestTokenError::Other(reason) => OidcError::Unreachable(reason),
        })
    }

    /// Checks the ID token; one that is signed with a key that we do not know sends us to ask for the keys again.
    async fn check_token(
        &self,
        client: Arc<Client>,
        token: &Token,
        proof: &Proof,
    ) -> Result<(Arc<Client>, SubjectIdentifier, Said), OidcError> {
        match client::check(&client, token, proof, &self.clock) {
            Ok((subject, said)) => Ok((client, subject, said)),
            Err(err) if may_be_a_new_key(&err) => {
                let client = self.fetch().await?;
                let (subject, said) = client::check(&client, token, proof, &self.clock).map_err(untrusted)?;
                Ok((client, subject, said))
            }
            Err(err) => Err(untrusted(err)),
        }
    }

    /// Asks the provider's userinfo for what the ID token leaves out; some put hardly more than a name into that.
    async fn complete(
        &self,
        client: &Client,
        token: &Token,
        subject: SubjectIdentifier,
        said: Said,
    ) -> Result<Said, OidcError> {
        let claim = self.settings.role.as_ref().map(|rule| rule.claim.as_str());
        let whole = said.vouches_for_email() && claim.is_none_or(|claim| said.values(claim).is_some());
        let Ok(request) = client.user_info(token.access_token().clone(), Some(subject)) else { return Ok(said) };
        if whole {
            return Ok(said);
        }
        let info: Result<UserInfo, _> = request.request_async(&self.wire).await;
        let info = info.map_err(|err| match err {
            UserInfoError::Request(err) => err.into(),
            UserInfoError::ClaimsVerification(err) => untrusted(err),
            UserInfoError::Response(status, _, _) => OidcError::Unreachable(format!("userinfo answered {status}")),
            UserInfoError::Parse(err) => unreadable("userinfo", err.path()),
            err => OidcError::Unreachable(telemetry::chain(&err)),
        })?;
        let names = Names { whole: info.name(), given: info.given_name(), family: info.family_name() };
        Ok(said.or(Said::new(info.email(), info.email_verified(), &names, info.additional_claims())))
    }

    /// The client for the provider as it described itself within the last hour.
    async fn client(&self) -> Result<Arc<Client>, OidcError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) if self.clock.now() - known.fetched_at < FRESH_FOR => Ok(known.client),
            _ => self.fetch().await,
        }
    }

    /// Asks the provider to describe itself, and keeps what it says. Two who ask at once both ask: that is rare and harmless.
    async fn fetch(&self) -> Result<Arc<Client>, OidcError> {
        let client = Arc::new(client::discover(&self.wire, &self.settings).await?);
        let known = Known { client: client.clone(), fetched_at: self.clock.now() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(client)
    }
}

/// Whether the keys may have changed since they were asked for.
fn may_be_a_new_key(err: &ClaimsVerificationError) -> bool {
    let ClaimsVerificationError::SignatureVerification(err) = err else { return false };
    // A provider that gives a new key the old one's name makes the signature wrong, not the key unknown.
    matches!(err, SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_))
}

fn untrusted(err: ClaimsVerificationError) -> OidcError {
    OidcError::Untrusted(telemetry::chain(&err))
}

fn unreadable(what: &str, at: impl std::fmt::Display) -> OidcError {
    OidcError::Unreachable(format!("its answer about the {what} cannot be read at `{at}`"))
}

/// A code of the provider's, fit for a line of the log.
fn printable(code: &str) -> String {
    code.chars().filter(char::is_ascii_graphic).take(60).collect()
}

impl From<WireError> for OidcError {
    fn from(err: WireError) -> Self {
        Self::Unreachable(err.to_string())
    }
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.0.settings.issuer).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}
