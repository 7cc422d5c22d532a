//! Backups that nobody makes, that fail, or that are old.

use chrono::{TimeDelta, Utc};

use super::{
    Machine, Report,
    stand_ins::{UNIT, all_well},
};

/// `systemctl show` of the timer, and of its service when it has run.
const TIMER: &str = "LoadState=loaded\nActiveState=active\nNextElapseUSecRealtime=Sat 2026-11-28 03:12:00 UTC\n";
const RAN: &str =
    "Result=success\nExecMainStatus=0\nActiveState=inactive\nExecMainExitTimestamp=Fri 2026-11-27 03:12:31 UTC\n";
/// And of one that has not, since the machine started.
const NOT_YET: &str = "Result=success\nExecMainStatus=0\nActiveState=inactive\nExecMainExitTimestamp=\n";

const FOLDER: &str = "var/lib/meetbox/backups";

fn machine() -> Machine {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    machine
}

/// The report where systemd says so of the timer and the service.
fn units(machine: &Machine, timer: &str, service: &str) -> Report {
    let answers = [
        ("show meetbox-backup.timer", timer, 0),
        ("show meetbox-backup.service", service, 0),
        ("show meetbox", UNIT, 0),
    ];
    machine.program("systemctl", &answers);
    machine.look()
}

/// Leaves an archive that is so old.
fn archive(machine: &Machine, age: TimeDelta) {
    let time = (Utc::now() - age).format("%Y%m%dT%H%M%SZ");
    machine.write(&format!("{FOLDER}/meetbox-meet.example.org-{time}.tar"), "x");
}

#[test]
fn before_the_first_backup_and_after_a_fresh_one_all_is_well() {
    let machine = machine();
    let report = units(&machine, TIMER, NOT_YET);
    report.says("Machine", "backup", "ok", "the first one is still to come, Sat 2026-11-28 03:12", "");
    // While it is being made.
    let report = units(&machine, TIMER, &RAN.replace("inactive", "activating"));
    report.says("Machine", "backup", "ok", "still to come", "");

    archive(&machine, TimeDelta::hours(70));
    archive(&machine, TimeDelta::hours(20));
    let report = units(&machine, TIMER, RAN);
    report.says("Machine", "backup", "ok", "the newest in /var/lib/meetbox/backups is 20 h old", "");
}

#[test]
fn a_backup_that_nothing_starts_or_that_failed_is_told() {
    let machine = machine();
    let inactive = TIMER.replace("ActiveState=active", "ActiveState=inactive");
    let enable = "systemctl enable --now meetbox-backup.timer";
    let report = units(&machine, &inactive, NOT_YET);
    report.says("Machine", "backup", "warning", "none is made by itself: meetbox-backup.timer is inactive", enable);
    let report = units(&machine, "LoadState=not-found\nActiveState=inactive\n", NOT_YET);
    report.says("Machine", "backup", "failed", "meetbox-backup.timer is not installed (not-found)", "meetbox setup");

    archive(&machine, TimeDelta::hours(20));
    let failed = RAN.replace("Result=success\nExecMainStatus=0", "Result=exit-code\nExecMainStatus=2");
    let report = units(&machine, TIMER, &failed.replace("inactive", "failed"));
    let said = "the last one failed, Fri 2026-11-27 03:12:31 UTC (exit-code, exit code 2)";
    report.says("Machine", "backup", "failed", said, "systemctl status meetbox-backup");
    report.says("Machine", "backup", "failed", said, "sudo meetbox backup");
    assert_eq!(report.code, Some(2));
}

#[test]
fn backups_that_are_old_or_are_not_there_are_told() {
    let machine = machine();
    let report = units(&machine, TIMER, RAN);
    let said = "/var/lib/meetbox/backups has none, though one was made, Fri 2026-11-27";
    report.says("Machine", "backup", "warning", said, "sudo meetbox backup");

    archive(&machine, TimeDelta::hours(50));
    // Half of one, another house's, and what is none.
    let now = Utc::now().format("%Y%m%dT%H%M%SZ");
    machine.write(&format!("{FOLDER}/.meetbox-meet.example.org-{now}.tar.draft"), "x");
    machine.write(&format!("{FOLDER}/notes.tar"), "x");
    machine.write(&format!("{FOLDER}/meetbox-other.example.org-{now}.tar"), "x");
    for service in [RAN, NOT_YET] {
        let report = units(&machine, TIMER, service);
        let said = "the newest in /var/lib/meetbox/backups is 2 d old";
        report.says("Machine", "backup", "warning", said, "systemctl status meetbox-backup");
        report.says("Machine", "backup", "warning", said, "sudo meetbox backup");
    }

    // Where they go elsewhere, the folder says nothing.
    machine.set("BACKUP_DIR", "/mnt/backups");
    units(&machine, TIMER, NOT_YET).says("Machine", "backup", "ok", "still to come", "");
    machine.set("DATABASE_URL", "nonsense");
    units(&machine, TIMER, RAN).says("Machine", "backup", "unknown", "the settings are not right", "");
}
