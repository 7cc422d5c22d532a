//! What a backup is: whole, unreadable to others, opened by tools that know nothing of Meetbox, and never more than are kept.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use super::{Machine, SECRET, damage::write_with_manifest};
use crate::services::{postgres, postgres::find_postgres_program, process::find_program};

/// Runs a program in that folder; it must be content.
fn content(folder: &Path, program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_opened_by_tar_age_and_pg_restore_alone() {
    let Some(age) = find_program("age", &[]) else {
        println!("skipped: there is no age; `apt install age` brings it");
        return;
    };
    let age = age.display().to_string();
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let archive = machine.backup(&[]);
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(machine.at("shelf")).unwrap().permissions().mode() & 0o777, 0o700);
    let sealed = fs::read(&archive).unwrap();
    for secret in [SECRET, "daily-stand-up", "Ada Lovelace"] {
        assert!(!sealed.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} can be read");
    }

    let folder = machine.at("by-hand");
    fs::create_dir(&folder).unwrap();
    content(&folder, "tar", &["-xf", &archive.display().to_string()]);
    content(&folder, "sha256sum", &["--check", "--strict", "SHA256SUMS"]);
    let key = machine.at("key").display().to_string();
    let dump = content(&folder, &age, &["--decrypt", "-i", &key, "database.dump.age"]);
    fs::write(folder.join("database.dump"), dump).unwrap();
    let restore = find_postgres_program("pg_restore").display().to_string();
    let listed = String::from_utf8(content(&folder, &restore, &["--list", "database.dump"])).unwrap();
    assert!(listed.contains("TABLE DATA public meetings"), "{listed}");

    content(&folder, &age, &["--decrypt", "-i", &key, "-o", "settings.tar", "settings.tar.age"]);
    content(&folder, "tar", &["-xf", "settings.tar"]);
    let settings = fs::read_to_string(folder.join("etc/meetbox/meetbox.env")).unwrap();
    assert!(settings.contains(SECRET));
    let contents: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("contents.json")).unwrap()).unwrap();
    assert_eq!(contents["rows"]["meetings"], machine.count("meetings").await);
    assert_eq!(contents["about"]["domain"], "meet.example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_does_it_too_and_no_other_one() {
    let machine = Machine::new(postgres().database().await).with_passphrase("thirteen-otters-on-a-raft");
    let archive = machine.backup(&[]).display().to_string();
    machine.run(&["restore", &archive, "--verify"]).succeeds("can be restored");

    let mut other = Machine::new(machine.database.clone()).with_passphrase("another-one-altogether-7");
    let wrong = other.run(&["restore", &archive, "--verify"]);
    wrong.fails(1, "the passphrase is not the one that this backup was made with");
    let file = other.at("passphrase");
    fs::write(&file, "thirteen-otters-on-a-raft\n").unwrap();
    let right = other.run(&["restore", &archive, "--verify", "--passphrase-file", &file.display().to_string()]);
    right.succeeds("can be restored");
    other.more.clear();
    other.run(&["restore", &archive, "--verify"]).fails(1, "opened by a passphrase, and none is set");
    other.run(&["backup"]).fails(1, "nothing is set that backups could be encrypted with");

    // The tool of that name asks at a terminal.
    let (Some(_), Some(script)) = (find_program("age", &[]), find_program("script", &[])) else {
        println!("skipped in part: there is no age or no script");
        return;
    };
    let folder = machine.at("by-hand");
    fs::create_dir(&folder).unwrap();
    content(&folder, "tar", &["-xf", &archive]);
    let mut child = Command::new(script)
        .args(["-qec", "age --decrypt -o settings.tar settings.tar.age", "/dev/null"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"thirteen-otters-on-a-raft\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(String::from_utf8_lossy(&fs::read(folder.join("settings.tar")).unwrap()).contains(SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_backups_go_and_what_is_not_ours_stays() {
    let machine = Machine::new(postgres().database().await);
    let first = machine.backup(&["--keep", "2"]);
    // Of another house, called like ours and none, and something else altogether.
    let strangers = [
        "meetbox-other.example.org-20200101T000000Z.tar",
        "meetbox-meet.example.org-20200101T000000Z.tar",
        "notes.txt",
    ];
    for stranger in strangers {
        fs::copy(&first, machine.at("shelf").join(stranger)).unwrap();
    }
    let second = machine.backup(&["--keep", "2"]);
    assert!(first.exists() && second.exists(), "two are kept");
    let said = machine.run(&["backup", "--keep", "2"]);
    assert!(said.err.contains("deleted 1 older"), "{said:?}");
    assert!(!first.exists() && second.exists(), "{:?}", machine.shelf());
    assert!(strangers.iter().all(|name| machine.at("shelf").join(name).exists()), "{:?}", machine.shelf());

    // What is said to go to a place of one's own is not cleared up there, and --keep-days keeps what is young.
    let elsewhere = machine.at("elsewhere").display().to_string();
    for arguments in [&["--to", &elsewhere][..], &["--to", &elsewhere], &["--to", &elsewhere, "--keep-days", "1"]] {
        machine.backup(arguments);
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1 + 3, "the lock and three backups");
    let listed = machine.run(&["restore", "--list"]);
    assert_eq!(listed.out.lines().count(), 4, "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_just_made_stays_whatever_the_clock_said_before() {
    let machine = Machine::new(postgres().database().await);
    let first = machine.backup(&[]);
    // As a clock that was a century ahead had it made.
    let ahead = machine.at("shelf/meetbox-meet.example.org-21260311T030000Z.tar");
    write_with_manifest(&ahead, &first, |manifest| manifest["created_at"] = "2126-03-11T03:00:00Z".into());

    let said = machine.run(&["backup", "--keep", "1"]);
    assert!(said.err.contains("21260311T030000Z.tar is dated after now"), "{said:?}");
    assert!(said.err.contains("deleted 1 older"), "{said:?}");
    assert!(!first.exists() && ahead.exists() && machine.shelf().len() == 2, "{:?}", machine.shelf());
    let made = said.out.strip_prefix("saved ").and_then(|rest| rest.split_once(" (")).unwrap().0;
    machine.restore(Path::new(made), &["--verify"]).succeeds("can be restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_too_old_or_fails_leaves_nothing_behind() {
    let machine = Machine::new(postgres().database().await);
    machine.stand_in("pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'");
    machine.run(&["backup"]).fails(1, "pg_dump is of version 9");
    machine.stand_in("pg_dump", "[ \"$1\" = --version ] && exec $REAL --version\n$REAL \"$@\" | head -c 5000\nexit 1");
    machine.run(&["backup"]).fails(2, "pg_dump failed");
    assert_eq!(machine.shelf(), Vec::<String>::new());
    let mut nowhere = Machine::new(machine.database.clone());
    nowhere.database.name = "there_is_none".to_owned();
    nowhere.run(&["backup"]).fails(2, "cannot read the database");
}
