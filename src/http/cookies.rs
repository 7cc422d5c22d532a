//! The cookies that browsers keep for us: a session, that somebody has signed in from here before, and that somebody went
//! to the identity provider from here.

use std::time::Duration;

use poem::{
    Request,
    http::header::{COOKIE, USER_AGENT},
};

use crate::{
    app::{
        App,
        access::Caller,
        oidc_sign_in::ATTEMPT_LIFE,
        sessions::{Begun, Place},
    },
    config::Environment,
    model::{
        credential::{Credential, CredentialKind},
        session::{SessionHolder, Transport},
    },
};

use super::identify::{Outcome, client_address};

/// How long a browser keeps that somebody has signed in from it.
const BROWSER_KEPT_FOR: Duration = Duration::from_secs(180 * 24 * 60 * 60);

/// What the cookies are called.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    pub session: &'static str,
    browser: &'static str,
    attempt: &'static str,
    /// What stands behind every one of them.
    attributes: &'static str,
}

impl Names {
    /// `__Host-` ties a cookie to this one host and to HTTPS, which a developer's machine does not speak.
    // Source: RFC 6265bis, section 4.1.3.2. Lax and not Strict: who follows a link to a meeting is signed in when they
    // arrive; writes check the page that asks besides (`origins.rs`).
    pub fn of(environment: Environment) -> Self {
        match environment {
            Environment::Local => Self {
                session: "meetbox_session",
                browser: "meetbox_browser",
                attempt: "meetbox_attempt",
                attributes: "Path=/; HttpOnly; SameSite=Lax",
            },
            Environment::Staging | Environment::Production => Self {
                session: "__Host-meetbox_session",
                browser: "__Host-meetbox_browser",
                attempt: "__Host-meetbox_attempt",
                attributes: "Path=/; Secure; HttpOnly; SameSite=Lax",
            },
        }
    }

    fn set(self, name: &str, value: &str, life: Duration) -> String {
        format!("{name}={value}; Max-Age={}; {}", life.as_secs(), self.attributes)
    }
}

/// What makes a browser keep a session that was begun; none for a program, which was told its token.
pub fn keep(app: &App, begun: &Begun) -> Vec<String> {
    let names = Names::of(app.environment);
    let life = (begun.session.expires_at - begun.session.created_at).to_std().unwrap_or_default();
    let session = match begun.session.transport {
        Transport::Cookie => Some(names.set(names.session, begun.token.expose(), life)),
        Transport::Bearer => None,
    };
    let browser = begun.browser.as_ref().map(|browser| names.set(names.browser, browser.expose(), BROWSER_KEPT_FOR));
    session.into_iter().chain(browser).collect()
}

/// What makes a browser forget its session.
pub fn forget(app: &App) -> String {
    let names = Names::of(app.environment);
    names.set(names.session, "", Duration::ZERO)
}

/// From where a request signs in.
pub fn place(app: &App, request: &Request, transport: Transport) -> Place {
    let browser = find(request, Names::of(app.environment).browser, CredentialKind::Browser);
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Place {
        transport,
        address: client_address(request, &app.trusted_proxies),
        user_agent: user_agent.to_owned(),
        browser: browser.filter(|_| transport == Transport::Cookie),
        replaces: session_of(request).filter(|_| transport == Transport::Cookie),
    }
}

/// The session that a browser shows with its cookie, if it is good.
fn session_of(request: &Request) -> Option<SessionHolder> {
    match request.data::<Outcome>()?.0.as_ref().as_ref().ok()?.caller {
        Caller::Account(ref holder) if holder.transport == Transport::Cookie => Some(holder.clone()),
        Caller::Account(_) | Caller::Nobody | Caller::Key(_) | Caller::Guest(_) => None,
    }
}

/// What makes a browser known when it comes back from the identity provider.
pub fn keep_attempt(app: &App, browser: &Credential) -> String {
    let names = Names::of(app.environment);
    names.set(names.attempt, browser.expose(), ATTEMPT_LIFE.to_std().unwrap_or_default())
}

/// Which browser went to the identity provider.
pub fn attempt(app: &App, request: &Request) -> Option<Credential> {
    find(request, Names::of(app.environment).attempt, CredentialKind::OidcAttempt)
}

/// The credential in the cookie of that name.
fn find(request: &Request, name: &str, kind: CredentialKind) -> Option<Credential> {
    let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        if found == name { Credential::parse_as(kind, value) } else { None }
    })
}
