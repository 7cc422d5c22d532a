//! Whether the domain leads to this machine, without which no authority gives a certificate for it.

use std::{
    collections::BTreeSet,
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs},
};

use super::Findings;

/// Looks where the domain leads.
pub fn look(findings: &mut Findings, domain: &str, public: Option<Ipv4Addr>) {
    let leads_to: BTreeSet<IpAddr> = match (domain, 443).to_socket_addrs() {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(_) => BTreeSet::new(),
    };
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let mut own = own_v4(&read("/proc/net/fib_trie"));
    own.extend(own_v6(&read("/proc/net/if_inet6")));
    judge(findings, domain, &leads_to, &own, public);
}

fn judge(
    findings: &mut Findings,
    domain: &str,
    leads_to: &BTreeSet<IpAddr>,
    own: &BTreeSet<IpAddr>,
    public: Option<Ipv4Addr>,
) {
    if leads_to.is_empty() {
        findings.problem(
            format!("the name {domain} leads nowhere"),
            "make an A record for it with this machine's public address, and wait until it is known",
        );
        return;
    }
    // Behind one-to-one NAT nobody on the machine knows under which address the world sees it.
    let is_behind_nat = !own.iter().any(|address| matches!(address, IpAddr::V4(it) if is_public(*it)));
    for address in leads_to {
        // Debian gives a machine's own name an address of loopback, in a file that nobody else reads.
        if address.is_loopback() {
            findings.warn(format!("/etc/hosts says where {domain} leads, so it is not known what the world is told"));
        } else if own.contains(address) || public.is_some_and(|it| IpAddr::V4(it) == *address) {
        } else if is_behind_nat && address.is_ipv4() && public.is_none() {
            findings.warn(format!(
                "{domain} leads to {address}, and this machine has only private addresses; whether it is behind that \
                 one is not known here (--public-address {address} says that it is)"
            ));
        } else {
            let fix = match address {
                IpAddr::V4(_) => format!("let it lead here, or say --public-address {address} when that leads here"),
                IpAddr::V6(_) => "let its AAAA record lead here, or delete that record".to_owned(),
            };
            findings.problem(format!("the name {domain} leads to {address}, which is not this machine"), fix);
        }
    }
}

fn is_public(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // Carriers hide their customers behind the last.
    let is_shared = first == 100 && (64..128).contains(&second);
    !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared)
}

/// The machine's own addresses in the kernel's table of routes, where each stands a line above `/32 host LOCAL`.
fn own_v4(table: &str) -> BTreeSet<IpAddr> {
    let lines: Vec<_> = table.lines().map(str::trim).collect();
    let own = lines.windows(2).filter(|pair| pair[1].starts_with("/32 host LOCAL"));
    own.filter_map(|pair| pair[0].rsplit(' ').next()?.parse::<Ipv4Addr>().ok()).map(IpAddr::V4).collect()
}

/// Those of IPv6: 32 digits at the beginning of each line.
fn own_v6(table: &str) -> BTreeSet<IpAddr> {
    let digits = table.lines().filter_map(|line| line.split(' ').next());
    digits.filter_map(|it| u128::from_str_radix(it, 16).ok()).map(|it| IpAddr::V6(Ipv6Addr::from(it))).collect()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::IpAddr};

    use super::{Findings, judge, own_v4, own_v6};

    fn all(addresses: &[&str]) -> BTreeSet<IpAddr> {
        addresses.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn the_kernel_tells_the_machines_own_addresses() {
        let trie = "Main:\n  +-- 10.0.0.0/24 2 0 2\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.5\n        \
                    /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n";
        assert_eq!(own_v4(trie), all(&["10.0.0.5"]));
        let inet6 = "20010db8000000000000000000000001 02 40 00 80     ens3\n";
        assert_eq!(own_v6(inet6), all(&["2001:db8::1"]));
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_a_problem_and_what_cannot_be_known_is_said() {
        let private = ["127.0.0.1", "10.0.0.5"];
        for (leads_to, own, public, problems, warnings) in [
            (&[][..], &private[..], None, 1, 0),
            (&["198.51.100.4"], &["198.51.100.4"], None, 0, 0),
            (&["198.51.100.4"], &["198.51.100.9"], None, 1, 0),
            (&["198.51.100.4"], &private, None, 0, 1),
            (&["198.51.100.4"], &private, Some("198.51.100.4"), 0, 0),
            (&["198.51.100.4"], &private, Some("198.51.100.5"), 1, 0),
            (&["198.51.100.4", "2001:db8::9"], &["198.51.100.4", "2001:db8::1"], None, 1, 0),
            (&["2001:db8::9"], &private, None, 1, 0),
            (&["127.0.1.1"], &private, None, 0, 1),
        ] {
            let mut findings = Findings::default();
            judge(&mut findings, "meet.example.org", &all(leads_to), &all(own), public.map(|it| it.parse().unwrap()));
            assert_eq!(
                (findings.problems.len(), findings.warnings.len()),
                (problems, warnings),
                "{leads_to:?} {own:?}"
            );
        }
    }
}
