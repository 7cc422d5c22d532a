//! Settings put back: shown without secrets, with what was there kept, on a machine that has none yet as well.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use super::{Machine, SECRET, interrupted::until};
use crate::services::{postgres, process::find_program};

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_put_back_only_when_asked_for_and_what_was_there_stands_beside() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]);
    let env = machine.at("root/etc/meetbox/meetbox.env");
    let saved = fs::read_to_string(&env).unwrap();
    let other = "another-secret-that-nobody-sees-2";
    let changed = saved.replace(SECRET, other) + "RECORDING_SLOTS=1\n";
    fs::write(&env, &changed).unwrap();
    let mine = machine.at("root/etc/meetbox/compose.d/50-mine.yaml");
    fs::write(&mine, "services: { proxy: { command: --token hush-hush } }\n").unwrap();
    fs::write(machine.at("root/etc/meetbox/mine.txt"), "stays").unwrap();

    machine.restore(&archive, &["--yes"]).succeeds("restored");
    assert_eq!(fs::read_to_string(&env).unwrap(), changed, "the database alone was restored");
    machine.restore(&archive, &["--settings"]).fails(1, "nobody is there to answer");
    assert_eq!(fs::read_to_string(&env).unwrap(), changed);

    let said = machine.restore(&archive, &["--settings", "--yes"]);
    said.succeeds("2 files written, 0 are as they should be\n");
    assert!(said.err.contains("-RECORDING_SLOTS=1") && said.err.contains("<hidden>"), "{said:?}");
    assert!(!said.err.contains(other), "{said:?}");
    assert!(said.err.contains("50-mine.yaml") && !said.err.contains("hush-hush"), "{said:?}");
    assert_eq!(fs::read_to_string(&env).unwrap(), saved);
    assert_eq!(fs::metadata(&env).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = machine.at("root/etc/meetbox/meetbox.env.before");
    assert_eq!(fs::read_to_string(&kept).unwrap(), changed);
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(machine.at("root/etc/meetbox/mine.txt")).unwrap(), "stays");

    machine.restore(&archive, &["--settings", "--yes"]).succeeds("0 files written, 2 are as they should be\n");
    fs::write(&env, "PUBLIC_URL=https://third.example.org\n").unwrap();
    machine.restore(&archive, &["--settings", "--yes"]).succeeds("1 files written");
    assert_eq!(fs::read_to_string(&kept).unwrap(), changed, "what is kept is not written over");
    assert!(machine.at("root/etc/meetbox/meetbox.env.before.2").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_settings_gets_them_from_the_archive_and_the_key() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]).display().to_string();
    let fresh = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_meetbox"))
        .args(["restore", &archive, "--settings", "--yes", "--identity"])
        .arg(machine.at("key"))
        .arg("--root")
        .arg(fresh.path())
        .env_clear()
        .current_dir(fresh.path())
        .output()
        .unwrap();
    super::Said::of(output).succeeds("2 files written");
    let text = fs::read_to_string(fresh.path().join("etc/meetbox/meetbox.env")).unwrap();
    assert!(text.contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_at_the_question_is_heard_at_once_and_nothing_is_written() {
    let Some(script) = find_program("script", &[]) else {
        println!("skipped: there is no script, which makes a terminal");
        return;
    };
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]).display().to_string();
    let env = machine.at("root/etc/meetbox/meetbox.env");
    fs::write(&env, "PUBLIC_URL=https://third.example.org\n").unwrap();
    let key = machine.at("key").display().to_string();
    let restore = machine.command(&["restore", &archive, "--settings", "--identity", &key]);
    let words = [restore.get_program()].into_iter().chain(restore.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect();
    let mut terminal = Command::new(script)
        .args(["-qec", &format!("exec {}", words.join(" ")), "/dev/null"])
        .env_clear()
        .envs(restore.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut keys, mut screen) = (terminal.stdin.take().unwrap(), terminal.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Type yes to go on:") {
        let mut byte = [0];
        assert_eq!(screen.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.extend(byte);
    }
    // Without a line behind it.
    keys.write_all(b"\x03").unwrap();
    until("it ends", || terminal.try_wait().unwrap().is_some());
    screen.read_to_end(&mut shown).unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(1));
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("error: interrupted; nothing was changed"), "{shown}");
    assert!(!machine.at("root/etc/meetbox/meetbox.env.before").exists());
    assert_eq!(fs::read_to_string(&env).unwrap(), "PUBLIC_URL=https://third.example.org\n");
}
