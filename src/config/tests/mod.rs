//! What the settings promise, told by examples; `properties.rs` tells it for whatever one may set.

mod properties;
mod worlds;

use std::{net::Ipv4Addr, path::Path, time::Duration};

use secrecy::ExposeSecret;

use super::{Environment, LogFormat, Settings, SettingsError, Source, StorageSettings, table};

const SECRET: &str = "qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A";

/// The least that a server needs.
fn production() -> Source {
    Source::of([
        ("DATABASE_URL", "postgresql://meetbox:Vt5kQ9wZ@db.internal:5432/meetbox"),
        ("REDIS_URL", "redis://cache.internal:6379"),
        ("LIVEKIT_URL", "wss://livekit.example.org"),
        ("LIVEKIT_API_KEY", "APIm7Kq2xVn"),
        ("LIVEKIT_API_SECRET", SECRET),
    ])
}

/// The least that a developer needs.
fn local() -> Source {
    Source::of([
        ("APP_ENV", "local"),
        ("DATABASE_URL", "postgresql:///meetbox?host=/run/postgresql"),
        ("REDIS_URL", "redis://localhost:6379"),
        ("LIVEKIT_URL", "ws://localhost:7880"),
        ("LIVEKIT_API_KEY", "devkey"),
        ("LIVEKIT_API_SECRET", "secret"),
    ])
}

fn load(source: &Source) -> Settings {
    Settings::load(source).unwrap().settings
}

fn refused(source: &Source) -> SettingsError {
    Settings::load(source).unwrap_err()
}

/// The variables that the error is about.
fn variables(err: &SettingsError) -> Vec<&str> {
    err.problems.iter().map(|problem| problem.variable.as_str()).collect()
}

/// The variables that are warned about.
fn warned(source: &Source) -> Vec<String> {
    Settings::load(source).unwrap().warnings.into_iter().map(|warning| warning.variable).collect()
}

#[test]
fn what_is_not_said_has_the_defaults_of_a_server() {
    let settings = load(&production());

    assert_eq!(settings.environment, Environment::Production);
    assert_eq!(settings.http.bind, Ipv4Addr::LOCALHOST);
    assert_eq!(settings.http.port, 3001);
    assert_eq!(settings.http.shutdown_grace, Duration::from_secs(4));
    assert_eq!(settings.limits.sign_in.get(), 20);
    assert_eq!(settings.limits.tokens.get(), 120);
    assert_eq!(settings.limits.writes.get(), 120);
    assert_eq!(settings.limits.reads.get(), 1200);
    assert_eq!(settings.database.start_timeout, Duration::from_secs(60));
    assert_eq!(settings.livekit.api_url.as_str(), "https://livekit.example.org/");
    assert_eq!(settings.livekit.public_url.as_str(), "wss://livekit.example.org/");
    assert_eq!(settings.livekit.token_ttl, Duration::from_secs(600));
    assert_eq!(settings.livekit.webhook_retention, Duration::from_secs(30 * 24 * 60 * 60));
    assert!(matches!(settings.storage, StorageSettings::None));
    assert!(settings.oidc.is_none());
    assert_eq!(settings.http.public_url, None);
    assert_eq!(settings.logs.format, LogFormat::Json);
    assert_eq!(settings.logs.filter, "info");
    assert_eq!(settings.logs.directory, None);
}

#[test]
fn a_developer_may_use_placeholders_and_reads_a_pretty_log() {
    let settings = load(&local());

    assert_eq!(settings.environment, Environment::Local);
    assert_eq!(settings.logs.format, LogFormat::Pretty);
    assert_eq!(settings.livekit.api_secret.expose_secret(), "secret");
    assert_eq!(settings.http.public_url.unwrap().as_str(), "http://127.0.0.1:3001/");
}

#[test]
fn one_message_tells_every_problem_with_purpose_example_and_range() {
    let err = refused(&production().with("DATABASE_URL", "").with("PORT", "70000"));

    let told = "2 settings are not right for production\n\
        \n\
        PORT is too large: `70000`\n    \
            for      the port that the API and the web app listen on\n    \
            example  3001\n    \
            valid    a whole number from 1 to 65535\n\
        \n\
        DATABASE_URL is empty\n    \
            for      the Postgres database that holds every fact\n    \
            example  postgresql://meetbox:changeme@localhost:5432/meetbox\n    \
            valid    an address that begins with postgresql:// or postgres:// and names a database;\n             \
                     special characters in a password are percent-encoded (@ is %40); outside local the\n             \
                     password is at least 8 characters and no placeholder; or the path of a file with it\n             \
                     in DATABASE_URL_FILE\n";
    assert_eq!(err.to_string(), told);
}

#[test]
fn placeholders_and_short_secrets_are_refused_on_a_server() {
    let cases = [
        ("LIVEKIT_API_SECRET", "secret"),
        ("LIVEKIT_API_SECRET", "qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6"),
        ("LIVEKIT_API_SECRET", "abcabcabcabcabcabcabcabcabcabcabcabc"),
        ("LIVEKIT_API_SECRET", "ChangeMe-qJ3tXw8ZpL5vNc2RbY7mKd4HsF9g"),
        ("LIVEKIT_API_SECRET", "for-one-developers-machine-only-0123"),
        ("LIVEKIT_API_KEY", "devkey"),
        ("DATABASE_URL", "postgresql://meetbox:postgres@db/meetbox"),
        ("DATABASE_URL", "postgresql://meetbox:changeme%5flocal@db/meetbox"),
        ("DATABASE_URL", "postgresql://meetbox:Vt5kQ9w@db/meetbox"),
        ("DATABASE_URL", "postgresql:///meetbox?host=/run/postgresql&password=secret"),
        ("REDIS_URL", "redis://:password@cache"),
    ];
    for (variable, value) in cases {
        for environment in ["staging", "production"] {
            let err = refused(&production().with("APP_ENV", environment).with(variable, value));
            assert_eq!(variables(&err), [variable], "{value}");
            assert!(!err.problems[0].problem.contains(value));
        }
        load(&local().with(variable, value));
    }
}

#[test]
fn every_example_has_the_form_that_its_setting_asks_for() {
    for setting in table::settings() {
        assert!(setting.kind.parse(setting.example).is_ok(), "{}", setting.name);
        for environment in [Environment::Local, Environment::Staging, Environment::Production] {
            let default = setting.default_in(environment);
            assert!(default.is_none_or(|default| setting.kind.parse(default).is_ok()), "{}", setting.name);
        }
    }
}

#[test]
fn trusted_proxies_are_addresses_and_networks_in_any_way_of_writing_them() {
    let trusted = |value: &str| load(&production().with("TRUSTED_PROXIES", value)).http.trusted_proxies;
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<ipnet::IpNet>>();

    assert_eq!(load(&production()).http.trusted_proxies, networks(&["127.0.0.0/8", "::1/128"]));
    assert_eq!(trusted("10.1.2.3, fd00::/8"), networks(&["10.1.2.3/32", "fd00::/8"]));
    assert_eq!(trusted("10.1.2.3/8"), networks(&["10.0.0.0/8"]), "the bits behind the prefix do not count");
    assert_eq!(trusted("::ffff:10.0.0.0/104,::ffff:192.0.2.1"), networks(&["10.0.0.0/8", "192.0.2.1/32"]));
}

#[test]
fn a_problem_in_a_list_says_which_value_it_is_in() {
    for (list, problem) in [
        ("proxy", "is not an IP address: `proxy`"),
        ("10.0.0.1,,::1", "has a list whose value no. 2 is empty: `10.0.0.1,,::1`"),
        (
            "::1, 10.0.0.0/33",
            "has a list whose value no. 2 has something other than a number from 0 to 32 behind the `/`: `::1, 10.0.0.0/33`",
        ),
    ] {
        let err = refused(&production().with("TRUSTED_PROXIES", list));
        assert_eq!(variables(&err), ["TRUSTED_PROXIES"]);
        assert_eq!(err.problems[0].problem, problem);
    }
}

#[test]
fn browsers_are_sent_to_livekit_over_an_encrypted_line() {
    let plain = production().with("LIVEKIT_URL", "http://livekit:7880");
    assert_eq!(variables(&refused(&plain)), ["LIVEKIT_PUBLIC_URL"]);
    assert_eq!(
        variables(&refused(&plain.clone().with("LIVEKIT_PUBLIC_URL", "ws://example.org"))),
        ["LIVEKIT_PUBLIC_URL"]
    );

    let settings = load(&plain.with("LIVEKIT_PUBLIC_URL", "wss://example.org"));
    assert_eq!(settings.livekit.api_url.as_str(), "http://livekit:7880/");
    assert_eq!(settings.livekit.public_url.as_str(), "wss://example.org/");

    for loopback in ["ws://localhost:7880", "ws://127.0.0.1:7880", "ws://[::1]:7880"] {
        assert_eq!(load(&production().with("LIVEKIT_URL", loopback)).livekit.public_url.scheme(), "ws");
    }
    load(&local().with("LIVEKIT_URL", "ws://192.168.1.20:7880"));
}

#[test]
fn a_secret_may_stand_in_a_file_without_the_line_end_that_editors_add() {
    for text in [SECRET.to_owned(), format!("{SECRET}\n"), format!("{SECRET}\r\n")] {
        let source = production()
            .with("LIVEKIT_API_SECRET", "")
            .with("LIVEKIT_API_SECRET_FILE", "/run/secrets/livekit")
            .with_file("/run/secrets/livekit", text);
        assert_eq!(load(&source).livekit.api_secret.expose_secret(), SECRET);
    }
}

#[test]
fn a_file_that_is_absent_empty_or_one_too_many_is_named_and_not_quoted() {
    let missing = production().with("LIVEKIT_API_SECRET", "").with("LIVEKIT_API_SECRET_FILE", "/run/secrets/livekit");
    let problem = &refused(&missing).problems[0];
    assert_eq!(problem.variable, "LIVEKIT_API_SECRET");
    assert!(
        problem.problem.starts_with("comes from LIVEKIT_API_SECRET_FILE, but `/run/secrets/livekit` cannot be read")
    );

    let empty = missing.clone().with_file("/run/secrets/livekit", "\n");
    assert!(refused(&empty).problems[0].problem.ends_with("`/run/secrets/livekit` is empty"));

    let both = missing.with("LIVEKIT_API_SECRET", SECRET).with_file("/run/secrets/livekit", SECRET);
    let err = refused(&both);
    assert_eq!(err.problems[0].problem, "is set, and LIVEKIT_API_SECRET_FILE as well: only one of them may be");
    assert!(!err.to_string().contains(SECRET));
}

#[test]
fn dotenv_is_read_on_a_developers_machine_only_and_the_real_environment_wins() {
    let dotenv = "PORT=4000\nBIND=127.0.0.2\nLIVEKIT_API_SECRET=from-the-file\n";

    let settings = load(&local().with("PORT", "5000").with_file(".env", dotenv));
    assert_eq!(settings.http.port, 5000);
    assert_eq!(settings.http.bind, Ipv4Addr::new(127, 0, 0, 2));
    assert_eq!(settings.livekit.api_secret.expose_secret(), "secret");

    let settings = load(&production().with_file(".env", format!("APP_ENV=local\n{dotenv}")));
    assert_eq!(settings.environment, Environment::Production);
    assert_eq!(settings.http.port, 3001);
}

#[test]
fn an_installation_keeps_its_settings_in_a_file_that_never_makes_it_a_developers_machine() {
    let installed = "/etc/meetbox/meetbox.env";
    let file = "APP_ENV=local\nPORT=4000\nMAX_CONNECTIONS=77\n";

    let settings = load(&production().with("PORT", "5000").with_file(installed, file));
    assert_eq!((settings.environment, settings.http.port), (Environment::Production, 5000));
    assert_eq!(settings.http.max_connections, 77);
    assert_eq!(load(&local().with_file(installed, file)).http.port, 3001);

    // A service gets it from systemd, and does not look for the other, which it may not read.
    let source = production().with("CREDENTIALS_DIRECTORY", "/run/credentials/meetbox.service");
    let source = source.with_file("/run/credentials/meetbox.service/meetbox.env", "PORT=6000\n");
    assert_eq!(load(&source.with_file(installed, "PORT=\"broken\n")).http.port, 6000);

    let err = refused(&production().with_file(installed, "PORT=4000\nhunter2-is-my-password\n"));
    assert_eq!(variables(&err), ["/etc/meetbox/meetbox.env, line 2"]);
    assert!(!err.to_string().contains("hunter2"), "{err}");
}

#[test]
fn a_broken_line_of_dotenv_is_told_by_its_number_without_what_stands_in_it() {
    let err = refused(&local().with_file(".env", "PORT=4000\n\nhunter2-is-my-password\n"));

    assert_eq!(variables(&err), [".env, line 3"]);
    assert!(!err.to_string().contains("hunter2"));
}

#[test]
fn a_slip_of_the_pen_is_noticed_and_other_programs_are_left_alone() {
    let source = production()
        .with("LIVEKIT_API_SECERT", "x")
        .with("RECORDING_RETENTON_DAYS", "30")
        .with("REDIS_URI", "x")
        .with("S3_ACCESS_KEY_ID", "x")
        .with("LOG_DIR_FILE", "x")
        .with("LIVEKIT_NODE_IP", "x")
        .with("LIVEKIT_CONFIG", "x")
        .with("PATH", "x");

    let warnings = Settings::load(&source).unwrap().warnings;
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "LIVEKIT_API_SECERT is not a setting; is LIVEKIT_API_SECRET meant?",
        "LOG_DIR_FILE is not a setting: only secrets can stand in a file; set LOG_DIR itself",
        "RECORDING_RETENTON_DAYS is not a setting; is RECORDING_RETENTION_DAYS meant?",
        "REDIS_URI is not a setting; is REDIS_URL meant?",
        "S3_ACCESS_KEY_ID is not a setting; is S3_ACCESS_KEY meant?",
    ];
    assert_eq!(told, expected);
}

#[test]
fn node_env_never_opens_the_house() {
    for (said, meant) in [("production", "production"), ("staging", "staging"), ("development", "production")] {
        assert_eq!(load(&production().with("NODE_ENV", said)).environment.name(), meant);
    }
    assert_eq!(warned(&production().with("NODE_ENV", "local")), ["NODE_ENV"]);
    assert_eq!(load(&local().with("NODE_ENV", "production")).environment, Environment::Local);
}

#[test]
fn an_environment_that_there_is_not_is_a_problem_and_as_strict_as_production() {
    let err = refused(&local().with("APP_ENV", "Local"));

    assert_eq!(err.environment, Environment::Production);
    assert_eq!(variables(&err), ["APP_ENV", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"]);
}

#[test]
fn bytes_that_are_not_text_and_space_around_a_value_are_refused() {
    let err = refused(
        &production().with("LIVEKIT_API_KEY", "APIm7\u{fffd}q2xVn").with("PORT", "3001 ").with("BIND", "\u{7}"),
    );

    assert_eq!(variables(&err), ["BIND", "PORT", "LIVEKIT_API_KEY"]);
    assert!(err.problems[0].problem.ends_with(r"`\u{7}`"));
}

/// A server with a store.
fn with_store() -> Source {
    production()
        .with("S3_ENDPOINT", "https://mytenancy.compat.objectstorage.us-ashburn-1.oraclecloud.com")
        .with("S3_ACCESS_KEY", "0f3b9c")
        .with("S3_SECRET_KEY", "p8Zt4Lq0Vx2Ks6Wm")
        .with("S3_BUCKET", "livekit-recordings")
        .with("S3_REGION", "us-ashburn-1")
}

#[test]
fn oracles_storage_is_addressed_by_path_whatever_is_said() {
    let store = with_store();
    let path_style = |source: &Source| load(source).storage.s3().unwrap().force_path_style;

    assert!(path_style(&store) && warned(&store).is_empty());
    let overridden = store.clone().with("S3_FORCE_PATH_STYLE", "false");
    assert!(path_style(&overridden));
    assert_eq!(warned(&overridden), ["S3_FORCE_PATH_STYLE"]);

    let elsewhere = overridden.with("S3_ENDPOINT", "https://oraclecloud.com.example.org");
    assert!(!path_style(&elsewhere) && warned(&elsewhere).is_empty());
}

#[test]
fn oracles_newer_hosts_are_addressed_as_each_of_them_knows_it() {
    let at = |host: &str| with_store().with("S3_ENDPOINT", format!("https://{host}.us-ashburn-1.oci.customer-oci.com"));
    let path_style = |source: &Source| load(source).storage.s3().unwrap().force_path_style;
    let (by_path, hosted) = (at("ns.compat.objectstorage"), at("vhcompat.objectstorage"));

    assert!(path_style(&by_path) && !path_style(&hosted));
    assert_eq!(warned(&hosted.with("S3_FORCE_PATH_STYLE", "true")), ["S3_FORCE_PATH_STYLE"]);
    assert_eq!(warned(&by_path.with("S3_REGION", "eu-frankfurt-1")), ["S3_REGION"]);
}

#[test]
fn an_address_of_oracles_that_speaks_no_s3_is_refused_with_the_one_that_does() {
    let err =
        refused(&with_store().with("S3_ENDPOINT", "https://objectstorage.us-ashburn-1.oraclecloud.com/n/ax4/b/r"));

    assert_eq!(variables(&err), ["S3_ENDPOINT"]);
    assert!(err.problems[0].problem.contains("https://ax4.compat.objectstorage.us-ashburn-1.oraclecloud.com"));
}

#[test]
fn recordings_are_kept_in_a_folder_or_in_a_store() {
    let folder = |source: &Source| load(source).storage.folder().cloned().unwrap();
    let here = folder(&local());
    assert_eq!((here.dir.as_path(), &here.recorder_dir), (Path::new(".meetbox/recordings"), &here.dir));

    let server = production().with("STORAGE_DIR", "/srv/rec");
    assert_eq!(folder(&server).recorder_dir, Path::new("/srv/rec"));
    assert_eq!(folder(&server.clone().with("EGRESS_STORAGE_DIR", "/out")).recorder_dir, Path::new("/out"));

    assert_eq!(variables(&refused(&with_store().with("STORAGE_DIR", "/srv/rec"))), ["STORAGE_DIR"]);
    assert_eq!(variables(&refused(&production().with("EGRESS_STORAGE_DIR", "/out"))), ["EGRESS_STORAGE_DIR"]);
    assert_eq!(variables(&refused(&production().with("STORAGE_DIR", "/"))), ["STORAGE_DIR"]);
    assert_eq!(warned(&with_store().with("EGRESS_STORAGE_DIR", "/out")), ["EGRESS_STORAGE_DIR"]);
    assert_eq!(warned(&server.with("STORAGE_DRI", "/x")), ["STORAGE_DRI"]);
}

#[test]
fn the_path_style_alone_makes_no_storage() {
    let settings = load(&production().with("S3_FORCE_PATH_STYLE", "true").with("S3_BUCKET", ""));
    assert!(matches!(settings.storage, StorageSettings::None));
}

/// A server that people sign in to through a provider.
fn with_provider() -> Source {
    production()
        .with("PUBLIC_URL", "https://meet.example.org")
        .with("OIDC_ISSUER", "https://id.example.org/realms/main/")
        .with("OIDC_CLIENT_ID", "meetbox")
        .with("OIDC_CLIENT_SECRET", "p8Zt4Lq0Vx2Ks6Wm")
}

#[test]
fn a_provider_is_taken_to_the_letter_and_sends_people_back_to_the_public_address() {
    let settings = load(&with_provider());
    let oidc = settings.oidc.unwrap();

    assert_eq!(oidc.issuer, "https://id.example.org/realms/main/");
    assert_eq!(oidc.redirect_url.as_str(), "https://meet.example.org/oidc/callback");
    assert_eq!((oidc.name.as_str(), oidc.role), ("single sign-on", None));
    assert_eq!(oidc.allowed_domains, Vec::<String>::new());
    assert_eq!(oidc.scopes, ["openid", "email", "profile"]);

    let bare = load(&with_provider().with("OIDC_ISSUER", "https://accounts.example.org"));
    assert_eq!(bare.oidc.unwrap().issuer, "https://accounts.example.org", "without the slash that addresses get");
}

#[test]
fn what_a_provider_must_not_be_is_refused() {
    let cases = [
        ("PUBLIC_URL", ""),
        ("OIDC_CLIENT_ID", ""),
        ("OIDC_ISSUER", "http://id.example.org"),
        ("OIDC_ISSUER", "HTTP://id.example.org"),
        ("OIDC_ISSUER", "http://127.0.0.1:8080"),
        ("OIDC_CLIENT_SECRET", "<your-client-secret>"),
        ("OIDC_ALLOWED_DOMAINS", "ada@example.org"),
        ("OIDC_ALLOWED_DOMAINS", "*.example.org"),
        ("OIDC_SCOPES", "email profile"),
    ];
    for (variable, value) in cases {
        assert_eq!(variables(&refused(&with_provider().with(variable, value))), [variable], "{value}");
    }
    load(
        &local()
            .with("OIDC_ISSUER", "http://127.0.0.1:8080")
            .with("OIDC_CLIENT_ID", "a")
            .with("OIDC_CLIENT_SECRET", "b"),
    );
}

#[test]
fn half_a_rule_for_roles_is_none() {
    let claim = production().with("OIDC_ROLE_CLAIM", "groups");
    assert_eq!(variables(&refused(&claim)), ["OIDC_ADMIN_VALUES"]);
    let values = production().with("OIDC_ADMIN_VALUES", "admins");
    assert_eq!(variables(&refused(&values)), ["OIDC_ROLE_CLAIM"]);

    let both = with_provider().with("OIDC_ROLE_CLAIM", "groups").with("OIDC_ADMIN_VALUES", "Domain Admins, root");
    let role = load(&both).oidc.unwrap().role.unwrap();
    assert_eq!((role.claim.as_str(), role.admin_values), ("groups", vec!["Domain Admins".into(), "root".into()]));
}

#[test]
fn the_public_address_is_encrypted_and_has_no_path() {
    for refusal in
        ["http://meet.example.org", "https://example.org/meet", "https://meet.example.org/?a=b", "meet.example.org"]
    {
        assert_eq!(variables(&refused(&production().with("PUBLIC_URL", refusal))), ["PUBLIC_URL"], "{refusal}");
    }
    for fine in ["https://meet.example.org", "https://meet.example.org:8443/", "http://localhost:3001"] {
        load(&production().with("PUBLIC_URL", fine));
    }
    load(&local().with("PUBLIC_URL", "http://192.168.1.20:3001"));
}
