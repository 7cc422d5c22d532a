//! Runs of `install.sh` that come upon less than a clean machine: settings without a binary, a run that was cut off, a shell
//! with variables of its own, nobody who listens any more.

use super::{
    machine::Machine,
    upgrade::{DOMAIN, failed, installed, version, well},
};

#[test]
fn settings_that_are_there_are_kept_and_never_to_be_purged() {
    let Some(machine) = Machine::new() else { return };
    machine.build("1.0.0", 19);
    // As somebody leaves them who begins with the bucket.
    machine.must("mkdir /etc/meetbox; echo S3_BUCKET=x >/etc/meetbox/meetbox.env; touch /tmp/model/setup-fails-1.0.0");
    let answer = machine.install("1.0.0", DOMAIN);
    failed(&answer, 2, &["it goes on from there", "To go back: /usr/local/bin/meetbox uninstall\n"]);
    assert!(!answer.err.contains("--purge"), "{answer:?}");

    machine.must("rm /tmp/model/setup-fails-1.0.0; : >/tmp/model/log");
    well(&machine.install("1.0.0", DOMAIN));
    assert_eq!(machine.log(), ["1.0.0 setup --yes --domain meet.example.org --certificate internal"]);
}

#[test]
fn a_build_that_a_run_before_left_unproved_can_still_be_left() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    // The machine lost its power behind the exchange of the binaries.
    machine.must(
        "mkdir -p /usr/local/lib/meetbox; mv /usr/local/bin/meetbox /usr/local/lib/meetbox/previous; \
         cp /tmp/1.1.0/meetbox /usr/local/bin/; touch /usr/local/lib/meetbox/unproved /tmp/model/unhealthy-1.1.0",
    );
    // Another build takes the place of what was never proved, and that is not kept as the one to go back to.
    machine.build("1.2.0", 20);
    machine.must("touch /tmp/model/setup-fails-1.2.0");
    failed(&machine.install("1.2.0", ""), 2, &["Going back", "Meetbox 1.0.0 is back, and ready."]);
    assert_eq!(version(&machine), "meetbox 1.0.0");

    machine.must("cp /tmp/1.1.0/meetbox /usr/local/bin/; touch /usr/local/lib/meetbox/unproved");
    failed(&machine.install("1.1.0", ""), 2, &["Going back", "Meetbox 1.0.0 is back, and ready."]);
    assert_eq!(version(&machine), "meetbox 1.0.0");
    machine.must("test ! -e /usr/local/lib/meetbox/unproved");
}

#[test]
fn going_back_needs_nobody_who_listens() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/unhealthy-1.1.0");
    // `head` ends while the new one is set up, as `tee` does at Ctrl-C.
    machine.must("bash /srv/install.sh --yes --binary /tmp/1.1.0/meetbox 2>&1 | head -n 4");
    assert_eq!(version(&machine), "meetbox 1.0.0");
    assert_eq!(machine.log().last().map(String::as_str), Some("systemctl restart meetbox.service"));
    // What setup says may be the first administrator's link.
    assert_eq!(machine.must("stat -c %a /usr/local/lib/meetbox/return.log"), "600\n");
}

#[test]
fn what_stands_in_the_shell_by_chance_reaches_nobody() {
    let Some(machine) = Machine::new() else { return };
    machine.build("1.0.0", 19);
    let chance = "PORT=1 COMPOSE_FILE=/srv/shop.yml POSTGRES_PASSWORD=x PATH=/usr/bin:/bin SHELLOPTS";
    let answer =
        machine.run(&format!("export {chance}; bash /srv/install.sh --yes --binary /tmp/1.0.0/meetbox {DOMAIN}"));
    well(&answer);
    assert_eq!(machine.log(), ["1.0.0 setup --yes --domain meet.example.org --certificate internal"]);
}

#[test]
fn nothing_is_taken_away_for_a_look() {
    let Some(machine) = installed() else { return };
    let before = machine.changes();
    let answer = machine.run("bash /srv/install.sh --uninstall --purge --yes --dry-run");
    failed(&answer, 1, &["--dry-run is for installing"]);
    assert_eq!(machine.changes(), before);
}

#[test]
fn a_disk_that_the_first_installation_filled_takes_an_upgrade() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("mount -t tmpfs -o size=2g tmpfs /var");
    let answer = machine.install("1.1.0", "");
    well(&answer);
    assert!(answer.err.contains("warning: /var has only 2048 MiB free"), "{answer:?}");
}

#[test]
fn the_public_address_is_said_once() {
    let Some(machine) = installed() else { return };
    machine.must("sed -i s/203.0.113.7/203.0.113.9/ /etc/hosts");
    let told = |answers: &str| {
        machine.must(&format!("echo '{answers}' >/etc/meetbox/setup.json"));
        machine.run("/tmp/meetbox-real preflight --installed --domain meet.example.org")
    };
    let answer = told(r#"{ "certificate": "acme" }"#);
    assert!(answer.out.contains("leads to 203.0.113.9, which is not this machine"), "{answer:?}");
    let answer = told(r#"{ "certificate": "acme", "public_address": "203.0.113.9" }"#);
    assert!(!answer.out.contains("203.0.113.9"), "{answer:?}");
}
