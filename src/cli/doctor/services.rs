//! What Meetbox leans on, asked as Meetbox asks it: its own server, Postgres, Redis, LiveKit.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::{Visit, containers, report::Finding, round_trip};
use crate::{
    assets::{
        egress::Redis,
        templates::LIVEKIT_VERSION,
        yaml::{self, Entry},
    },
    cache::{Cache, CacheError},
    cli::{egress_config, healthcheck},
    db,
    livekit::LivekitError,
};

/// How long Postgres may take to let us in.
pub const DATABASE_PATIENCE: Duration = Duration::from_secs(4);
/// The oldest Postgres that is tried.
const OLDEST_POSTGRES: u32 = 14;
/// How often Redis is asked again: on a busy machine the first answer may come late.
const TRIES: usize = 4;
const PAUSE: Duration = Duration::from_millis(250);

/// Whether the server itself is ready.
pub async fn server(visit: &Visit) -> Result<Finding, Finding> {
    let url = healthcheck::ready_url(visit.settings()?);
    let restart = "systemctl restart meetbox";
    let logs = "journalctl --unit meetbox --lines 50";
    Ok(match healthcheck::question(&url).await {
        healthcheck::Answer::Status(200..=299) => Finding::ok(format!("ready at {url}")),
        healthcheck::Answer::Status(503) => Finding::failed("it answers, and is not ready: Postgres is away", logs),
        healthcheck::Answer::Status(status) => Finding::failed(format!("{url} answers {status}"), logs),
        healthcheck::Answer::Nobody(err) => {
            Finding::failed(format!("nothing answers at {url}: {}", crate::telemetry::chain(&err)), restart).or(logs)
        }
        healthcheck::Answer::Silence(_) => {
            Finding::failed(format!("{url} takes connections and does not answer"), restart).or(logs)
        }
    })
}

/// Whether Postgres lets us in, and the schema is this binary's.
pub async fn database(visit: &Visit) -> Result<Finding, Finding> {
    let settings = &visit.settings()?.database;
    let mut connection = match db::connect_once(settings, DATABASE_PATIENCE).await {
        Ok(connection) => connection,
        Err(err) => {
            return Ok(Finding::failed(
                err.to_string(),
                "docker compose --project-directory /etc/meetbox up --detach postgres",
            )
            .or("its password is in DATABASE_URL; meetbox setup tells a new one to Postgres"));
        }
    };
    let schema = match tokio::time::timeout(DATABASE_PATIENCE, db::migrate::look(&mut connection)).await {
        Ok(Ok(schema)) => schema,
        Ok(Err(err)) => {
            return Ok(Finding::failed(
                crate::telemetry::chain(&err),
                "docker compose --project-directory /etc/meetbox logs --tail 50 postgres",
            ));
        }
        Err(_) => {
            return Ok(Finding::failed(
                "it lets us in and does not answer",
                "docker compose --project-directory /etc/meetbox restart postgres",
            ));
        }
    };
    let told = format!("Postgres {}, schema {}", schema.server, schema.version);
    let major: Option<u32> = schema.server.split('.').next().and_then(|major| major.parse().ok());
    let mut parts = Vec::new();
    if major.is_some_and(|major| major < OLDEST_POSTGRES) {
        parts.push(Finding::warning(format!("{told}: older than what is tried"), "take Postgres 15"));
    }
    if !schema.pending.is_empty() {
        let said = format!("{told}; {} migrations are still to come", schema.pending.len());
        parts.push(Finding::failed(said, "meetbox migrate").or("systemctl restart meetbox does so, too"));
    }
    if !schema.newer.is_empty() {
        let said = format!("{told}; {} migrations are of a newer Meetbox than this one", schema.newer.len());
        parts.push(Finding::warning(said, "install that version again, unless it was gone back from on purpose"));
    }
    Ok(Finding::of(parts, told))
}

/// Asks Redis, and asks again when it was only slow.
pub async fn ask_redis<T, F: Future<Output = Result<T, CacheError>>>(
    question: impl Fn() -> F,
) -> Result<T, CacheError> {
    let mut first = None;
    for _ in 1..TRIES {
        match question().await {
            Err(err @ (CacheError::Silent | CacheError::Unavailable(_))) => drop(first.get_or_insert(err)),
            Err(CacheError::Away) => {}
            answer => return answer,
        }
        tokio::time::sleep(PAUSE).await;
    }
    // That it went away a moment ago says less than how.
    match (question().await, first) {
        (Err(CacheError::Away), Some(first)) => Err(first),
        (answer, _) => answer,
    }
}

/// Whether Redis answers.
pub async fn redis(visit: &Visit) -> Result<Finding, Finding> {
    let cache = cache(visit)?;
    Ok(match ask_redis(|| cache.ping()).await {
        Ok(()) => Finding::ok("answers"),
        Err(err) => {
            Finding::failed(err.to_string(), "docker compose --project-directory /etc/meetbox up --detach redis")
                .or("docker compose --project-directory /etc/meetbox logs --tail 50 redis")
        }
    })
}

/// A connection of the doctor's own.
pub fn cache(visit: &Visit) -> Result<Cache, Finding> {
    Cache::new(&visit.settings()?.redis).map_err(|err| Finding::failed(err.to_string(), "meetbox check"))
}

/// Whether Meetbox, LiveKit and the recorder name the same Redis, and LiveKit is really in it.
pub async fn one_redis(visit: &Visit) -> Result<Finding, Finding> {
    let url = visit.settings()?.redis.url.expose_secret();
    let ours = egress_config::redis(url).map_err(|err| Finding::failed(err.to_string(), "meetbox check"))?;
    let fix =
        "meetbox setup writes both anew; then docker compose --project-directory /etc/meetbox restart livekit egress";
    let parts =
        [("livekit.yaml", &visit.livekit), ("egress.yaml", &visit.egress)].map(|(file, entries)| match entries {
            None => Finding::unknown(format!("{file} cannot be read")),
            Some(entries) => match differences(entries, &ours) {
                differences if differences.is_empty() => Finding::ok(""),
                differences => Finding::failed(format!("{file} has {}", differences.join(", and ")), fix),
            },
        });
    let proof = match round_trip::of(visit).await {
        Err(_) => Finding::unknown("LiveKit opens no room, so that it is in this Redis is not proved"),
        Ok(trip) => match &trip.is_in_our_redis {
            Ok(true) => Finding::ok(""),
            Ok(false) => {
                Finding::failed("LiveKit keeps its rooms elsewhere than in the database that REDIS_URL names", fix)
            }
            Err(err) => Finding::unknown(format!("whether LiveKit is in it is not known: {err}")),
        },
    };
    let told = format!("{}, database {}, for all three; LiveKit's rooms are in it", ours.address, ours.db);
    Ok(Finding::of(parts.into_iter().chain([proof]).collect(), told))
}

/// What a file says otherwise than our settings; never a password.
fn differences(entries: &[Entry], ours: &Redis) -> Vec<String> {
    let said = |key: &str| yaml::value(entries, &format!("redis.{key}")).unwrap_or_default();
    let same_host = |address: &str| address.replace("localhost", "127.0.0.1");
    let mut found = Vec::new();
    if same_host(said("address")) != same_host(&ours.address) {
        found.push(format!("{} where REDIS_URL has {}", quoted(said("address")), ours.address));
    }
    let db = if said("db").is_empty() { "0" } else { said("db") };
    if db != ours.db.to_string() {
        found.push(format!("database {db} where REDIS_URL has {}", ours.db));
    }
    if said("password") != ours.password || said("username") != ours.username {
        found.push("another name or password than REDIS_URL".to_owned());
    }
    found
}

fn quoted(text: &str) -> &str {
    if text.is_empty() { "no address" } else { text }
}

/// Whether LiveKit answers, knows our key, and is the version that all of this is made for.
pub async fn livekit(visit: &Visit) -> Result<Finding, Finding> {
    let settings = &visit.settings()?.livekit;
    let client = visit.livekit_client()?;
    let restart = "docker compose --project-directory /etc/meetbox restart livekit";
    let logs = "docker compose --project-directory /etc/meetbox logs --tail 50 livekit";
    let rooms = match client.list_rooms().await {
        Ok(rooms) => rooms.len(),
        Err(err @ LivekitError::Refused) => {
            let known = visit.livekit.as_deref().and_then(|it| yaml::value(it, &format!("keys.{}", settings.api_key)));
            let why = match known {
                None => ": livekit.yaml does not have it",
                Some(secret) if secret == settings.api_secret.expose_secret() => {
                    ": it is in livekit.yaml, which LiveKit has not read again"
                }
                Some(_) => ": the secret in livekit.yaml is another",
            };
            return Ok(Finding::failed(format!("{err}{why}"), format!("meetbox setup; then {restart}")));
        }
        Err(err @ LivekitError::Unreachable(_)) => return Ok(Finding::failed(err.to_string(), restart).or(logs)),
        // It answers so when it has lost its Redis, too.
        Err(err) => return Ok(Finding::failed(err.to_string(), logs).or(restart)),
    };
    let told = format!("knows our key, {rooms} rooms");
    Ok(match containers::image(visit, "livekit").await {
        None => Finding::ok(format!("{told}; its version is not known, since Docker does not tell its image")),
        Some(image) => match image.rsplit_once(":v").map(|(_, version)| version) {
            Some(LIVEKIT_VERSION) => Finding::ok(format!("{told}, version {LIVEKIT_VERSION}")),
            _ => Finding::warning(
                format!("{told}; it runs as {image}, and {LIVEKIT_VERSION} is what this is made for"),
                "meetbox setup; then systemctl reload meetbox-stack",
            ),
        },
    })
}
