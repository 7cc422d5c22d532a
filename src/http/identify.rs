//! Who asks: found out once for each request, before anything is counted or done.

use std::sync::Arc;

use ipnet::IpNet;
use poem::{
    Endpoint, IntoResponse, Middleware, Request, Response, Result,
    http::{
        Method,
        header::{AUTHORIZATION, COOKIE, ORIGIN},
    },
};

use crate::{
    app::{
        App,
        access::{Asker, Caller, Denied},
        credentials,
    },
    config::Environment,
    db::DbError,
    model::{
        credential::{Credential, CredentialKind},
        limit::Subject,
    },
};

use super::{address, cookies, guard, is_webs, origins};

/// Paths on which nobody is asked who they are: they must answer whatever else is away, or have signatures of their own.
const OPEN_PATHS: [&str; 4] = ["/health", "/livez", "/readyz", "/livekit/webhook"];

/// The middleware.
pub struct Identify {
    app: App,
}

/// An endpoint behind [`Identify`].
pub struct Identified<E> {
    endpoint: E,
    app: App,
}

/// What was found out; extractors take it as their proof.
// Behind an Arc, since a request's data is cloned out of it.
#[derive(Clone)]
pub struct Outcome(pub Arc<Result<Asker, Trouble>>);

/// Why it is not known who asks.
#[derive(Debug)]
pub enum Trouble {
    /// What they show is not good, or they may not show it here.
    Denied(Denied),
    /// It cannot be looked up now.
    Store(DbError),
}

impl Identify {
    pub fn of(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

impl<E: Endpoint> Middleware<E> for Identify {
    type Output = Identified<E>;

    fn transform(&self, endpoint: E) -> Identified<E> {
        Identified { endpoint, app: self.app.clone() }
    }
}

impl<E: Endpoint> Endpoint for Identified<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let path = request.uri().path();
        if !OPEN_PATHS.contains(&path) && !is_webs(path) {
            let outcome = identify(&self.app, &request).await;
            if let Ok(asker) = &outcome {
                guard::note_caller(&asker.caller);
                request.set_data(subject(&asker.caller));
            }
            request.set_data(Outcome(Arc::new(outcome)));
        }
        self.endpoint.call(request).await.map(IntoResponse::into_response)
    }
}

/// Who is counted in the rate limits; a guest's address is, since tickets cost nothing.
fn subject(caller: &Caller) -> Option<Subject> {
    match caller {
        Caller::Nobody | Caller::Guest(_) => None,
        Caller::Account(holder) => Some(Subject::Account(holder.account_id.0)),
        Caller::Key(holder) => Some(Subject::Key(holder.key_id.0)),
    }
}

/// Finds out who asks.
pub async fn identify(app: &App, request: &Request) -> Result<Asker, Trouble> {
    let address = client_address(request, &app.trusted_proxies);
    let asker = |caller| Asker { caller, address };
    if request.headers().contains_key(ORIGIN) && !origins::is_ours(request, app) {
        return Err(Trouble::Denied(Denied::ForeignPage));
    }
    match shown(request, app.environment) {
        Shown::Nothing => Ok(asker(Caller::Nobody)),
        Shown::Nonsense => Err(Trouble::Denied(Denied::CredentialUnknown)),
        Shown::Bearer(credential) => match credentials::identify(app, &credential).await.map_err(Trouble::Store)? {
            Some(caller) => Ok(asker(caller)),
            None => Err(Trouble::Denied(Denied::CredentialUnknown)),
        },
        Shown::Cookie(credential) => {
            match credentials::identify(app, &credential).await.map_err(Trouble::Store)? {
                // A browser sends its cookie by itself, also when a page of somebody else's makes it ask; with every
                // write it says which page it was.
                Some(_) if is_write(request) && !request.headers().contains_key(ORIGIN) => {
                    Err(Trouble::Denied(Denied::ForeignPage))
                }
                Some(caller) => Ok(asker(caller)),
                // A session that is over is no reason to keep a guest out.
                None => Ok(asker(Caller::Nobody)),
            }
        }
    }
}

/// The client's address as text.
pub fn client_address(request: &Request, trusted: &[IpNet]) -> String {
    address::of(request, trusted).to_string()
}

fn is_write(request: &Request) -> bool {
    ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method())
}

/// What a request shows of who sends it.
enum Shown {
    Nothing,
    /// It says that it has something, and that is no credential of ours.
    Nonsense,
    Bearer(Credential),
    Cookie(Credential),
}

/// The header counts before the cookie: a program says on purpose who it is.
fn shown(request: &Request, environment: Environment) -> Shown {
    if let Some(header) = request.headers().get(AUTHORIZATION) {
        let token = header.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        return token.and_then(Credential::parse).map_or(Shown::Nonsense, Shown::Bearer);
    }
    let cookies = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let session = cookies::Names::of(environment).session;
    let token = cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == session).then_some(value)
    });
    token.and_then(|token| Credential::parse_as(CredentialKind::Session, token)).map_or(Shown::Nothing, Shown::Cookie)
}
