//! `meetbox firewall`: what is let in, in chains of our own that are asked before everybody else's rules.
//!
//! Images of some clouds end their rules with one that rejects everything, so ours have to come first. Nothing that is not
//! ours is flushed, moved or saved: SSH stays as it is, and closing leaves exactly the rules of before.

mod chain;
mod tables;

use std::{fmt::Write as _, fs, io, path::Path, thread};

use clap::Subcommand;

pub use self::tables::firewalld_runs;
use self::{
    chain::{CHAINS, Chain},
    tables::{Family, Tables},
};
use super::{Failure, print};
use crate::{
    assets::{
        appliance::{FOLDER, RTC_UDP_FROM, rtc_udp_to},
        ports::{self, Ports, Reach},
    },
    cli::operator,
};

/// There when the kernel speaks IPv6.
const IPV6: &str = "/proc/net/if_inet6";

/// Let people reach Meetbox, and nobody what stands behind it
#[derive(Clone, Copy, Subcommand)]
pub enum Command {
    /// Open what has to be reached, and shut the inner ports; a second time changes nothing
    Open,
    /// Take our rules away; the others stay as they are
    Close,
    /// List the ports, and whether the rules are in force
    Show,
}

/// Runs one of them.
pub fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Open => open(&ports()?),
        Command::Close => close(),
        Command::Show => show(&ports()?),
    }
}

fn open(ports: &[Ports]) -> Result<(), Failure> {
    refuse_firewalld(ports)?;
    each_family(|tables, chains| {
        let chains = chains.iter().map(|chain| Ok((*chain, tables.state(chain, ports)?)));
        let chains = chains.collect::<Result<Vec<_>, Failure>>()?;
        if chains.iter().all(|(_, state)| state.is_open()) {
            return Ok("open, as it was");
        }
        tables.restore(&chain::opening(&chains, ports, tables.family))?;
        Ok("open")
    })
}

/// Takes our rules away; what was not there stays so.
pub fn close() -> Result<(), Failure> {
    each_family(|tables, chains| {
        let mut said = "closed, as it was";
        for chain in chains {
            if tables.take_away(chain)? {
                said = "closed";
            }
        }
        Ok(said)
    })
}

fn show(ports: &[Ports]) -> Result<(), Failure> {
    let mut rows = vec![["port", "reached from", "who"].map(str::to_owned).to_vec()];
    for it in ports {
        let row = [numbers(it), from(it.reach).to_owned(), it.purpose.to_owned()];
        rows.push(row.to_vec());
    }
    print(&format!("{}\n", operator::table(&rows)))?;
    each_family(|tables, chains| {
        for chain in chains {
            let state = tables.state(chain, ports)?;
            if !state.is_open() {
                return Ok(state.told());
            }
        }
        Ok("open")
    })
}

/// Does it for IPv4, and for IPv6 where there is such a thing, and says what came of it.
fn each_family(
    mut work: impl FnMut(&Tables, &[&'static Chain]) -> Result<&'static str, Failure>,
) -> Result<(), Failure> {
    for family in [Family::V4, Family::V6] {
        if family == Family::V6 && !Path::new(IPV6).exists() {
            print("IPv6: this kernel does not speak it\n")?;
            continue;
        }
        let chains: Vec<&Chain> = CHAINS.iter().filter(|chain| chain.families.contains(&family)).collect();
        let said = work(&Tables { family }, &chains)?;
        print(&format!("{family}: {said}\n"))?;
    }
    Ok(())
}

/// The ports of this installation; those for media as LiveKit was told them, or would be.
fn ports() -> Result<Vec<Ports>, Failure> {
    let path = Path::new("/").join(FOLDER).join("livekit.yaml");
    let told = match fs::read_to_string(&path) {
        Ok(text) => media_ports_end(&text).ok_or_else(|| {
            Failure::input(format!("cannot find the ports for media in {}", path.display()))
                .hint("`meetbox setup` makes that file anew")
        })?,
        Err(err) if err.kind() == io::ErrorKind::NotFound => rtc_udp_to(cores()),
        Err(err) => return Err(Failure::input(format!("cannot read {}", path.display())).because(&err)),
    };
    Ok(ports::of_installation(told))
}

fn cores() -> u16 {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    u16::try_from(cores).unwrap_or(u16::MAX)
}

/// The last of the ports for media, as the line in LiveKit's `rtc` says it: `udp_port: "50000-50003"`.
fn media_ports_end(text: &str) -> Option<u16> {
    let mut section = "";
    for line in text.lines() {
        if !line.starts_with([' ', '#']) {
            section = line.trim_end();
        }
        let Some(range) = line.trim().strip_prefix("udp_port:").filter(|_| section == "rtc:") else { continue };
        let (from, to) = range.trim().trim_matches('"').split_once('-')?;
        let to: u16 = to.parse().ok()?;
        return (from.parse() == Ok(RTC_UDP_FROM) && to >= RTC_UDP_FROM).then_some(to);
    }
    None
}

/// firewalld's tables are asked after ours, and what they shut is shut.
fn refuse_firewalld(ports: &[Ports]) -> Result<(), Failure> {
    if !firewalld_runs() {
        return Ok(());
    }
    let mut commands = String::new();
    for it in ports.iter().filter(|it| it.reach == Reach::Everywhere) {
        let _ = writeln!(commands, "  firewall-cmd --permanent --add-port={}", numbers(it));
    }
    Err(Failure::input("firewalld runs here, and shuts what we would open").hint(format!(
        "let firewalld open the ports; everything else it keeps shut by itself:\n{commands}  firewall-cmd --reload"
    )))
}

/// `443/tcp`, or `50000-50003/udp`.
fn numbers(ports: &Ports) -> String {
    let Ports { from, to, transport, .. } = ports;
    if from == to { format!("{from}/{transport}") } else { format!("{from}-{to}/{transport}") }
}

fn from(reach: Reach) -> &'static str {
    match reach {
        Reach::Everywhere => "everywhere",
        Reach::ThisMachine => "this machine",
    }
}

#[cfg(test)]
mod tests {
    use super::media_ports_end;

    #[test]
    fn the_ports_for_media_are_those_that_livekit_was_told() {
        let yaml =
            |range: &str| format!("port: 7880\nrtc:\n  # udp_port: x\n  udp_port: {range}\nturn:\n  udp_port: 443\n");
        assert_eq!(media_ports_end(&yaml("\"50000-50007\"")), Some(50_007));
        assert_eq!(media_ports_end(&yaml("50000-50003")), Some(50_003));
        for other in ["", "7882", "60000-60003", "50000-99999", "50000-1"] {
            assert_eq!(media_ports_end(&yaml(other)), None, "{other}");
        }
        assert_eq!(media_ports_end("turn:\n  udp_port: 443\n"), None);
    }
}
