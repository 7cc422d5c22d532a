//! The machine's own firewall: whether people get through, and whether what is not theirs stays shut.

use super::{
    Visit,
    machine::NotRun,
    ports::{self, Door},
    report::Finding,
    rules::{Packet, Rules, Verdict},
};
use crate::{assets::ports::SHUT_BY_THE_FIREWALL, cli::sockets::Transport};

/// The chain that `meetbox firewall open` keeps.
const CHAIN: &str = "MEETBOX";
const OPEN: &str = "meetbox firewall open";

/// Whether IPv4 gets through.
pub async fn four(visit: &Visit) -> Result<Finding, Finding> {
    look(visit, "iptables").await
}

/// Whether IPv6 gets through.
pub async fn six(visit: &Visit) -> Result<Finding, Finding> {
    let finding = look(visit, "ip6tables").await?;
    // Whoever finds it shut comes by IPv4, after a while.
    Ok(finding.at_most_a_warning())
}

async fn look(visit: &Visit, program: &str) -> Result<Finding, Finding> {
    let doors = ports::doors(visit);
    if let Some(finding) = firewalld(visit, &doors).await {
        return Ok(finding);
    }
    let text = match visit.machine.run(program, &["-S"]).await {
        Ok(said) if said.succeeded => said.out,
        Ok(said) if said.err.contains("Permission denied") || said.err.contains("must be root") => {
            return Err(Finding::unknown("only root may see the rules: use sudo"));
        }
        Ok(said) => return Err(Finding::unknown(format!("`{program} -S` refuses: {}", said.words()))),
        Err(err @ (NotRun::Missing(_) | NotRun::Silent(_) | NotRun::Broken(..))) => {
            return Err(Finding::unknown(err.to_string()));
        }
    };
    let rules = Rules::parse(&text);
    let is_ufw = rules.has("ufw-user-input");
    let mut parts = Vec::new();

    let shut: Vec<_> = doors.iter().filter(|door| is_shut(&rules, door)).map(Door::to_string).collect();
    if !shut.is_empty() {
        let why = if rules.has(CHAIN) {
            format!("; the jump to {CHAIN} stands behind a rule that refuses, or the chain is not as it should be")
        } else {
            String::new()
        };
        let finding = Finding::failed(format!("{} cannot be reached from outside{why}", shut.join(", ")), OPEN);
        parts.push(if is_ufw { finding.or(ufw(&doors)) } else { finding });
    }
    let is_open = |port| rules.verdict(Packet { transport: Transport::Tcp, port }) == Verdict::Accepted;
    let open = SHUT_BY_THE_FIREWALL.into_iter().filter(|(port, _)| is_open(*port));
    parts.extend(open.map(|(port, purpose)| Finding::warning(open_to_all(port, purpose), OPEN)));
    let by = match (rules.has(CHAIN), is_ufw) {
        (true, true) => format!("by the chain {CHAIN}, before ufw"),
        (true, false) => format!("by the chain {CHAIN}"),
        (false, true) => "by ufw".to_owned(),
        (false, false) => format!("without the chain {CHAIN}"),
    };
    Ok(Finding::of(parts, format!("every door is open {by}, and {} are shut", inner())))
}

fn open_to_all(port: u16, purpose: &str) -> String {
    format!("{port}/tcp ({purpose}), which is for this machine alone, is open to everybody")
}

/// What must be shut, in words.
fn inner() -> String {
    SHUT_BY_THE_FIREWALL.map(|(port, _)| format!("{port}/tcp")).join(", ")
}

fn is_shut(rules: &Rules, door: &Door) -> bool {
    let packet = |port| Packet { transport: door.transport, port };
    (door.from..=door.to).any(|port| rules.verdict(packet(port)) == Verdict::Refused)
}

/// What firewalld says, where it runs: its rules are not among those that iptables shows.
async fn firewalld(visit: &Visit, doors: &[Door]) -> Option<Finding> {
    let state = visit.machine.run("firewall-cmd", &["--state"]).await.ok()?;
    if state.out.trim() != "running" {
        return None;
    }
    let (ports, services) = tokio::join!(
        visit.machine.ask("firewall-cmd", &["--list-ports"]),
        visit.machine.ask("firewall-cmd", &["--list-services"]),
    );
    let (Ok(ports), Ok(services)) = (ports, services) else {
        return Some(Finding::unknown("firewalld runs, and does not say what it lets through"));
    };
    let mut parts = Vec::new();
    let is_open = |door: &Door| openers(&ports, &services, door).next().is_some();
    let shut: Vec<_> = doors.iter().filter(|door| !is_open(door)).map(Door::to_string).collect();
    if !shut.is_empty() {
        let add: Vec<_> = shut.iter().map(|door| format!("--add-port={door}")).collect();
        let said = format!("firewalld lets nobody through to {}", shut.join(", "));
        parts.push(Finding::failed(said, permanently(&add.join(" "))));
    }
    // `meetbox firewall open` does nothing beside firewalld: what it opens it has to shut itself.
    for (port, purpose) in SHUT_BY_THE_FIREWALL {
        let door = Door { transport: Transport::Tcp, from: port, to: port, who: "egress" };
        let remove: Vec<_> = openers(&ports, &services, &door).collect();
        if !remove.is_empty() {
            parts.push(Finding::warning(open_to_all(port, purpose), permanently(&remove.join(" "))));
        }
    }
    Some(Finding::of(parts, format!("firewalld lets every door be reached, and {} are shut", inner())))
}

fn permanently(options: &str) -> String {
    format!("firewall-cmd --permanent {options} && firewall-cmd --reload")
}

/// By what firewalld lets people through to all of a door, as the options that would take it away again.
fn openers<'a>(ports: &'a str, services: &'a str, door: &'a Door) -> impl Iterator<Item = String> + 'a {
    let by_port = ports.split_whitespace().filter(|open| covers(open, door));
    let by_service = services.split_whitespace().filter(|name| match *name {
        "http" => covers("80/tcp", door),
        "https" => covers("443/tcp", door),
        "http3" => covers("443/udp", door),
        "cockpit" | "prometheus" => covers("9090/tcp", door),
        _ => false,
    });
    let by_port = by_port.map(|open| format!("--remove-port={open}"));
    by_port.chain(by_service.map(|name| format!("--remove-service={name}")))
}

/// Whether `443/tcp` or `50000-50003/udp` holds all of a door.
fn covers(open: &str, door: &Door) -> bool {
    let Some((ports, transport)) = open.split_once('/') else { return false };
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    let is_transport = match door.transport {
        Transport::Tcp => transport == "tcp",
        Transport::Udp => transport == "udp",
    };
    let holds =
        from.parse::<u16>().is_ok_and(|from| from <= door.from) && to.parse::<u16>().is_ok_and(|to| to >= door.to);
    is_transport && holds
}

/// How ufw is told the same.
fn ufw(doors: &[Door]) -> String {
    let allow = doors.iter().map(|door| format!("ufw allow {}", door.to_string().replace('-', ":")));
    allow.collect::<Vec<_>>().join(" && ")
}
