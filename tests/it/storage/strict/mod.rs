//! A small object store at the wire that is as strict as Oracle's: one bucket in the path, presigned requests that are
//! really checked, no chunked uploads, entity tags that are no MD5, and errors whose code comes last.
//!
//! It can be told to fail, and knows what was asked of it.

mod objects;
mod signature;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use poem::{Request, Response, http::StatusCode, listener::TcpAcceptor};
use tokio::task::JoinHandle;

use crate::chaos::Proxy;

pub const ACCESS_KEY: &str = "0f3b9c7a51d2e84460";
pub const SECRET_KEY: &str = "p8Zt4Lq0Vx2Ks6WmYb1Nc7Rd3Hf5Jg9T=";
pub const REGION: &str = "us-ashburn-1";

/// Something that goes wrong with the next request that fits.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What the request must be, as in `PUT part 2`.
    pub on: &'static str,
    pub answer: Trouble,
}

/// How it goes wrong.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// This status and this code.
    Says(u16, &'static str),
    /// It is done, and the answer is lost.
    Swallows,
    /// It is done, and no answer ever comes.
    Hangs,
    /// What was sent is damaged on its way.
    Damages,
    /// The store itself keeps something else than what it was given.
    Rots,
}

/// The status of an answer that does not come.
const NEVER: u16 = 0;

/// What the store holds, and what was asked of it.
#[derive(Default)]
pub struct World {
    pub buckets: BTreeSet<String>,
    pub objects: BTreeMap<String, Object>,
    /// The parts of uploads that are neither completed nor aborted.
    pub uploads: BTreeMap<String, Upload>,
    pub faults: VecDeque<Fault>,
    /// Every request that came in, as in `PUT part 2`.
    pub asked: Vec<String>,
    /// How far its clock is ahead of ours.
    pub ahead: TimeDelta,
    /// How many bytes it has room for.
    pub room: Option<usize>,
}

#[derive(Clone)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub content_type: String,
    pub modified: DateTime<Utc>,
}

#[derive(Default)]
pub struct Upload {
    pub key: String,
    pub content_type: String,
    pub parts: BTreeMap<u16, (String, Vec<u8>)>,
}

/// The running store.
pub struct Strict {
    world: Arc<Mutex<World>>,
    pub door: Proxy,
    task: JoinHandle<()>,
}

/// An answer, before it is HTTP.
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn xml(mut self, body: impl Into<String>) -> Self {
        self.body = body.into().into_bytes();
        self.with("content-type", "application/xml")
    }

    /// In Oracle's order: the message first.
    fn error(status: u16, code: &str) -> Self {
        Self::new(status).xml(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Message>It did not work.</Message><Code>{code}</Code></Error>"
        ))
    }
}

impl Strict {
    /// Opens a store without buckets on a free port.
    pub async fn start() -> Self {
        let world = Arc::<Mutex<World>>::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("a bound listener").port();
        listener.set_nonblocking(true).expect("a socket");
        let acceptor = TcpAcceptor::from_std(listener).expect("a listener");

        let answering = world.clone();
        let endpoint = poem::endpoint::make(move |request| answer(answering.clone(), request));
        let task = tokio::spawn(async move {
            let _ = poem::Server::new_with_acceptor(acceptor).run(endpoint).await;
        });
        Self { world, door: Proxy::to(port).await, task }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.door.port)
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request that is `on` goes wrong.
    pub fn fail(&self, on: &'static str, answer: Trouble) {
        self.world().faults.push_back(Fault { on, answer });
    }

    /// How many requests of that kind came in.
    pub fn asked(&self, what: &str) -> usize {
        self.world().asked.iter().filter(|asked| asked.as_str() == what).count()
    }
}

impl Drop for Strict {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request, taken apart.
pub(super) struct Call {
    method: String,
    bucket: String,
    key: String,
    query: BTreeMap<String, String>,
    body: Vec<u8>,
    md5: Option<String>,
    content_type: Option<String>,
    range: Option<String>,
}

impl Call {
    fn says(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// In a few words: what faults and the record of requests go by.
    fn words(&self) -> String {
        let what = match (self.key.is_empty(), self.says("partNumber"), self.says("uploadId"), self.says("uploads")) {
            (true, ..) => "bucket".to_owned(),
            (false, Some(number), ..) => format!("part {number}"),
            (false, None, Some(_), _) => "upload".to_owned(),
            (false, None, None, Some(_)) => "uploads".to_owned(),
            (false, None, None, None) => "object".to_owned(),
        };
        format!("{} {what}", self.method)
    }
}

async fn answer(world: Arc<Mutex<World>>, mut request: Request) -> poem::Result<Response> {
    let chunked = [("transfer-encoding", "chunked"), ("content-encoding", "aws-chunked")]
        .iter()
        .any(|(name, value)| request.header(name).is_some_and(|said| said.contains(value)));
    let signed = {
        let world = lock(&world);
        signature::check(&request, Utc::now() + world.ahead)
    };
    let said = |name: &str| request.header(name).map(str::to_owned);
    let (md5, content_type, range) = (said("content-md5"), said("content-type"), said("range"));
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (bucket, key) = uri.path().trim_start_matches('/').split_once('/').unwrap_or((uri.path(), ""));
    let (bucket, key) = (decode(bucket.trim_start_matches('/')), decode(key));
    let query = signature::query(&uri);
    let body = request.take_body().into_vec().await?;
    let call = Call { method, bucket, key, query, body, md5, content_type, range };

    let (answer, ahead) = {
        let mut world = lock(&world);
        let answer = match signed {
            _ if chunked => Answer::error(501, "NotImplemented"),
            Err(code) => Answer::error(if code == "AuthorizationQueryParametersError" { 400 } else { 403 }, code),
            Ok(()) => decide(&mut world, call),
        };
        (answer, world.ahead)
    };
    if answer.status == NEVER {
        std::future::pending::<()>().await;
    }
    let date = (Utc::now() + ahead).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let status = StatusCode::from_u16(answer.status).expect("a status");
    let headers = answer.headers.into_iter().chain([("date", date)]);
    let response =
        headers.fold(Response::builder().status(status), |response, (name, value)| response.header(name, value));
    Ok(response.body(answer.body))
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets go wrong what shall, and answers the rest.
fn decide(world: &mut World, mut call: Call) -> Answer {
    let words = call.words();
    world.asked.push(words.clone());
    let fault = world.faults.iter().position(|fault| fault.on == words).and_then(|at| world.faults.remove(at));
    let damaged = |body: &[u8]| body.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>();
    match fault.map(|fault| fault.answer) {
        None => objects::answer(world, &call, &call.body),
        Some(Trouble::Says(status, code)) => Answer::error(status, code),
        Some(Trouble::Swallows) => {
            objects::answer(world, &call, &call.body);
            Answer::error(500, "InternalError")
        }
        Some(Trouble::Hangs) => {
            objects::answer(world, &call, &call.body);
            Answer::new(NEVER)
        }
        Some(Trouble::Damages) => objects::answer(world, &call, &damaged(&call.body)),
        Some(Trouble::Rots) => {
            call.md5 = None;
            objects::answer(world, &call, &damaged(&call.body))
        }
    }
}
