//! The table of settings: everything that can be set from outside, in the order in which it is told.

use super::{
    Environment, accounts, backup, cache, database, environment, http, kind::Kind, limits, livekit, logs, meetings,
    oidc, recordings, storage,
};

/// One thing that can be set, and all that is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    /// What it is for: a noun phrase.
    pub purpose: &'static str,
    pub example: &'static str,
    pub default: Default,
    pub required: Required,
    pub kind: Kind,
    /// What more there is to say about valid values; empty when the kind says it all.
    pub note: &'static str,
    /// A secret is never printed, and may stand in a file that `NAME_FILE` names.
    pub secret: bool,
}

/// What counts when nothing is said.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// Nothing: it is required, or simply off.
    Nothing,
    Value(&'static str),
    /// A developer's machine has another default than a server.
    ByEnvironment {
        local: &'static str,
        elsewhere: &'static str,
    },
    /// Made from other settings, in these words.
    From(&'static str),
}

/// When a setting must be there.
#[derive(Clone, Copy, Debug)]
pub enum Required {
    In(&'static [Environment]),
    /// When another setting of its section is there.
    WithItsSection,
    Never,
}

/// Settings that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    pub title: &'static str,
    pub purpose: &'static str,
    pub settings: &'static [&'static Setting],
}

/// Every section, as the documentation and the error texts tell them.
pub const SECTIONS: &[Section] = &[
    environment::SECTION,
    http::SECTION,
    limits::SECTION,
    database::SECTION,
    cache::SECTION,
    livekit::SECTION,
    accounts::SECTION,
    meetings::SECTION,
    storage::SECTION,
    recordings::SECTION,
    oidc::SECTION,
    backup::SECTION,
    logs::SECTION,
];

/// Needed wherever Meetbox runs.
pub const EVERYWHERE: Required = Required::In(&[Environment::Local, Environment::Staging, Environment::Production]);

/// Every setting.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings).copied()
}

impl Setting {
    /// What is valid, in words that continue "valid: …".
    pub fn valid(&self) -> String {
        let valid = self.kind.valid();
        if self.note.is_empty() { valid } else { format!("{valid}; {}", self.note) }
    }

    /// The variable that may name a file with the value in it; only secrets have one.
    pub fn file_variable(&self) -> Option<String> {
        self.secret.then(|| format!("{}_FILE", self.name))
    }

    pub(super) fn is_required_in(&self, environment: Environment) -> bool {
        match self.required {
            Required::In(environments) => environments.contains(&environment),
            // The section itself asks for these, once it knows that it is used at all.
            Required::WithItsSection | Required::Never => false,
        }
    }

    pub(super) fn default_in(&self, environment: Environment) -> Option<&'static str> {
        match (self.default, environment) {
            (Default::Value(value), _) => Some(value),
            (Default::ByEnvironment { local, .. }, Environment::Local) => Some(local),
            (Default::ByEnvironment { elsewhere, .. }, Environment::Staging | Environment::Production) => {
                Some(elsewhere)
            }
            (Default::Nothing | Default::From(_), _) => None,
        }
    }
}
