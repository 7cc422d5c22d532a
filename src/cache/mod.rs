//! Redis: only what may vanish. When it is away, Meetbox goes on without it.

use std::time::Duration;

use redis::{
    Client, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::ExposeSecret;

use crate::config::RedisSettings;

/// How long Redis may take for anything: it answers within a millisecond, or something is wrong.
const TIMEOUT: Duration = Duration::from_millis(100);
/// A bound around the manager's own, which also waits for a connection that is being made.
const OUTER_TIMEOUT: Duration = Duration::from_millis(250);

/// A connection to Redis that makes itself anew.
#[derive(Clone)]
pub struct Cache {
    connection: ConnectionManager,
}

/// Redis did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("REDIS_URL cannot be used: {0}")]
    Address(#[source] RedisError),
    #[error("redis is unavailable: {0}")]
    Unavailable(#[source] RedisError),
    #[error("redis did not answer within {OUTER_TIMEOUT:?}")]
    Silent,
}

impl Cache {
    /// Takes the address; the first question connects. Never waits for Redis.
    pub fn new(settings: &RedisSettings) -> Result<Self, CacheError> {
        let client = Client::open(settings.url.expose_secret()).map_err(CacheError::Address)?;
        // No retries: whoever asks goes on without Redis, and asks again next time.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(CacheError::Address)?;
        Ok(Self { connection })
    }

    /// Whether Redis answers.
    pub async fn ping(&self) -> Result<(), CacheError> {
        // After an outage the connection hands its last failure to the first who asks, and is made anew for the second.
        match self.ping_once().await {
            Err(CacheError::Unavailable(_)) => self.ping_once().await,
            answer => answer,
        }
    }

    async fn ping_once(&self) -> Result<(), CacheError> {
        let mut connection = self.connection.clone();
        let ping = redis::cmd("PING");
        tokio::time::timeout(OUTER_TIMEOUT, ping.query_async::<()>(&mut connection))
            .await
            .map_err(|_| CacheError::Silent)?
            .map_err(CacheError::Unavailable)
    }
}
