//! What holds for whatever one may set.

use std::{fmt::Display, str::FromStr, time::Duration};

use proptest::{prelude::*, sample};
use secrecy::ExposeSecret;

use super::{
    super::{Environment, LogFormat, Settings, SettingsError, Source, table},
    worlds::{PROVIDER, REQUIRED, STORAGE, World, any_environment, any_world, storage},
};

/// Stands in broken secrets, and must stand in no message.
const LEAK: &str = "x9Leaky7Secret";

/// Every variable that can be spoilt, and values that spoil it wherever Meetbox runs.
const SPOILT: &[(&str, &[&str])] = &[
    ("BIND", &["localhost", "127.0.0", "[::1]", "127.0.0.1:3001"]),
    ("PORT", &["0", "65536", "http", "-1", "+80", "3001 ", "99999999999999999999"]),
    (
        "PUBLIC_URL",
        &["ftp://h", "h:3001", "https://h/meet", "https://key:x9Leaky7Secret@h", "https://h?k=x9Leaky7Secret"],
    ),
    ("MAX_CONNECTIONS", &["0", "1000001", "many"]),
    ("SHUTDOWN_GRACE_SECONDS", &["5", "4s", "0.5"]),
    (
        "TRUSTED_PROXIES",
        &["10.0.0.0/33", "::1/129", "10.0.0.0/", "proxy", "10.0.0.1,", "10.0.0.1 10.0.0.2", "[::1]", "::1,10.0.0.0/+8"],
    ),
    ("RATE_LIMIT_SIGN_IN", &["0", "10000001", "twenty"]),
    ("RATE_LIMIT_TOKENS", &["0", "10000001", "-1"]),
    ("RATE_LIMIT_WRITES", &["0", "10000001", "120/m"]),
    ("RATE_LIMIT_READS", &["0", "10000001", "1e3"]),
    (
        "DATABASE_URL",
        &[
            "mysql://u:x9Leaky7Secret@h/d",
            "postgres://u:x9Leaky7Secret@h",
            "x9Leaky7Secret",
            "postgres://h/d?sslmode=x9Leaky7Secret",
        ],
    ),
    ("DATABASE_MAX_CONNECTIONS", &["1", "1001"]),
    ("DATABASE_START_TIMEOUT_SECONDS", &["0", "601"]),
    ("REDIS_URL", &["http://:x9Leaky7Secret@h", "redis://:x9Leaky7Secret@h/one", "redis://", "h:6379"]),
    ("LIVEKIT_URL", &["ftp://h", "h:7880", "ws://", "wss://key:x9Leaky7Secret@h", "wss://h?token=x9Leaky7Secret"]),
    ("LIVEKIT_PUBLIC_URL", &["https://h", "wss://", "wss://key:x9Leaky7Secret@h", "h"]),
    ("LIVEKIT_API_KEY", &["two words", "schlüssel", " key"]),
    ("LIVEKIT_API_SECRET", &["x9Leaky7Secret with words between", "x9Leaky7Secret\u{1b}[2J", "x9Leaky7Secret "]),
    ("LIVEKIT_START_TIMEOUT_SECONDS", &["0", "601"]),
    ("TOKEN_TTL_SECONDS", &["59", "3601", "10m"]),
    ("WEBHOOK_RETENTION_DAYS", &["0", "3651"]),
    ("S3_FORCE_PATH_STYLE", &["yes", "1", "TRUE"]),
    ("OIDC_NAME", &["a name of more than sixty characters, which no button can ever show"]),
    ("OIDC_ALLOWED_DOMAINS", &["example.org,", "ada@example.org", "*.example.org", "example.org example.com"]),
    ("OIDC_SCOPES", &["email", "openid,email"]),
    ("LOG_FORMAT", &["yaml", "JSON"]),
    ("LOG_LEVEL", &["inof", "info,meetbox", "=debug", "info,,", "my app=info"]),
    ("LOG_DIR", &["/var/\u{7}log"]),
    ("LOG_KEEP_FILES", &["0", "3651"]),
];

/// The same for those that are looked at only when there is a store.
const SPOILT_STORAGE: &[(&str, &[&str])] = &[
    ("S3_ENDPOINT", &["s3://bucket", "h:9000", "https://key:x9Leaky7Secret@h"]),
    ("S3_ACCESS_KEY", &["two words", "ключ"]),
    ("S3_SECRET_KEY", &["x9Leaky7Secret x9Leaky7Secret", "x9Leaky7Secret\t"]),
    ("S3_BUCKET", &["a bucket", "bucket/folder"]),
    ("S3_REGION", &["us ashburn", "us/ashburn"]),
];

/// And for those that are looked at only when there is a provider.
const SPOILT_PROVIDER: &[(&str, &[&str])] = &[
    ("OIDC_ISSUER", &["id.example.org", "ftp://h", "https://key:x9Leaky7Secret@h", "https://h#x9Leaky7Secret"]),
    ("OIDC_CLIENT_ID", &["two words", "schlüssel"]),
    ("OIDC_CLIENT_SECRET", &["x9Leaky7Secret x9Leaky7Secret", "x9Leaky7Secret\t"]),
];

/// A world and variables that something is done to, at least one.
fn a_world_and_some(of: fn(&World) -> Vec<&'static str>) -> impl Strategy<Value = (World, Vec<&'static str>)> {
    any_world().prop_flat_map(move |world| {
        let variables = of(&world);
        let most = variables.len();
        (Just(world), sample::subsequence(variables, 1..=most))
    })
}

fn needed(world: &World) -> Vec<&'static str> {
    let storage: &[_] = if world.has_storage() { &STORAGE } else { &[] };
    let provider: &[_] = if world.has_provider() { &PROVIDER } else { &[] };
    // On a developer's machine the address is known.
    let public: &[_] =
        if world.has_provider() && world.environment != Environment::Local { &["PUBLIC_URL"] } else { &[] };
    REQUIRED.iter().chain(storage).chain(provider).chain(public).copied().collect()
}

fn spoilable(world: &World) -> Vec<&'static str> {
    let storage = if world.has_storage() { SPOILT_STORAGE } else { &[] };
    let provider = if world.has_provider() { SPOILT_PROVIDER } else { &[] };
    SPOILT.iter().chain(storage).chain(provider).map(|(variable, _)| *variable).collect()
}

fn spoilt(variable: &str, choice: usize) -> &'static str {
    let (_, values) =
        SPOILT.iter().chain(SPOILT_STORAGE).chain(SPOILT_PROVIDER).find(|(name, _)| *name == variable).unwrap();
    values[choice % values.len()]
}

/// The one message names exactly these, each with its purpose and its example, and tells no secret.
fn tells_exactly(err: &SettingsError, variables: &[&str], secrets: &[String]) -> Result<(), TestCaseError> {
    let message = err.to_string();
    // A wrapped line is one sentence all the same.
    let unwrapped = message.split_whitespace().collect::<Vec<_>>().join(" ");
    for setting in table::settings() {
        let named = message.lines().any(|line| line.split(' ').next() == Some(setting.name));
        prop_assert_eq!(named, variables.contains(&setting.name), "{}:\n{}", setting.name, message);
        if named {
            prop_assert!(unwrapped.contains(setting.purpose), "no purpose of {}:\n{message}", setting.name);
            prop_assert!(message.contains(setting.example), "no example of {}:\n{message}", setting.name);
            prop_assert!(unwrapped.contains(&setting.valid()), "no range of {}:\n{message}", setting.name);
        }
    }
    let everything = format!("{message}{err:?}");
    for secret in secrets.iter().map(String::as_str).chain([LEAK]) {
        prop_assert!(!everything.contains(secret), "a secret in:\n{everything}");
    }
    Ok(())
}

/// What the world says of the variable, or the default.
fn said<T: FromStr>(world: &World, variable: &str, default: T) -> T {
    world.values.get(variable).map_or(default, |value| value.parse().ok().unwrap())
}

fn same(left: impl Display, right: impl Display) -> bool {
    left.to_string() == right.to_string()
}

fn http_and_logs_arrive(world: &World, settings: &Settings) -> Result<(), TestCaseError> {
    let http = &settings.http;
    prop_assert!(same(http.bind, said(world, "BIND", "127.0.0.1".to_owned())));
    prop_assert_eq!(http.port, said(world, "PORT", 3001));
    prop_assert_eq!(http.max_connections, said(world, "MAX_CONNECTIONS", 10_000));
    prop_assert_eq!(http.shutdown_grace, Duration::from_secs(said(world, "SHUTDOWN_GRACE_SECONDS", 4)));
    let proxies = said(world, "TRUSTED_PROXIES", "127.0.0.0/8,::1/128".to_owned());
    let arrived = http.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    prop_assert_eq!(arrived, proxies.replace(' ', ""));

    let limits = &settings.limits;
    prop_assert_eq!(limits.sign_in.get(), said(world, "RATE_LIMIT_SIGN_IN", 20));
    prop_assert_eq!(limits.tokens.get(), said(world, "RATE_LIMIT_TOKENS", 120));
    prop_assert_eq!(limits.writes.get(), said(world, "RATE_LIMIT_WRITES", 120));
    prop_assert_eq!(limits.reads.get(), said(world, "RATE_LIMIT_READS", 1200));

    let logs = &settings.logs;
    let local = world.environment == Environment::Local;
    let format = said(world, "LOG_FORMAT", if local { "pretty" } else { "json" }.to_owned());
    prop_assert_eq!(logs.format == LogFormat::Json, format == "json");
    prop_assert_eq!(&logs.filter, &said(world, "LOG_LEVEL", "info".to_owned()));
    prop_assert_eq!(
        logs.directory.as_ref().map(|folder| folder.to_str().unwrap()),
        world.values.get("LOG_DIR").map(String::as_str)
    );
    prop_assert_eq!(logs.keep_files, said(world, "LOG_KEEP_FILES", 14));
    Ok(())
}

fn servers_arrive(world: &World, settings: &Settings) -> Result<(), TestCaseError> {
    let database = &settings.database;
    prop_assert_eq!(database.url.expose_secret(), &world.values["DATABASE_URL"]);
    prop_assert_eq!(database.max_connections, said(world, "DATABASE_MAX_CONNECTIONS", 10));
    prop_assert_eq!(database.start_timeout, Duration::from_secs(said(world, "DATABASE_START_TIMEOUT_SECONDS", 60)));
    prop_assert_eq!(settings.redis.url.expose_secret(), &world.values["REDIS_URL"]);

    let livekit = &settings.livekit;
    let rest = world.values["LIVEKIT_URL"].split_once("://").unwrap().1;
    prop_assert_eq!(livekit.api_url.as_str(), format!("https://{}/", rest));
    let public = world.values.get("LIVEKIT_PUBLIC_URL").cloned().unwrap_or(format!("wss://{rest}"));
    prop_assert_eq!(livekit.public_url.as_str(), public + "/");
    prop_assert_eq!(&livekit.api_key, &world.values["LIVEKIT_API_KEY"]);
    prop_assert_eq!(livekit.api_secret.expose_secret(), &world.values["LIVEKIT_API_SECRET"]);
    prop_assert_eq!(livekit.start_timeout, Duration::from_secs(said(world, "LIVEKIT_START_TIMEOUT_SECONDS", 30)));
    prop_assert_eq!(livekit.token_ttl, Duration::from_secs(said(world, "TOKEN_TTL_SECONDS", 600)));
    let days: u64 = said(world, "WEBHOOK_RETENTION_DAYS", 30);
    prop_assert_eq!(livekit.webhook_retention, Duration::from_secs(days * 24 * 60 * 60));
    Ok(())
}

fn provider_arrives(world: &World, settings: &Settings) -> Result<(), TestCaseError> {
    let local = world.environment == Environment::Local;
    let usual = local.then(|| format!("http://127.0.0.1:{}", settings.http.port));
    let public_url = world.values.get("PUBLIC_URL").cloned().or(usual).map(|url| url + "/");
    prop_assert_eq!(settings.http.public_url.as_ref().map(|url| url.as_str()), public_url.as_deref());

    let Some(oidc) = &settings.oidc else {
        prop_assert!(!world.has_provider());
        return Ok(());
    };
    prop_assert_eq!(&oidc.issuer, &world.values["OIDC_ISSUER"]);
    prop_assert_eq!(&oidc.client_id, &world.values["OIDC_CLIENT_ID"]);
    prop_assert_eq!(oidc.client_secret.expose_secret(), &world.values["OIDC_CLIENT_SECRET"]);
    prop_assert_eq!(oidc.redirect_url.as_str(), public_url.unwrap_or_default() + "oidc/callback");
    prop_assert_eq!(&oidc.name, &said(world, "OIDC_NAME", "single sign-on".to_owned()));
    prop_assert_eq!(oidc.allowed_domains.join(","), said(world, "OIDC_ALLOWED_DOMAINS", String::new()));
    let role = oidc.role.as_ref();
    let claim = role.map_or("", |role| &role.claim).to_owned();
    prop_assert_eq!(claim, said(world, "OIDC_ROLE_CLAIM", String::new()));
    let values = role.map_or_else(String::new, |role| role.admin_values.join(", "));
    prop_assert_eq!(values, said(world, "OIDC_ADMIN_VALUES", String::new()));
    prop_assert_eq!(oidc.scopes.join(" "), "openid email profile");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    // Feature: infrastructure-local-dev, Property 18: whichever of the settings that are needed are left out, nothing
    // starts, and one message names each of them with its purpose and an example, and no other.
    #[test]
    fn whatever_is_missing_is_named((world, mut missing) in a_world_and_some(needed), kept in 0..STORAGE.len()) {
        // A store or a provider of which nothing at all is said is simply none.
        for section in [&STORAGE[..], &PROVIDER] {
            if section.iter().all(|variable| missing.contains(variable)) {
                missing.retain(|variable| *variable != section[kept % section.len()]);
            }
        }
        let world = world.without(&missing);
        let err = Settings::load(&world.source()).unwrap_err();

        tells_exactly(&err, &missing, &world.secrets)?;
        prop_assert!(err.problems.iter().all(|problem| problem.problem.starts_with("is not set")));
    }

    // Feature: infrastructure-local-dev, Property 20: settings that are right are taken, in every environment, from
    // wherever they may stand, and each arrives as it was set; printing them shows no secret.
    #[test]
    fn whatever_is_right_arrives_as_it_was_set(world in any_world()) {
        let loaded = Settings::load(&world.source()).unwrap();

        http_and_logs_arrive(&world, &loaded.settings)?;
        servers_arrive(&world, &loaded.settings)?;
        provider_arrives(&world, &loaded.settings)?;
        prop_assert_eq!(loaded.settings.storage.s3().is_some(), world.has_storage());
        let takes_a_folder = world.environment == Environment::Local && !world.has_storage();
        prop_assert_eq!(loaded.settings.storage.folder().is_some(), takes_a_folder);
        prop_assert_eq!(&loaded.warnings, &[]);
        let printed = format!("{loaded:?}");
        prop_assert!(world.secrets.iter().all(|secret| !printed.contains(secret.as_str())), "{printed}");
    }

    // Feature: infrastructure-local-dev, Property 20: whichever settings are spoilt, nothing starts, and one message
    // names each of them with its purpose, an example and the valid range, no other, and no secret.
    #[test]
    fn whatever_is_spoilt_is_named(
        (world, variables) in a_world_and_some(spoilable),
        choices in prop::collection::vec(0_usize..100, SPOILT.len() + SPOILT_STORAGE.len() + SPOILT_PROVIDER.len()),
    ) {
        let secrets = world.secrets.clone();
        let world = variables.iter().zip(&choices).fold(world, |world, (variable, choice)| {
            world.with(variable, spoilt(variable, *choice))
        });
        // All in the environment: `.env` itself would already drop the white space around a value.
        let source = Source::of(world.values.clone()).with("APP_ENV", world.environment.name());
        let err = Settings::load(&source).unwrap_err();

        tells_exactly(&err, &variables, &secrets)?;
    }

    // Feature: infrastructure-local-dev, Property 20: what does for a developer's machine is looked at afresh when the
    // environment is switched: every secret that is too weak for the new one is named before anything starts.
    #[test]
    fn a_switch_of_the_environment_looks_at_every_secret_again(world in any_world(), environment in any_environment()) {
        let mut weak = vec!["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"];
        let mut world = world.moved_to(environment);
        world = world.with("LIVEKIT_API_KEY", "devkey").with("LIVEKIT_API_SECRET", "secret");
        if world.has_storage() {
            weak.extend(["S3_ACCESS_KEY", "S3_SECRET_KEY"]);
            world = world.with("S3_ACCESS_KEY", "test").with("S3_SECRET_KEY", "test");
        }
        if world.has_provider() {
            weak.push("OIDC_CLIENT_SECRET");
            world = world.with("OIDC_CLIENT_SECRET", "test");
        }

        match (environment, Settings::load(&world.source())) {
            (Environment::Local, outcome) => prop_assert!(outcome.is_ok()),
            (Environment::Staging | Environment::Production, outcome) => {
                tells_exactly(&outcome.unwrap_err(), &weak, &[])?;
            }
        }
    }

    // Feature: infrastructure-local-dev, Property 19: the same settings start in local, staging and production, each
    // with what belongs to it; and whatever else is said in whatever variable, only APP_ENV=local opens the house.
    #[test]
    fn each_environment_starts_as_itself(
        world in any_world(),
        environment in any_environment(),
        node_env in "local|development|test|production|staging|\\PC{0,12}",
    ) {
        let world = world.moved_to(environment);
        let source = world.source().with("NODE_ENV", node_env.as_str());
        prop_assert_eq!(Settings::load(&source).unwrap().settings.environment, environment);

        let (unsaid, _, _) = Environment::of(&Source::of([("NODE_ENV", node_env.as_str())]));
        let meant = if node_env == "staging" { Environment::Staging } else { Environment::Production };
        prop_assert_eq!(unsaid, meant);
    }

    // Feature: infrastructure-local-dev, Property 9: whichever store is named, its address, keys, bucket and region
    // reach the code as they were set, character for character.
    #[test]
    fn the_store_is_the_one_that_was_set(world in any_world(), (given, _) in storage()) {
        let world = world.without(&["S3_FORCE_PATH_STYLE"]);
        let world = given.into_iter().fold(world, |world, (variable, value)| world.with(variable, value));
        let settings = Settings::load(&world.source()).unwrap().settings;
        let store = settings.storage.s3().unwrap();

        prop_assert!(same(&store.endpoint, said(&world, "S3_ENDPOINT", url::Url::parse("http://unset").unwrap())));
        prop_assert_eq!(&store.access_key, &world.values["S3_ACCESS_KEY"]);
        prop_assert_eq!(store.secret_key.expose_secret(), &world.values["S3_SECRET_KEY"]);
        prop_assert_eq!(&store.bucket, &world.values["S3_BUCKET"]);
        prop_assert_eq!(&store.region, &world.values["S3_REGION"]);
        prop_assert_eq!(store.force_path_style, said(&world, "S3_FORCE_PATH_STYLE", false));
    }
}
