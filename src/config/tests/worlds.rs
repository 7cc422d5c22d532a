//! Settings that somebody might really set: whole and right, with what is expected of them.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use proptest::{option, prelude::*};

use super::super::{Environment, Source};

/// One way to set everything, and where each value stands.
#[derive(Clone, Debug)]
pub struct World {
    pub environment: Environment,
    /// Values by variable. What is absent here has its default.
    pub values: BTreeMap<&'static str, String>,
    /// Texts that must be found in nothing that is printed.
    pub secrets: Vec<String>,
    /// Where the values stand: a digit for each in turn.
    places: Vec<u8>,
}

/// Those whose value may stand in a file of its own.
const SECRETS: [&str; 5] = ["DATABASE_URL", "REDIS_URL", "LIVEKIT_API_SECRET", "S3_SECRET_KEY", "OIDC_CLIENT_SECRET"];

/// What must be set everywhere.
pub const REQUIRED: [&str; 5] = ["DATABASE_URL", "REDIS_URL", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"];

/// What must be set as soon as one of them is.
pub const STORAGE: [&str; 5] = ["S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET", "S3_REGION"];

/// The same of the provider that people may sign in with.
pub const PROVIDER: [&str; 3] = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"];

impl World {
    pub fn has_provider(&self) -> bool {
        self.values.contains_key("OIDC_ISSUER")
    }

    pub fn has_storage(&self) -> bool {
        self.values.contains_key("S3_BUCKET")
    }

    pub fn moved_to(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    pub fn without(mut self, variables: &[&str]) -> Self {
        self.values.retain(|variable, _| !variables.contains(variable));
        self
    }

    pub fn with(mut self, variable: &'static str, value: impl Into<String>) -> Self {
        self.values.insert(variable, value.into());
        self
    }

    /// The world as a process finds it: some values in the environment, some in files, some in `.env`.
    pub fn source(&self) -> Source {
        let mut source = Source::of([("APP_ENV", self.environment.name())]);
        let mut dotenv = String::from("# a developer's settings\n");
        for ((variable, value), place) in self.values.iter().zip(self.places.iter().cycle()) {
            match place {
                0 if SECRETS.contains(variable) => {
                    let path = format!("/run/secrets/{variable}");
                    source = source.with(format!("{variable}_FILE"), &path).with_file(path, format!("{value}\n"));
                }
                1 if self.environment == Environment::Local => {
                    dotenv.push_str(&format!("{variable}='{value}'\n"));
                }
                _ => source = source.with(*variable, value),
            }
        }
        source.with_file(".env", dotenv)
    }
}

pub fn any_environment() -> impl Strategy<Value = Environment> {
    prop_oneof![Just(Environment::Local), Just(Environment::Staging), Just(Environment::Production)]
}

/// A world in which everything is right, in any environment.
pub fn any_world() -> impl Strategy<Value = World> {
    let parts = (any_environment(), servers(), limits(), option::of(storage()), public_and_provider(), logs());
    (parts, prop::collection::vec(0_u8..4, 1..30)).prop_map(
        |((environment, servers, limits, storage, provider, logs), places)| {
            let mut values = BTreeMap::new();
            let mut secrets = Vec::new();
            let (limits, logs) = ((limits, Vec::new()), (logs, Vec::new()));
            for (given, hidden) in [servers, limits, storage.unwrap_or_default(), provider, logs] {
                values.extend(given);
                secrets.extend(hidden);
            }
            World { environment, values, secrets, places }
        },
    )
}

type Given = Vec<(&'static str, String)>;

fn servers() -> impl Strategy<Value = (Given, Vec<String>)> {
    let database = ("postgres(ql)?", "[a-z]{1,8}", password(), host(), 1_u16.., "[a-z_]{1,12}");
    let redis = ("rediss?", password(), host(), 0_u8..16);
    let livekit = (prop_oneof!["wss", "https"], host(), option::of(host()), "AP[A-Za-z0-9]{6,14}", secret());

    (database, redis, livekit).prop_map(|(database, redis, livekit)| {
        let (scheme, user, password, host, port, name) = database;
        let mut given = vec![("DATABASE_URL", format!("{scheme}://{user}:{password}@{host}:{port}/{name}"))];
        let mut secrets = vec![password];

        let (scheme, password, host, number) = redis;
        given.push(("REDIS_URL", format!("{scheme}://:{password}@{host}/{number}")));
        secrets.push(password);

        let (scheme, host, public, key, secret) = livekit;
        given.push(("LIVEKIT_URL", format!("{scheme}://{host}")));
        given.extend(public.map(|host| ("LIVEKIT_PUBLIC_URL", format!("wss://{host}"))));
        given.push(("LIVEKIT_API_KEY", key));
        given.push(("LIVEKIT_API_SECRET", secret.clone()));
        secrets.push(secret);
        (given, secrets)
    })
}

/// Whatever has a default, each set or left out.
fn limits() -> impl Strategy<Value = Given> {
    let numbers = [
        number("PORT", 1, 65535),
        number("MAX_CONNECTIONS", 1, 1_000_000),
        number("SHUTDOWN_GRACE_SECONDS", 0, 4),
        number("DATABASE_MAX_CONNECTIONS", 2, 1000),
        number("DATABASE_START_TIMEOUT_SECONDS", 1, 600),
        number("LIVEKIT_START_TIMEOUT_SECONDS", 1, 600),
        number("TOKEN_TTL_SECONDS", 60, 3600),
        number("WEBHOOK_RETENTION_DAYS", 1, 3650),
        number("LOG_KEEP_FILES", 1, 3650),
        number("RATE_LIMIT_SIGN_IN", 1, 10_000_000),
        number("RATE_LIMIT_TOKENS", 1, 10_000_000),
        number("RATE_LIMIT_WRITES", 1, 10_000_000),
        number("RATE_LIMIT_READS", 1, 10_000_000),
    ];
    let address = option::of(any::<IpAddr>().prop_map(|address| ("BIND", address.to_string()))).boxed();
    let proxies = option::of(networks().prop_map(|networks| ("TRUSTED_PROXIES", networks))).boxed();
    Vec::from_iter(numbers.into_iter().chain([address, proxies]))
        .prop_map(|given| given.into_iter().flatten().collect())
}

/// Networks as they are printed, with or without white space between them.
fn networks() -> impl Strategy<Value = String> {
    let network = (any::<IpAddr>(), 0_u8..=128).prop_map(|(address, prefix)| {
        let address = address.to_canonical();
        let most = if address.is_ipv4() { 32 } else { 128 };
        IpNet::new(address, prefix.min(most)).unwrap().trunc().to_string()
    });
    (prop::collection::vec(network, 1..4), any::<bool>())
        .prop_map(|(networks, spaced)| networks.join(if spaced { ", " } else { "," }))
}

fn number(variable: &'static str, least: u64, most: u64) -> BoxedStrategy<Option<(&'static str, String)>> {
    let number = prop_oneof![Just(least), Just(most), least..=most];
    option::of(number.prop_map(move |number| (variable, number.to_string()))).boxed()
}

fn logs() -> impl Strategy<Value = Given> {
    let level = prop_oneof!["info", "error", "DEBUG", "warn,meetbox=debug", "off,meetbox::http=trace,sqlx=warn"];
    (option::of("json|pretty"), option::of(level), option::of("/[a-z]{1,8}/[a-z]{1,8}")).prop_map(
        |(format, level, folder)| {
            let given = [("LOG_FORMAT", format), ("LOG_LEVEL", level), ("LOG_DIR", folder)];
            given.into_iter().filter_map(|(variable, value)| Some((variable, value?))).collect()
        },
    )
}

pub fn storage() -> impl Strategy<Value = (Given, Vec<String>)> {
    let names = ("[A-Za-z0-9][A-Za-z0-9._-]{2,62}", "[a-z]{2}-[a-z]{4,9}-[1-9]");
    // What clouds really hand out: base64 and the like, all of which must survive.
    let keys = ("[A-Z0-9]{16,24}", "[A-Za-z0-9+/=_.~!@#$%^&*()-]{20,64}");
    ("https?", host(), option::of(1_u16..), names, keys, option::of(any::<bool>())).prop_map(
        |(scheme, host, port, (bucket, region), (access_key, secret_key), path_style)| {
            let port = port.map_or_else(String::new, |port| format!(":{port}"));
            let mut given = vec![
                ("S3_ENDPOINT", format!("{scheme}://{host}{port}")),
                ("S3_ACCESS_KEY", access_key),
                ("S3_SECRET_KEY", secret_key.clone()),
                ("S3_BUCKET", bucket),
                ("S3_REGION", region),
            ];
            given.extend(path_style.map(|style| ("S3_FORCE_PATH_STYLE", style.to_string())));
            (given, vec![secret_key])
        },
    )
}

/// The public address, alone or with a provider; one that needs the other brings it along.
fn public_and_provider() -> impl Strategy<Value = (Given, Vec<String>)> {
    let public = host().prop_map(|host| ("PUBLIC_URL", format!("https://{host}")));
    (public, any::<bool>(), option::of(provider())).prop_map(|(public, alone, provider)| {
        let (mut given, secrets) = provider.unwrap_or_default();
        if alone || !given.is_empty() {
            given.push(public);
        }
        (given, secrets)
    })
}

fn provider() -> impl Strategy<Value = (Given, Vec<String>)> {
    let identity = (host(), "(/[a-z]{1,8}){0,2}/?", "[A-Za-z0-9._-]{3,40}", "[A-Za-z0-9~_.-]{20,40}");
    let domains = option::of(prop::collection::vec("[a-z]{2,8}\\.[a-z]{2,4}", 1..4));
    let role = option::of(("[a-z_]{3,12}(\\.[a-z]{3,8})?", prop::collection::vec("[A-Za-z]{2,9}( [a-z]{1,5})?", 1..4)));
    (identity, option::of("[A-Z][a-z]{1,9}( ID)?"), domains, role).prop_map(|(identity, name, domains, role)| {
        let (host, path, client_id, client_secret) = identity;
        let mut given = vec![
            ("OIDC_ISSUER", format!("https://{host}{path}")),
            ("OIDC_CLIENT_ID", client_id),
            ("OIDC_CLIENT_SECRET", client_secret.clone()),
        ];
        given.extend(name.map(|name| ("OIDC_NAME", name)));
        given.extend(domains.map(|domains| ("OIDC_ALLOWED_DOMAINS", domains.join(","))));
        if let Some((claim, values)) = role {
            given.extend([("OIDC_ROLE_CLAIM", claim), ("OIDC_ADMIN_VALUES", values.join(", "))]);
        }
        (given, vec![client_secret])
    })
}

fn host() -> impl Strategy<Value = String> {
    "[a-z]{3,10}(\\.[a-z]{3,10}){0,2}"
}

fn password() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]{12,24}"
}

fn secret() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]{32,64}"
}
