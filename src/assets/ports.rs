//! Every port of an installation, and from where it is reached: the firewall, the documents and whoever looks for faults go
//! by this one table.

use std::fmt;

use super::appliance::{
    EGRESS_HEALTH_PORT, EGRESS_METRICS_PORT, LIVEKIT_PORT, RTC_TCP_PORT, RTC_UDP_FROM, TURN_UDP_PORT,
};

/// Meetbox itself; Caddy stands in front.
pub const API_PORT: u16 = 3001;
const POSTGRES_PORT: u16 = 5432;
const REDIS_PORT: u16 = 6379;
/// Where Caddy is told to read its file anew.
const CADDY_ADMIN_PORT: u16 = 2019;
/// Where egress has the page that it records from; it listens there on every interface, unasked.
const EGRESS_TEMPLATE_PORT: u16 = 7980;

/// Those for this machine alone at which somebody listens on every interface: nothing but the firewall keeps them shut.
pub const SHUT_BY_THE_FIREWALL: [(u16, &str); 3] = [
    (EGRESS_HEALTH_PORT, EGRESS_HEALTH),
    (EGRESS_TEMPLATE_PORT, EGRESS_TEMPLATE),
    (EGRESS_METRICS_PORT, EGRESS_METRICS),
];

const EGRESS_HEALTH: &str = "the recorder: that it lives";
const EGRESS_TEMPLATE: &str = "the recorder: the page that it records";
const EGRESS_METRICS: &str = "the recorder: how busy it is";

/// A port, or a row of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub from: u16,
    /// The last one; the same when it is one.
    pub to: u16,
    pub transport: Transport,
    pub reach: Reach,
    /// Who listens there, and what for.
    pub purpose: &'static str,
}

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Tcp,
    Udp,
}

/// From where it is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    /// Only by processes of the same machine.
    ThisMachine,
}

/// All ports of an installation whose media ports end with `rtc_udp_to`.
pub fn of_installation(rtc_udp_to: u16) -> Vec<Ports> {
    use Reach::{Everywhere, ThisMachine};
    use Transport::{Tcp, Udp};
    let one = |from, transport, reach, purpose| Ports { from, to: from, transport, reach, purpose };
    vec![
        one(80, Tcp, Everywhere, "Caddy: leads to https, and answers the certificate authority"),
        one(443, Tcp, Everywhere, "Caddy: the web app, the API, LiveKit's signalling"),
        one(RTC_TCP_PORT, Tcp, Everywhere, "LiveKit: media where UDP is blocked"),
        one(TURN_UDP_PORT, Udp, Everywhere, "LiveKit: TURN"),
        Ports { from: RTC_UDP_FROM, to: rtc_udp_to, transport: Udp, reach: Everywhere, purpose: "LiveKit: media" },
        one(API_PORT, Tcp, ThisMachine, "Meetbox"),
        one(LIVEKIT_PORT, Tcp, ThisMachine, "LiveKit"),
        one(POSTGRES_PORT, Tcp, ThisMachine, "Postgres"),
        one(REDIS_PORT, Tcp, ThisMachine, "Redis"),
        one(CADDY_ADMIN_PORT, Tcp, ThisMachine, "Caddy: reloading"),
        one(EGRESS_HEALTH_PORT, Tcp, ThisMachine, EGRESS_HEALTH),
        one(EGRESS_TEMPLATE_PORT, Tcp, ThisMachine, EGRESS_TEMPLATE),
        one(EGRESS_METRICS_PORT, Tcp, ThisMachine, EGRESS_METRICS),
    ]
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}
