//! Secrets that everybody knows, and so keep nobody out.

use percent_encoding::percent_decode_str;
use url::Url;

use super::{kind::Kind, table::Setting};

/// The least that a password within an address may have.
const SHORTEST_PASSWORD: usize = 8;

/// Fewer different characters than this are typed, not drawn: of 16 drawn hexadecimal digits that few are
/// different less than once in ten thousand times.
const FEWEST_DIFFERENT: usize = 6;

/// Whole secrets that guides and samples use.
const WELL_KNOWN: &[&str] = &[
    "secret",
    "devkey",
    "devsecret",
    "apikey",
    "apisecret",
    "password",
    "passwort",
    "postgres",
    "meetbox",
    "livekit",
    "redis",
    "minioadmin",
    "test",
    "testing",
    "default",
    "admin",
    "letmein",
    "12345678",
    "123456789",
    "1234567890",
];

/// Words that stand in a secret only until somebody replaces it.
const STAND_INS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "placeholder",
    "example",
    "your-",
    "your_",
];

/// What makes a key, or half of one, worthless outside a developer's machine.
pub(super) fn weakness(setting: &Setting, text: &str) -> Option<String> {
    if is_placeholder(text) || text == setting.example {
        return Some("is a placeholder, which everybody knows".into());
    }
    let Kind::Key { shortest } = setting.kind else { return None };
    let length = text.chars().count();
    if length < shortest {
        return Some(format!("is too short: it has {length} characters, and outside local {shortest} are needed"));
    }
    (shortest > 1 && different_characters(text) < FEWEST_DIFFERENT)
        .then(|| "repeats the same few characters, which can be guessed".into())
}

/// What makes the password in an address worthless; an address without one is the business of the server behind it.
pub(super) fn weakness_of_url(setting: &Setting, text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    // Postgres takes a password among the parameters as well.
    let parameter = url.query_pairs().find(|(name, _)| name == "password").map(|(_, password)| password);
    let password = url.password().map(|password| percent_decode_str(password).decode_utf8_lossy());
    let password = parameter.or(password)?;

    if is_placeholder(&password) || text == setting.example {
        return Some("has a placeholder for a password, which everybody knows".into());
    }
    let length = password.chars().count();
    (length < SHORTEST_PASSWORD).then(|| {
        format!(
            "has a password that is too short: {length} characters, and outside local {SHORTEST_PASSWORD} are needed"
        )
    })
}

fn is_placeholder(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let bracketed = text.starts_with('<') && text.ends_with('>');

    bracketed || WELL_KNOWN.contains(&text.as_str()) || STAND_INS.iter().any(|stand_in| text.contains(stand_in))
}

fn different_characters(text: &str) -> usize {
    let mut characters: Vec<_> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len()
}
