//! Settings of Postgres.

use std::time::Duration;

use secrecy::SecretString;

use super::{
    kind::{Kind, UrlForm, UrlPath},
    reader::Reader,
    secrets,
    table::{Default, EVERYWHERE, Required, Section, Setting},
};

/// Postgres, which holds every fact.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    pub url: SecretString,
    pub max_connections: u32,
    /// How long a start waits for Postgres before it gives up.
    pub start_timeout: Duration,
}

pub(super) const SECTION: Section = Section {
    title: "Postgres",
    purpose: "The database. It holds every fact; without it Meetbox does not start.",
    settings: &[&DATABASE_URL, &DATABASE_MAX_CONNECTIONS, &DATABASE_START_TIMEOUT_SECONDS],
};

const DATABASE_URL: Setting = Setting {
    name: "DATABASE_URL",
    purpose: "the Postgres database that holds every fact",
    example: "postgresql://meetbox:changeme@localhost:5432/meetbox",
    default: Default::Nothing,
    required: EVERYWHERE,
    kind: Kind::Url(UrlForm {
        schemes: &["postgresql", "postgres"],
        path: UrlPath::Database,
        credentials: true,
        // `postgresql:///meetbox?host=/run/postgresql` goes through a socket.
        host: false,
    }),
    note: "outside local the password is at least 8 characters and no placeholder",
    secret: true,
};

const DATABASE_MAX_CONNECTIONS: Setting = Setting {
    name: "DATABASE_MAX_CONNECTIONS",
    purpose: "how many connections to Postgres one process keeps open at most",
    example: "10",
    default: Default::Value("10"),
    required: Required::Never,
    // One is held by whoever does the background work; with no second one a request would wait for it.
    kind: Kind::Number { least: 2, most: 1000, unit: "" },
    note: "all processes together stay under the database's own max_connections",
    secret: false,
};

const DATABASE_START_TIMEOUT_SECONDS: Setting = Setting {
    name: "DATABASE_START_TIMEOUT_SECONDS",
    purpose: "how long a start waits for Postgres before it gives up",
    example: "60",
    default: Default::Value("60"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 600, unit: "seconds" },
    note: "",
    secret: false,
};

impl DatabaseSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.secret(&DATABASE_URL, secrets::weakness_of_url);
        let max_connections = reader.number(&DATABASE_MAX_CONNECTIONS);
        let start_timeout = reader.seconds(&DATABASE_START_TIMEOUT_SECONDS);

        Some(Self { url: url?, max_connections: max_connections?, start_timeout: start_timeout? })
    }
}
