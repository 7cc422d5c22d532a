//! The connections to Postgres, and how long we wait for one.

use std::{str::FromStr, time::Duration};

use secrecy::ExposeSecret;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::config::DatabaseSettings;

use super::DbError;

/// How long a request waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a start that could not connect looks for the reason.
const REASON_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a connection that comes back may take to prove that it is alive. Without a bound, one whose peer has
/// fallen silent would hold its place until TCP gives up, a quarter of an hour later.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);
/// The pauses between attempts to connect at the start double from here …
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// … to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Postgres could not be reached at the start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("DATABASE_URL cannot be used: {0}")]
    Address(String),
    #[error("cannot reach postgres at {place} after {attempts} attempts: {last}")]
    GaveUp { place: String, attempts: u32, last: String },
    #[error("cannot reach postgres at {place}: {reason}")]
    Once { place: String, reason: String },
}

/// Connects with exponential back-off until `settings.start_timeout` is over.
pub async fn connect(settings: &DatabaseSettings) -> Result<PgPool, ConnectError> {
    let options = options(settings)?;
    let place = place(&options);
    let pool = pool(settings, options.clone());

    let deadline = tokio::time::Instant::now() + settings.start_timeout;
    let mut pause = FIRST_PAUSE;
    let mut attempts = 1;
    loop {
        let last = match pool.acquire().await {
            Ok(_) => {
                info!(attempts, "connected to postgres at {place}");
                return Ok(pool);
            }
            Err(err) => why(err, &options).await,
        };
        if tokio::time::Instant::now() + pause >= deadline {
            return Err(ConnectError::GaveUp { place, attempts, last });
        }
        warn!(attempts, "cannot reach postgres at {place}: {last}; trying again in {pause:?}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        attempts += 1;
    }
}

/// One connection, asked for once and waited for as long as `patience`; the server's own words where it refuses.
pub async fn connect_once(settings: &DatabaseSettings, patience: Duration) -> Result<PgConnection, ConnectError> {
    let options = options(settings)?;
    let reason = match timeout(patience, PgConnection::connect_with(&options)).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(err)) => words(&err),
        Err(_) => format!("no answer within {patience:?}"),
    };
    Err(ConnectError::Once { place: place(&options), reason })
}

/// Whether Postgres answers.
///
/// Connections from before an outage fail at their first use, and are dropped from the pool by that. So this asks once
/// more for each that there is: an old connection says nothing of Postgres as it is now, and what is well again has a
/// pool of good connections afterwards.
pub async fn ping(pool: &PgPool) -> Result<(), DbError> {
    let mut old_ones = pool.size();
    loop {
        match sqlx::query!("select 1 as one").fetch_one(pool).await {
            Ok(_) => return Ok(()),
            Err(sqlx::Error::Io(_)) if old_ones > 0 => old_ones -= 1,
            Err(err) => return Err(err.into()),
        }
    }
}

/// How to reach the database, with the time-outs that hold for every statement of ours.
pub(super) fn options(settings: &DatabaseSettings) -> Result<PgConnectOptions, ConnectError> {
    let options = PgConnectOptions::from_str(settings.url.expose_secret())
        .map_err(|_| ConnectError::Address("it is not a postgresql:// address".to_owned()))?;

    Ok(options.application_name("meetbox").options([
        ("statement_timeout", "2000"),
        ("idle_in_transaction_session_timeout", "10000"),
        // Times are compared with ours; a server set to another zone must not change what is printed in errors.
        ("timezone", "UTC"),
        // The migrator asks for its table every time; that it is there already is no news.
        ("client_min_messages", "warning"),
    ]))
}

/// Where it is, without what lets one in.
pub(super) fn place(options: &PgConnectOptions) -> String {
    format!("{}:{}/{}", options.get_host(), options.get_port(), options.get_database().unwrap_or(""))
}

fn pool(settings: &DatabaseSettings, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                match timeout(RELEASE_TIMEOUT, connection.ping()).await {
                    Ok(answer) => answer.map(|()| true),
                    Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
                }
            })
        })
        .connect_lazy_with(options)
}

/// What to tell the operator: the server's own words where it spoke, for example that a password is wrong.
///
/// A pool takes a refused connection for a server that is only just starting, tries again until its time is over, and
/// keeps the reason to itself. So it is asked for once more without the pool.
async fn why(err: sqlx::Error, options: &PgConnectOptions) -> String {
    let err = match err {
        sqlx::Error::PoolTimedOut => match timeout(REASON_TIMEOUT, PgConnection::connect_with(options)).await {
            Ok(Err(err)) => err,
            Ok(Ok(_)) | Err(_) => return format!("no answer within {ACQUIRE_TIMEOUT:?}"),
        },
        other => other,
    };
    words(&err)
}

/// An error without sqlx' own words around what the server or the machine says.
fn words(err: &sqlx::Error) -> String {
    match err {
        sqlx::Error::Database(err) => err.message().to_owned(),
        sqlx::Error::Io(err) => err.to_string(),
        other => other.to_string(),
    }
}
