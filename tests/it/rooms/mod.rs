//! Doors of meetings, over HTTP: who comes in with what, who waits, and who decides about it.

mod away;
mod guest_hosts;
mod invitations;
mod lobby;
mod passcodes;
mod processes;

use meetbox::clock::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    livekit_model::Model,
    services::{Database, postgres, redis_url},
    serving::{Account, Ground, Serving, code},
};

/// A served house with a meeting that is somebody's, and a LiveKit that nobody is in.
struct Porch {
    house: Serving,
    database: Database,
    owner: Account,
    meeting: String,
    _livekit: Model,
}

impl Porch {
    /// A meeting as the wish has it.
    async fn open(wish: Value) -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let house = Serving::start(Ground::new(&database.url(), &redis_url(), &livekit.url())).await;
        let owner = house.account("olga", "host").await;
        let meeting = meeting(&house, &owner, wish).await;
        Self { house, database, owner, meeting, _livekit: livekit }
    }

    /// An invitation's secret and id.
    async fn invitation(&self, wish: &Value) -> (String, String) {
        let operation = format!("POST /meetings/{}/invitations", self.meeting);
        let (status, made) = self.house.ask(Some(&self.owner.session), &operation, wish).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        (text(&made["secret"]), text(&made["invitation"]["id"]))
    }

    async fn owner_asks(&self, method: &str, what: &str, body: Value) -> (StatusCode, Value) {
        let operation = format!("{method} /meetings/{}/{what}", self.meeting);
        self.house.ask(Some(&self.owner.session), &operation, &body).await
    }

    async fn knock(&self, credential: Option<&str>, shows: &Value) -> (StatusCode, Value) {
        knock(&self.house, credential, shows).await
    }

    /// A guest who waits, with their ticket.
    async fn waiting_guest(&self, name: &str) -> Waiting {
        let (status, waiting) = self.knock(None, &json!({ "name": name })).await;
        assert_eq!((status, &waiting["state"]), (StatusCode::ACCEPTED, &json!("waiting")), "{waiting}");
        Waiting { ticket: text(&waiting["ticket"]), since: waiting["waiting_since"].clone() }
    }

    /// Who waits, as the owner sees it.
    async fn lobby(&self) -> Vec<Value> {
        let (status, lobby) = self.owner_asks("GET", "lobby", Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{lobby}");
        lobby["items"].as_array().unwrap().clone()
    }

    async fn names_in_lobby(&self) -> Vec<String> {
        self.lobby().await.iter().map(|it| text(&it["name"])).collect()
    }

    /// The id of the one in the lobby with that name.
    async fn waiter(&self, name: &str) -> String {
        let lobby = self.lobby().await;
        text(&lobby.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no {name}: {lobby:?}"))["ticket_id"])
    }

    async fn decide(&self, name: &str, decision: &str) {
        let what = format!("lobby/{}", self.waiter(name).await);
        let (status, decided) = self.owner_asks("POST", &what, json!({ "decision": decision })).await;
        assert_eq!((status, &decided["decided"]), (StatusCode::OK, &json!(1)), "{decided}");
    }
}

/// A place in a lobby.
struct Waiting {
    ticket: String,
    since: Value,
}

impl Waiting {
    fn shown(&self) -> Value {
        json!({ "ticket": self.ticket })
    }
}

async fn meeting(house: &Serving, owner: &Account, mut wish: Value) -> String {
    if wish["room_name"].is_null() {
        wish["room_name"] = json!("blue-heron");
    }
    let (status, meeting) = house.ask(Some(&owner.session), "POST /meetings", &wish).await;
    assert_eq!(status, StatusCode::CREATED, "{meeting}");
    text(&meeting["id"])
}

/// Asks for a token to the meeting `blue-heron`, unless somewhere else is said.
async fn knock(house: &Serving, credential: Option<&str>, shows: &Value) -> (StatusCode, Value) {
    let mut wish = json!({ "room_name": "blue-heron", "name": "Somebody" });
    wish.as_object_mut().unwrap().extend(shows.as_object().unwrap().clone());
    house.ask(credential, "POST /token", &wish).await
}

/// Fails unless somebody is in, in that role.
fn is_in((status, pass): &(StatusCode, Value), role: &str) {
    assert_eq!((*status, &pass["role"]), (StatusCode::OK, &json!(role)), "{pass}");
}

/// Fails unless somebody is refused for that reason, and given nothing.
fn is_out((status, problem): &(StatusCode, Value), reason: &str) {
    assert_eq!((*status, code(problem)), (StatusCode::FORBIDDEN, reason), "{problem}");
    assert!(problem.get("token").is_none() && problem.get("ticket").is_none(), "{problem}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
