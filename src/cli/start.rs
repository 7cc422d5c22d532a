//! How a server comes up: in an order in which nothing is served before it can be.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::Instant;
use tracing::{info, warn};

use super::Failure;
use crate::{
    app::App,
    clock::Clock,
    config::{LivekitSettings, Settings},
    db,
    livekit::LivekitError,
    storage::Storage,
};

/// The pauses between tries to reach LiveKit double from here …
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// … to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long a start waits for storage, which it can do without.
const STORAGE_PATIENCE: Duration = Duration::from_secs(5);

/// Everything behind the doors: Postgres migrated, LiveKit proved, Redis looked at, storage tried.
pub async fn open(settings: &Settings) -> Result<App, Failure> {
    let pool = postgres(settings).await?;
    let app = App::new(settings, pool, Clock::System)
        .map_err(|err| Failure::input("cannot work with the settings").because(&err))?;

    look_at_redis(&app).await;
    prove_storage(&app).await;
    prove_livekit(&app, &settings.livekit).await?;
    Ok(app)
}

async fn postgres(settings: &Settings) -> Result<PgPool, Failure> {
    let pool = db::connect(&settings.database).await.map_err(|err| {
        Failure::ours("cannot start without Postgres").because(&err).hint(
            "DATABASE_URL says where Postgres is; its password is not shown here.\n\
             - Is it running?             pg_isready -d \"$DATABASE_URL\", or systemctl status postgresql\n\
             - Is the address right?      meetbox check\n\
             - Does it let us in?         psql \"$DATABASE_URL\" -c 'select 1'\n\
             - Is it only slow to start?  a larger DATABASE_START_TIMEOUT_SECONDS waits longer",
        )
    })?;
    db::migrate(&settings.database).await.map_err(|err| {
        Failure::ours("cannot bring the schema up to date; nothing is served").because(&err).hint(
            "Every migration that is done stays done, and the one that failed left nothing behind. When the reason \
             is mended,\n`meetbox migrate` goes on where it stopped. The previous version of Meetbox still runs on \
             this schema.",
        )
    })?;
    Ok(pool)
}

async fn look_at_redis(app: &App) {
    // When it is away, the cache has said so.
    if app.cache.ping().await.is_ok() {
        info!("connected to redis");
    }
}

/// Writes, reads and deletes a small object. What comes of it is only told: meetings do without recordings, and each
/// later question to storage finds out for itself whether it is back.
async fn prove_storage(app: &App) {
    let place = match &app.storage {
        Storage::NotConfigured => {
            info!("no storage is set up; nothing can be recorded");
            return;
        }
        Storage::S3(_) => "object storage",
        Storage::Folder(_) => "the storage folder",
    };
    match tokio::time::timeout(STORAGE_PATIENCE, app.storage.prove()).await {
        Ok(Ok(())) => info!("connected to {place}; objects can be written, read and deleted"),
        Ok(Err(err)) => warn!(error = %err, "{place} is unavailable ({err}); going on without it"),
        Err(_) => warn!("{place} is unavailable (no answer within {STORAGE_PATIENCE:?}); going on without it"),
    }
}

/// Calls LiveKit with our keys until it answers, or for as long as the settings say.
async fn prove_livekit(app: &App, settings: &LivekitSettings) -> Result<(), Failure> {
    let deadline = Instant::now() + settings.start_timeout;
    let mut pause = FIRST_PAUSE;
    loop {
        let err = match app.livekit.list_rooms().await {
            Ok(rooms) => {
                info!(rooms = rooms.len(), "connected to LiveKit at {}; it knows our API key", settings.api_url);
                return Ok(());
            }
            Err(err) => err,
        };
        if matches!(err, LivekitError::Refused) {
            return Err(Failure::input("LiveKit refuses LIVEKIT_API_KEY and LIVEKIT_API_SECRET").hint(
                "Both must stand under `keys:` in LiveKit's own configuration, exactly as they are set here.\n\
                 LiveKit reads them at its start: restart it after a change.",
            ));
        }
        if Instant::now() + pause >= deadline {
            return Err(Failure::ours(format!("cannot start without LiveKit at {}", settings.api_url))
                .because(&err)
                .hint(
                    "LIVEKIT_URL says where LiveKit is.\n\
                     - Is it running?             curl -i the address with http:// in place of ws://; it answers `OK`\n\
                     - Has it lost its Redis?     then it answers 500 to every call; its own log says so\n\
                     - Is it only slow to start?  a larger LIVEKIT_START_TIMEOUT_SECONDS waits longer",
                ));
        }
        warn!(error = %err, "LiveKit does not answer yet; trying again in {pause:?}");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
