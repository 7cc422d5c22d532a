//! Every operation, how it is asked for, and what kind of permission it takes.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::access::house::PASSWORD;

/// What it takes to be let do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it is the same for everybody, whatever they show.
    Open,
    /// Nothing, but what is shown must be good.
    Link,
    /// The same, and a key needs a scope; whoever is new at the door gets this status.
    Door { stranger: u16 },
    /// A guest's ticket.
    Ticket,
    /// Being signed in with an account.
    Own,
    /// An account, or a key with the scope `admin`; host's keys are good for the host's own keys.
    Keys,
    /// Being an administrator.
    Administer,
    /// An account, or a key with this scope.
    Meetings(&'static str),
    /// The same, or being a host in the sitting.
    Run,
    /// An account, a key with the scope `recordings:write`, or being a host in the sitting.
    Record,
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// Nothing that is somebody's.
    Nobodys,
    /// A meeting, or an API key, of the owner's.
    Owners,
    /// A session of the owner's, which not even administrators reach.
    OwnersAlone,
}

/// An operation of the spec.
pub struct Operation {
    pub id: &'static str,
    pub kind: Kind,
    pub about: Thing,
    /// What whoever may do it is answered.
    pub good: u16,
    pub ask: fn(&Stage) -> Wish,
}

/// A request.
pub struct Wish {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    pub if_match: Option<&'static str>,
}

fn ask(method: Method, path: impl Into<String>) -> Wish {
    Wish { method, path: path.into(), body: None, if_match: None }
}

impl Wish {
    fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

const READ: Kind = Kind::Meetings("meetings:read");
const PLAY: Kind = Kind::Meetings("recordings:read");
const DROP: Kind = Kind::Meetings("recordings:write");
const WRITE: Kind = Kind::Meetings("meetings:write");

macro_rules! operations {
    ($($id:ident: $kind:expr, $about:ident, $good:literal, $stage:ident => $wish:expr;)*) => {
        /// All of them.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            id: stringify!($id),
            kind: $kind,
            about: Thing::$about,
            good: $good,
            ask: |$stage| $wish,
        }),*];
    };
}

operations! {
    get_health: Kind::Open, Nobodys, 200, _stage => ask(Method::GET, "/health");
    get_liveness: Kind::Open, Nobodys, 200, _stage => ask(Method::GET, "/livez");
    get_readiness: Kind::Open, Nobodys, 200, _stage => ask(Method::GET, "/readyz");
    get_sign_in_options: Kind::Open, Nobodys, 200, _stage => ask(Method::GET, "/sign-in");
    create_session: Kind::Open, Nobodys, 201, stage => ask(Method::POST, "/sessions")
        .with(json!({ "email": stage.somebody.email, "password": *PASSWORD, "transport": "bearer" }));
    // There are accounts, so that no link is good.
    set_up: Kind::Open, Nobodys, 403, stage => ask(Method::POST, "/setup")
        .with(json!({ "secret": stage.setup_link, "email": "eve@example.org", "name": "Eve", "password": *PASSWORD }));

    // No provider is set up; what it takes to sign in through one is tried in `tests/it/oidc`.
    start_oidc_sign_in: Kind::Open, Nobodys, 404, _stage => ask(Method::GET, "/oidc/start");
    finish_oidc_sign_in: Kind::Open, Nobodys, 404, _stage => ask(Method::GET, "/oidc/callback");

    get_join_info: Kind::Link, Nobodys, 200, stage =>
        ask(Method::GET, format!("/join-info/{}", stage.room_name));
    create_connection_test: Kind::Link, Nobodys, 201, _stage => ask(Method::POST, "/connection-test");
    create_token: Kind::Door { stranger: 202 }, Owners, 200, stage => ask(Method::POST, "/token")
        .with(json!({ "room_name": stage.room_name, "name": "Somebody" }));
    get_lobby_ticket: Kind::Ticket, Nobodys, 200, _stage => ask(Method::GET, "/lobby-ticket");
    leave_lobby: Kind::Ticket, Nobodys, 204, _stage => ask(Method::DELETE, "/lobby-ticket");

    create_meeting: WRITE, Nobodys, 201, _stage => ask(Method::POST, "/meetings").with(json!({}));
    list_meetings: READ, Nobodys, 200, _stage => ask(Method::GET, "/meetings");
    get_meeting: READ, Owners, 200, stage => ask(Method::GET, stage.meeting(""));
    change_meeting: WRITE, Owners, 200, stage => Wish {
        if_match: Some("\"1\""), ..ask(Method::PATCH, stage.meeting("")).with(json!({ "title": "Another" }))
    };
    delete_meeting: WRITE, Owners, 204, stage => ask(Method::DELETE, stage.meeting(""));
    list_instances: READ, Owners, 200, stage => ask(Method::GET, stage.meeting("/instances"));
    list_participants: READ, Owners, 200, stage => ask(Method::GET, stage.meeting("/participants"));
    list_invitations: READ, Owners, 200, stage => ask(Method::GET, stage.meeting("/invitations"));
    create_invitation: WRITE, Owners, 201, stage =>
        ask(Method::POST, stage.meeting("/invitations")).with(json!({ "role": "viewer" }));
    revoke_invitation: WRITE, Owners, 204, stage =>
        ask(Method::DELETE, stage.meeting(&format!("/invitations/{}", stage.invitation)));

    end_meeting: Kind::Run, Owners, 200, stage => ask(Method::POST, stage.meeting("/end"));
    list_lobby: Kind::Run, Owners, 200, stage => ask(Method::GET, stage.meeting("/lobby"));
    decide_lobby: Kind::Run, Owners, 200, stage =>
        ask(Method::POST, stage.meeting("/lobby")).with(json!({ "decision": "admit" }));
    decide_ticket: Kind::Run, Owners, 200, stage =>
        ask(Method::POST, stage.meeting(&format!("/lobby/{}", stage.waiting))).with(json!({ "decision": "deny" }));
    mute_participant: Kind::Run, Owners, 204, stage =>
        ask(Method::POST, stage.participant("/mute")).with(json!({ "track_sid": stage.track }));
    remove_participant: Kind::Run, Owners, 204, stage => ask(Method::DELETE, stage.participant(""));
    change_participant: Kind::Run, Owners, 204, stage =>
        ask(Method::PATCH, stage.participant("")).with(json!({ "role": "viewer" }));
    lock_meeting: Kind::Run, Owners, 204, stage =>
        ask(Method::PUT, stage.meeting("/lock")).with(json!({ "locked": true }));

    start_recording: Kind::Record, Owners, 201, stage =>
        ask(Method::POST, "/recordings/start").with(json!({ "room_name": stage.room_name }));
    // It is over.
    stop_recording: Kind::Record, Owners, 200, stage =>
        ask(Method::POST, "/recordings/stop").with(json!({ "recording_id": stage.recording }));
    list_recordings: PLAY, Nobodys, 200, _stage => ask(Method::GET, "/recordings");
    get_recording_slots: PLAY, Nobodys, 200, _stage => ask(Method::GET, "/recordings/slots");
    get_recording: PLAY, Owners, 200, stage => ask(Method::GET, stage.recording(""));
    // It has no file.
    play_recording: PLAY, Owners, 409, stage => ask(Method::GET, stage.recording("/media"));
    hold_recording: DROP, Owners, 200, stage => ask(Method::PUT, stage.recording("/hold")).with(json!({ "on_hold": true }));
    delete_recording: DROP, Owners, 200, stage => ask(Method::DELETE, stage.recording(""));
    // Whoever has the link may, and nobody else.
    download_recording_archive: Kind::Open, Nobodys, 403, stage =>
        ask(Method::GET, stage.recording("/archive?expires=9999999999&signature=none"));

    list_sessions: Kind::Own, Nobodys, 200, _stage => ask(Method::GET, "/sessions");
    delete_all_sessions: Kind::Own, Nobodys, 204, _stage => ask(Method::DELETE, "/sessions");
    delete_current_session: Kind::Own, Nobodys, 204, _stage => ask(Method::DELETE, "/sessions/current");
    delete_session: Kind::Own, OwnersAlone, 204, stage => ask(Method::DELETE, format!("/sessions/{}", stage.session));
    get_account: Kind::Own, Nobodys, 200, _stage => ask(Method::GET, "/account");
    change_account: Kind::Own, Nobodys, 200, _stage => ask(Method::PATCH, "/account").with(json!({ "name": "New" }));
    change_password: Kind::Own, Nobodys, 201, _stage => ask(Method::PUT, "/account/password")
        .with(json!({ "current_password": *PASSWORD, "new_password": format!("{}-new", *PASSWORD) }));

    list_api_keys: Kind::Keys, Nobodys, 200, _stage => ask(Method::GET, "/api-keys");
    create_api_key: Kind::Keys, Nobodys, 201, _stage =>
        ask(Method::POST, "/api-keys").with(json!({ "name": "CI", "scopes": ["meetings:read"] }));
    revoke_api_key: Kind::Keys, Owners, 204, stage => ask(Method::DELETE, format!("/api-keys/{}", stage.key));

    list_accounts: Kind::Administer, Nobodys, 200, _stage => ask(Method::GET, "/accounts");
    create_account: Kind::Administer, Nobodys, 201, stage => ask(Method::POST, "/accounts")
        .with(json!({ "email": format!("new-{}", stage.somebody.email), "name": "New", "role": "host" }));
    get_account_by_id: Kind::Administer, Nobodys, 200, stage =>
        ask(Method::GET, format!("/accounts/{}", stage.somebody.id));
    change_account_by_id: Kind::Administer, Nobodys, 200, stage =>
        ask(Method::PATCH, format!("/accounts/{}", stage.somebody.id)).with(json!({ "disabled": true }));
    list_audit_log: Kind::Administer, Nobodys, 200, _stage => ask(Method::GET, "/audit-log");
}
