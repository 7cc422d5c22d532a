//! The operations of signing in and out, and of one's own account.

use chrono::{DateTime, Utc};
use poem::{Request, http::header::SET_COOKIE, web::Data};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::Path,
    payload::{Json, Response},
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        access::Denied,
        accounts::{self, By, Change, NewAccount},
        sessions::{self, Begun, SignIn},
    },
    model::{
        account::{AccountRole, Email, NewPassword},
        credential::{Credential, CredentialKind},
        id::SessionId,
        participant::DisplayName,
        session::{Session, Transport},
    },
};

use super::{
    account_views::{AccountView, read_email, read_name, read_password},
    api::Tag,
    caller::{Anybody, SignedIn},
    cookies,
    failure::Failure,
    origins,
};

/// How a session's token travels
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "Transport", rename_all = "snake_case")]
pub enum TransportView {
    /// In a cookie that no script can read: for browsers.
    Cookie,
    /// In the answer, to be sent as `Authorization: Bearer …`: for programs.
    Bearer,
}

/// Who wants to sign in
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct SignInRequest {
    #[oai(validator(min_length = 3, max_length = 254))]
    email: String,
    #[oai(validator(min_length = 1, max_length = 256))]
    password: String,
    /// `cookie` when nothing is said.
    transport: Option<TransportView>,
}

/// The first administrator's account
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct SetupRequest {
    /// What the one-time link carries behind its `#`.
    #[oai(validator(min_length = 1, max_length = 200))]
    secret: String,
    #[oai(validator(min_length = 3, max_length = 254))]
    email: String,
    /// What others see: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
    /// 10 to 256 characters.
    #[oai(validator(min_length = 10, max_length = 256))]
    password: String,
}

/// A signed-in browser or program
#[derive(Debug, Object)]
#[oai(rename = "Session")]
pub struct SessionView {
    pub id: Uuid,
    pub transport: TransportView,
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
    /// From where it signed in.
    pub address: String,
    /// What its browser or program called itself.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Who is signed in now
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SignedInView {
    pub account: AccountView,
    pub session: SessionView,
    /// For `bearer`: the session's token, which is told only now.
    pub token: Option<String>,
}

/// Somebody is signed in
#[derive(ApiResponse)]
pub enum SignedInAnswer {
    /// Signed in; browsers are given cookies.
    #[oai(status = 201)]
    Begun(Json<SignedInView>),
}

/// Nobody is signed in any more
#[derive(ApiResponse)]
pub enum SignedOut {
    /// Signed out; the cookie is taken away.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] Option<String>),
}

/// All sessions of the account
#[derive(Debug, Object)]
pub struct SessionList {
    /// The newest first.
    pub items: Vec<SessionView>,
}

/// What shall be different about one's own account
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct OwnAccountChange {
    /// What others see: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
}

/// Another password
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct PasswordChange {
    #[oai(validator(min_length = 1, max_length = 256))]
    current_password: String,
    /// 10 to 256 characters.
    #[oai(validator(min_length = 10, max_length = 256))]
    new_password: String,
}

/// How one can sign in here
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct SignInOptions {
    /// The identity provider to sign in with besides, when there is one: `start_oidc_sign_in` leads there.
    pub oidc: Option<OidcOption>,
    /// Whether there is no account yet: `meetbox account setup-link` makes the link for the first.
    pub setup_needed: bool,
    /// Who asks, when they are signed in already.
    pub account: Option<AccountView>,
}

/// An identity provider
#[derive(Debug, Object)]
pub struct OidcOption {
    /// What people know it by.
    pub name: String,
}

/// The operations.
pub struct SessionsApi;

#[OpenApi(tag = "Tag::Accounts")]
impl SessionsApi {
    /// See whether one is signed in, and how one can sign in
    ///
    /// For pages that are for everybody: who is not signed in gets an answer here, where `get_account` refuses one.
    #[oai(path = "/sign-in", method = "get", operation_id = "get_sign_in_options")]
    async fn options(
        &self,
        app: Data<&App>,
        request: &Request,
        asker: Anybody,
    ) -> Result<Json<SignInOptions>, Failure> {
        refuse_foreign_pages(request, &app)?;
        let oidc = app.oidc.as_ref().map(|provider| OidcOption { name: provider.name().to_owned() });
        let account = match asker.0 {
            Some(holder) => Some(accounts::get(&app, holder.account_id).await?.into()),
            None => None,
        };
        // Whoever is signed in has an account, so that there is one.
        let setup_needed = account.is_none() && accounts::setup_is_needed(&app).await?;
        Ok(Json(SignInOptions { oidc, setup_needed, account }))
    }

    /// Make the first administrator's account, with the one-time link
    #[oai(path = "/setup", method = "post", operation_id = "set_up")]
    async fn set_up(
        &self,
        app: Data<&App>,
        request: &Request,
        body: Json<SetupRequest>,
    ) -> Result<Response<SignedInAnswer>, Failure> {
        refuse_foreign_pages(request, &app)?;
        let SetupRequest { secret, email, name, password } = body.0;
        let secret = Credential::parse_as(CredentialKind::SetupLink, &secret)
            .ok_or_else(|| Failure::from(accounts::AccountError::SetupLinkSpent))?;
        let wish = NewAccount {
            email: read_email(&email)?,
            name: read_name(&name)?,
            role: AccountRole::Admin,
            password: Some(read_password(&password)?),
        };
        let begun = accounts::set_up(&app, &secret, wish, cookies::place(&app, request, Transport::Cookie)).await?;
        Ok(answer(&app, &begun))
    }

    /// Sign in with a password
    #[oai(path = "/sessions", method = "post", operation_id = "create_session")]
    async fn sign_in(
        &self,
        app: Data<&App>,
        request: &Request,
        body: Json<SignInRequest>,
    ) -> Result<Response<SignedInAnswer>, Failure> {
        refuse_foreign_pages(request, &app)?;
        let SignInRequest { email, password, transport } = body.0;
        let transport = transport.map_or(Transport::Cookie, Transport::from);
        // What is no address has no account; it is told so in the same words.
        let email = Email::parse(&email).map_err(|_| Failure::from(sessions::SignInError::Wrong))?;
        let wish = SignIn { email, password, place: cookies::place(&app, request, transport) };
        let begun = sessions::sign_in(&app, wish).await?;
        Ok(answer(&app, &begun))
    }

    /// List one's own sessions
    #[oai(path = "/sessions", method = "get", operation_id = "list_sessions")]
    async fn list(&self, app: Data<&App>, caller: SignedIn) -> Result<Json<SessionList>, Failure> {
        let sessions = sessions::list(&app, caller.holder.account_id).await?;
        let items = sessions.iter().map(|session| view(session, caller.holder.session_id)).collect();
        Ok(Json(SessionList { items }))
    }

    /// Sign out
    #[oai(path = "/sessions/current", method = "delete", operation_id = "delete_current_session")]
    async fn sign_out(&self, app: Data<&App>, caller: SignedIn) -> Result<SignedOut, Failure> {
        sessions::end(&app, &caller.asker, &caller.holder, caller.holder.session_id).await?;
        Ok(SignedOut::Done(Some(cookies::forget(&app))))
    }

    /// Sign out everywhere, here included
    #[oai(path = "/sessions", method = "delete", operation_id = "delete_all_sessions")]
    async fn sign_out_everywhere(&self, app: Data<&App>, caller: SignedIn) -> Result<SignedOut, Failure> {
        sessions::end_all(&app, &caller.asker, &caller.holder).await?;
        Ok(SignedOut::Done(Some(cookies::forget(&app))))
    }

    /// Sign one of one's own sessions out
    #[oai(path = "/sessions/:session_id", method = "delete", operation_id = "delete_session")]
    async fn end(&self, app: Data<&App>, caller: SignedIn, session_id: Path<Uuid>) -> Result<SignedOut, Failure> {
        if sessions::end(&app, &caller.asker, &caller.holder, SessionId(session_id.0)).await? {
            Ok(SignedOut::Done(None))
        } else {
            Err(Failure::not_found("session-not-found", "there is no such session"))
        }
    }

    /// Look at one's own account
    #[oai(path = "/account", method = "get", operation_id = "get_account")]
    async fn account(&self, app: Data<&App>, caller: SignedIn) -> Result<Json<AccountView>, Failure> {
        Ok(Json(accounts::get(&app, caller.holder.account_id).await?.into()))
    }

    /// Change one's own account
    #[oai(path = "/account", method = "patch", operation_id = "change_account")]
    async fn change(
        &self,
        app: Data<&App>,
        caller: SignedIn,
        body: Json<OwnAccountChange>,
    ) -> Result<Json<AccountView>, Failure> {
        let name: DisplayName = read_name(&body.name)?;
        let change = Change { name: Some(name), ..Change::default() };
        Ok(Json(accounts::change(&app, By::Asker(&caller.asker), caller.holder.account_id, change).await?.into()))
    }

    /// Change one's own password
    ///
    /// All other sessions are signed out, and this one goes on under a new token.
    #[oai(path = "/account/password", method = "put", operation_id = "change_password")]
    async fn change_password(
        &self,
        app: Data<&App>,
        caller: SignedIn,
        request: &Request,
        body: Json<PasswordChange>,
    ) -> Result<Response<SignedInAnswer>, Failure> {
        let new: NewPassword = read_password(&body.new_password)?;
        let place = cookies::place(&app, request, caller.holder.transport);
        let begun =
            accounts::change_password(&app, &caller.asker, (&caller.holder, place), &body.current_password, &new)
                .await?;
        Ok(answer(&app, &begun))
    }
}

/// A page of somebody else's learns nothing here, and must not sign anybody in, also not as itself.
fn refuse_foreign_pages(request: &Request, app: &App) -> Result<(), Failure> {
    if origins::may_sign_in(request, app) { Ok(()) } else { Err(Denied::ForeignPage.into()) }
}

fn answer(app: &App, begun: &Begun) -> Response<SignedInAnswer> {
    let token = match begun.session.transport {
        Transport::Cookie => None,
        Transport::Bearer => Some(begun.token.expose().to_owned()),
    };
    let view =
        SignedInView { account: begun.account.clone().into(), session: view(&begun.session, begun.session.id), token };
    let answer = Response::new(SignedInAnswer::Begun(Json(view)));
    cookies::keep(app, begun).into_iter().fold(answer, |answer, cookie| answer.header(SET_COOKIE, cookie))
}

fn view(session: &Session, current: SessionId) -> SessionView {
    SessionView {
        id: session.id.0,
        transport: session.transport.into(),
        created_at: session.created_at,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
        address: session.address.clone(),
        user_agent: session.user_agent.clone(),
        current: session.id == current,
    }
}

impl From<TransportView> for Transport {
    fn from(transport: TransportView) -> Self {
        match transport {
            TransportView::Cookie => Self::Cookie,
            TransportView::Bearer => Self::Bearer,
        }
    }
}

impl From<Transport> for TransportView {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Cookie => Self::Cookie,
            Transport::Bearer => Self::Bearer,
        }
    }
}
