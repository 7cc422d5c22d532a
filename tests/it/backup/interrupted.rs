//! Backups and restores that are broken off, by a signal, by a power cut or by a full disk.

use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{Machine, Said};
use crate::services::postgres;

/// Waits until that is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

pub fn signal(child: &std::process::Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_broken_off_leaves_no_archive_and_the_next_clears_up() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let whole = machine.backup(&[]);
    let is_draft = |name: &String| name.starts_with('.') && name.ends_with(".draft");
    // One that has said everything, and does not end.
    machine.stand_in("pg_dump", "[ \"$1\" = --version ] && exec $REAL --version\n$REAL \"$@\"; exec sleep 60");

    let child = machine.start(&["backup"]);
    until("there is a draft", || machine.shelf().iter().any(is_draft));
    machine.run(&["backup"]).fails(1, "another backup is being made");
    signal(&child, Signal::TERM);
    let said = Said::of(child.wait_with_output().unwrap());
    said.fails(1, "interrupted");
    assert_eq!(machine.shelf().len(), 1, "what was begun is taken away: {:?}", machine.shelf());

    let child = machine.start(&["backup"]);
    until("there is a draft", || machine.shelf().iter().any(is_draft));
    signal(&child, Signal::KILL);
    child.wait_with_output().unwrap();
    assert_eq!(machine.shelf().iter().filter(|name| is_draft(name)).count(), 1);
    assert_eq!(machine.run(&["restore", "--list"]).out.lines().count(), 1, "a draft is no backup");
    std::fs::remove_file(machine.programs.join("pg_dump")).unwrap();
    machine.backup(&[]);
    assert_eq!(machine.shelf().len(), 2, "{:?}", machine.shelf());
    machine.restore(&whole, &["--verify"]).succeeds("can be restored");
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_backup_is_killed_what_looks_whole_is_whole() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let begun = Instant::now();
    machine.backup(&[]);
    let takes = begun.elapsed();
    for part in 0..12_u32 {
        let mut child = machine.start(&["backup"]);
        thread::sleep(takes * part / 10);
        // It may be done already.
        let _ = child.kill();
        child.wait().unwrap();
        for name in machine.shelf().iter().filter(|name| name.starts_with("meetbox-")) {
            machine.restore(&machine.at("shelf").join(name), &["--verify"]).succeeds("can be restored");
        }
        // Those that were looked at need not be looked at again.
        for name in machine.shelf().iter().filter(|name| name.starts_with("meetbox-")) {
            std::fs::remove_file(machine.at("shelf").join(name)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_broken_off_leaves_the_database_as_it_was() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let archive = machine.backup(&[]).display().to_string();
    let rows = machine.count("meetings").await;
    machine.stand_in(
        "pg_restore",
        "[ \"$1\" = --version ] && exec $REAL --version\n$REAL \"$@\"; touch \"$0.done\"; exec sleep 60",
    );
    let done = machine.programs.join("pg_restore.done");
    let key = machine.at("key").display().to_string();
    let restore = || machine.start(&["restore", &archive, "--identity", &key, "--yes"]);

    let child = restore();
    until("it has restored beside", || done.exists());
    signal(&child, Signal::TERM);
    Said::of(child.wait_with_output().unwrap()).fails(1, "interrupted");
    assert_eq!(machine.databases().await, Vec::<String>::new());
    assert_eq!(machine.count("meetings").await, rows);

    std::fs::remove_file(&done).unwrap();
    let mut child = restore();
    until("it has restored beside", || done.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(machine.count("meetings").await, rows);
    std::fs::remove_file(machine.programs.join("pg_restore")).unwrap();
    // The database on trial is left, and goes with the next.
    machine.run(&["restore", &archive, "--identity", &key, "--verify"]).succeeds("can be restored");
    assert_eq!(machine.databases().await, Vec::<String>::new());
}

/// A `pg_restore` after which somebody holds a table for some seconds, so that its rows cannot be counted.
const HOLDS_TABLE: &str = r#"
[ "$1" = --version ] && exec $REAL --version
for argument in "$@"; do database=${argument#--dbname=}; done
$REAL "$@" || exit
ask="psql --quiet --tuples-only --no-align --username meetbox"
# What is read of this program must not be held open any longer.
$ask --command 'begin; lock table meetings; select pg_sleep(5)' "$database" </dev/null >/dev/null 2>&1 &
until [ "$($ask --command "select count(*) from pg_locks
    where mode = 'AccessExclusiveLock' and granted and relation = 'meetings'::regclass" "$database")" = 1 ]; do :; done
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_broken_off_after_pg_restore_has_ended_exchanges_nothing() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let archive = machine.backup(&[]).display().to_string();
    machine.sql("delete from participants").await;
    machine.stand_in("pg_restore", HOLDS_TABLE);
    let key = machine.at("key").display().to_string();
    let child = machine.start(&["restore", &archive, "--identity", &key, "--yes"]);

    // From another database: whoever is connected to this one stands in the way of the exchange.
    let pool = postgres().database().await.pool().await;
    let counting = "select exists (select from pg_stat_activity where starts_with(datname::text, $1)
        and application_name = 'meetbox backup' and wait_event_type = 'Lock')";
    let begun = Instant::now();
    while !sqlx::query_scalar::<_, bool>(counting).bind(machine.scratch_prefix()).fetch_one(&pool).await.unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it counts rows");
    }
    pool.close().await;
    signal(&child, Signal::TERM);
    Said::of(child.wait_with_output().unwrap()).fails(1, "interrupted; nothing was changed");
    assert_eq!(machine.count("participants").await, 0);
    assert_eq!(machine.databases().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_leaves_nothing_that_looks_whole() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    std::fs::create_dir(machine.at("shelf")).unwrap();
    let backup = machine.command(&["backup"]);
    let mut command = Command::new("unshare");
    let mount = "mount -t tmpfs -o size=64k tmpfs \"$0\" || exit 77; \"$@\"; code=$?; ls -A \"$0\" >&2; exit $code";
    command.args(["--mount", "sh", "-c", mount]).arg(machine.at("shelf"));
    command.arg(backup.get_program()).args(backup.get_args()).env_clear();
    command.envs(backup.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = Said::of(command.current_dir(machine.folder.path()).output().unwrap());
    if said.code == 77 || said.err.contains("unshare:") {
        println!("skipped: no small file system can be mounted here: {}", said.err);
        return;
    }
    said.fails(2, "cannot write the archive: No space left on device");
    assert!(said.err.contains("make room") && !said.err.contains("meetbox-meet"), "{said:?}");
}
