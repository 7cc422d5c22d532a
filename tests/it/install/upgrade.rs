//! `install.sh` installs, installs again, brings up to date, goes back, and takes away.

use super::machine::{Answer, Machine};

pub(super) const DOMAIN: &str = "--domain meet.example.org --certificate internal";

/// A machine on which 1.0.0 runs.
pub(super) fn installed() -> Option<Machine> {
    let machine = Machine::new()?;
    machine.build("1.0.0", 19);
    well(&machine.install("1.0.0", DOMAIN));
    machine.must("echo meetbox-stack.service >/tmp/model/active; : >/tmp/model/log");
    Some(machine)
}

pub(super) fn well(answer: &Answer) {
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

/// That it failed with this code, and said all of this.
pub(super) fn failed(answer: &Answer, code: i32, sentences: &[&str]) {
    assert_eq!(answer.code, Some(code), "{answer:?}");
    for sentence in sentences {
        assert!(answer.err.contains(sentence), "no `{sentence}` in {answer:?}");
    }
}

pub(super) fn version(machine: &Machine) -> String {
    machine.must("meetbox --version").trim().to_owned()
}

#[test]
fn the_second_run_changes_nothing() {
    let Some(machine) = Machine::new() else { return };
    machine.build("1.0.0", 19);
    let answer = machine.install("1.0.0", DOMAIN);
    well(&answer);
    assert!(answer.out.ends_with("Meetbox 1.0.0 runs at https://meet.example.org\n"), "{answer:?}");
    assert_eq!(machine.log(), ["1.0.0 setup --yes --domain meet.example.org --certificate internal"]);
    assert_eq!(machine.must("stat -c %a%U /usr/local/bin/meetbox"), "755root\n");

    let before = machine.changes();
    machine.must("echo meetbox-stack.service >/tmp/model/active; : >/tmp/model/log");
    let answer = machine.install("1.0.0", "");
    well(&answer);
    assert_eq!(machine.changes(), before);
    // Nothing is stopped, backed up or restarted; setup finds out itself that there is nothing to do.
    assert_eq!(machine.log(), ["1.0.0 setup --yes"]);
    assert!(!answer.out.contains("in place"), "{answer:?}");
}

#[test]
fn docker_is_installed_where_it_is_missing_from_where_each_system_has_it() {
    for (system, packages, fetches_key) in [
        ("ID=debian\nVERSION_ID=\"12\"", "docker-ce docker-ce-cli containerd.io docker-compose-plugin", true),
        ("ID=debian\nVERSION_ID=\"13\"", "docker.io docker-compose", false),
        ("ID=ubuntu\nVERSION_ID=\"24.04\"", "docker.io docker-compose-v2", false),
    ] {
        let Some(machine) = Machine::new() else { return };
        machine.build("1.0.0", 19);
        // Whatever this machine has of it is gone.
        machine.must("rm -f /usr/local/sbin/docker /usr/local/bin/docker /usr/bin/docker");
        machine.must(&format!(
            "echo '{system}' >/run/system; mount --bind /run/system /etc/os-release; touch /tmp/model/apt-fails"
        ));
        let said =
            ["E: Unable to locate package docker.io", "this failed: install docker", "Nothing before it was changed."];
        let options = format!("{DOMAIN} --images /srv/meetbox.sh");
        let answer = machine.install("1.0.0", &options);
        failed(&answer, 2, &said);
        // No binary is there that could.
        assert!(!answer.err.contains("To go back"), "{answer:?}");
        machine.must(
            "! command -v docker && ! test -e /usr/local/bin/meetbox; rm /tmp/model/apt-fails; : >/tmp/model/log",
        );

        well(&machine.install("1.0.0", &options));
        let log: Vec<_> = machine.log().into_iter().filter(|line| !line.starts_with("curl ")).collect();
        let install = format!("apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install {packages}");
        assert_eq!(
            log[..4],
            [
                "apt-get -qq -o DPkg::Lock::Timeout=300 update",
                &install,
                "systemctl enable --now docker.service",
                "docker load --quiet --input /srv/meetbox.sh"
            ]
        );
        if fetches_key {
            let list = machine.must("cat /etc/apt/sources.list.d/docker.list");
            assert!(list.contains(
                " signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/debian bookworm stable"
            ));
            assert_eq!(machine.must("stat -c %a /etc/apt/keyrings/docker.asc"), "644\n");
            assert!(machine.log()[0].contains("--proto =https "), "{:?}", machine.log());
        }
    }
}

#[test]
fn another_build_is_an_upgrade_with_a_backup_before_it_and_the_old_one_is_kept() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    let answer = machine.install("1.1.0", "--email ops@example.org");
    well(&answer);
    assert_eq!(
        machine.log(),
        [
            "1.0.0 recordings --running",
            "1.0.0 backup --to /var/lib/meetbox/backups",
            "1.1.0 setup --yes --email ops@example.org"
        ]
    );
    assert_eq!(version(&machine), "meetbox 1.1.0");
    assert_eq!(machine.must("/usr/local/lib/meetbox/previous --version"), "meetbox 1.0.0\n");
}

#[test]
fn an_upgrade_waits_for_recordings_or_does_not_begin() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/recording");
    let before = machine.changes();
    failed(&machine.install("1.1.0", ""), 1, &["nothing was changed", "--wait-for-recordings"]);
    failed(&machine.install("1.1.0", "--wait-for-recordings 5"), 1, &["nothing was changed"]);
    assert_eq!(machine.changes(), before);
    assert_eq!(machine.log(), ["1.0.0 recordings --running", "1.0.0 recordings --running --wait 5"]);
}

// Feature: infrastructure-local-dev, Property 16: an upgrade without a backup stops, and says why and how to go on.
#[test]
fn an_upgrade_that_cannot_be_backed_up_stops_before_the_binary_is_changed() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/backup-fails");
    let before = machine.changes();
    let said =
        ["no space left on device", "this failed: back up what is there", "--no-backup", "is the one that was there"];
    failed(&machine.install("1.1.0", ""), 2, &said);
    assert_eq!(machine.changes(), before);

    well(&machine.install("1.1.0", "--no-backup"));
    assert_eq!(version(&machine), "meetbox 1.1.0");
}

// Feature: infrastructure-local-dev, Property 16: what does not become ready is taken back, and that is said.
#[test]
fn a_build_that_does_not_become_ready_is_replaced_by_the_one_of_before() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/unhealthy-1.1.0");
    let answer = machine.install("1.1.0", "");
    failed(
        &answer,
        2,
        &[
            "answered 503",
            "error: this failed: wait until Meetbox is ready",
            "Done before it:\n  - back up what is there\n  - put Meetbox 1.1.0 in place",
            "Going back to the binary of before.",
            "Meetbox 1.0.0 is back, and ready.",
            "The backup of before: /var/lib/meetbox/backups/meetbox-1.backup",
        ],
    );
    assert_eq!(version(&machine), "meetbox 1.0.0");
    let log = machine.log();
    assert_eq!(log[2..], ["1.1.0 setup --yes", "1.0.0 setup --yes", "systemctl restart meetbox.service"]);
}

// Feature: infrastructure-local-dev, Property 16: when going back fails, too, the commands for it are told.
#[test]
fn when_going_back_fails_the_commands_are_told() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/setup-fails-1.1.0 /tmp/model/unhealthy-1.0.0");
    let said = [
        "error: cannot start the containers",
        "error: this failed: set up files",
        "error: that failed, too.",
        "By hand: install -m 755 /usr/local/lib/meetbox/previous /usr/local/bin/meetbox && meetbox setup --yes",
    ];
    failed(&machine.install("1.1.0", ""), 2, &said);
    assert_eq!(version(&machine), "meetbox 1.0.0");
}

// Feature: infrastructure-local-dev, Property 16: a first installation that fails says what is done and how to undo it.
#[test]
fn a_first_installation_that_fails_says_what_is_done_and_goes_on_the_next_time() {
    let Some(machine) = Machine::new() else { return };
    machine.build("1.0.0", 19);
    machine.must("touch /tmp/model/setup-fails-1.0.0");
    let said = [
        "error: this failed: set up files",
        "  - put Meetbox 1.0.0 in place as /usr/local/bin/meetbox\n",
        "it goes on from there",
        "To go back: /usr/local/bin/meetbox uninstall --purge",
    ];
    failed(&machine.install("1.0.0", DOMAIN), 2, &said);
    assert_eq!(machine.must("ls /tmp | grep -c meetbox-install || true"), "0\n");

    machine.must("rm /tmp/model/setup-fails-1.0.0; touch /tmp/model/no-https");
    let said =
        ["alert internal error", "this failed: wait until https://meet.example.org answers", "docker compose logs"];
    failed(&machine.install("1.0.0", DOMAIN), 2, &said);
    machine.must("rm /tmp/model/no-https");
    well(&machine.install("1.0.0", DOMAIN));
}

#[test]
fn a_build_that_is_ready_stays_when_only_the_certificate_is_missing() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/no-https");
    let answer = machine.install("1.1.0", "");
    failed(&answer, 2, &["this failed: wait until https://", "Meetbox 1.1.0 is ready all the same, and stays."]);
    assert!(!answer.err.contains("Going back"), "{answer:?}");
    assert_eq!(version(&machine), "meetbox 1.1.0");
}

#[test]
fn a_binary_that_is_broken_is_replaced_when_that_is_wanted_without_a_backup() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("printf 'cut off' >/usr/local/bin/meetbox");
    failed(&machine.install("1.1.0", ""), 1, &["cannot find out whether something is being recorded", "--no-backup"]);
    well(&machine.install("1.1.0", "--no-backup"));
    assert_eq!(version(&machine), "meetbox 1.1.0");
}

#[test]
fn an_upgrade_that_is_interrupted_goes_back() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    machine.must("touch /tmp/model/unhealthy-1.1.0");
    // The terminal hangs up while it waits for the new one.
    let answer = machine.run(
        "bash /srv/install.sh --yes --binary /tmp/1.1.0/meetbox & \
         until meetbox --version | grep -q 1.1.0; do sleep 0.05; done; kill -HUP $!; wait $!",
    );
    failed(&answer, 2, &["Going back to the binary of before.", "Meetbox 1.0.0 is back, and ready."]);
    assert_eq!(version(&machine), "meetbox 1.0.0");
}

#[test]
fn two_installations_at_once_are_one() {
    let Some(machine) = installed() else { return };
    machine.build("1.1.0", 20);
    let before = machine.changes();
    let answer = machine
        .run("exec 8>/run/meetbox-install.lock; flock 8; bash /srv/install.sh --yes --binary /tmp/1.1.0/meetbox 8>&-");
    failed(&answer, 1, &["another installation is under way", "nothing was changed"]);
    assert_eq!(machine.changes(), before);
}

#[test]
fn a_build_that_knows_fewer_migrations_is_refused_unless_it_is_wanted() {
    let Some(machine) = installed() else { return };
    machine.build("0.9.0", 18);
    failed(&machine.install("0.9.0", ""), 1, &["knows 18 migrations", "runs here 19", "--allow-downgrade"]);
    assert_eq!(version(&machine), "meetbox 1.0.0");
    well(&machine.install("0.9.0", "--allow-downgrade"));
    assert_eq!(version(&machine), "meetbox 0.9.0");
}

#[test]
fn another_domain_in_passing_is_refused() {
    let Some(machine) = installed() else { return };
    let said = ["set up for meet.example.org, and --domain says elsewhere.example.org", "PUBLIC_URL"];
    failed(&machine.install("1.0.0", "--domain elsewhere.example.org"), 1, &said);
}

#[test]
fn taking_away_is_the_binarys_work() {
    let Some(machine) = installed() else { return };
    well(&machine.run("bash /srv/install.sh --uninstall --purge --yes"));
    assert_eq!(machine.log(), ["1.0.0 uninstall --purge --yes"]);
    machine.must("rm /usr/local/bin/meetbox");
    failed(&machine.run("bash /srv/install.sh --uninstall"), 1, &["is not installed"]);
}

#[test]
fn what_is_taken_away_leaves_data_and_settings_unless_they_are_to_go() {
    let Some(machine) = Machine::new() else { return };
    let install = "mkdir -p /etc/meetbox/compose.d /var/lib/meetbox/recordings /usr/local/lib/meetbox /etc/systemd/system \
                   /etc/systemd/system/meetbox.service.d; cd /etc/systemd/system; touch meetbox.service meetbox-stack.service \
                   meetbox-firewall.service other.service meetbox.service.d/mine.conf /etc/sysctl.d/60-meetbox.conf \
                   /etc/sysusers.d/meetbox.conf /etc/tmpfiles.d/meetbox.conf /etc/meetbox/compose.yaml \
                   /var/lib/meetbox/recordings/one.mp4 /usr/local/lib/meetbox/previous /usr/local/bin/meetbox; \
                   echo PUBLIC_URL=https://meet.example.org >/etc/meetbox/meetbox.env; useradd --system meetbox";
    machine.must(&format!("mkdir -p /etc/sysusers.d /etc/tmpfiles.d; {install}; /tmp/meetbox-real firewall open"));
    let said = machine.must("/tmp/meetbox-real uninstall");

    assert!(said.contains("Settings stay in /etc/meetbox, recordings in /var/lib/meetbox"), "{said}");
    machine.must("test -e /etc/meetbox/meetbox.env -a -e /var/lib/meetbox/recordings/one.mp4 -a -e /etc/sysctl.d/60-meetbox.conf");
    machine.must(
        "! test -e /usr/local/bin/meetbox -o -e /usr/local/lib/meetbox -o -e /etc/systemd/system/meetbox.service",
    );
    machine.must("id meetbox && test -e /etc/systemd/system/other.service && ! iptables -S | grep MEETBOX");
    assert_eq!(
        machine.log(),
        [
            "systemctl disable --now meetbox.service",
            "systemctl disable --now meetbox-stack.service",
            "systemctl disable --now meetbox-firewall.service",
            "docker compose down --remove-orphans",
            "systemctl daemon-reload"
        ]
    );

    // All of it goes only when that is confirmed.
    let answer = machine.run("/tmp/meetbox-real uninstall --purge");
    failed(&answer, 1, &["not confirmed, so nothing was changed", "--yes"]);
    machine.must(&format!("{install} 2>/dev/null; test -e /etc/meetbox/meetbox.env"));
    machine.must("/tmp/meetbox-real uninstall --purge --yes");
    assert!(machine.log().contains(&"docker compose down --remove-orphans --volumes --rmi all".to_owned()));
    machine.must("! id meetbox 2>/dev/null; rm /etc/systemd/system/other.service");
    // Networks of other tests are kept in a folder of the whole machine.
    let left = "find /etc /usr/local /var/lib /var/cache -xdev -name '*meetbox*' -not -path '/etc/netns/*' || true";
    assert_eq!(machine.must(left), "");
    // A second time there is nothing to do.
    machine.must("/tmp/meetbox-real uninstall --purge --yes");
}
