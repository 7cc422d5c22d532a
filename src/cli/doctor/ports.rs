//! Ports: that somebody listens where people come in, and that nobody does where only this machine should.

use std::{fmt, net::IpAddr};

use secrecy::ExposeSecret as _;
use url::Url;

use super::{Visit, report::Finding};
use crate::{
    assets::{
        appliance::{LIVEKIT_PORT, RTC_TCP_PORT, RTC_UDP_FROM, TURN_UDP_PORT},
        yaml,
    },
    cli::sockets::{Socket, Transport},
};

/// Where Caddy is told to read its configuration again.
const CADDY_ADMIN_PORT: u16 = 2019;

/// A port, or some in a row, through which people come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    pub transport: Transport,
    pub from: u16,
    pub to: u16,
    /// Who listens there, for whoever has to restart it.
    pub who: &'static str,
}

/// A port that is for this machine alone.
struct Inner {
    port: u16,
    who: &'static str,
    fix: String,
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        };
        if self.from == self.to {
            write!(f, "{}/{transport}", self.from)
        } else {
            write!(f, "{}-{}/{transport}", self.from, self.to)
        }
    }
}

/// Every door of the installation, by its settings and LiveKit's configuration.
pub fn doors(visit: &Visit) -> Vec<Door> {
    let door = |transport, from, to, who| Door { transport, from, to, who };
    let public = visit.settings.as_ref().ok().and_then(|settings| settings.http.public_url.as_ref());
    let https = public.and_then(Url::port_or_known_default).unwrap_or(443);
    let mut doors = vec![door(Transport::Tcp, https, https, "caddy")];
    // The authority asks at this port and no other.
    if https == 443 {
        doors.push(door(Transport::Tcp, 80, 80, "caddy"));
    }
    let livekit = visit.livekit.as_deref().unwrap_or_default();
    let said = |path: &str| yaml::value(livekit, path);
    let tcp = said("rtc.tcp_port").and_then(|port| port.parse().ok()).unwrap_or(RTC_TCP_PORT);
    doors.push(door(Transport::Tcp, tcp, tcp, "livekit"));
    let (from, to) = said("rtc.udp_port").and_then(range).unwrap_or((RTC_UDP_FROM, RTC_UDP_FROM));
    doors.push(door(Transport::Udp, from, to, "livekit"));
    if said("turn.enabled") != Some("false") {
        let turn = said("turn.udp_port").and_then(|port| port.parse().ok()).unwrap_or(TURN_UDP_PORT);
        doors.push(door(Transport::Udp, turn, turn, "livekit"));
    }
    doors
}

/// `50000-50003`, or one port.
fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to).then_some((from, to))
}

/// Whether somebody listens at every door, and not on loopback alone.
pub async fn public(visit: &Visit) -> Result<Finding, Finding> {
    let mut parts = Vec::new();
    let doors = doors(visit);
    for door in &doors {
        let sockets = sockets(visit, door.transport)?;
        // LiveKit opens one of the range for each core that it sees, so some may be left over.
        let open = sockets.iter().filter(|it| (door.from..=door.to).contains(&it.port)).collect::<Vec<_>>();
        let fix = format!("docker compose --project-directory /etc/meetbox restart {}", door.who);
        if open.is_empty() {
            parts.push(
                Finding::failed(format!("nobody listens at {door} ({})", door.who), fix)
                    .or("ss -tulpn tells who has which port; something else there keeps it from starting"),
            );
            continue;
        }
        let is_inner = |port| open.iter().filter(|it| it.port == port).all(|it| it.address.is_loopback());
        if open.iter().any(|it| is_inner(it.port)) {
            parts.push(
                Finding::failed(format!("{door} ({}) listens on loopback alone", door.who), "meetbox setup").or(fix),
            );
        }
    }
    let told = doors.iter().map(Door::to_string).collect::<Vec<_>>().join(", ");
    Ok(Finding::of(parts, format!("somebody listens at {told}")))
}

/// Whether what is for this machine alone listens on loopback alone. Docker's own forwarding may leave no socket; so that
/// nobody listens is no finding here, each service is asked by itself.
pub async fn inner(visit: &Visit) -> Result<Finding, Finding> {
    let sockets = sockets(visit, Transport::Tcp)?;
    let inner = inner_ports(visit);
    let mut parts = Vec::new();
    for Inner { port, who, fix } in &inner {
        let open = sockets.iter().filter(|socket| socket.port == *port && !socket.address.is_loopback());
        let addresses: Vec<_> = open.map(|socket| bracketed(socket.address)).collect();
        if !addresses.is_empty() {
            let said = format!("{port} ({who}) listens on {}, for everybody who reaches it", addresses.join(" and "));
            parts.push(Finding::failed(said, fix.clone()));
        }
    }
    let told = inner.iter().map(|inner| inner.port.to_string()).collect::<Vec<_>>().join(", ");
    Ok(Finding::of(parts, format!("nobody listens for others at {told}")))
}

fn inner_ports(visit: &Visit) -> Vec<Inner> {
    let settings = visit.settings.as_ref().ok();
    // Of an address elsewhere nothing listens here.
    let near = |url: Option<Url>, usual: u16| match url {
        Some(url) if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]" | "::1")) => {
            Some(url.port().unwrap_or(usual))
        }
        Some(_) => None,
        None => Some(usual),
    };
    let port_of = |url: Option<&str>, usual| near(url.and_then(|url| Url::parse(url).ok()), usual);
    let database = port_of(settings.map(|settings| settings.database.url.expose_secret()), 5432);
    let redis = port_of(settings.map(|settings| settings.redis.url.expose_secret()), 6379);
    let livekit = near(settings.map(|settings| settings.livekit.api_url.clone()), LIVEKIT_PORT);
    let made = "meetbox setup writes the files anew; what is in /etc/meetbox/compose.d may say otherwise";
    let reload = |what: &str| format!("{made}; then systemctl reload meetbox-stack ({what})");
    let ours = settings.map_or(3001, |settings| settings.http.port);
    [
        (
            Some(ours),
            "meetbox",
            "set BIND=127.0.0.1 in /etc/meetbox/meetbox.env; then systemctl restart meetbox".to_owned(),
        ),
        (livekit, "livekit", reload("bind_addresses in livekit.yaml")),
        (database, "postgres", reload("ports: of postgres")),
        (redis, "redis", reload("ports: of redis")),
        (Some(CADDY_ADMIN_PORT), "caddy's admin", reload("admin in Caddyfile")),
    ]
    .into_iter()
    .filter_map(|(port, who, fix)| Some(Inner { port: port?, who, fix }))
    .collect()
}

fn sockets(visit: &Visit, transport: Transport) -> Result<Vec<Socket>, Finding> {
    let [four, six] = transport.tables();
    let text = visit.machine.read(four).map_err(|err| Finding::unknown(format!("{four}: {err}")))?;
    // A kernel without IPv6 has no such table.
    let text = text + &visit.machine.read(six).unwrap_or_default();
    Ok(transport.listening(&text).collect())
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
