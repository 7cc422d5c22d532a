//! The way here: the domain's addresses, the address that the world sees, TURN.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use hickory_resolver::{
    Resolver,
    config::ResolveHosts,
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{RData, RecordType},
    system_conf::parse_resolv_conf,
};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::{Machine, Visit, ports, report::Finding, stun};
use crate::assets::{appliance::TURN_UDP_PORT, yaml};

/// Those that LiveKit asks, too, when it looks for its own address.
const STUN_SERVERS: [&str; 2] = ["global.stun.twilio.com:3478", "stun.l.google.com:19302"];
/// How long a name server may take for one try.
const NAME_PATIENCE: Duration = Duration::from_secs(2);
/// How long a STUN server may take with the look-up of its name; the requests to it have three seconds.
const STUN_PATIENCE: Duration = Duration::from_secs(6);
/// How long a connection to ourselves may take.
const HAIRPIN_PATIENCE: Duration = Duration::from_secs(3);

/// Whether the domain leads here, by all that name servers say of it.
pub async fn dns(visit: &Visit) -> Result<Finding, Finding> {
    let domain = match visit.public_url()?.host() {
        Some(Host::Domain(domain)) => domain.to_owned(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => return Ok(Finding::ok("PUBLIC_URL names an address")),
    };
    let silent = |err| Finding::unknown(format!("name servers cannot be asked: {err}"));
    let (four, six, seen) = tokio::join!(
        addresses(&visit.machine, &domain, RecordType::A),
        addresses(&visit.machine, &domain, RecordType::AAAA),
        public_address(visit),
    );
    let (four, six) = (four.map_err(silent)?, six.map_err(silent)?);
    let mut ours = own_addresses(&visit.machine);
    ours.extend(seen.as_ref().ok().copied());
    ours.extend(node_ip(visit));

    if four.is_empty() && six.is_empty() {
        let to = told(seen);
        return Ok(Finding::failed(
            format!("{domain} leads nowhere"),
            format!("where {domain} is managed, add: A {domain} {to}"),
        ));
    }
    let mut parts = Vec::new();
    let strange = |addresses: &[IpAddr]| -> Vec<String> {
        addresses.iter().filter(|it| !ours.contains(it)).map(ToString::to_string).collect()
    };
    let (strange_four, strange_six) = (strange(&four), strange(&six));
    match (strange_four.is_empty(), seen) {
        (true, _) => {}
        (false, Err(why)) => parts.push(Finding::unknown(format!(
            "{domain} leads to {}; whether that is here is not known ({why})",
            strange_four.join(", ")
        ))),
        (false, Ok(seen)) => parts.push(Finding::failed(
            format!("{domain} leads to {}, and this machine is {seen}", strange_four.join(", ")),
            format!("where {domain} is managed, set: A {domain} {seen}"),
        )),
    }
    if !strange_six.is_empty() {
        parts.push(Finding::failed(
            format!("{domain} leads to {} over IPv6, which is not this machine", strange_six.join(", ")),
            format!("where {domain} is managed, take the AAAA record away, or set it to this machine's address"),
        ));
    }
    let all = four.iter().chain(&six).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Ok(Finding::of(parts, format!("{domain} leads here: {all}")))
}

/// What the name servers of the machine say, past `/etc/hosts`.
async fn addresses(machine: &Machine, domain: &str, of: RecordType) -> Result<Vec<IpAddr>, String> {
    let file = "/etc/resolv.conf";
    let text = machine.read(file).map_err(|err| format!("{file}: {err}"))?;
    let (config, mut options) = parse_resolv_conf(text).map_err(|err| format!("{file}: {err}"))?;
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = NAME_PATIENCE;
    options.attempts = 2;
    let resolver = Resolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options).build();
    let resolver = resolver.map_err(|err| err.to_string())?;
    // With the dot at its end no search list is tried.
    let found = match resolver.lookup(format!("{domain}."), of).await {
        Ok(found) => found,
        Err(NetError::Dns(err)) if NetError::Dns(err.clone()).is_no_records_found() => return Ok(Vec::new()),
        // What was asked is known; why it was not answered is what counts.
        Err(err) => return Err(err.to_string().split(" for ").next().unwrap_or_default().to_owned()),
    };
    let address = |data: &RData| match data {
        RData::A(address) => Some(IpAddr::V4(address.0)),
        RData::AAAA(address) => Some(IpAddr::V6(address.0)),
        _ => None,
    };
    Ok(found.answers().iter().filter_map(|record| address(&record.data)).collect())
}

/// The addresses of the machine's own interfaces, but loopback's.
fn own_addresses(machine: &Machine) -> BTreeSet<IpAddr> {
    let trie = machine.read("/proc/net/fib_trie").unwrap_or_default();
    let lines: Vec<_> = trie.lines().collect();
    // An address stands above what it is: `|-- 10.0.0.5` and `/32 host LOCAL`.
    let four = lines.windows(2).filter(|pair| pair[1].trim() == "/32 host LOCAL");
    let four = four.filter_map(|pair| pair[0].trim().strip_prefix("|-- ")?.parse::<Ipv4Addr>().ok()).map(IpAddr::V4);
    let table = machine.read("/proc/net/if_inet6").unwrap_or_default();
    let six = table.lines().filter_map(|line| u128::from_str_radix(line.split_whitespace().next()?, 16).ok());
    four.chain(six.map(|bits| IpAddr::V6(Ipv6Addr::from(bits)))).filter(|address| !address.is_loopback()).collect()
}

/// What LiveKit is told to offer, where it is told.
fn node_ip(visit: &Visit) -> Option<IpAddr> {
    yaml::value(visit.livekit.as_deref()?, "rtc.node_ip")?.parse().ok()
}

/// The address that the world sees; asked once for all checks.
pub async fn public_address(visit: &Visit) -> &Result<IpAddr, String> {
    let ask = async {
        let servers: Vec<&str> = match &visit.asked.stun {
            Some(server) => vec![server],
            None => STUN_SERVERS.to_vec(),
        };
        let mut why = String::new();
        for server in servers {
            match tokio::time::timeout(STUN_PATIENCE, stun::ask(server)).await {
                Ok(Ok(address)) => return Ok(address),
                Ok(Err(err)) => why = format!("{server}: {err}"),
                Err(_) => why = format!("{server}: its name cannot be looked up within {STUN_PATIENCE:?}"),
            }
        }
        Err(why)
    };
    visit.public_address.get_or_init(|| ask).await
}

fn told(seen: &Result<IpAddr, String>) -> String {
    seen.as_ref().map_or_else(|_| "<this machine's address>".to_owned(), ToString::to_string)
}

/// Whether LiveKit offers the address under which the world sees this machine.
pub async fn seen(visit: &Visit) -> Result<Finding, Finding> {
    let asks = visit.livekit.as_deref().and_then(|it| yaml::value(it, "rtc.use_external_ip")) != Some("false");
    Ok(match (node_ip(visit), public_address(visit).await) {
        (Some(set), Ok(seen)) if set == *seen => Finding::ok(format!("{seen}, as LiveKit is told")),
        (Some(set), Ok(seen)) => Finding::failed(
            format!("LiveKit offers {set}, and the world sees {seen}: there is no picture and no sound"),
            format!("meetbox setup --public-address {seen}"),
        )
        .or("docker compose --project-directory /etc/meetbox restart livekit"),
        (Some(set), Err(why)) => Finding::unknown(format!("LiveKit offers {set}; no STUN server confirms it ({why})")),
        (None, Ok(seen)) => Finding::ok(format!("{seen}, which LiveKit asks a STUN server for at its start")),
        (None, Err(why)) if asks => Finding::failed(
            format!("no STUN server answers ({why}), and LiveKit does not start without one"),
            "meetbox setup --public-address ADDRESS says it; or let UDP out",
        ),
        (None, Err(why)) => Finding::unknown(format!("no STUN server answers ({why})")),
    })
}

/// Whether this machine reaches its own public address. People do not need it; the recorder does where LiveKit offers no other.
pub async fn hairpin(visit: &Visit) -> Result<Finding, Finding> {
    let seen = match node_ip(visit) {
        Some(address) => address,
        None => match public_address(visit).await {
            Ok(address) => *address,
            Err(why) => return Err(Finding::unknown(format!("the public address is not known ({why})"))),
        },
    };
    let port = visit.public_url()?.port_or_known_default().unwrap_or(443);
    let why = match tokio::time::timeout(HAIRPIN_PATIENCE, TcpStream::connect((seen, port))).await {
        Ok(Ok(_)) => return Ok(Finding::ok(format!("this machine reaches itself at {seen}:{port}"))),
        Ok(Err(err)) => err.to_string(),
        Err(_) => format!("no answer within {HAIRPIN_PATIENCE:?}"),
    };
    Ok(Finding::warning(
        format!(
            "this machine does not reach itself at {seen}:{port} ({why}); people may well, if the network lets them"
        ),
        "look from outside: curl -I the address in PUBLIC_URL; open 443 and 80 in the cloud's own firewall (security list)",
    ))
}

/// Whether LiveKit's TURN answers, and under which name people are told to ask it.
pub async fn turn(visit: &Visit) -> Result<Finding, Finding> {
    let livekit = visit.livekit()?;
    let said = |path| yaml::value(livekit, path).unwrap_or_default();
    if said("turn.enabled") != "true" {
        let fix = "meetbox setup: livekit.yaml has it on unless it was changed by hand";
        return Ok(Finding::warning("off: whoever is let out by nothing but port 443 has no picture", fix));
    }
    let port = said("turn.udp_port").parse().unwrap_or(TURN_UDP_PORT);
    let restart = "docker compose --project-directory /etc/meetbox restart livekit";
    let answer = match stun::ask((Ipv4Addr::LOCALHOST, port)).await {
        Ok(_) => Finding::ok(""),
        Err(err) => Finding::failed(format!("{port}/udp: {err}"), restart),
    };
    let host = visit.public_url().ok().and_then(Url::host_str).unwrap_or_default();
    let domain = match said("turn.domain") {
        "" => Finding::failed("turn.domain is empty, so nobody is told of it", "meetbox setup").or(restart),
        domain if !host.is_empty() && domain != host => {
            let said = format!("people are told to ask {domain}, and PUBLIC_URL says {host}");
            Finding::warning(said, "meetbox setup").or(restart)
        }
        _ => Finding::ok(""),
    };
    let doors = ports::doors(visit);
    let door = doors.last().map(ToString::to_string).unwrap_or_default();
    Ok(Finding::of(vec![answer, domain], format!("answers at {door} as {}", said("turn.domain"))))
}
