//! The real binary, serving, and a client that talks to it.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use meetbox::model::credential::{Credential, CredentialKind};
use reqwest::{Method, RequestBuilder, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
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

    /// What the binary finds in its environment.
    pub fn environment(&self) -> Vec<(String, String)> {
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

    /// Stops it in the middle of whatever it does; the system still takes connections for it.
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
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

    /// Waits until it says that it can answer, and makes sure that it knows the tests' key.
    pub async fn wait_until_ready(&self) {
        self.wait_until_it_says_so().await;
        accept_key(&self.ground.database_url, &api_key()).await;
    }

    pub async fn wait_until_it_says_so(&self) {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let answer = self.request_as(None, Method::GET, "/readyz").timeout(Duration::from_secs(2)).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            let may_come = self.process.is_running() && Instant::now() < deadline;
            assert!(may_come, "it is not ready; it printed:\n{}", self.printed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A request to it, of a program whose key may do everything.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_as(Some(api_key().expose()), method, path)
    }

    /// A request to it, of whoever has that credential, or of somebody who has none.
    pub fn request_as(&self, credential: Option<&str>, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("http://127.0.0.1:{}{path}", self.ground.port));
        match credential {
            Some(credential) => request.bearer_auth(credential),
            None => request,
        }
    }

    /// The status and the JSON of a GET.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.request(Method::GET, path)).await
    }

    /// The status and the JSON of a POST.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        read(self.request(Method::POST, path).json(body)).await
    }

    /// The status and the JSON of an operation such as `GET /meetings`, asked by whoever has that credential; without a
    /// body when it is null.
    pub async fn ask(&self, credential: Option<&str>, operation: &str, body: &Value) -> (StatusCode, Value) {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let request = self.request_as(credential, method.parse().expect("a method"), path);
        read(if body.is_null() { request } else { request.json(body) }).await
    }

    /// A new account with that name and role, signed in.
    pub async fn account(&self, name: &str, role: &str) -> Account {
        let (email, password) = (format!("{name}@example.org"), PASSWORD);
        let wish = json!({ "email": email, "name": name, "role": role, "password": password });
        let (status, account) = self.post("/accounts", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{account}");
        let session = self.sign_in(&email, password).await;
        Account { id: account["id"].as_str().expect("an id").to_owned(), email, password, session }
    }

    /// The token of a new session.
    pub async fn sign_in(&self, email: &str, password: &str) -> String {
        let wish = json!({ "email": email, "password": password, "transport": "bearer" });
        let (status, signed_in) = self.ask(None, "POST /sessions", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{signed_in}");
        signed_in["token"].as_str().expect("a token").to_owned()
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
        self.request_as(None, Method::POST, "/livekit/webhook")
            .header("authorization", &webhook.authorization)
            .header("content-type", "application/webhook+json")
            .body(webhook.body.clone())
    }
}

/// Whatever a test has it do, no secret may stand in its log.
impl Drop for Serving {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let printed = self.printed();
            let found = printed.lines().find(|line| holds_secret(line, &self.ground));
            assert!(found.is_none(), "a secret is in the log: {found:?}");
        }
    }
}

/// How credentials begin, and LiveKit's tokens; and how many characters of them are still no secret.
const BEGINNINGS: [&str; 8] = [
    "meetbox_session_",
    "meetbox_key_",
    "meetbox_ticket_",
    "meetbox_invitation_",
    "meetbox_setup_",
    "meetbox_browser_",
    "meetbox_attempt_",
    "eyJhbGciOi",
];
const SHOWN: usize = 8;

/// Whether a line of the log holds a credential of any kind, a password, or one of the secrets in the settings.
fn holds_secret(line: &str, ground: &Ground) -> bool {
    let is_secret =
        |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).count() > SHOWN;
    let credential = BEGINNINGS.iter().any(|beginning| line.split(beginning).skip(1).any(is_secret));
    let password = url::Url::parse(&ground.database_url).ok().and_then(|url| url.password().map(str::to_owned));
    let known = [Some(API_SECRET.to_owned()), Some(PASSWORD.to_owned()), password];
    credential || known.iter().flatten().any(|secret| secret.len() >= SHOWN && line.contains(secret.as_str()))
}

#[test]
fn a_planted_secret_is_found_in_a_log() {
    let ground = Ground::new("postgres://meetbox:hush-hush-hush@localhost/x", "redis://localhost", "ws://localhost");
    for secret in
        [api_key().expose(), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x", API_SECRET, PASSWORD, "hush-hush-hush"]
    {
        assert!(holds_secret(&format!("it was `{secret}`"), &ground), "{secret}");
    }
    for fine in [api_key().shown(), "POST /sessions 201", "postgres://meetbox@localhost/x", "meetbox_setup_…"] {
        assert!(!holds_secret(fine, &ground), "{fine}");
    }
}

/// The password of everybody for whom a test makes an account.
const PASSWORD: &str = "correct horse battery";

/// Somebody with an account, signed in.
pub struct Account {
    pub id: String,
    pub email: String,
    pub password: &'static str,
    /// The session's token.
    pub session: String,
}

impl Account {
    /// Under which identity they join.
    pub fn identity(&self) -> String {
        format!("a_{}", self.id.replace('-', ""))
    }
}

/// What went wrong, in a word.
pub fn code(problem: &Value) -> &str {
    problem["code"].as_str().unwrap_or_else(|| panic!("no problem: {problem}"))
}

/// The key of the tests: of the whole house, for everything.
pub fn api_key() -> Credential {
    Credential::made(CredentialKind::ApiKey, [42; 32])
}

/// Puts a key of the whole house, for everything, into a database that is up to date.
pub async fn accept_key(database_url: &str, key: &Credential) {
    let mut connection = PgConnection::connect(database_url).await.expect("the database answers");
    sqlx::query(
        "insert into api_keys (id, key_hash, name, shown, scopes, created_at)
         values (gen_random_uuid(), $1, 'tests', $2, '{admin}', now()) on conflict (key_hash) do nothing",
    )
    .bind(&key.hash().0[..])
    .bind(key.shown())
    .execute(&mut connection)
    .await
    .expect("the key can be written");
    connection.close().await.expect("the connection ends");
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
