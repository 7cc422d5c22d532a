//! `meetbox firewall`, asked over a wire.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    thread,
};

use meetbox::assets::{
    appliance::rtc_udp_to,
    ports::{self, Ports, Reach, Transport},
};

use super::network::{HERE_V4, HERE_V6, Namespace, Wire};

/// The rules that the images of Oracle's cloud come with.
const ORACLES: &str = "*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [463:49013]
:InstanceServices - [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p udp --sport 123 -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
-A OUTPUT -d 169.254.0.0/16 -j InstanceServices
-A InstanceServices -d 169.254.0.2/32 -p tcp -m owner --uid-owner 0 -m tcp --dport 3260 -j ACCEPT
-A InstanceServices -d 169.254.0.0/16 -p tcp -m tcp -j REJECT --reject-with tcp-reset
-A InstanceServices -d 169.254.0.0/16 -p udp -m udp -j REJECT --reject-with icmp-port-unreachable
COMMIT
";

/// The same for IPv6. What neighbours are found by has to pass.
const ORACLES_V6: &str = "*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p ipv6-icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp6-adm-prohibited
COMMIT
";

/// Ports of others, on which somebody listens as well.
const OTHERS: [u16; 4] = [22, 25, 8080, 49_999];

fn table() -> Vec<Ports> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    ports::of_installation(rtc_udp_to(u16::try_from(cores).unwrap()))
}

/// The ports of the table that are to be reached so, and from there.
fn those(transport: Transport, reach: Reach) -> BTreeSet<u16> {
    let rows = table().into_iter().filter(|it| it.transport == transport && it.reach == reach);
    rows.flat_map(|it| it.from..=it.to).collect()
}

/// All of the table, one beyond its last, and those of others.
fn all() -> BTreeSet<u16> {
    let rows = table();
    let beyond = rows.iter().map(|it| it.to).max().unwrap() + 1;
    rows.iter().flat_map(|it| it.from..=it.to).chain(OTHERS).chain([beyond]).collect()
}

/// Both ways in which `iptables` may go: a folder for the front of `PATH`, where the first has none of its own.
fn backends() -> Vec<(&'static str, tempfile::TempDir)> {
    let own = ("as installed", tempfile::tempdir().unwrap());
    let legacy = "/usr/sbin/xtables-legacy-multi";
    if !fs::exists(legacy).unwrap() {
        println!("not tried: there is no {legacy}");
        return vec![own];
    }
    let old = ("legacy", tempfile::tempdir().unwrap());
    for name in ["iptables", "iptables-restore", "iptables-save", "ip6tables", "ip6tables-restore", "ip6tables-save"] {
        symlink(legacy, old.1.path().join(name)).unwrap();
    }
    vec![own, old]
}

/// The machine, and the folder in front of its `PATH`.
struct Walled<'a>(&'a Namespace, String);

impl Walled<'_> {
    fn must(&self, command: &str) -> String {
        let output = self.0.run(&self.1, command);
        assert!(output.status.success(), "{command}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn firewall(&self, what: &str) -> String {
        self.must(&format!("{} firewall {what}", env!("CARGO_BIN_EXE_meetbox")))
    }

    fn load(&self, v4: &str, v6: &str) {
        self.must(&format!("iptables-restore <<'END'\n{v4}END\nip6tables-restore <<'END'\n{v6}END"));
    }

    /// Every rule, and what happens to the rest, without counts. A table that was looked at is there from then on, empty.
    fn rules(&self) -> String {
        self.must(
            "(iptables-save; ip6tables-save) 2>/dev/null | sed -E '/^(#|COMMIT)/d; s/ \\[[0-9:]+\\]$//' \
             | awk '/^\\*/ { table = $0; next } /^:(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) ACCEPT$/ { next } { print table, $0 }'",
        )
    }
}

// Feature: infrastructure-local-dev, Property 13: a stranger reaches the ports for people and SSH, and no other.
#[test]
fn a_stranger_reaches_the_listed_ports_and_no_other() {
    for (backend, path) in backends() {
        let Some(wire) = Wire::lay() else { return };
        let machine = Walled(&wire.machine, path.path().display().to_string());
        wire.machine.answer_on(&all());
        machine.load(ORACLES, ORACLES_V6);
        for address in [HERE_V4, HERE_V6] {
            assert_eq!(
                wire.stranger.reaches_tcp(address, &all()),
                BTreeSet::from([22]),
                "{backend}: as the image comes"
            );
        }

        assert_eq!(machine.firewall("open"), "IPv4: open\nIPv6: open\n");
        let tcp: BTreeSet<_> = those(Transport::Tcp, Reach::Everywhere).into_iter().chain([22]).collect();
        for address in [HERE_V4, HERE_V6] {
            assert_eq!(wire.stranger.reaches_tcp(address, &all()), tcp, "{backend}: {address}");
            assert_eq!(
                wire.stranger.reaches_udp(address, &all()),
                those(Transport::Udp, Reach::Everywhere),
                "{backend}: {address}"
            );
            assert_eq!(wire.machine.reaches_tcp(address, &all()), all(), "{backend}: the machine reaches itself");
        }
    }
}

// Feature: infrastructure-local-dev, Property 13: also where everything else is let in, nobody reaches the inner ports.
#[test]
fn inner_ports_are_shut_where_everything_else_is_open() {
    for (backend, path) in backends() {
        let Some(wire) = Wire::lay() else { return };
        let machine = Walled(&wire.machine, path.path().display().to_string());
        wire.machine.answer_on(&all());
        let inner = those(Transport::Tcp, Reach::ThisMachine);
        assert!(wire.stranger.reaches_tcp(HERE_V4, &all()).is_superset(&inner));

        machine.firewall("open");
        for address in [HERE_V4, HERE_V6] {
            let reached = wire.stranger.reaches_tcp(address, &all());
            assert_eq!(reached, all().difference(&inner).copied().collect(), "{backend}: {address}");
            // As if nobody listened, and at once.
            assert!(wire.stranger.is_refused_tcp(address, *inner.first().unwrap()), "{backend}: {address}");
        }
    }
}

// What is published on loopback is led on to its container before the kernel sees that such a packet can come from nobody.
#[test]
fn a_neighbour_does_not_reach_what_is_published_on_loopback() {
    let Some(wire) = Wire::lay() else { return };
    let machine = Walled(&wire.machine, "/usr/sbin".to_owned());
    wire.machine.answer_on(&BTreeSet::from([8080]));
    machine.must(
        "iptables -t nat -A PREROUTING -d 127.0.0.1/32 -p tcp --dport 5432 -j DNAT --to-destination 10.9.0.1:8080",
    );
    wire.stranger.must(
        "sysctl -qw net.ipv4.conf.all.route_localnet=1 && ip address del 127.0.0.1/8 dev lo && \
         ip route add 127.0.0.1/32 via 10.9.0.1 dev there src 10.9.0.2",
    );
    let loopback = "127.0.0.1".parse().unwrap();
    let postgres = BTreeSet::from([5432]);
    assert_eq!(wire.stranger.reaches_tcp(loopback, &postgres), postgres, "so a neighbour would reach it");

    machine.firewall("open");
    assert_eq!(wire.stranger.reaches_tcp(loopback, &postgres), BTreeSet::new());
}

#[test]
fn opening_twice_is_opening_once_and_closing_leaves_the_rules_of_before() {
    for (backend, path) in backends() {
        let Some(wire) = Wire::lay() else { return };
        let machine = Walled(&wire.machine, path.path().display().to_string());
        machine.load(ORACLES, ORACLES_V6);
        machine.must("iptables -P FORWARD DROP; iptables -t nat -A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE");
        let before = machine.rules();

        machine.firewall("open");
        let opened = machine.rules();
        assert_ne!(opened, before);
        assert_eq!(machine.firewall("open"), "IPv4: open, as it was\nIPv6: open, as it was\n", "{backend}");
        assert_eq!(machine.rules(), opened, "{backend}");
        assert!(machine.firewall("show").ends_with("IPv4: open\nIPv6: open\n"));

        assert_eq!(machine.firewall("close"), "IPv4: closed\nIPv6: closed\n");
        assert_eq!(machine.rules(), before, "{backend}");
        assert_eq!(machine.firewall("close"), "IPv4: closed, as it was\nIPv6: closed, as it was\n");
        assert!(machine.firewall("show").contains("IPv4: not open"));
    }
}

#[test]
fn what_somebody_changed_is_told_and_put_right_and_what_is_theirs_stays() {
    for (backend, path) in backends() {
        let Some(wire) = Wire::lay() else { return };
        let machine = Walled(&wire.machine, path.path().display().to_string());
        machine.load(ORACLES, ORACLES_V6);
        machine.firewall("open");
        let opened = machine.rules();
        for (spoil, told) in [
            ("iptables -D MEETBOX -p tcp -m tcp --dport 443 -j ACCEPT", "somebody changed the rules"),
            ("iptables -F MEETBOX", "somebody changed the rules"),
            ("iptables -A MEETBOX -p tcp --dport 5433 -j ACCEPT", "somebody changed the rules"),
            ("iptables -D INPUT -j MEETBOX", "somebody changed the rules"),
            ("iptables -I INPUT 3 -j MEETBOX", "somebody changed the rules"),
            ("ip6tables -D INPUT -j MEETBOX; ip6tables -A INPUT -j MEETBOX", "something rejects before our rules"),
        ] {
            machine.must(spoil);
            assert!(machine.firewall("show").contains(told), "{backend}: {spoil}: {}", machine.firewall("show"));
            machine.firewall("open");
            assert_eq!(machine.rules(), opened, "{backend}: {spoil}");
        }

        // Whom the operator keeps out stays out; what keeps everybody out does not come first.
        machine.must("iptables -I INPUT 1 -s 203.0.113.66/32 -j DROP");
        assert!(machine.firewall("open").starts_with("IPv4: open, as it was\n"));
        assert!(machine.must("iptables -S INPUT").lines().nth(1).unwrap().contains("203.0.113.66"));
        machine.must("iptables -I INPUT 1 -j DROP");
        assert!(machine.firewall("open").starts_with("IPv4: open\n"));
        let rules = machine.must("iptables -S INPUT");
        assert_eq!(rules.lines().nth(1), Some("-A INPUT -j MEETBOX"), "{rules}");
        assert!(
            rules.contains("-A INPUT -s 203.0.113.66/32 -j DROP\n") && rules.contains("-A INPUT -j DROP\n"),
            "{rules}"
        );
    }
}

#[test]
fn where_firewalld_rules_its_commands_are_told_and_nothing_is_changed() {
    let Some(wire) = Wire::lay() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("firewall-cmd");
    fs::write(&program, "#!/bin/sh\necho running\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let machine = Walled(&wire.machine, folder.path().display().to_string());
    let before = machine.rules();

    let output = wire.machine.run(&machine.1, &format!("{} firewall open", env!("CARGO_BIN_EXE_meetbox")));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for it in ["443/tcp", "443/udp", "80/tcp", "7881/tcp", "50000-"] {
        assert!(said.contains(&format!("firewall-cmd --permanent --add-port={it}")), "{said}");
    }
    assert!(said.ends_with("firewall-cmd --reload\n") && !said.contains("5432"), "{said}");
    assert_eq!(machine.rules(), before);
}

#[test]
fn whoever_is_not_root_or_has_no_iptables_is_told() {
    let Some(wire) = Wire::lay() else { return };
    let binary = env!("CARGO_BIN_EXE_meetbox");
    let none = wire.machine.run("/usr/sbin", &format!("PATH=/nowhere {binary} firewall open"));
    let said = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(none.status.code() == Some(2) && said.contains("apt-get install iptables"), "{said}");
}
