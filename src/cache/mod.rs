//! Redis: only what may vanish. When it is away, Meetbox goes on without it.

mod breaker;
pub mod limits;
mod sessions;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::{
    Client, Cmd, ErrorKind, FromRedisValue, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use self::breaker::{Breaker, Way};
use crate::config::RedisSettings;

/// How long Redis may take for anything: it answers within a millisecond, or something is wrong.
const TIMEOUT: Duration = Duration::from_millis(100);
/// How long a look at a Redis that is away may take, with making a connection.
const PROBE_TIMEOUT: Duration = Duration::from_millis(200);

/// How long Redis may take when somebody asks only how it is: one that is slow is told apart from one that is away.
const PING_TIMEOUT: Duration = Duration::from_millis(750);

/// How often a Redis that goes on refusing is told.
const TELL_EVERY: Duration = Duration::from_secs(60);

const _: () = assert!(PROBE_TIMEOUT.as_millis() < breaker::PAUSE.as_millis(), "one look is over before the next");

/// A connection to Redis that makes itself anew. A clone is the same connection.
#[derive(Clone)]
pub struct Cache(Arc<Line>);

struct Line {
    client: Client,
    connection: Mutex<ConnectionManager>,
    breaker: Breaker,
    /// When the log heard last that Redis refuses.
    refusal_told: Mutex<Option<Instant>>,
}

/// Redis did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("REDIS_URL cannot be used: {0}")]
    Address(#[source] RedisError),
    #[error("redis is unavailable: {0}")]
    Unavailable(#[source] RedisError),
    #[error("redis did not answer in time")]
    Silent,
    #[error("redis went away a moment ago and is not asked")]
    Away,
    #[error("redis refuses: {0}")]
    Refused(#[source] RedisError),
}

impl Cache {
    /// Takes the address; the first question connects. Never waits for Redis.
    pub fn new(settings: &RedisSettings) -> Result<Self, CacheError> {
        let client = Client::open(settings.url.expose_secret()).map_err(CacheError::Address)?;
        let connection = Mutex::new(connect_when_asked(&client, PROBE_TIMEOUT).map_err(CacheError::Address)?);
        Ok(Self(Arc::new(Line { client, connection, breaker: Breaker::default(), refusal_told: Mutex::default() })))
    }

    /// Whether Redis answers, asked in any case. What it says counts for everybody.
    pub async fn ping(&self) -> Result<(), CacheError> {
        match self.0.breaker.way() {
            Way::Ask(_) => match self.ask(&redis::cmd("PING")).await {
                Ok(()) => Ok(()),
                Err(_) => self.look(PING_TIMEOUT).await,
            },
            Way::Look | Way::Without => self.look(PING_TIMEOUT).await,
        }
    }

    /// How often Redis went away so far.
    pub fn outages(&self) -> u64 {
        self.0.breaker.outages()
    }

    /// What stands under `key`.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheError> {
        self.ask(redis::cmd("GET").arg(key)).await
    }

    /// Puts `value` under `key`, for as long as `ttl`.
    pub async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheError> {
        // Redis refuses an expiry of nothing.
        let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
        self.ask(redis::cmd("SET").arg(key).arg(value).arg("PX").arg(millis)).await
    }

    /// Takes away what stands under `keys`.
    pub async fn delete(&self, keys: &[String]) -> Result<(), CacheError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.ask(redis::cmd("DEL").arg(keys)).await
    }

    /// Whether the hash under `key` has `field`. LiveKit keeps its rooms and nodes in hashes.
    pub async fn hash_has(&self, key: &str, field: &str) -> Result<bool, CacheError> {
        self.ask(redis::cmd("HEXISTS").arg(key).arg(field)).await
    }

    /// The channels of a name like `pattern` to which somebody listens, in whichever database they are.
    pub async fn channels(&self, pattern: &str) -> Result<Vec<String>, CacheError> {
        self.ask(redis::cmd("PUBSUB").arg("CHANNELS").arg(pattern)).await
    }

    /// Asks Redis, unless it went away a moment ago. Every question goes through here.
    async fn ask<T: FromRedisValue>(&self, question: &Cmd) -> Result<T, CacheError> {
        let turn = match self.0.breaker.way() {
            Way::Ask(turn) => turn,
            Way::Look => {
                self.look_aside();
                return Err(CacheError::Away);
            }
            Way::Without => return Err(CacheError::Away),
        };
        let connection = self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = put(connection, question).await;
        match &answer {
            Ok(_) => {}
            // One that refuses is there: it costs nobody time.
            Err(err @ CacheError::Refused(_)) => self.tell_of_refusal(err),
            Err(err) => {
                if self.0.breaker.failed(turn) {
                    warn!(error = %err, "redis is away; going on without it, and looking again and again");
                }
            }
        }
        answer
    }

    fn tell_of_refusal(&self, err: &CacheError) {
        let mut told = self.0.refusal_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            *told = Some(Instant::now());
            warn!(error = %err, "redis does not do what it is asked; going on without it");
        }
    }

    /// Looks whether Redis is back, while whoever asked goes on without it.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by itself within PROBE_TIMEOUT, and no request waits for it"
    )]
    fn look_aside(&self) {
        let cache = self.clone();
        tokio::spawn(async move { cache.look(PROBE_TIMEOUT).await });
    }

    /// Looks whether Redis is back, on a new connection: the old one may be waiting for a machine that is gone.
    async fn look(&self, patience: Duration) -> Result<(), CacheError> {
        let connection = connect_when_asked(&self.0.client, patience).map_err(CacheError::Address)?;
        let ping = redis::cmd("PING");
        let mut fresh = connection.clone();
        timeout(patience, ping.query_async::<()>(&mut fresh))
            .await
            .map_err(|_| CacheError::Silent)?
            .map_err(CacheError::Unavailable)?;

        *self.0.connection.lock().unwrap_or_else(PoisonError::into_inner) = connection;
        if let Some(away) = self.0.breaker.answered() {
            info!(away_ms = away.as_millis(), "redis is back after {away:.1?}");
        }
        Ok(())
    }
}

/// `patience` is for making the connection; questions on it have a bound of their own around them.
fn connect_when_asked(client: &Client, patience: Duration) -> Result<ConnectionManager, RedisError> {
    // No retries: whoever asks goes on without Redis, and the breaker sees to the next look.
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(patience))
        .set_response_timeout(Some(patience));
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

/// Puts the question, and once more when the connection turns out to be broken: it is made anew for the second. Both
/// together take no longer than `TIMEOUT`.
async fn put<T: FromRedisValue>(connection: ConnectionManager, question: &Cmd) -> Result<T, CacheError> {
    let answer = async {
        match question.query_async(&mut connection.clone()).await {
            Err(err) if err.is_connection_dropped() => question.query_async(&mut connection.clone()).await,
            answer => answer,
        }
    };
    match timeout(TIMEOUT, answer).await {
        Err(_) => Err(CacheError::Silent),
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(err)) if matches!(err.kind(), ErrorKind::Server(_)) => Err(CacheError::Refused(err)),
        Ok(Err(err)) => Err(CacheError::Unavailable(err)),
    }
}
