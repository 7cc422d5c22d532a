//! The machine broken piece by piece: settings, files, clock, kernel, disk, units.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    process::Command,
    time::Instant,
};

use chrono::{TimeDelta, Utc};

use super::{
    Machine,
    network::own_certificate,
    stand_ins::{UNIT, all_well},
};
use crate::services::{
    free_port,
    process::{Guarded, Program, find_program, folder_for},
};

fn mode(machine: &Machine, path: &str, mode: u32) {
    fs::set_permissions(machine.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_machine_with_nothing_on_it_gets_a_line_for_every_check() {
    let machine = Machine::bare();
    let began = Instant::now();
    let report = machine.look();

    assert_eq!(report.code, Some(2));
    assert_eq!(report.answer["ok"], false);
    assert_eq!(report.states().len(), 33, "{}", report.text);
    report.says("Settings", "settings", "failed", "DATABASE_URL is not set", "meetbox setup");
    report.says("Settings", "secret files", "failed", "nothing is installed here", "meetbox setup");
    report.says("Machine", "clock", "unknown", "`timedatectl` is not on the PATH", "");
    report.says("Machine", "meetbox.service", "unknown", "`systemctl` is not on the PATH", "");
    report.says("Containers", "docker", "failed", "there is no docker", "docs.docker.com");
    report.says("Meetings", "database", "unknown", "the settings are not right", "");
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());

    let plain = machine.run(&[]);
    assert_eq!(plain.status.code(), Some(2));
    let (out, err) = (String::from_utf8(plain.stdout).unwrap(), String::from_utf8(plain.stderr).unwrap());
    assert!(out.starts_with("Settings\n  failed   settings "), "{out}");
    assert!(out.contains("\n           fix: meetbox setup\n"), "{out}");
    assert!(out.contains("33 checks: "), "{out}");
    assert!(err.ends_with("checks failed\n"), "{err}");
}

#[test]
fn every_check_stands_in_the_manual_in_the_order_in_which_it_is_told() {
    let manual = include_str!("../../../docs/doctor.md");
    let (_, mut rest) = manual.split_once("## The checks").unwrap();
    for (check, _) in Machine::bare().look().states() {
        let name = format!("`{check}`");
        (_, rest) = rest.split_once(&name).unwrap_or_else(|| panic!("{name} is not in docs/doctor.md, or not there"));
    }
}

#[test]
fn what_cannot_be_run_as_it_was_asked_is_another_exit_code() {
    let machine = Machine::bare();
    assert_eq!(machine.run(&["--jason"]).status.code(), Some(1));
    assert_eq!(machine.run(&["--time", "no address"]).status.code(), Some(1));
    let nowhere = Command::new(env!("CARGO_BIN_EXE_meetbox")).args(["doctor", "--root", "/nowhere"]).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
}

#[test]
fn programs_that_hang_keep_nobody_waiting_and_nothing_from_being_looked_at() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    for name in ["docker", "systemctl", "timedatectl", "iptables"] {
        let path = machine.programs.path().join(name);
        fs::write(&path, "#!/bin/sh\nexec /bin/sleep 600\n").unwrap();
    }
    let began = Instant::now();
    let report = machine.look();

    report.says("Containers", "docker", "failed", "`docker` does not answer within 6s", "systemctl start docker");
    report.says("Machine", "meetbox.service", "unknown", "`systemctl` does not answer", "");
    report.says("Network", "firewall", "unknown", "`iptables` does not answer", "");
    report.says("Network", "firewall, IPv6", "ok", "every door is open by the chain MEETBOX", "");
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn settings_that_are_wrong_are_told_without_their_secrets_and_the_rest_is_looked_at() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    machine.look().says("Settings", "settings", "ok", "right for production", "");

    machine.set("S3_FORCE_PATHSTYLE", "true");
    machine.look().says("Settings", "settings", "warning", "S3_FORCE_PATHSTYLE", "then meetbox setup");
    machine.set("DATABASE_URL", "postgresql://meetbox:hunter2@127.0.0.1/meetbox");
    let report = machine.look();
    report.says("Settings", "settings", "failed", "DATABASE_URL has a password that is too short", "meetbox check");
    report.says("Meetings", "server", "unknown", "the settings are not right", "");
    report.says("Machine", "meetbox.service", "ok", "active since Thu", "");
    assert!(!report.text.contains("hunter2"), "{}", report.text);
}

#[test]
fn files_with_secrets_that_others_read_are_told_with_the_command() {
    let machine = Machine::set_up(&[]);
    machine.look().says("Settings", "secret files", "ok", "none but root", "");

    mode(&machine, "etc/meetbox/meetbox.env", 0o644);
    let fix = "chown root:root /etc/meetbox/meetbox.env && chmod 600 /etc/meetbox/meetbox.env";
    machine.look().says("Settings", "secret files", "failed", "its permissions are 644", fix);
    mode(&machine, "etc/meetbox/meetbox.env", 0o600);
    mode(&machine, "etc/meetbox/egress.yaml", 0o644);
    machine.look().says("Settings", "secret files", "failed", "/etc/meetbox/egress.yaml", "chmod 640");
    fs::remove_file(machine.path("etc/meetbox/livekit.yaml")).unwrap();
    machine.look().says("Settings", "secret files", "failed", "there is no /etc/meetbox/livekit.yaml", "meetbox setup");

    // Another account than root's.
    let passwd = machine.read("etc/passwd").replace("root:x:", "root:x:4");
    machine.write("etc/passwd", &passwd);
    machine.look().says("Settings", "secret files", "failed", "in place of root", "chown root:root");
}

/// Somebody on the network who says that it is another time; answers one question after the other.
fn tells_the_time(ahead: TimeDelta) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let date = (Utc::now() + ahead).format("%a, %d %b %Y %H:%M:%S GMT");
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    url
}

#[test]
fn a_clock_that_is_wrong_or_not_kept_is_told() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let clock = |url: &str, state: &str, words: &str| {
        let fix = if state == "ok" { "" } else { "timedatectl set-ntp true" };
        machine.look_with(&["--time", url]).says("Machine", "clock", state, words, fix);
    };
    clock(&tells_the_time(TimeDelta::zero()), "ok", "synchronised; the same as the clock of 127.0.0.1");
    clock(&tells_the_time(TimeDelta::minutes(10)), "failed", "s behind the clock of 127.0.0.1");
    clock(&tells_the_time(TimeDelta::minutes(-10)), "failed", "s ahead of the clock of 127.0.0.1");
    machine.program("timedatectl", &[("show", "NTPSynchronized=no\n", 0)]);
    clock(&tells_the_time(TimeDelta::zero()), "warning", "nothing keeps it right");
    clock("http://127.0.0.1:9/", "warning", "127.0.0.1 cannot be reached");
}

#[test]
fn a_clock_that_is_so_wrong_that_certificates_are_out_of_time_is_told() {
    let binary = find_program("openssl", &[]).unwrap();
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let keys = folder_for(None);
    for (from, until, words) in [
        ("20190101000000Z", "20200101000000Z", "the certificate of 127.0.0.1 has expired"),
        ("20400101000000Z", "20410101000000Z", "the certificate of 127.0.0.1 is not good yet"),
    ] {
        let [certificate, key] = own_certificate(keys.path(), from, until);
        let port = free_port();
        let arguments =
            ["s_server", "-quiet", "-accept", &format!("127.0.0.1:{port}"), "-cert", &certificate, "-key", &key];
        let program = Program {
            binary: &binary,
            arguments: arguments.map(str::to_owned).into(),
            environment: vec![],
            run_as: None,
            end_signal: "KILL",
        };
        let process = Guarded::start(&program, keys.path(), false);
        process.wait_for_port(port);
        let report = machine.look_with(&["--time", &format!("https://127.0.0.1:{port}/")]);
        report.says("Machine", "clock", "failed", words, "timedatectl set-ntp true");
        report.says("Machine", "clock", "failed", "synchronised; by this clock it is 2", "is to be renewed");
    }
}

#[test]
fn kernel_limits_and_folders_that_are_not_as_they_should_be_are_told() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let report = machine.look();
    report.says("Machine", "kernel limits", "ok", "net.core.rmem_max = 5000000", "");
    report.says("Machine", "folders", "ok", "may write where they should", "");

    machine.write("proc/sys/net/core/rmem_max", "212992\n");
    machine.look().says("Machine", "kernel limits", "warning", "rmem_max is 212992", "sysctl --system");
    let tmpfiles = "systemd-tmpfiles --create /etc/tmpfiles.d/meetbox.conf";
    mode(&machine, "var/lib/meetbox/rescue", 0o755);
    machine.look().says("Machine", "folders", "failed", "its permissions are 755 in place of 2770", tmpfiles);
    fs::remove_dir(machine.path("var/lib/meetbox/rescue")).unwrap();
    machine.look().says("Machine", "folders", "failed", "/var/lib/meetbox/rescue: No such file", tmpfiles);
    machine.change("etc/passwd", "meetbox:", "somebody:");
    machine.look().says("Machine", "folders", "failed", "no account `meetbox`", "systemd-sysusers");
}

#[test]
fn a_disk_that_is_nearly_full_is_told_and_by_what_lies_on_it() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let folder = machine.path("var/lib/meetbox/recordings");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "doctor"]).arg(&folder).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: only root may mount a small disk");
        return;
    }
    let report = machine.look();
    let unmounted = Command::new("umount").arg(&folder).status().unwrap();
    assert!(unmounted.success());
    report.says(
        "Machine",
        "disk space",
        "failed",
        "recordings: 0.0 GiB of 0.0 GiB free, 100 %",
        "RECORDING_RETENTION_DAYS",
    );
}

#[test]
fn units_that_do_not_run_do_not_start_by_themselves_or_start_again_and_again_are_told() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let units = |service: &str| {
        machine.program("systemctl", &[("show meetbox.service", service, 0), ("show meetbox-stack.service", UNIT, 0)]);
        machine.look()
    };
    let journal = "Started meetbox.service.\nmeetbox.service: Main process exited, code=killed, status=6/ABRT\n\
                   meetbox.service: Failed with result 'watchdog'.\nmeetbox.service: Scheduled restart job, restart counter is at 7.\n";
    machine.program("journalctl", &[("--unit meetbox.service --lines 300 --output cat", journal, 0)]);

    let report =
        units(&UNIT.replace("ActiveState=active\nSubState=running", "ActiveState=activating\nSubState=auto-restart"));
    report.says(
        "Machine",
        "meetbox.service",
        "failed",
        "Main process exited, code=killed, status=6/ABRT",
        "systemctl restart meetbox.service",
    );
    report.says("Machine", "meetbox-stack.service", "ok", "active since", "");
    let report = units(&UNIT.replace("NRestarts=0", "NRestarts=7"));
    report.says("Machine", "meetbox.service", "warning", "started again 7 times", "journalctl --unit meetbox.service");
    let report = units(&UNIT.replace("UnitFileState=enabled", "UnitFileState=disabled"));
    report.says(
        "Machine",
        "meetbox.service",
        "failed",
        "does not start with the machine (disabled)",
        "systemctl enable meetbox.service",
    );
    let report = units("LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n");
    report.says("Machine", "meetbox.service", "failed", "not installed (not-found)", "systemctl daemon-reload");
}

#[test]
fn the_unit_of_the_containers_is_told_by_itself() {
    let machine = Machine::set_up(&[]);
    all_well(&machine);
    let stack = |from: &str, to: &str| {
        let unit = UNIT.replace(from, to);
        assert_ne!(unit, UNIT);
        machine.program("systemctl", &[("show meetbox-stack.service", &unit, 0), ("show meetbox", UNIT, 0)]);
        let report = machine.look();
        report.says("Machine", "meetbox.service", "ok", "active since", "");
        report
    };
    let failed = stack(
        "Result=success\nNRestarts=0\nExecMainStatus=0\nLoadState=loaded\nActiveState=active\nSubState=running",
        "Result=exit-code\nNRestarts=0\nExecMainStatus=1\nLoadState=loaded\nActiveState=failed\nSubState=failed",
    );
    let fix = "systemctl restart meetbox-stack.service";
    failed.says("Machine", "meetbox-stack.service", "failed", "failed (failed); result: exit-code", fix);
    let fix = "systemctl enable meetbox-stack.service";
    let report = stack("UnitFileState=enabled", "UnitFileState=disabled");
    report.says("Machine", "meetbox-stack.service", "failed", "does not start with the machine (disabled)", fix);
    let report = stack("LoadState=loaded", "LoadState=not-found");
    report.says("Machine", "meetbox-stack.service", "failed", "not installed (not-found)", "meetbox setup");
}
