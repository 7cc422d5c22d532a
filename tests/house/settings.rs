//! The pages that are made from the table of settings are the ones that are committed.

use std::{env, fs, io, path::Path};

use meetbox::config::{Settings, SettingsError, Source, reference};

const STALE: &str = "it is stale: run `BLESS=1 cargo test --test house settings` and commit what it makes";

/// The committed file, which `BLESS=1` makes anew beforehand.
#[expect(clippy::disallowed_methods, reason = "BLESS is said to the test, it is no setting")]
fn committed(file: &str, made: &str) -> io::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, made)?;
    }
    fs::read_to_string(&path)
}

#[test]
fn env_example_is_made_from_the_table() {
    let made = reference::env_example();
    assert!(committed(".env.example", &made).unwrap() == made, "{STALE}");
}

#[test]
fn the_page_of_settings_is_made_from_the_table() {
    let made = reference::reference();
    assert!(committed("docs/settings.md", &made).unwrap() == made, "{STALE}");
}

/// Every line of `.env.example` that sets something, those that are commented out as well; of the two ways to keep
/// recordings, which exclude each other, the object store.
fn all_switched_on() -> String {
    switched_on_but(|name| matches!(name, "STORAGE_DIR" | "EGRESS_STORAGE_DIR"))
}

fn switched_on_but(off: impl Fn(&str) -> bool) -> String {
    let text = reference::env_example();
    let sets = |line: &&str| {
        line.trim_start_matches("# ").split_once('=').is_some_and(|(name, _)| is_name(name) && !off(name))
    };
    text.lines().filter(sets).map(|line| line.trim_start_matches("# ").to_owned() + "\n").collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
}

#[test]
fn env_example_works_as_it_is_and_with_everything_switched_on() {
    let local = Source::of([("APP_ENV", "local")]);
    let with_a_folder = switched_on_but(|name| name.starts_with("S3_"));
    for dotenv in [reference::env_example(), all_switched_on(), with_a_folder] {
        let loaded = Settings::load(&local.clone().with_file(".env", &dotenv)).unwrap_or_else(|err| panic!("{err}"));
        assert_eq!(loaded.warnings, [], "{dotenv}");
    }
}

#[test]
fn nobody_opens_a_server_with_the_secrets_of_env_example() {
    let examples = all_switched_on();
    let variables = examples.lines().filter_map(|line| line.split_once('='));
    let source = Source::of(variables).with("APP_ENV", "production");

    let SettingsError { problems, .. } = Settings::load(&source).unwrap_err();
    let refused: Vec<_> = problems.iter().map(|problem| problem.variable.as_str()).collect();
    let secrets = [
        "DATABASE_URL",
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
        "OIDC_CLIENT_SECRET",
        "BACKUP_RECIPIENTS",
        "BACKUP_PASSPHRASE",
    ];
    assert_eq!(refused, secrets);
}
