//! Our chains, and what stands in them.

use std::fmt::Write as _;

use super::tables::Family;
use crate::assets::ports::{Ports, Reach, Transport};

/// The name of our chains, in each table the same.
pub const NAME: &str = "MEETBOX";

/// A chain of ours, and from where it is asked.
pub struct Chain {
    pub table: &'static str,
    /// The chain of the kernel's from which ours is asked.
    pub asked_from: &'static str,
    pub families: &'static [Family],
    rules: fn(&[Ports], Family) -> Vec<String>,
}

/// All of ours.
pub const CHAINS: [Chain; 2] = [
    Chain { table: "filter", asked_from: "INPUT", families: &[Family::V4, Family::V6], rules: let_in },
    // Ports of containers that are published on loopback are led on before the kernel sees that a packet for 127.0.0.1 can
    // have come from nowhere: a neighbour on the same network would reach Postgres. Docker shuts that itself since its
    // version 28.
    Chain { table: "raw", asked_from: "PREROUTING", families: &[Family::V4], rules: no_loopback_from_outside },
];

/// How a chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What stands in it; nothing when there is no such chain.
    pub rules: Option<Rules>,
    /// How often it is asked; once is right.
    pub jumps: usize,
    /// Something that rejects is asked before it.
    pub is_late: bool,
}

/// What stands in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    Right,
    Others,
}

impl State {
    /// Whether all is as it should be.
    pub fn is_open(self) -> bool {
        self.rules == Some(Rules::Right) && self.jump_is_right()
    }

    fn jump_is_right(self) -> bool {
        self.jumps == 1 && !self.is_late
    }

    /// For people.
    pub fn told(self) -> &'static str {
        match self.rules {
            None => "not open; `meetbox firewall open` opens it",
            Some(Rules::Right) if self.jump_is_right() => "open",
            Some(Rules::Right) if self.jumps == 1 => {
                "something rejects before our rules are asked; `meetbox firewall open` puts them in front"
            }
            Some(Rules::Right | Rules::Others) => "somebody changed the rules; `meetbox firewall open` puts them right",
        }
    }
}

impl Chain {
    /// The rules in it, in the form in which `iptables -S` says them.
    pub fn rules(&self, ports: &[Ports], family: Family) -> Vec<String> {
        (self.rules)(ports, family).into_iter().map(|rule| format!("-A {NAME} {rule}")).collect()
    }

    /// The rule that has it asked.
    pub fn jump(&self) -> String {
        format!("{} -j {NAME}", self.asked_from)
    }

    /// How it stands, by what `iptables -S` says of it (nothing when it is not there) and of the chain before it.
    pub fn state(&self, ours: Option<&str>, before: &str, wanted: &[String]) -> State {
        let jump = format!("-A {}", self.jump());
        let rules = ours.map(|ours| if ours.lines().eq(wanted) { Rules::Right } else { Rules::Others });
        let jumps = before.lines().filter(|line| *line == jump).count();
        let is_late = before.lines().take_while(|line| *line != jump).any(rejects);
        State { rules, jumps, is_late }
    }
}

/// What `iptables-restore --noflush` makes the chains of that are not open: for each table at once, or not at all.
pub fn opening(chains: &[(&Chain, State)], ports: &[Ports], family: Family) -> String {
    let mut text = String::new();
    for (chain, state) in chains.iter().filter(|(_, state)| !state.is_open()) {
        // Naming a chain of one's own empties it, and no other.
        let _ = writeln!(text, "*{}\n:{NAME} - [0:0]", chain.table);
        for rule in chain.rules(ports, family) {
            let _ = writeln!(text, "{rule}");
        }
        // One that stands well stays where it is: who put theirs before it had a reason.
        if !state.jump_is_right() {
            text += &format!("-D {}\n", chain.jump()).repeat(state.jumps);
            let _ = writeln!(text, "-I {} 1 -j {NAME}", chain.asked_from);
        }
        text += "COMMIT\n";
    }
    text
}

/// Whether a rule turns away what we want in. One that is about some addresses or states only is the operator's wish, and
/// ours do not go before it.
fn rejects(rule: &str) -> bool {
    let words: Vec<_> = rule.split_whitespace().collect();
    let after = |flag: &str| {
        let flag = flag.to_owned();
        words.windows(2).filter(move |pair| pair[0] == flag).map(|pair| pair[1]).collect::<Vec<_>>()
    };
    let is_general = after("-m").iter().all(|it| ["tcp", "udp", "multiport", "comment"].contains(it));
    let turns_away = after("-j").iter().any(|it| ["REJECT", "DROP"].contains(it));
    turns_away && is_general && !words.contains(&"-s")
}

fn let_in(ports: &[Ports], family: Family) -> Vec<String> {
    let rejecting = match family {
        Family::V4 => "icmp-port-unreachable",
        Family::V6 => "icmp6-port-unreachable",
    };
    let rule = |it: &Ports| {
        let transport = it.transport;
        let port = if it.from == it.to { it.from.to_string() } else { format!("{}:{}", it.from, it.to) };
        let of = format!("-p {transport} -m {transport} --dport {port}");
        match (it.reach, transport) {
            (Reach::Everywhere, _) => format!("{of} -j ACCEPT"),
            // As if nobody listened there.
            (Reach::ThisMachine, Transport::Tcp) => format!("! -i lo {of} -j REJECT --reject-with tcp-reset"),
            (Reach::ThisMachine, Transport::Udp) => format!("! -i lo {of} -j REJECT --reject-with {rejecting}"),
        }
    };
    ports.iter().map(rule).collect()
}

fn no_loopback_from_outside(_: &[Ports], _: Family) -> Vec<String> {
    vec!["-d 127.0.0.0/8 ! -i lo -j DROP".to_owned()]
}

#[cfg(test)]
mod tests {
    use super::rejects;

    #[test]
    fn only_rules_that_turn_everybody_away_count() {
        for rule in [
            "-A INPUT -j REJECT --reject-with icmp-host-prohibited",
            "-A INPUT -p tcp -m tcp --dport 443 -j DROP",
            "-A INPUT -i ens3 -p udp -m multiport --dports 443,50000 -j DROP",
        ] {
            assert!(rejects(rule), "{rule}");
        }
        for rule in [
            "-P INPUT DROP",
            "-A INPUT -s 203.0.113.7/32 -j DROP",
            "-A INPUT -p tcp -m set --match-set banned src -j REJECT --reject-with icmp-port-unreachable",
            "-A INPUT -m conntrack --ctstate INVALID -j DROP",
            "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
            "-A INPUT -j ufw-before-input",
        ] {
            assert!(!rejects(rule), "{rule}");
        }
    }
}
