//! The network broken piece by piece: names, the certificate, ports, the firewall.

use std::{
    net::{IpAddr, Ipv4Addr, UdpSocket},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::getuid;

use super::{
    DOMAIN, Machine,
    stand_ins::{RULES, all_well},
};
use crate::services::{
    free_port,
    process::{Guarded, Program, find_program, folder_for},
};

/// Sockets as the kernel's tables show them.
fn sockets(machine: &Machine, table: &str, listening: &[(&str, u16)]) {
    let state = if table == "tcp" { "0A" } else { "07" };
    let line = |(at, (address, port)): (usize, &(&str, u16))| {
        let address = u32::from_ne_bytes(address.parse::<Ipv4Addr>().unwrap().octets());
        format!(
            "{at:4}: {address:08X}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 4711{at} 1 0000000000000000 100 0 0 10 0\n"
        )
    };
    let lines: String = listening.iter().enumerate().map(line).collect();
    machine.write(&format!("proc/net/{table}"), &format!("  sl  local_address rem_address   st\n{lines}"));
}

const OUTER_TCP: [(&str, u16); 3] = [("0.0.0.0", 443), ("0.0.0.0", 80), ("0.0.0.0", 7881)];
const INNER_TCP: [(&str, u16); 5] =
    [("127.0.0.1", 3001), ("127.0.0.1", 7880), ("127.0.0.1", 5432), ("127.0.0.1", 6379), ("127.0.0.1", 2019)];
const UDP: [(&str, u16); 5] =
    [("10.0.0.5", 50000), ("10.0.0.5", 50001), ("10.0.0.5", 50002), ("10.0.0.5", 50003), ("0.0.0.0", 443)];

#[test]
fn doors_where_nobody_listens_and_inner_ports_that_are_open_are_told() {
    let machine = Machine::set_up(&[]);
    let tcp = [&OUTER_TCP[..], &INNER_TCP].concat();
    sockets(&machine, "tcp", &tcp);
    sockets(&machine, "udp", &UDP);
    let report = machine.look();
    report.says("Network", "open ports", "ok", "443/tcp, 80/tcp, 7881/tcp, 50000-50003/udp, 443/udp", "");
    report.says("Network", "inner ports", "ok", "3001, 7880, 5432, 6379, 2019", "");

    sockets(&machine, "tcp", &tcp[1..]);
    machine.look().says("Network", "open ports", "failed", "nobody listens at 443/tcp (caddy)", "restart caddy");
    sockets(&machine, "tcp", &tcp);
    // A machine with fewer cores than ports.
    sockets(&machine, "udp", &[&UDP[..2], &UDP[4..]].concat());
    machine.look().says("Network", "open ports", "ok", "50000-50003/udp", "");
    sockets(&machine, "udp", &UDP[4..]);
    machine.look().says(
        "Network",
        "open ports",
        "failed",
        "nobody listens at 50000-50003/udp (livekit)",
        "restart livekit",
    );
    sockets(&machine, "udp", &UDP);

    let everywhere = [&tcp[..], &[("0.0.0.0", 5432), ("10.0.0.5", 6379)]].concat();
    sockets(&machine, "tcp", &everywhere);
    let report = machine.look();
    report.says("Network", "inner ports", "failed", "5432 (postgres) listens on 0.0.0.0", "ports: of postgres");
    report.says("Network", "inner ports", "failed", "6379 (redis) listens on 10.0.0.5", "ports: of redis");
    sockets(&machine, "tcp", &[&[("127.0.0.1", 443)], &tcp[1..]].concat());
    machine.look().says(
        "Network",
        "open ports",
        "failed",
        "443/tcp (caddy) listens on loopback alone",
        "meetbox setup",
    );
}

#[test]
fn each_inner_port_that_is_open_is_told_with_what_shuts_it() {
    let machine = Machine::set_up(&[]);
    let inner = || machine.look().check("Network", "inner ports").clone();
    assert_eq!(inner()["state"], "unknown", "there are no tables: {}", inner());
    for (at, said, fix) in [
        (0, "3001 (meetbox) listens on 0.0.0.0", "BIND=127.0.0.1"),
        (1, "7880 (livekit) listens on 0.0.0.0", "bind_addresses in livekit.yaml"),
        (2, "5432 (postgres) listens on 0.0.0.0", "ports: of postgres"),
        (3, "6379 (redis) listens on 0.0.0.0", "ports: of redis"),
        (4, "2019 (caddy's admin) listens on 0.0.0.0", "admin in Caddyfile"),
    ] {
        let mut listening = INNER_TCP;
        listening[at].0 = "0.0.0.0";
        sockets(&machine, "tcp", &listening);
        let report = machine.look();
        report.says("Network", "inner ports", "failed", said, fix);
        let message = report.check("Network", "inner ports")["message"].as_str().unwrap().to_owned();
        assert_eq!(message.matches("listens on").count(), 1, "{message}");
    }
    // Over IPv6 alone.
    sockets(&machine, "tcp", &INNER_TCP);
    let any = "0".repeat(32);
    machine.write("proc/net/tcp6", &format!("  sl  local_address\n   0: {any}:18EB {any}:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0\n"));
    machine.look().says("Network", "inner ports", "failed", "6379 (redis) listens on [::]", "ports: of redis");
}

#[test]
fn a_firewall_that_shuts_people_out_is_told() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let firewall = |rules: &str| {
        machine.program("iptables", &[("-S", rules, 0)]);
        machine.look()
    };
    firewall(RULES).says("Network", "firewall", "ok", "every door is open by the chain MEETBOX", "");

    let behind = RULES.replace("-A INPUT -j MEETBOX\n", "") + "-A INPUT -j MEETBOX\n";
    let report = firewall(&behind);
    report.says(
        "Network",
        "firewall",
        "failed",
        "443/tcp, 80/tcp, 7881/tcp, 50000-50003/udp, 443/udp cannot be reached",
        "meetbox firewall open",
    );
    report.says("Network", "firewall", "failed", "the jump to MEETBOX stands behind a rule", "meetbox firewall open");
    report.says("Network", "firewall, IPv6", "ok", "every door", "");
    let report = firewall(&RULES.replace("50000:50003", "50000:50001"));
    report.says("Network", "firewall", "failed", "50000-50003/udp cannot be reached", "meetbox firewall open");
    let open = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";
    firewall(open).says("Network", "firewall", "warning", "9090/tcp", "meetbox firewall open");
    firewall(open).says("Network", "firewall", "warning", "7980/tcp (the recorder: the page", "meetbox firewall open");
    let some = RULES
        .replace("9090,7980,7981", "9090,7981")
        .replace("-A INPUT -j REJECT --reject-with icmp-host-prohibited\n", "");
    let report = firewall(&some);
    report.says("Network", "firewall", "warning", "7980/tcp", "meetbox firewall open");
    assert!(!report.check("Network", "firewall").to_string().contains("9090"), "{}", report.text);
    let ufw = "-P INPUT DROP\n-N ufw-user-input\n-A INPUT -j ufw-user-input\n-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT\n";
    firewall(ufw).says("Network", "firewall", "failed", "443/tcp", "ufw allow 50000:50003/udp");

    machine.program("ip6tables", &[("-S", "-P INPUT DROP\n", 0)]);
    machine.program("iptables", &[("-S", "iptables v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n", 4)]);
    let report = machine.look();
    report.says("Network", "firewall", "unknown", "use sudo", "");
    report.says("Network", "firewall, IPv6", "warning", "cannot be reached from outside", "meetbox firewall open");
}

#[test]
fn firewalld_is_asked_where_it_runs() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let firewalld = |ports: &str, services: &str| {
        let services = format!("ssh http https{services}\n");
        let answers = [("--state", "running\n", 0), ("--list-ports", ports, 0), ("--list-services", &services, 0)];
        machine.program("firewall-cmd", &answers);
        machine.look()
    };
    let doors = "7881/tcp 443/udp 50000-50100/udp";
    firewalld(doors, "").says("Network", "firewall", "ok", "firewalld lets every door", "");

    let fix = "firewall-cmd --permanent --remove-service=cockpit && firewall-cmd --reload";
    let report = firewalld(doors, " cockpit");
    report.says("Network", "firewall", "warning", "9090/tcp (the recorder: that it lives)", fix);
    report.says("Network", "firewall, IPv6", "warning", "9090/tcp", fix);
    let fix = "firewall-cmd --permanent --remove-port=7000-8000/tcp && firewall-cmd --reload";
    let report = firewalld(&format!("{doors} 7000-8000/tcp 9090/udp"), "");
    report.says("Network", "firewall", "warning", "7980/tcp (the recorder: the page that it records)", fix);
    assert!(!report.check("Network", "firewall").to_string().contains("9090"), "{}", report.text);

    let report = firewalld("7881/tcp\n", "");
    let fix = "firewall-cmd --permanent --add-port=50000-50003/udp --add-port=443/udp && firewall-cmd --reload";
    report.says("Network", "firewall", "failed", "50000-50003/udp, 443/udp", fix);
}

/// A name server that knows these addresses of the domain, and nothing else. Only root may listen at its port.
fn name_server(addresses: &'static [&'static str]) -> String {
    let (socket, host) = loop {
        let host = format!("127.{}.{}.53", rand::random_range(1..255), rand::random_range(1..255));
        if let Ok(socket) = UdpSocket::bind((host.as_str(), 53)) {
            break (socket, host);
        }
    };
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            // The question: labels, each with its length before it, then the kind.
            let name: usize = (12..length).find(|at| query[*at] == 0).unwrap();
            let kind = u16::from_be_bytes([query[name + 1], query[name + 2]]);
            let mut answers = Vec::new();
            let mut count = 0_u16;
            for address in addresses {
                let (of, bytes) = match address.parse().unwrap() {
                    IpAddr::V4(it) => (1, it.octets().to_vec()),
                    IpAddr::V6(it) => (28, it.octets().to_vec()),
                };
                if of == kind {
                    count += 1;
                    answers.extend([0xc0, 12, 0, kind as u8, 0, 1, 0, 0, 0, 60, 0, bytes.len() as u8]);
                    answers.extend(bytes);
                }
            }
            let [high, low] = count.to_be_bytes();
            let head = [query[0], query[1], 0x85, 0x80, 0, 1, high, low, 0, 0, 0, 0];
            let answer = [&head[..], &query[12..name + 5], &answers].concat();
            let _ = socket.send_to(&answer, from);
        }
    });
    format!("nameserver {host}\n")
}

/// Somebody outside who says to everybody that their packets come from this address.
fn stun_server(seen: Ipv4Addr) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    thread::spawn(move || {
        let mut request = [0; 512];
        while let Ok((_, from)) = socket.recv_from(&mut request) {
            // Source: RFC 8489, 14.2. The cookie is at the fourth byte, the transaction behind it.
            let masked: Vec<u8> = seen.octets().iter().zip(&request[4..8]).map(|(byte, mask)| byte ^ mask).collect();
            let answer = [&[1, 1, 0, 12], &request[4..20], &[0, 0x20, 0, 8, 0, 1, 0, 0], &masked].concat();
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}

#[test]
fn an_address_that_livekit_cannot_learn_is_told() {
    let machine = Machine::set_up(&[]);
    let nobody = "no STUN server answers (127.0.0.1:9: ";
    machine.look().says("Network", "public address", "failed", nobody, "meetbox setup --public-address ADDRESS");
    let stun = stun_server(Ipv4Addr::new(203, 0, 113, 7));
    let report = machine.look_with(&["--stun", &stun]);
    report.says("Network", "public address", "ok", "203.0.113.7, which LiveKit asks a STUN server for", "");

    // It starts, and offers what it has.
    machine.change("etc/meetbox/livekit.yaml", "use_external_ip: true", "use_external_ip: false");
    machine.look().says("Network", "public address", "unknown", nobody, "");
}

#[test]
fn a_turn_that_is_off_or_that_nobody_is_told_of_is_told() {
    let machine = Machine::set_up(&[]);
    machine.change("etc/meetbox/livekit.yaml", "domain: \"meet.example.org\"", "domain: \"\"");
    machine.look().says("Network", "TURN", "failed", "turn.domain is empty, so nobody is told of it", "meetbox setup");
    machine.change("etc/meetbox/livekit.yaml", "turn:\n  enabled: true", "turn:\n  enabled: false");
    machine.look().says("Network", "TURN", "warning", "off: whoever is let out by nothing but port 443", "by hand");
}

#[test]
fn a_domain_that_leads_elsewhere_or_nowhere_is_told_with_the_record_to_set() {
    if !getuid().is_root() {
        println!("skipped: only root may listen where name servers do");
        return;
    }
    let machine = Machine::set_up(&["--public-address", "203.0.113.7"]);
    machine.write("proc/net/fib_trie", "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.5\n        /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n");
    machine.write("proc/net/if_inet6", "20010db8000000000000000000000007 02 40 00 80     ens3\n00000000000000000000000000000001 01 80 10 80       lo\n");
    let domain = |addresses| {
        machine.write("etc/resolv.conf", &name_server(addresses));
        machine.look()
    };
    domain(&["203.0.113.7"]).says("Network", "domain", "ok", "leads here: 203.0.113.7", "");
    domain(&["10.0.0.5", "2001:db8::7"]).says("Network", "domain", "ok", "leads here: 10.0.0.5, 2001:db8::7", "");
    domain(&[]).says("Network", "domain", "failed", "meet.example.org leads nowhere", "A meet.example.org");
    let report = domain(&["203.0.113.7", "2001:db8::8"]);
    report.says("Network", "domain", "failed", "2001:db8::8 over IPv6, which is not this machine", "AAAA");
    domain(&["198.51.100.9"]).says("Network", "domain", "unknown", "leads to 198.51.100.9", "");

    let stun = stun_server(Ipv4Addr::new(203, 0, 113, 7));
    let report = machine.look_with(&["--stun", &stun]);
    let record = "where meet.example.org is managed, set: A meet.example.org 203.0.113.7";
    let said = "meet.example.org leads to 198.51.100.9, and this machine is 203.0.113.7";
    report.says("Network", "domain", "failed", said, record);
    machine.write("etc/resolv.conf", &name_server(&[]));
    let report = machine.look_with(&["--stun", &stun]);
    report.says("Network", "domain", "failed", "leads nowhere", "add: A meet.example.org 203.0.113.7");
    machine.write("etc/resolv.conf", "nameserver 127.0.0.9\n");
    machine.look().says("Network", "domain", "unknown", "name servers cannot be asked", "");
}

/// Caddy, with `tls` in its site for the domain.
fn caddy(binary: &Path, tls: &str) -> (Guarded, u16, tempfile::TempDir) {
    let (http, https) = (free_port(), free_port());
    let folder = folder_for(None);
    let config = folder.path().join("Caddyfile");
    let text = format!(
        "{{\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n\tskip_install_trust\n}}\n{DOMAIN} {{\n\ttls {tls}\n\trespond ok\n}}\n"
    );
    std::fs::write(&config, text).unwrap();
    let home = folder.path().display().to_string();
    let program = Program {
        binary,
        arguments: ["run", "--adapter", "caddyfile", "--config", &config.display().to_string()]
            .map(str::to_owned)
            .into(),
        environment: vec![("XDG_DATA_HOME".to_owned(), home.clone()), ("HOME".to_owned(), home)],
        run_as: None,
        end_signal: "KILL",
    };
    let process = Guarded::start(&program, folder.path(), false);
    process.wait_for_port(https);
    (process, https, folder)
}

/// A certificate for the domain that somebody signed themselves, good in that time; its file, and its key's.
pub fn own_certificate(folder: &Path, from: &str, until: &str) -> [String; 2] {
    let path = |name: &str| folder.join(format!("{until}{name}")).display().to_string();
    let (key, request, certificate, config) = (path(".key"), path(".csr"), path(".pem"), path(".cnf"));
    std::fs::write(path(".index"), "").unwrap();
    let text = format!(
        "[ca]\ndefault_ca=d\n[d]\ndatabase={}\nnew_certs_dir={}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n\
         copy_extensions=copy\n[p]\ncommonName=supplied\n",
        path(".index"),
        folder.display()
    );
    std::fs::write(&config, text).unwrap();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", &key];
    let name = format!("subjectAltName=DNS:{DOMAIN}");
    openssl(&[&["req", "-subj", "/CN=Somebody", "-addext", &name, "-out", &request], &curve[..]].concat());
    let files = ["-config", &config, "-keyfile", &key, "-in", &request, "-out", &certificate];
    let dates = ["-startdate", from, "-enddate", until];
    openssl(&[&["ca", "-batch", "-selfsign", "-notext"], &files[..], &dates].concat());
    [certificate, key]
}

#[test]
fn a_certificate_that_browsers_do_not_believe_is_told() {
    let Some(binary) = find_program("caddy", &[]) else {
        assert!(std::env::var_os("CI").is_none(), "Debian's caddy is missing");
        println!("skipped: there is no caddy; `packaging/dev-prerequisites.sh --tests` installs it");
        return;
    };
    let machine = Machine::set_up(&["--public-address", "127.0.0.1"]);
    let at = |port: u16| machine.set("PUBLIC_URL", &format!("https://{DOMAIN}:{port}"));
    at(free_port());
    let report = machine.look();
    report.says("Network", "certificate", "failed", "nobody answers at", "systemctl restart meetbox-stack");
    report.says("Network", "way back", "warning", "does not reach itself at 127.0.0.1:", "look from outside");

    let (_process, port, _folder) = caddy(&binary, "internal");
    at(port);
    // It breaks every handshake off until it has made itself one.
    let began = Instant::now();
    while machine.look().check("Network", "certificate")["state"] != "warning" {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", machine.look().text);
    }
    let report = machine.look();
    report.says("Network", "certificate", "warning", "Caddy's own authority", "--certificate acme");
    report.says("Network", "way back", "ok", "this machine reaches itself at 127.0.0.1:", "");

    let keys = folder_for(None);
    let signed = |until| own_certificate(keys.path(), "20190101000000Z", until).join(" ");
    let (_old, port, _folder) = caddy(&binary, &signed("20200101000000Z"));
    at(port);
    machine.look().says(
        "Network",
        "certificate",
        "failed",
        "CN=Somebody expired on 2020-01-01",
        "logs --tail 50 caddy",
    );
    let (_own, port, _folder) = caddy(&binary, &signed("20400101000000Z"));
    at(port);
    machine.look().says("Network", "certificate", "failed", "browsers do not believe it", "--certificate acme");
}
