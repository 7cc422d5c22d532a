//! What can be done here: a function for each deed, with its permission and its transaction.

pub mod access;
pub mod attendance;
pub mod health;
pub mod inbox;
pub mod limits;
pub mod meetings;
pub mod reconcile;
pub mod seed;
pub mod tokens;

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;
use sqlx::PgPool;
use tokio::sync::Notify;

use crate::{
    cache::{Cache, CacheError},
    clock::Clock,
    config::{Environment, Settings},
    livekit,
    storage::{Storage, StorageError},
};

/// How long a call to the outside may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The handles that use cases work with; a clone is the same house.
#[derive(Clone)]
pub struct App {
    pub environment: Environment,
    pub clock: Clock,
    pub db: PgPool,
    pub cache: Cache,
    pub limiter: limits::Limiter,
    /// Whose word about a client's address counts.
    pub trusted_proxies: Arc<[IpNet]>,
    pub livekit: livekit::Client,
    pub storage: Storage,
    /// Where clients dial LiveKit.
    pub livekit_public_url: Arc<str>,
    pub token_ttl: chrono::TimeDelta,
    pub webhook_retention: chrono::TimeDelta,
    pub(crate) inbox: Arc<inbox::Inbox>,
    pub(crate) health: Arc<health::Latest>,
    pub(crate) rooms: tokens::KnownRooms,
    /// Rung when the inbox has something new.
    pub arrivals: Arc<Notify>,
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

impl App {
    /// Puts the handles together; asks nothing of anybody yet.
    pub fn new(settings: &Settings, db: PgPool, clock: Clock) -> Result<Self, SetupError> {
        let http = http_client().map_err(SetupError::Http)?;
        let cache = Cache::new(&settings.redis)?;

        Ok(Self {
            environment: settings.environment,
            db,
            limiter: limits::Limiter::new(cache.clone(), settings.limits),
            cache,
            trusted_proxies: settings.http.trusted_proxies.as_slice().into(),
            livekit: livekit::Client::new(http.clone(), &settings.livekit, clock.clone()),
            storage: Storage::new(http, settings.storage.as_ref())?,
            livekit_public_url: settings.livekit.public_url.as_str().trim_end_matches('/').into(),
            token_ttl: chrono::TimeDelta::from_std(settings.livekit.token_ttl)?,
            webhook_retention: chrono::TimeDelta::from_std(settings.livekit.webhook_retention)?,
            inbox: Arc::default(),
            health: Arc::default(),
            rooms: tokens::KnownRooms::new(),
            arrivals: Arc::default(),
            clock,
        })
    }
}

/// The one client for everything that we call: LiveKit, storage, and ourselves from the command line.
pub(crate) fn http_client() -> Result<reqwest::Client, reqwest::Error> {
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
        .build()
}
