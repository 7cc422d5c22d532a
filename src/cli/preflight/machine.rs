//! What the machine has: room, memory, free ports, a clock that is right.

use std::fs;

use chrono::TimeDelta;

use super::{Findings, containers};
use crate::{
    assets::{
        appliance::rtc_udp_to,
        ports::{self, Transport},
    },
    cli::{dev::Port, firewall::firewalld_runs, programs::Program, setup::default_interface},
};

const MIB: u64 = 1024 * 1024;
/// Folders, the MiB that have to be free there before an installation, and where there is one already, and what for.
const ROOM: [(&str, u64, u64, &str); 2] = [
    // Images and recordings of the first time are there, and the next may be what makes room.
    ("/var", 10 * 1024, 1024, "images, the database and recordings"),
    ("/usr/local", 1024, 128, "the binary and the one before it"),
];
/// MiB of memory without which not all parts start. Machines of 2 GiB have a little less than their name says.
const LEAST_MEMORY: u64 = 1750;
/// MiB of memory from which on a recording has room, too.
const GOOD_MEMORY: u64 = 3500;
/// Tokens and certificates go by the clock; LiveKit looks the other way for so long.
const MOST_OFF: TimeDelta = TimeDelta::seconds(60);
/// The programs of an installation that hold its ports and stand in no container.
const OURS: [&str; 2] = ["meetbox", "docker-proxy"];

/// Room on the disks.
pub fn room(findings: &mut Findings, installed: bool) {
    for (folder, first, again, purpose) in ROOM {
        let least = if installed { again } else { first };
        let free = match rustix::fs::statvfs(folder) {
            Ok(it) => it.f_bavail.saturating_mul(it.f_frsize) / MIB,
            Err(err) => {
                findings.problem(format!("cannot see how much room {folder} has: {err}"), format!("mkdir -p {folder}"));
                continue;
            }
        };
        if free < least {
            findings.problem(
                format!("{folder} has {free} MiB free, and needs {least} for {purpose}"),
                format!("make room below {folder}, or give it a larger disk"),
            );
        } else if free < first {
            findings.warn(format!("{folder} has only {free} MiB free for {purpose}"));
        }
    }
}

/// Memory.
pub fn memory(findings: &mut Findings) {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let Some(mib) = memory_in(&text) else {
        findings.warn("cannot see how much memory this machine has; Meetbox needs 2 GiB");
        return;
    };
    if mib < LEAST_MEMORY {
        findings.problem(
            format!("this machine has {mib} MiB of memory, and Meetbox needs 2 GiB"),
            "use a machine with 2 GiB of memory; with 4 for recordings",
        );
    } else if mib < GOOD_MEMORY {
        findings.warn(format!("this machine has {mib} MiB of memory; a recording alone takes up to 4 GiB"));
    }
}

/// MiB of memory, as `/proc/meminfo` says it.
fn memory_in(text: &str) -> Option<u64> {
    let kib = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(kib.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}

/// That nobody else holds our ports. The row for media is left out: any program may have one of it for a moment, as its own
/// end of a connection.
pub fn ports(findings: &mut Findings, is_installed: bool) {
    for it in ports::of_installation(rtc_udp_to(1)).iter().filter(|it| it.from == it.to) {
        let port = match it.transport {
            Transport::Tcp => Port::tcp(it.from),
            Transport::Udp => Port::udp(it.from),
        };
        let Some(holder) = port.listener() else { continue };
        let is_ours = || {
            holder.program().is_some_and(|program| OURS.contains(&program))
                || holder.pid().is_some_and(containers::is_ours)
        };
        if is_installed && is_ours() {
            continue;
        }
        findings.problem(
            format!("port {}/{} is taken by {holder}", it.from, it.transport),
            match holder.pid() {
                Some(pid) => format!("stop it for good; its service: systemctl status {pid}"),
                None => "find out who it is: ss -lntup".to_owned(),
            },
        );
    }
}

/// That the clock is right: by how much it is off, when somebody was asked, and whether something keeps it.
pub fn clock(findings: &mut Findings, off: Option<TimeDelta>) {
    let asked = Program::new("timedatectl").ask(&["show", "--property", "NTPSynchronized", "--value"]);
    // Where it cannot be asked, nobody vouches for the clock.
    let is_synchronised = asked.is_ok_and(|said| said.starts_with("yes"));
    judge_clock(findings, is_synchronised, off);
}

fn judge_clock(findings: &mut Findings, is_synchronised: bool, off: Option<TimeDelta>) {
    match off {
        Some(off) if off > MOST_OFF => findings.problem(
            format!("the clock is {} seconds off, and tokens and certificates go by it", off.num_seconds()),
            "timedatectl set-ntp true",
        ),
        _ if is_synchronised => {}
        _ => findings.warn(
            "nothing keeps the clock right; tokens are refused when it is a minute off: timedatectl set-ntp true",
        ),
    }
}

/// That there is a way to the world: by its interface people come, too.
pub fn network(findings: &mut Findings) {
    if default_interface().is_none() {
        findings
            .problem("this machine has no default route for IPv4", "give it a gateway; `ip route` shows what it has");
    }
}

/// That nobody else rules over the ports.
pub fn firewall(findings: &mut Findings) {
    if firewalld_runs() {
        findings.problem(
            "firewalld runs here, and shuts what Meetbox would open",
            "systemctl disable --now firewalld; the rules of iptables then hold, and Meetbox' come first among them",
        );
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{Findings, judge_clock, memory_in};

    #[test]
    fn memory_is_read_as_the_kernel_says_it() {
        assert_eq!(memory_in("MemTotal:        2014932 kB\nMemFree: 1 kB\n"), Some(1967));
        assert_eq!(memory_in("MemFree: 1 kB\n"), None);
    }

    #[test]
    fn a_clock_that_is_off_is_a_problem_whoever_vouches_for_it() {
        for (is_synchronised, off, problems, warnings) in [
            (true, None, 0, 0),
            (false, None, 0, 1),
            (false, Some(2), 0, 1),
            (true, Some(60), 0, 0),
            (true, Some(61), 1, 0),
            (false, Some(3600), 1, 0),
        ] {
            let mut findings = Findings::default();
            judge_clock(&mut findings, is_synchronised, off.map(TimeDelta::seconds));
            assert_eq!((findings.problems.len(), findings.warnings.len()), (problems, warnings), "{off:?}");
        }
    }
}
