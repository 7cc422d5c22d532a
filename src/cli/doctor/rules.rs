//! What a firewall does with a connection from outside, by the rules as `iptables -S` prints them.

use std::collections::BTreeMap;

use crate::cli::sockets::Transport;

/// How deep chains may lead into each other; the kernel allows no loops.
const DEEPEST: usize = 32;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Refused,
}

/// A packet that begins something new, from the network.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    pub transport: Transport,
    pub port: u16,
}

/// All chains of a table.
#[derive(Default)]
pub struct Rules {
    policies: BTreeMap<String, Verdict>,
    chains: BTreeMap<String, Vec<Rule>>,
}

struct Rule {
    conditions: Vec<Condition>,
    target: Option<String>,
}

struct Condition {
    option: String,
    value: String,
    negated: bool,
}

impl Rules {
    /// Reads what `iptables -S` prints.
    pub fn parse(text: &str) -> Self {
        let mut rules = Self::default();
        for line in text.lines() {
            let words = words(line);
            let mut words = words.iter().map(String::as_str);
            match (words.next(), words.next()) {
                (Some("-P"), Some(chain)) => {
                    let policy = if words.next() == Some("ACCEPT") { Verdict::Accepted } else { Verdict::Refused };
                    rules.policies.insert(chain.to_owned(), policy);
                }
                (Some("-N"), Some(chain)) => drop(rules.chains.entry(chain.to_owned()).or_default()),
                (Some("-A"), Some(chain)) => {
                    rules.chains.entry(chain.to_owned()).or_default().push(Rule::parse(words.collect()));
                }
                _ => {}
            }
        }
        rules
    }

    /// Whether there is a chain of that name.
    pub fn has(&self, chain: &str) -> bool {
        self.chains.contains_key(chain)
    }

    /// What becomes of a packet that comes in.
    pub fn verdict(&self, packet: Packet) -> Verdict {
        let policy = self.policies.get("INPUT").copied().unwrap_or(Verdict::Accepted);
        self.through("INPUT", packet, 0).unwrap_or(policy)
    }

    fn through(&self, chain: &str, packet: Packet, depth: usize) -> Option<Verdict> {
        for rule in self.chains.get(chain).into_iter().flatten() {
            if depth > DEEPEST || !rule.conditions.iter().all(|condition| condition.holds(packet) != condition.negated)
            {
                continue;
            }
            match rule.target.as_deref() {
                Some("ACCEPT") => return Some(Verdict::Accepted),
                Some("DROP" | "REJECT") => return Some(Verdict::Refused),
                Some("RETURN") => return None,
                // Those that only note something, and rules without a target.
                None => {}
                Some(other) => {
                    if let Some(verdict) = self.through(other, packet, depth + 1) {
                        return Some(verdict);
                    }
                }
            }
        }
        None
    }
}

impl Rule {
    fn parse(words: Vec<&str>) -> Self {
        let mut rule = Self { conditions: Vec::new(), target: None };
        let mut negated = false;
        let mut words = words.into_iter().peekable();
        while let Some(option) = words.next() {
            if option == "!" {
                negated = true;
                continue;
            }
            if option == "-j" || option == "-g" {
                // What follows belongs to the target.
                rule.target = words.next().map(str::to_owned);
                break;
            }
            let mut values = Vec::new();
            while let Some(value) = words.next_if(|word| !word.starts_with('-') && *word != "!") {
                values.push(value);
            }
            rule.conditions.push(Condition { option: option.to_owned(), value: values.join(" "), negated });
            negated = false;
        }
        rule
    }
}

impl Condition {
    /// Whether it holds, without its `!`. What cannot be known does not: a rule for some is no rule for all.
    fn holds(&self, packet: Packet) -> bool {
        let value = self.value.as_str();
        match self.option.as_str() {
            "-m" | "--comment" | "--limit" | "--limit-burst" => !self.negated,
            "-p" => match packet.transport {
                Transport::Tcp => ["tcp", "6", "all"].contains(&value),
                Transport::Udp => ["udp", "17", "all"].contains(&value),
            },
            "--dport" | "--dports" | "--destination-ports" => {
                value.split(',').any(|part| range(part).is_some_and(|(from, to)| (from..=to).contains(&packet.port)))
            }
            "-i" => value != "lo" && !["docker", "br-", "veth"].iter().any(|inner| value.starts_with(inner)),
            "-s" | "-d" => ["0.0.0.0/0", "::/0"].contains(&value),
            "--state" | "--ctstate" => value.split(',').any(|state| state == "NEW"),
            "--dst-type" => value == "LOCAL",
            "--tcp-flags" => value == "FIN,SYN,RST,ACK SYN" && packet.transport == Transport::Tcp,
            "--syn" => packet.transport == Transport::Tcp,
            _ => self.negated,
        }
    }
}

/// `80`, or `50000:50003`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once(':').unwrap_or((text, text));
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// The words of a line; what stands in quotes is one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(rules: &str, transport: Transport, port: u16) -> Verdict {
        Rules::parse(rules).verdict(Packet { transport, port })
    }

    /// The rules that Oracle's Ubuntu images come with.
    const ORACLE: &str = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N InstanceServices\n\
        -A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n\
        -A INPUT -p udp -m udp --sport 123 -j ACCEPT\n-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n\
        -A INPUT -j REJECT --reject-with icmp-host-prohibited\n";

    #[test]
    fn a_rule_for_some_is_no_rule_for_all() {
        assert_eq!(verdict(ORACLE, Transport::Tcp, 22), Verdict::Accepted);
        for (transport, port) in [(Transport::Tcp, 443), (Transport::Udp, 50_000), (Transport::Udp, 443)] {
            assert_eq!(verdict(ORACLE, transport, port), Verdict::Refused, "{port}");
        }
    }

    #[test]
    fn chains_are_followed_and_their_order_counts() {
        let chain = "-N MEETBOX\n-A MEETBOX ! -i lo -p tcp -m multiport --dports 5432,9090 -j REJECT --reject-with tcp-reset\n\
            -A MEETBOX -p tcp -m multiport --dports 80,443 -m comment --comment \"web -j DROP\" -j ACCEPT\n\
            -A MEETBOX -p udp -m udp --dport 50000:50003 -j ACCEPT\n-A MEETBOX -j RETURN\n";
        let before = format!("-P INPUT DROP\n{chain}-A INPUT -j MEETBOX\n-A INPUT -j REJECT\n");
        assert_eq!(verdict(&before, Transport::Tcp, 443), Verdict::Accepted);
        assert_eq!(verdict(&before, Transport::Udp, 50_003), Verdict::Accepted);
        assert_eq!(verdict(&before, Transport::Udp, 50_004), Verdict::Refused);
        assert_eq!(verdict(&before, Transport::Tcp, 9090), Verdict::Refused);
        let after = format!("-P INPUT ACCEPT\n{chain}-A INPUT -p all -j REJECT\n-A INPUT -j MEETBOX\n");
        assert_eq!(verdict(&after, Transport::Tcp, 443), Verdict::Refused);
        assert_eq!(verdict("-P INPUT ACCEPT\n", Transport::Tcp, 9090), Verdict::Accepted);
    }

    #[test]
    fn what_an_address_list_or_a_source_narrows_is_passed_over() {
        let rules = "-P INPUT ACCEPT\n-A INPUT -p tcp -m set --match-set f2b-sshd src -j DROP\n\
            -A INPUT -s 10.0.0.0/8 -j DROP\n-A INPUT ! -s 127.0.0.0/8 -p tcp -m tcp --dport 9090 -j DROP\n";
        assert_eq!(verdict(rules, Transport::Tcp, 443), Verdict::Accepted);
        assert_eq!(verdict(rules, Transport::Tcp, 9090), Verdict::Refused);
    }
}
