//! Settings of the listener.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use url::Url;

use super::{
    Environment,
    kind::{self, Kind, UrlForm, UrlPath},
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// Where the API and the web app listen.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    pub bind: IpAddr,
    pub port: u16,
    /// Where browsers reach Meetbox, with no path. `None`: no link can be made.
    pub public_url: Option<Url>,
    /// The most connections open at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a stopping process waits for requests under way.
    pub shutdown_grace: Duration,
    /// Whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins besides our own whose pages may use the API with a person's session.
    pub cors_origins: Vec<String>,
}

pub(super) const SECTION: Section = Section {
    title: "HTTP",
    purpose: "Where the API and the web app listen. TLS ends in front of Meetbox, at a reverse proxy.",
    settings: &[&BIND, &PORT, &PUBLIC_URL, &MAX_CONNECTIONS, &SHUTDOWN_GRACE_SECONDS, &TRUSTED_PROXIES, &CORS_ORIGINS],
};

const BIND: Setting = Setting {
    name: "BIND",
    purpose: "the address that the API and the web app listen on",
    example: "127.0.0.1",
    default: Default::Value("127.0.0.1"),
    required: Required::Never,
    kind: Kind::Address,
    note: "0.0.0.0 listens on every network, without TLS",
    secret: false,
};

const PORT: Setting = Setting {
    name: "PORT",
    purpose: "the port that the API and the web app listen on",
    example: "3001",
    default: Default::Value("3001"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 65535, unit: "" },
    note: "",
    secret: false,
};

pub(super) const PUBLIC_URL: Setting = Setting {
    name: "PUBLIC_URL",
    purpose: "where browsers reach Meetbox; without it no link can be made, and nobody is sent back from an OpenID \
              Connect provider",
    example: "https://meet.example.org",
    default: Default::From("http://127.0.0.1 with PORT in local, nothing elsewhere"),
    required: Required::Never,
    kind: Kind::Url(UrlForm { schemes: &["https", "http"], path: UrlPath::Nothing, credentials: false, host: true }),
    note: "outside local https, unless the host is this machine; required with OIDC_ISSUER",
    secret: false,
};

const MAX_CONNECTIONS: Setting = Setting {
    name: "MAX_CONNECTIONS",
    purpose: "how many connections may be open at once; more wait until one closes",
    example: "10000",
    default: Default::Value("10000"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 1_000_000, unit: "" },
    note: "each open connection takes one of the file descriptors that the system allows",
    secret: false,
};

const SHUTDOWN_GRACE_SECONDS: Setting = Setting {
    name: "SHUTDOWN_GRACE_SECONDS",
    purpose: "how long a stopping process waits for the requests under way before it drops them",
    example: "4",
    default: Default::Value("4"),
    required: Required::Never,
    // With what comes after the wait, a stop stays within five seconds.
    kind: Kind::Number { least: 0, most: 4, unit: "seconds" },
    note: "",
    secret: false,
};

const TRUSTED_PROXIES: Setting = Setting {
    name: "TRUSTED_PROXIES",
    purpose: "the reverse proxies whose X-Forwarded-For is believed when it names a client's address",
    example: "127.0.0.1/8,::1/128",
    default: Default::Value("127.0.0.1/8,::1/128"),
    required: Required::Never,
    kind: Kind::List(&Kind::Network),
    note: "whoever asks from one of them can pass for any address, so none that clients come from",
    secret: false,
};

const CORS_ORIGINS: Setting = Setting {
    name: "CORS_ORIGINS",
    purpose: "the sites besides Meetbox itself whose pages may use the API with a person's session",
    example: "https://intranet.example.org,https://crm.example.org",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::List(&Kind::Url(UrlForm {
        schemes: &["https", "http"],
        path: UrlPath::Nothing,
        credentials: false,
        host: true,
    })),
    note: "such a page can do whatever the person who looks at it may do",
    secret: false,
};

impl HttpSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let bind = reader.address(&BIND);
        let port = reader.number(&PORT);
        let public_url = read_public_url(reader, port);
        let max_connections = reader.number(&MAX_CONNECTIONS);
        let shutdown_grace = reader.seconds(&SHUTDOWN_GRACE_SECONDS);
        let trusted_proxies = reader.networks(&TRUSTED_PROXIES);
        let cors_origins =
            if reader.is_given(&CORS_ORIGINS) { reader.origins(&CORS_ORIGINS) } else { Some(Vec::new()) };

        Some(Self {
            bind: bind?,
            port: port?,
            public_url: public_url?,
            max_connections: max_connections?,
            shutdown_grace: shutdown_grace?,
            trusted_proxies: trusted_proxies?,
            cors_origins: cors_origins?,
        })
    }
}

/// What is set, or on a developer's machine where we listen: `Some(None)` when nothing is known, `None` when it is wrong.
fn read_public_url(reader: &mut Reader<'_>, port: Option<u16>) -> Option<Option<Url>> {
    let local = reader.environment == Environment::Local;
    if !reader.is_given(&PUBLIC_URL) {
        return if local { Url::parse(&format!("http://127.0.0.1:{}", port?)).ok().map(Some) } else { Some(None) };
    }
    let url = reader.url(&PUBLIC_URL)?;
    if !local && url.scheme() == "http" && !kind::is_loopback(&url) {
        reader.refuse(&PUBLIC_URL, "is not encrypted: outside local it begins with https://");
        return None;
    }
    Some(Some(url))
}
