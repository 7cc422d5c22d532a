//! The real binary, serving, and a client that talks to it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use reqwest::{Method, RequestBuilder, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    livekit_model::{API_KEY, API_SECRET, Signed},
    services::{
        free_port,
        process::{Guarded, Program, folder_for},
    },
};

/// How long a start may take on a busy machine.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// More requests a minute than any test makes.
pub const UNLIMITED: &str = "10000000";

/// Where a house finds what it stands on.
#[derive(Clone)]
pub struct Ground {
    pub port: u16,
    pub database_url: String,
    pub redis_url: String,
    pub livekit_url: String,
    /// Set besides, or in place of, what follows from the above.
    pub more: Vec<(&'static str, String)>,
}

impl Ground {
    /// Ground for a house on a free port.
    pub fn new(database_url: &str, redis_url: &str, livekit_url: &str) -> Self {
        let (database_url, redis_url, livekit_url) = (database_url.into(), redis_url.into(), livekit_url.into());
        Self { port: free_port(), database_url, redis_url, livekit_url, more: Vec::new() }
    }

    /// The same with one setting more.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.more.push((name, value.to_owned()));
        self
    }

    fn environment(&self) -> Vec<(String, String)> {
        let port = self.port.to_string();
        let known = [
            ("APP_ENV", "local"),
            ("LOG_FORMAT", "json"),
            ("PORT", &port),
            ("DATABASE_URL", &self.database_url),
            ("REDIS_URL", &self.redis_url),
            ("LIVEKIT_URL", &self.livekit_url),
            ("LIVEKIT_API_KEY", API_KEY),
            ("LIVEKIT_API_SECRET", API_SECRET),
            // Every test asks from one address, and much; those about limits set their own.
            ("RATE_LIMIT_SIGN_IN", UNLIMITED),
            ("RATE_LIMIT_TOKENS", UNLIMITED),
            ("RATE_LIMIT_WRITES", UNLIMITED),
            ("RATE_LIMIT_READS", UNLIMITED),
        ];
        let more = self.more.iter().map(|(name, value)| (*name, value.as_str()));
        known.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// A `meetbox serve`.
pub struct Serving {
    pub ground: Ground,
    process: Guarded,
    client: reqwest::Client,
    folder: TempDir,
}

impl Serving {
    /// Starts it, and waits until it is ready.
    pub async fn start(ground: Ground) -> Self {
        let serving = Self::launch(ground);
        serving.wait_until_ready().await;
        serving
    }

    /// Starts it, and does not wait.
    pub fn launch(ground: Ground) -> Self {
        let folder = folder_for(None);
        let process = run(&ground, folder.path());
        Self { ground, process, client: http_client(), folder }
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was.
    pub async fn start_again(&mut self) {
        self.process = run(&self.ground, self.folder.path());
        self.wait_until_ready().await;
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Waits for its end; answers the exit code.
    pub fn wait_for_end(&mut self, timeout: Duration) -> i32 {
        self.process.wait_for_end(timeout)
    }

    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Everything that it has printed, in all its lives.
    pub fn printed(&self) -> String {
        self.process.printed()
    }

    /// Waits until it says that it can answer.
    pub async fn wait_until_ready(&self) {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let answer = self.request(Method::GET, "/readyz").timeout(Duration::from_secs(2)).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            let may_come = self.process.is_running() && Instant::now() < deadline;
            assert!(may_come, "it is not ready; it printed:\n{}", self.printed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A request to it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://127.0.0.1:{}{path}", self.ground.port))
    }

    /// The status and the JSON of a GET.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.request(Method::GET, path)).await
    }

    /// The status and the JSON of a POST.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        read(self.request(Method::POST, path).json(body)).await
    }

    /// A way into a meeting, as a program may ask for one.
    pub async fn token(&self, room_name: &str, identity: &str) -> Value {
        let body = json!({ "room_name": room_name, "name": identity.to_uppercase(), "identity": identity });
        let (status, pass) = self.post("/token", &body).await;
        assert_eq!(status, StatusCode::OK, "{pass}");
        pass
    }

    /// Who was in a meeting.
    pub async fn participants(&self, meeting_id: &str) -> Vec<Value> {
        let (status, page) = self.get(&format!("/meetings/{meeting_id}/participants?limit=100")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["items"].as_array().expect("a page has items").clone()
    }

    /// Delivers a webhook.
    pub fn webhook(&self, webhook: &Signed) -> RequestBuilder {
        self.request(Method::POST, "/livekit/webhook")
            .header("authorization", &webhook.authorization)
            .header("content-type", "application/webhook+json")
            .body(webhook.body.clone())
    }
}

/// A client for tests, which speak plain HTTP on loopback.
pub fn http_client() -> reqwest::Client {
    // Somebody else in this process may have been first, with the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn read(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn run(ground: &Ground, folder: &Path) -> Guarded {
    let program = Program {
        binary: Path::new(env!("CARGO_BIN_EXE_meetbox")),
        arguments: vec!["serve".to_owned()],
        environment: ground.environment(),
        run_as: None,
        end_signal: "KILL",
    };
    Guarded::start(&program, folder, false)
}
