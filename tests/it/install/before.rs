//! What `install.sh` looks at before it changes anything.

use super::machine::{Machine, script};

/// A way to spoil a machine, and what has to be said of it: the sentence, and what mends it.
const SPOILT: [(&str, &str, &str); 18] = [
    ("mount --bind /dev/null /etc/os-release", "Debian 12 and 13", "--any-os"),
    (
        "printf '#!/bin/sh\\necho riscv64' >/run/uname; chmod 755 /run/uname; mount --bind /run/uname /usr/bin/uname",
        "no Meetbox for riscv64",
        "x86_64 or aarch64",
    ),
    ("rmdir /run/systemd/system", "systemd 249 or later does not run here", "Debian 12"),
    ("echo 'systemd 245 (245.4)' >/tmp/model/systemd", "systemd 249 or later does not run here", "Debian 12"),
    ("mount -t tmpfs -o size=64m tmpfs /var", "/var has 64 MiB free, and needs 10240", "larger disk"),
    (
        "mkdir /run/sbin; cp -a /usr/local/sbin/. /run/sbin; mount -t tmpfs -o size=64m tmpfs /usr/local; cp -a /run/sbin /usr/local/",
        "/usr/local has",
        "larger disk",
    ),
    ("echo 'MemTotal: 1000000 kB' >/run/memory; mount --bind /run/memory /proc/meminfo", "976 MiB of memory", "2 GiB"),
    ("ip route del default", "no default route", "gateway"),
    ("sed -i /meet.example.org/d /etc/hosts", "meet.example.org leads nowhere", "A record"),
    (
        "sed -i s/203.0.113.7/203.0.113.8/ /etc/hosts",
        "leads to 203.0.113.8, which is not this machine",
        "--public-address 203.0.113.8",
    ),
    ("echo 2001:db8::9 meet.example.org >>/etc/hosts", "leads to 2001:db8::9, which is not this machine", "AAAA"),
    (
        "printf 'firewalld.service\\n' >/tmp/model/active; printf '#!/bin/sh\\necho running' >/usr/local/sbin/firewall-cmd; chmod 755 /usr/local/sbin/firewall-cmd",
        "firewalld runs here",
        "disable --now firewalld",
    ),
    (
        "touch /tmp/model/docker-is-down",
        "the Docker engine does not answer: Cannot connect to the Docker daemon",
        "systemctl enable --now docker",
    ),
    (
        "touch /tmp/model/no-compose /run/docker.io",
        "Docker's compose plugin is missing, and Debian 12 has none",
        "docs.docker.com",
    ),
    ("echo 2.20.2 >/tmp/model/compose-version", "compose plugin is 2.20.2, and has to be 2.22", "bring it up to date"),
    ("touch /tmp/model/no-images", "these images are missing", "--images"),
    ("echo broken >>/tmp/1.0.0/meetbox", "not the file that was summed up", "copy it again"),
    ("rm /tmp/1.0.0/SHA256SUMS", "nothing says that /tmp/1.0.0/meetbox is whole", "--sha256"),
];

const INSTALL: &str = "bash /srv/install.sh --yes --domain meet.example.org --binary /tmp/1.0.0/meetbox";

/// A machine with a build to install, on which nothing has been changed.
fn ready() -> Option<Machine> {
    let machine = Machine::new()?;
    machine.build("1.0.0", 19);
    Some(machine)
}

// Feature: infrastructure-local-dev, Property 15: what is missing is said, with what mends it, before anything is changed.
#[test]
fn whatever_is_missing_is_named_with_what_mends_it_and_nothing_is_changed() {
    for (spoil, sentence, fix) in SPOILT {
        let Some(machine) = ready() else { return };
        machine.must(spoil);
        let before = machine.changes();
        let answer = machine.run(INSTALL);

        assert_eq!(answer.code, Some(1), "{spoil}: {answer:?}");
        assert!(answer.err.contains("nothing was changed"), "{spoil}: {answer:?}");
        let said = answer.err.lines().position(|line| line.contains(sentence));
        let said = said.unwrap_or_else(|| panic!("{spoil}: no `{sentence}` in {answer:?}"));
        let mended = answer.err.lines().nth(said + 1).unwrap_or_default();
        assert!(mended.starts_with("    fix: ") && mended.contains(fix), "{spoil}: {answer:?}");
        assert_eq!(machine.changes(), before, "{spoil}");
        assert_eq!(machine.log(), [""; 0], "{spoil}: nobody was asked to do anything");
        assert_eq!(machine.must("ls /tmp | grep -c meetbox-install || true"), "0\n", "{spoil}: temporary files stay");
    }
}

// Feature: infrastructure-local-dev, Property 15: all that is missing is said at once.
#[test]
fn several_things_that_are_missing_are_named_together() {
    let Some(machine) = ready() else { return };
    let apart = [2, 4, 6, 7, 8, 12, 14].map(|number| SPOILT[number]);
    for (spoil, _, _) in apart {
        machine.must(spoil);
    }
    let before = machine.changes();
    let answer = machine.run(INSTALL);

    assert_eq!(answer.code, Some(1), "{answer:?}");
    for (spoil, sentence, _) in apart {
        assert!(answer.err.contains(sentence), "{spoil}: {answer:?}");
    }
    assert_eq!(answer.err.matches("    fix: ").count(), apart.len(), "{answer:?}");
    assert_eq!(machine.changes(), before);
}

#[test]
fn a_port_that_somebody_holds_is_named_with_its_holder() {
    let Some(machine) = ready() else { return };
    for port in ["80", "443", "7881", "3001", "7880", "5432", "6379"] {
        let answer = machine.run(&format!(
            "perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); \
             bind(S, sockaddr_in({port}, inet_aton(\"203.0.113.7\"))) or die; listen(S, 1); system(@ARGV); exit($? >> 8)' {INSTALL}"
        ));
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert!(answer.err.contains(&format!("port {port}/tcp is taken by pid ")), "{answer:?}");
        assert!(answer.err.contains("systemctl status "), "{answer:?}");
    }
    assert_eq!(machine.log(), [""; 0]);
}

#[test]
fn only_root_installs() {
    let Some(machine) = ready() else { return };
    let answer = machine.run(&format!("chmod 1777 /tmp; setpriv --reuid 65534 --regid 65534 --clear-groups {INSTALL}"));
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.err.contains("only root can install") && answer.err.contains("sudo"), "{answer:?}");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let Some(machine) = ready() else { return };
    let before = machine.changes();
    let said = machine.must(&format!("{INSTALL} --dry-run"));

    assert!(said.contains("would put Meetbox 1.0.0 in place as /usr/local/bin/meetbox\n"), "{said}");
    assert!(said.contains("would set up files") && said.ends_with("Nothing was changed.\n"), "{said}");
    assert_eq!(machine.changes(), before);
    assert_eq!(machine.log(), [""; 0]);
}

#[test]
fn an_option_that_cannot_be_right_is_refused() {
    let Some(machine) = ready() else { return };
    for (options, sentence) in [
        ("--domain localhost", "--domain localhost: that is not what it takes"),
        ("--domain 'a.b; rm -rf /'", "that is not what it takes"),
        ("--domain", "--domain needs a value"),
        ("--domain --yes", "--domain needs a value"),
        ("--email ops", "--email ops: that is not what it takes"),
        ("--public-address 300.1.1.1", "that is not what it takes"),
        ("--certificate mine", "that is not what it takes"),
        ("--version newest", "that is not what it takes"),
        ("--version 1.0.0 --binary /srv/install.sh", "--version is for what is fetched"),
        ("--wait-for-recordings 0", "that is not what it takes"),
        ("--sha256 abc", "that is not what it takes"),
        ("--binary /nowhere", "cannot read /nowhere"),
        ("--binary /srv/install.sh --bundle /srv/install.sh", "exclude each other"),
        ("--purge", "--purge belongs to --uninstall"),
        ("--frobnicate", "there is no option --frobnicate"),
    ] {
        let answer = machine.run(&format!("bash /srv/install.sh {options}"));
        assert_eq!(answer.code, Some(1), "{options}: {answer:?}");
        assert!(answer.err.contains(sentence) && answer.err.contains("hint: "), "{options}: {answer:?}");
    }
    let answer = machine.run("MEETBOX_RELEASES=http://example.org bash /srv/install.sh");
    assert!(answer.code == Some(1) && answer.err.contains("https://"), "{answer:?}");
    assert!(machine.must("bash /srv/install.sh --help").starts_with("Usage: install.sh"));
}

#[test]
fn without_a_terminal_nothing_is_asked_and_nothing_is_done() {
    let Some(machine) = ready() else { return };
    let answer = machine.run("bash /srv/install.sh --domain meet.example.org --binary /tmp/1.0.0/meetbox");
    assert!(answer.code == Some(1) && answer.err.contains("no terminal to ask at"), "{answer:?}");
    assert_eq!(machine.log(), [""; 0]);
}

#[test]
fn a_script_that_was_cut_off_anywhere_does_nothing() {
    let Some(machine) = ready() else { return };
    let before = machine.changes();
    let whole = script();
    let last = whole.trim_end().rfind('\n').unwrap() + 1;
    let cuts: Vec<usize> = (0..last).step_by(200).chain([last - 1, last, last + 3, last + 4]).collect();
    let folder = machine.must("mkdir /tmp/cut && echo /tmp/cut");
    for cut in &cuts {
        let cut = (0..=*cut).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
        machine.must(&format!("head -c {cut} /srv/install.sh >{}/{cut}", folder.trim()));
    }
    // Each as a download that is piped into a shell.
    machine.run("for file in /tmp/cut/*; do bash -s -- --yes --domain meet.example.org --binary /tmp/1.0.0/meetbox <$file; done");
    assert_eq!(machine.changes(), before);
    assert_eq!(machine.log(), [""; 0]);
    assert!(cuts.len() > 100);

    // The same way does something when it is whole.
    let answer = machine.run("bash -s -- --yes --domain meet.example.org --binary /tmp/1.0.0/meetbox </srv/install.sh");
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(!machine.log().is_empty());
}
