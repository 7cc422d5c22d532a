//! Settings of the listener.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use super::{
    kind::Kind,
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// Where the API and the web app listen.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    pub bind: IpAddr,
    pub port: u16,
    /// The most connections open at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long a stopping process waits for requests under way.
    pub shutdown_grace: Duration,
    /// Whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
}

pub(super) const SECTION: Section = Section {
    title: "HTTP",
    purpose: "Where the API and the web app listen. TLS ends in front of Meetbox, at a reverse proxy.",
    settings: &[&BIND, &PORT, &MAX_CONNECTIONS, &SHUTDOWN_GRACE_SECONDS, &TRUSTED_PROXIES],
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

impl HttpSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let bind = reader.address(&BIND);
        let port = reader.number(&PORT);
        let max_connections = reader.number(&MAX_CONNECTIONS);
        let shutdown_grace = reader.seconds(&SHUTDOWN_GRACE_SECONDS);
        let trusted_proxies = reader.networks(&TRUSTED_PROXIES);

        Some(Self {
            bind: bind?,
            port: port?,
            max_connections: max_connections?,
            shutdown_grace: shutdown_grace?,
            trusted_proxies: trusted_proxies?,
        })
    }
}
