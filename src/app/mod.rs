//! What can be done here: a function for each deed, with its permission and its transaction.

pub mod access;
pub mod accounts;
pub mod api_keys;
mod arrival;
pub mod attendance;
pub mod audit;
pub mod backups;
pub mod connection_test;
pub mod credentials;
pub mod doors;
pub mod entrance;
pub mod guessing;
pub mod health;
pub mod inbox;
pub mod invitations;
pub mod limits;
pub mod lobby;
pub mod meetings;
pub mod moderation;
pub mod oidc_sign_in;
pub mod passwords;
pub mod presence;
pub mod reconcile;
pub mod recordings;
pub mod seed;
pub mod sessions;
pub mod tokens;

use std::{ops::Deref, sync::Arc, time::Duration};

use ipnet::IpNet;
use sqlx::{PgPool, Postgres, Transaction};
use tokio::sync::Notify;
use url::Url;

use crate::{
    cache::{Cache, CacheError},
    clock::Clock,
    config::{Environment, RecordingSettings, Settings, StorageSettings, is_loopback},
    livekit,
    model::policy::{Access, Lobby, Policy},
    oidc::Provider,
    storage::{Storage, StorageError},
};

/// How long a call to the outside may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The handles that use cases work with; a clone is the same house.
// One pointer: each request takes a clone of it.
#[derive(Clone)]
pub struct App(Arc<Handles>);

/// What an [`App`] holds.
pub struct Handles {
    pub environment: Environment,
    pub clock: Clock,
    pub db: PgPool,
    pub cache: Cache,
    pub limiter: limits::Limiter,
    /// Whose word about a client's address counts.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The origins besides our own whose pages may ask.
    pub allowed_origins: Arc<[String]>,
    pub livekit: livekit::Client,
    pub storage: Storage,
    pub recordings: RecordingSettings,
    /// The folder in which recordings are kept, as the recorder sees it; none for a store.
    pub recorder_dir: Option<String>,
    /// None: people sign in with local accounts only.
    pub oidc: Option<Provider>,
    /// Where clients dial LiveKit.
    pub livekit_public_url: Arc<str>,
    pub token_ttl: chrono::TimeDelta,
    pub webhook_retention: chrono::TimeDelta,
    /// How long a session lasts that is not used, and one that is.
    pub session_idle: chrono::TimeDelta,
    pub session_life: chrono::TimeDelta,
    pub audit_retention: chrono::TimeDelta,
    /// Of a meeting about which nothing is said.
    pub default_policy: Policy,
    pub(crate) inbox: Arc<inbox::Inbox>,
    pub(crate) health: Arc<health::Latest>,
    pub(crate) doors: doors::Doors,
    pub(crate) known: credentials::Known,
    pub(crate) passwords: passwords::Passwords,
    /// Rung when the inbox has something new.
    pub arrivals: Arc<Notify>,
    /// Rung when a recording is over, or should begin.
    pub recordings_due: Arc<Notify>,
}

/// The settings cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("cannot set up the HTTP client")]
    Http(#[source] reqwest::Error),
    #[error("a duration in the settings is too long")]
    Duration(#[from] chrono::OutOfRangeError),
}

impl Deref for App {
    type Target = Handles;

    fn deref(&self) -> &Handles {
        &self.0
    }
}

impl App {
    /// Puts the handles together; asks nothing of anybody yet.
    pub fn new(settings: &Settings, db: PgPool, clock: Clock) -> Result<Self, SetupError> {
        let client = |address: &str| http_client(address).map_err(SetupError::Http);
        let cache = Cache::new(&settings.redis)?;

        Ok(Self(Arc::new(Handles {
            environment: settings.environment,
            db,
            limiter: limits::Limiter::new(cache.clone(), settings.limits),
            cache,
            trusted_proxies: settings.http.trusted_proxies.as_slice().into(),
            allowed_origins: settings.http.cors_origins.as_slice().into(),
            livekit: livekit::Client::new(client(settings.livekit.api_url.as_str())?, &settings.livekit, clock.clone()),
            storage: storage(settings, clock.clone())?,
            oidc: match &settings.oidc {
                Some(oidc) => Some(Provider::new(client(&oidc.issuer)?, oidc.clone(), clock.clone())),
                None => None,
            },
            livekit_public_url: settings.livekit.public_url.as_str().trim_end_matches('/').into(),
            token_ttl: chrono::TimeDelta::from_std(settings.livekit.token_ttl)?,
            webhook_retention: chrono::TimeDelta::from_std(settings.livekit.webhook_retention)?,
            inbox: Arc::default(),
            health: Arc::default(),
            session_idle: chrono::TimeDelta::from_std(settings.accounts.session_idle)?,
            session_life: chrono::TimeDelta::from_std(settings.accounts.session_life)?,
            audit_retention: chrono::TimeDelta::from_std(settings.accounts.audit_retention)?,
            default_policy: default_policy(settings),
            doors: doors::Doors::new(),
            known: credentials::Known::new(),
            passwords: passwords::Passwords::new(),
            arrivals: Arc::default(),
            recordings_due: Arc::default(),
            recorder_dir: match &settings.storage {
                StorageSettings::Folder(folder) => Some(folder.recorder_dir.to_string_lossy().into_owned()),
                StorageSettings::None | StorageSettings::S3(_) => None,
            },
            recordings: settings.recordings.clone(),
            clock,
        })))
    }
}

impl App {
    /// Opens a transaction. It is opened to the end even when whoever asked is gone by then, such as a client that hung up:
    /// cut off half-way, sqlx (0.9.0, `PgTransactionManager::begin`) would give the connection back with the transaction open,
    /// and what others write on it would never be committed.
    #[expect(clippy::disallowed_methods, reason = "it outlives a request by no more than one answer of Postgres")]
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let db = self.db.clone();
        let opened = tokio::spawn(async move { db.begin().await });
        opened.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

/// The words in the settings are those of the model; the table of settings takes no others.
fn default_policy(settings: &Settings) -> Policy {
    let access = Access::parse(&settings.meetings.access).unwrap_or(Access::Invited);
    let lobby = Lobby::parse(&settings.meetings.lobby).unwrap_or(Lobby::Everyone);
    Policy::new(access, lobby)
}

/// The storage of the settings; nothing is asked of it yet.
pub(crate) fn storage(settings: &Settings, clock: Clock) -> Result<Storage, SetupError> {
    let http = match &settings.storage {
        StorageSettings::S3(s3) => http_client(s3.endpoint.as_str()),
        StorageSettings::None | StorageSettings::Folder(_) => local_client(),
    };
    Ok(Storage::new(http.map_err(SetupError::Http)?, &settings.storage, settings.environment, clock)?)
}

/// The client for what answers at that address: LiveKit, storage, a provider of sign-in. A proxy in the environment is for the
/// world, and does not know what is on this machine.
pub(crate) fn http_client(address: &str) -> Result<reqwest::Client, reqwest::Error> {
    if Url::parse(address).is_ok_and(|url| is_loopback(&url)) { local_client() } else { http_client_builder().build() }
}

/// The one for what is on this machine.
pub(crate) fn local_client() -> Result<reqwest::Client, reqwest::Error> {
    http_client_builder().no_proxy().build()
}

fn http_client_builder() -> reqwest::ClientBuilder {
    let roots = rustls::RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // The provider is named, so that it does not matter which others are linked.
    #[expect(clippy::expect_used, reason = "ring supports every version that rustls calls safe")]
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();

    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("meetbox/", env!("CARGO_PKG_VERSION")))
}
