//! A served house with people in it, and whoever asks it something.

use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version, password_hash::SaltString};
use meetbox::{
    clock::Clock,
    model::credential::{Credential, CredentialKind},
};
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{HeaderMap, SET_COOKIE},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::secrets::Secrets;
use crate::{
    livekit_model::Model,
    services::{Database, postgres, redis_url},
    serving::{Ground, Serving, api_key},
};

/// Everybody's password here, different in every run, so that the log can be searched for it.
pub static PASSWORD: LazyLock<String> = LazyLock::new(|| format!("pass-{}", Uuid::new_v4().simple()));

/// Its hash, at next to no cost: what a hash costs says itself.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let params = Params::new(8, 1, 1, None).unwrap();
    let salt = SaltString::encode_b64(b"of-the-tests").unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(PASSWORD.as_bytes(), &salt).unwrap().to_string()
});

/// A served house with a database and a Redis to itself, and a LiveKit that is a model. On drop it makes sure that its log
/// tells no secret.
pub struct House {
    pub serving: Serving,
    pub livekit: Model,
    pub pool: PgPool,
    pub secrets: Secrets,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub email: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl House {
    pub async fn open() -> Self {
        Self::with(&[]).await
    }

    /// One with settings of its own.
    pub async fn with(settings: &[(&'static str, &str)]) -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let ground = Ground::new(&database.url(), &redis_url(), &livekit.url());
        Self::on(ground, livekit, &database, settings).await
    }

    /// One on that ground.
    pub async fn on(ground: Ground, livekit: Model, database: &Database, settings: &[(&'static str, &str)]) -> Self {
        // All that our own code ever says.
        let ground = ground.with("LOG_LEVEL", "info,meetbox=trace").with("RECORDING_SLOTS", "1000");
        let ground = settings.iter().fold(ground, |ground, (name, value)| ground.with(name, value));
        let house = Self {
            serving: Serving::start(ground).await,
            livekit,
            pool: database.pool().await,
            secrets: Secrets::default(),
        };
        house.secrets.note(&PASSWORD);
        house.secrets.note(api_key().expose());
        house
    }

    /// Another process on the same Postgres and Redis.
    pub async fn second_process(&self) -> Serving {
        let mut ground = self.serving.ground.clone();
        ground.port = crate::services::free_port();
        Serving::start(ground).await
    }

    pub async fn execute(&self, sql: &'static str, id: Uuid) {
        let done = sqlx::query(sql).bind(id).execute(&self.pool).await.unwrap();
        assert!(done.rows_affected() > 0, "nothing to do for: {sql}");
    }

    /// Lets everybody guess again who has to wait for having guessed wrong.
    pub async fn let_waits_pass(&self) {
        let pass = "update failed_attempts set blocked_until = now() - interval '1 second'";
        sqlx::query(pass).execute(&self.pool).await.unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Somebody new whose password is [`PASSWORD`].
    pub async fn person(&self, role: &str) -> Person {
        let id = Uuid::new_v4();
        let email = format!("{role}-{}@example.org", id.simple());
        sqlx::query(
            "insert into accounts (id, email, name, role, password_hash, created_at)
             values ($1, $2, initcap($3), $3, $4, now())",
        )
        .bind(id)
        .bind(&email)
        .bind(role)
        .bind(&*HASH)
        .execute(&self.pool)
        .await
        .unwrap();
        // An address is no secret, and none of the log's business either.
        self.secrets.note_personal(&email);
        Person { id, email }
    }

    /// A session of theirs that lasts for an hour, put where sign-ins put it.
    pub async fn session(&self, person: &Person) -> String {
        let token = self.credential(CredentialKind::Session);
        sqlx::query(
            "insert into sessions (id, token_hash, account_id, transport, created_at, seen_at, expires_at)
             values (gen_random_uuid(), $1, $2, 'bearer', now(), now(), now() + interval '1 hour')",
        )
        .bind(&token.hash().0[..])
        .bind(person.id)
        .execute(&self.pool)
        .await
        .unwrap();
        token.expose().to_owned()
    }

    /// A key of somebody, or of the house.
    pub async fn key(&self, owner: Option<Uuid>, scopes: &[&str]) -> String {
        let key = self.credential(CredentialKind::ApiKey);
        sqlx::query(
            "insert into api_keys (id, key_hash, name, shown, scopes, account_id, created_at)
             values (gen_random_uuid(), $1, 'test', $2, $3, $4, now())",
        )
        .bind(&key.hash().0[..])
        .bind(key.shown())
        .bind(scopes)
        .bind(owner)
        .execute(&self.pool)
        .await
        .unwrap();
        key.expose().to_owned()
    }

    /// A credential that nobody has had before.
    pub fn credential(&self, kind: CredentialKind) -> Credential {
        let credential = Credential::made(kind, rand::random());
        self.secrets.note(credential.expose());
        credential
    }

    /// A request of whoever has that credential, or of somebody who has none.
    pub async fn ask(&self, who: Option<&str>, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = self.serving.request_as(who, method, path);
        self.answer(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.ask(Some(who), Method::GET, path, None).await
    }

    pub async fn answer(&self, request: RequestBuilder) -> Answer {
        let answer = Answer::to(request).await;
        self.secrets.note_told(&answer.body);
        answer.cookies().iter().for_each(|(_, value, _)| {
            if !value.is_empty() {
                self.secrets.note(value);
            }
        });
        answer
    }

    /// Signs somebody in over HTTP; answers what came back.
    pub async fn sign_in(&self, email: &str, password: &str, transport: &str) -> Answer {
        let body = json!({ "email": email, "password": password, "transport": transport });
        self.answer(self.serving.request_as(None, Method::POST, "/sessions").json(&body)).await
    }

    /// Signs a program of theirs in; answers its token.
    pub async fn token_of(&self, person: &Person) -> String {
        let answer = self.sign_in(&person.email, &PASSWORD, "bearer").await;
        answer.is(201);
        answer.body["token"].as_str().unwrap().to_owned()
    }

    /// Fails when a secret stands in the database as it was told.
    pub async fn nothing_secret_is_kept(&self) {
        let tables = "select table_name::text from information_schema.tables
                      where table_schema = 'public' and table_type = 'BASE TABLE'";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&self.pool).await.unwrap();
        assert!(tables.contains(&"sessions".to_owned()));
        for table in tables {
            let rows = sqlx::AssertSqlSafe(format!("select row_to_json(it)::text from {table} it"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&self.pool).await.unwrap();
            self.secrets.check(&rows.join("\n"));
        }
    }

    /// Where the house's own pages come from.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.serving.ground.port)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.secrets.check_log(&self.serving.printed());
        }
    }
}

impl Answer {
    pub async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.expect("a body");
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Fails unless it is a problem with that code.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{}", self.body);
        self
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// The cookies that it sets: name, value, and what stands behind.
    pub fn cookies(&self) -> Vec<(String, String, String)> {
        let lines = self.headers.get_all(SET_COOKIE).iter().map(|line| line.to_str().expect("text"));
        lines
            .map(|line| {
                let (pair, attributes) = line.split_once("; ").unwrap_or((line, ""));
                let (name, value) = pair.split_once('=').expect("a name and a value");
                (name.to_owned(), value.to_owned(), attributes.to_owned())
            })
            .collect()
    }

    /// The cookie of that name as a browser sends it back.
    pub fn cookie(&self, name: &str) -> String {
        let found = self.cookies().into_iter().find(|(found, ..)| found == name);
        let (_, value, _) = found.unwrap_or_else(|| panic!("no cookie `{name}`: {:?}", self.headers));
        format!("{name}={value}")
    }
}
