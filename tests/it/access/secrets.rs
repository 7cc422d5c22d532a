//! Everything secret that a test made, and the proof that none of it was printed.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// A shorter text stands in a log by chance.
const SHORTEST: usize = 8;

/// What no log may show.
#[derive(Default)]
pub struct Secrets {
    told_once: Mutex<Vec<String>>,
    /// What may be kept and told, and is none of the log's business.
    personal: Mutex<Vec<String>>,
}

impl Secrets {
    /// Notes a secret.
    pub fn note(&self, secret: &str) {
        assert!(secret.len() >= SHORTEST, "`{secret}` is too short to be looked for");
        self.told_once.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
    }

    /// Notes what is no secret and stays out of the log all the same.
    pub fn note_personal(&self, text: &str) {
        self.personal.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }

    /// Notes what an answer tells once: tokens, keys, tickets.
    pub fn note_told(&self, answer: &Value) {
        match answer {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| match (name.as_str(), value) {
                ("token" | "secret" | "ticket", Value::String(secret)) => self.note(secret),
                (_, value) => self.note_told(value),
            }),
            Value::Array(items) => items.iter().for_each(|item| self.note_told(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Fails when a line of the log has one of them.
    pub fn check_log(&self, printed: &str) {
        self.check(printed);
        find(&self.personal, printed);
    }

    /// Fails when a line has something that is told once.
    pub fn check(&self, lines: &str) {
        find(&self.told_once, lines);
    }
}

fn find(secrets: &Mutex<Vec<String>>, lines: &str) {
    let secrets = secrets.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(secret) = secrets.iter().find(|secret| lines.contains(secret.as_str())) {
        let line = lines.lines().find(|line| line.contains(secret.as_str())).unwrap_or_default();
        panic!("`{secret}` is told in: {line}");
    }
}

#[test]
fn a_planted_secret_is_found_in_the_log() {
    let secrets = Secrets::default();
    secrets
        .note_told(&serde_json::json!({ "account": { "name": "Ada" }, "items": [{ "token": "meetbox_session_x" }] }));
    secrets.check("{\"message\":\"nothing\"}\n");
    let planted = std::panic::catch_unwind(|| secrets.check("a line\nwith meetbox_session_x in it\n"));
    assert!(planted.is_err());
}
