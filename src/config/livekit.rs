//! Settings of the media server, and of what we let people into it with.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{
    Environment,
    kind::{self, Kind, UrlForm, UrlPath},
    reader::Reader,
    secrets,
    table::{Default, EVERYWHERE, Required, Section, Setting},
};

/// The media server.
#[derive(Clone, Debug)]
pub struct LivekitSettings {
    /// Where we call it: `http` or `https`, made from `LIVEKIT_URL` whichever scheme that has.
    pub api_url: Url,
    /// Where clients dial it: `ws` or `wss`.
    pub public_url: Url,
    pub api_key: String,
    pub api_secret: SecretString,
    /// How long a start waits for LiveKit before it gives up.
    pub start_timeout: Duration,
    /// How long a token that we mint opens the door of a room.
    pub token_ttl: Duration,
    /// How long a webhook stays in the inbox after it was applied.
    pub webhook_retention: Duration,
}

pub(super) const SECTION: Section = Section {
    title: "LiveKit",
    purpose: "The media server, the keys that it and Meetbox share, and the tokens that let people in.",
    settings: &[
        &LIVEKIT_URL,
        &LIVEKIT_PUBLIC_URL,
        &LIVEKIT_API_KEY,
        &LIVEKIT_API_SECRET,
        &LIVEKIT_START_TIMEOUT_SECONDS,
        &TOKEN_TTL_SECONDS,
        &WEBHOOK_RETENTION_DAYS,
    ],
};

const LIVEKIT_URL: Setting = Setting {
    name: "LIVEKIT_URL",
    purpose: "where Meetbox reaches the LiveKit server",
    example: "ws://localhost:7880",
    default: Default::Nothing,
    required: EVERYWHERE,
    kind: Kind::Url(UrlForm {
        schemes: &["ws", "wss", "http", "https"],
        path: UrlPath::Any,
        credentials: false,
        host: true,
    }),
    note: "",
    secret: false,
};

const LIVEKIT_PUBLIC_URL: Setting = Setting {
    name: "LIVEKIT_PUBLIC_URL",
    purpose: "where browsers reach the LiveKit server, when that is another address than ours",
    example: "wss://livekit.example.org",
    default: Default::From("LIVEKIT_URL, with ws or wss"),
    required: Required::Never,
    kind: Kind::Url(UrlForm { schemes: &["wss", "ws"], path: UrlPath::Any, credentials: false, host: true }),
    note: "outside local wss, unless the host is this machine: an encrypted page may not dial an open line",
    secret: false,
};

const LIVEKIT_API_KEY: Setting = Setting {
    name: "LIVEKIT_API_KEY",
    purpose: "the name of the key that LiveKit and Meetbox share",
    example: "devkey",
    default: Default::Nothing,
    required: EVERYWHERE,
    kind: Kind::Key { shortest: 1 },
    note: "as in LiveKit's own `keys`; outside local no placeholder",
    secret: false,
};

const LIVEKIT_API_SECRET: Setting = Setting {
    name: "LIVEKIT_API_SECRET",
    purpose: "the secret half of that key; it signs tokens, and proves that a webhook comes from LiveKit",
    example: "for-one-developers-machine-only-0123",
    default: Default::Nothing,
    required: EVERYWHERE,
    kind: Kind::Key { shortest: 32 },
    note: "no placeholder; `openssl rand -hex 32` makes a good one",
    secret: true,
};

const LIVEKIT_START_TIMEOUT_SECONDS: Setting = Setting {
    name: "LIVEKIT_START_TIMEOUT_SECONDS",
    purpose: "how long a start waits for LiveKit before it gives up",
    example: "30",
    default: Default::Value("30"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 600, unit: "seconds" },
    note: "",
    secret: false,
};

const TOKEN_TTL_SECONDS: Setting = Setting {
    name: "TOKEN_TTL_SECONDS",
    purpose: "how long a token opens the door of its room; who is inside stays, however old the token",
    example: "600",
    default: Default::Value("600"),
    required: Required::Never,
    kind: Kind::Number { least: 60, most: 3600, unit: "seconds" },
    note: "a token cannot be called back, so a short time is a safe one",
    secret: false,
};

const WEBHOOK_RETENTION_DAYS: Setting = Setting {
    name: "WEBHOOK_RETENTION_DAYS",
    purpose: "how long what LiveKit told us is kept word for word after it was applied",
    example: "30",
    default: Default::Value("30"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 3650, unit: "days" },
    note: "",
    secret: false,
};

impl LivekitSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.url(&LIVEKIT_URL);
        let public_url = read_public_url(reader, url.as_ref());
        let api_key = reader.strong_text(&LIVEKIT_API_KEY, secrets::weakness);
        let api_secret = reader.secret(&LIVEKIT_API_SECRET, secrets::weakness);
        let start_timeout = reader.seconds(&LIVEKIT_START_TIMEOUT_SECONDS);
        let token_ttl = reader.seconds(&TOKEN_TTL_SECONDS);
        let webhook_retention = reader.days(&WEBHOOK_RETENTION_DAYS);

        Some(Self {
            api_url: with_scheme(&url?, "http", "https")?,
            public_url: public_url?,
            api_key: api_key?,
            api_secret: api_secret?,
            start_timeout: start_timeout?,
            token_ttl: token_ttl?,
            webhook_retention: webhook_retention?,
        })
    }
}

/// What is set, or what follows from `LIVEKIT_URL`; either way browsers must be able to dial it.
fn read_public_url(reader: &mut Reader<'_>, livekit_url: Option<&Url>) -> Option<Url> {
    let given = reader.is_given(&LIVEKIT_PUBLIC_URL);
    let url = if given { reader.url(&LIVEKIT_PUBLIC_URL)? } else { with_scheme(livekit_url?, "ws", "wss")? };

    let refused = reader.environment != Environment::Local && url.scheme() == "ws" && !kind::is_loopback(&url);
    if !refused {
        return Some(url);
    }
    let problem = if given {
        "is not encrypted: outside local it begins with wss://"
    } else {
        "is not set, and what LIVEKIT_URL gives in its place is not encrypted"
    };
    reader.refuse(&LIVEKIT_PUBLIC_URL, problem);
    None
}

/// The same address with `plain` for `ws` and `http`, `encrypted` for `wss` and `https`.
fn with_scheme(url: &Url, plain: &str, encrypted: &str) -> Option<Url> {
    let scheme = if matches!(url.scheme(), "wss" | "https") { encrypted } else { plain };
    let mut url = url.clone();
    url.set_scheme(scheme).ok()?;
    Some(url)
}
