//! A small LiveKit at the wire: rooms in a map, Twirp over real HTTP, webhooks signed like the real ones.
//!
//! It knows no time of its own: it lives on the clock that the house under test lives on, so that an hour of
//! meetings takes as long as its requests take.

mod bodies;
pub mod jwt;
pub mod recorders;
pub mod trace;
mod twirp;
pub mod world;

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use meetbox::clock::Clock;
use poem::{Request, Response, http::StatusCode, listener::TcpAcceptor};
use serde_json::json;
use tokio::task::JoinHandle;

pub use self::twirp::{Call, answer};
use self::world::World;
use crate::chaos::{Mode, Proxy};

pub const API_KEY: &str = "devkey";
pub const API_SECRET: &str = "devsecretdevsecretdevsecretdevsecret";
/// The pairs that it knows, as under `keys:` in LiveKit's configuration: one that everybody knows, and one that may be
/// used outside of a developer's machine.
pub const KEYS: [(&str, &str); 2] = [(API_KEY, API_SECRET), ("APIq7Vd2kXmPz4w", "kW3vT9yLr5Zb8NcQ1xGhJ6sFp2MdUe7A")];
/// What stands in every body as `turnPassword`; it must never be stored anywhere.
pub const TURN_PASSWORD: &str = "turn-password-nobody-may-keep";

/// The running model. Its world can be looked into and acted on while requests come in.
pub struct Model {
    inside: Inside,
    door: Proxy,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Inside {
    world: Arc<Mutex<World>>,
    clock: Clock,
}

/// A webhook as it stands on the wire.
#[derive(Clone, Debug)]
pub struct Signed {
    pub authorization: String,
    pub body: String,
}

impl Model {
    /// Opens the model's door on a free port.
    pub async fn start(clock: Clock) -> Self {
        let inside = Inside { world: Arc::default(), clock };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound listener").port();
        listener.set_nonblocking(true).expect("a socket");
        let acceptor = TcpAcceptor::from_std(listener).expect("a listener");

        let answering = inside.clone();
        let endpoint = poem::endpoint::make(move |request| answer_request(answering.clone(), request));
        let task = tokio::spawn(async move {
            let _ = poem::Server::new_with_acceptor(acceptor).run(endpoint).await;
        });
        Self { inside, door: Proxy::to(port).await, task }
    }

    /// Where it answers, as `LIVEKIT_URL` has it.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.door.port)
    }

    /// The rooms, to look into and to act on.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.inside.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model's time, in milliseconds.
    pub fn now(&self) -> i64 {
        self.inside.clock.now().timestamp_millis()
    }

    /// The process is gone: nobody listens.
    pub async fn go_away(&self) {
        self.door.set(Mode::Refused).await;
    }

    /// The process is back.
    pub async fn come_back(&self) {
        self.door.set(Mode::Pass).await;
        self.world().start_again(self.now());
    }

    /// Lets happen what is due by the clock: rooms end, recorders begin and end.
    pub fn tick(&self) {
        self.world().tick(self.now());
    }

    /// Signs `body` as a delivery of this moment.
    pub fn sign(&self, body: &str) -> Signed {
        sign(body, self.now() / 1000, API_KEY, API_SECRET)
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Signs a webhook body as LiveKit does: the token vouches for the body's hash, and stands there without `Bearer`.
pub fn sign(body: &str, now: i64, key: &str, secret: &str) -> Signed {
    let claims = json!({ "iss": key, "exp": now + 300, "nbf": now, "iat": now, "sha256": jwt::hash(body.as_bytes()) });
    Signed { authorization: jwt::sign(&claims, secret), body: body.to_owned() }
}

async fn answer_request(inside: Inside, mut request: Request) -> poem::Result<Response> {
    let path = request.uri().path().to_owned();
    let authorization = request.header("authorization").map(str::to_owned);
    let body = request.take_body().into_vec().await?;

    let mut world = inside.world.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = twirp::answer(
        &mut world,
        &Call {
            path: &path,
            authorization: authorization.as_deref(),
            body: &body,
            now_ms: inside.clock.now().timestamp_millis(),
        },
    );
    let status = StatusCode::from_u16(answer.status).expect("the model knows its status codes");
    Ok(Response::builder().status(status).content_type(answer.content_type).body(answer.body))
}
