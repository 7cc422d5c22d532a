//! Backups that go to an object store, and databases that are in a container.

use std::{
    fs,
    time::{Duration, Instant},
};

use chrono::{TimeDelta, Utc};
use rustix::process::Signal;

use super::{
    Machine, Said,
    interrupted::{signal, until},
};
use crate::{
    services::{
        S3, postgres,
        postgres::find_postgres_program,
        s3::{ACCESS_KEY, BUCKET, REGION, SECRET_KEY},
    },
    storage::{
        self,
        strict::{self, Strict, Trouble},
        strict_store,
    },
};

fn with_store(mut machine: Machine, store: &S3) -> Machine {
    machine.more.extend([
        ("S3_ENDPOINT", store.url()),
        ("S3_ACCESS_KEY", ACCESS_KEY.to_owned()),
        ("S3_SECRET_KEY", SECRET_KEY.to_owned()),
        ("S3_BUCKET", BUCKET.to_owned()),
        ("S3_REGION", REGION.to_owned()),
        ("S3_FORCE_PATH_STYLE", "true".to_owned()),
    ]);
    machine
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_go_to_the_object_store_and_come_back_from_there() {
    let mut store = S3::start();
    let mut machine = with_store(Machine::new(postgres().database().await), &store);
    machine.sow().await;
    let key = machine.at("key").display().to_string();
    let first = machine.backup(&["--to-bucket"]).display().to_string();
    let first = first.strip_prefix("backups/").and_then(|rest| rest.strip_suffix(" in the object store")).unwrap();
    assert_eq!(machine.shelf(), Vec::<String>::new(), "nothing stays on this machine");
    fs::write(store.bucket(BUCKET).join("backups/notes.txt"), "not ours").unwrap();
    let there = || {
        let names = fs::read_dir(store.bucket(BUCKET).join("backups")).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let listed = machine.run(&["restore", "--list"]);
    assert!(listed.out.contains(&format!("--from-bucket {first}")), "{listed:?}");
    machine.run(&["restore", "--from-bucket", first, "--identity", &key, "--verify"]).succeeds("can be restored");
    assert_eq!(machine.shelf(), Vec::<String>::new(), "nor what was fetched");
    let missing = "meetbox-meet.example.org-20200101T000000Z.tar";
    machine.run(&["restore", "--from-bucket", missing, "--verify"]).fails(1, "there is no meetbox-meet");
    machine.run(&["restore", "--from-bucket", "../etc/passwd", "--verify"]).fails(1, "it is no name of a backup");

    machine.more.extend([("BACKUP_TO_BUCKET", "true".to_owned()), ("BACKUP_KEEP", "1".to_owned())]);
    // Called like ours and none: they neither go nor make ours go.
    let strangers = [(2020, "not ours"), (2021, ""), (2126, "not ours")];
    for (year, text) in strangers {
        let name = format!("backups/meetbox-meet.example.org-{year}0101T000000Z.tar");
        fs::write(store.bucket(BUCKET).join(name), text).unwrap();
    }
    let said = machine.run(&["backup"]);
    assert!(said.err.contains("deleted 1 older") && there().len() == 2 + strangers.len(), "{said:?} {:?}", there());
    assert!(!there().contains(&first.to_owned()) && there().contains(&"notes.txt".to_owned()), "{:?}", there());
    assert_eq!(said.err.matches("is not as Meetbox made it").count(), 2, "{said:?}");
    assert_eq!(said.err.matches("is dated after now").count(), 1, "{said:?}");

    store.kill();
    let away = machine.run(&["backup"]);
    away.fails(2, "cannot bring the backup to the object store");
    assert!(!away.err.contains(SECRET_KEY), "{away:?}");
    assert_eq!(machine.shelf(), Vec::<String>::new());
    let here = machine.backup(&["--to", &machine.at("shelf").display().to_string()]);
    let listed = machine.run(&["restore", "--list"]);
    assert_eq!(listed.code, 2, "{listed:?}");
    assert!(listed.out.contains(here.to_str().unwrap()), "{listed:?}");
    assert!(listed.err.contains("error: cannot list the object store"), "{listed:?}");
    let without = Machine::new(machine.database.clone());
    without.run(&["backup", "--to-bucket"]).fails(1, "no object store is set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_the_second_of_another_gets_the_next_name_in_the_object_store() {
    let store = S3::start();
    let machine = with_store(Machine::new(postgres().database().await), &store);
    machine.backup(&["--to-bucket"]);
    // Whenever in the next half minute it asks for the time.
    let now = Utc::now();
    let name = |second| {
        format!("meetbox-meet.example.org-{}.tar", (now + TimeDelta::seconds(second)).format("%Y%m%dT%H%M%SZ"))
    };
    let taken: Vec<_> = (0..30).map(name).collect();
    for name in &taken {
        fs::write(store.bucket(BUCKET).join("backups").join(name), "another's").unwrap();
    }
    let made = machine.backup(&["--to-bucket"]).display().to_string();
    assert!(made.contains(&name(30)), "{made}");
    for name in &taken {
        assert_eq!(fs::read_to_string(store.bucket(BUCKET).join("backups").join(name)).unwrap(), "another's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_not_proved_to_be_in_the_object_store_is_not_left_there() {
    let strict = Strict::start().await;
    strict_store(&strict).prove().await.unwrap();
    let mut machine = Machine::new(postgres().database().await);
    machine.more.extend([
        ("S3_ENDPOINT", strict.url()),
        ("S3_ACCESS_KEY", strict::ACCESS_KEY.to_owned()),
        ("S3_SECRET_KEY", strict::SECRET_KEY.to_owned()),
        ("S3_BUCKET", storage::BUCKET.to_owned()),
        ("S3_REGION", strict::REGION.to_owned()),
        ("S3_FORCE_PATH_STYLE", "true".to_owned()),
    ]);
    let there = || strict.world().objects.keys().cloned().collect::<Vec<_>>();
    let refusals = [
        ("PUT object", Trouble::Rots, "something else than was brought to it"),
        ("GET object", Trouble::Says(403, "AccessDenied"), "cannot read the backup from the object store"),
    ];
    for (on, trouble, words) in refusals {
        strict.fail(on, trouble);
        let said = machine.run(&["backup", "--to-bucket"]);
        said.fails(2, words);
        assert!(said.err.contains("what was brought to the object store is deleted there"), "{said:?}");
        assert_eq!(there(), Vec::<String>::new());
    }

    for on in ["PUT object", "GET object"] {
        let before = strict.asked(on);
        strict.fail(on, Trouble::Hangs);
        let child = machine.start(&["backup", "--to-bucket"]);
        until("it is there", || strict.asked(on) > before);
        assert_eq!(there().len(), 1);
        signal(&child, Signal::TERM);
        let said = Said::of(child.wait_with_output().unwrap());
        said.fails(1, "interrupted while the backup was brought to the object store");
        assert!(said.err.contains("what was brought to the object store is deleted there"), "{said:?}");
        assert_eq!(there(), Vec::<String>::new());
    }

    strict.fail("GET object", Trouble::Says(403, "AccessDenied"));
    strict.fail("DELETE object", Trouble::Says(403, "AccessDenied"));
    let said = machine.run(&["backup", "--to-bucket"]);
    said.fails(2, "cannot read the backup from the object store");
    assert!(said.err.contains(&format!("besides, cannot delete {} in the object store", there()[0])), "{said:?}");
}

/// Docker as the appliance has it: `docker compose exec -T postgres PROGRAM …` in the folder of the compose files runs the
/// program inside, where Postgres is to be had without a password. What it says when that cannot be is what it really says.
const DOCKER: &str = r#"
fail() { echo "$1" >&2; exit 1; }
[ "$1 $2 $3" = "compose exec -T" ] || fail "unknown docker command: \"docker $*\""
[ -e compose.yaml ] || fail "no configuration file provided: not found"
[ -e stopped ] && fail "service \"$4\" is not running"
[ "$4" = postgres ] || fail "no such service: $4"
[ -z "$PGPASSWORD" ] || fail "a password was handed on that is not needed"
shift 4
PGHOST=127.0.0.1 PGPORT=INSIDE; export PGHOST PGPORT
program=$1; shift
echo "$program" >> ran
exec PROGRAMS/$program "$@"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn in_an_installation_the_programs_of_the_container_are_taken() {
    let mut machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let compose = machine.at("root/etc/meetbox");
    let port = machine.database.port;
    let ports = format!("services:\n  postgres:\n    ports:\n      - 127.0.0.1:{port}:5432\n");
    fs::write(compose.join("compose.yaml"), ports).unwrap();
    let inside = find_postgres_program("pg_dump").parent().unwrap().display().to_string();
    machine.stand_in("docker", &DOCKER.replace("INSIDE", &port.to_string()).replace("PROGRAMS", &inside));
    // The machine itself has none.
    for program in ["pg_dump", "pg_restore"] {
        machine.stand_in(program, "echo 'pg_dump: not here' >&2; exit 127");
    }
    let archive = machine.backup(&[]);
    machine.restore(&archive, &["--verify"]).succeeds("can be restored");
    machine.restore(&archive, &["--yes"]).succeeds("restored");
    let ran = fs::read_to_string(compose.join("ran")).unwrap();
    assert!(ran.contains("pg_dump") && ran.contains("pg_restore"), "{ran}");

    fs::write(compose.join("stopped"), "").unwrap();
    let refused = machine.run(&["backup"]);
    refused.fails(1, "service \"postgres\" is not running");
    assert!(refused.err.contains("systemctl start meetbox-stack"), "{refused:?}");
    assert!(refused.err.contains("pg_dump: not here"), "{refused:?}");
    // A server elsewhere is none of the container's business.
    fs::remove_file(compose.join("stopped")).unwrap();
    machine.more.push(("DATABASE_URL", machine.database.url().replace("127.0.0.1", "localhost.localdomain")));
    let elsewhere = machine.run(&["backup"]);
    assert_ne!(elsewhere.code, 0, "{elsewhere:?}");
    assert!(!elsewhere.err.contains("docker"), "{elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_docker_that_hangs_is_not_waited_for_for_ever() {
    let machine = Machine::new(postgres().database().await);
    let ports = format!("services:\n  postgres:\n    ports:\n      - 127.0.0.1:{}:5432\n", machine.database.port);
    fs::write(machine.at("root/etc/meetbox/compose.yaml"), ports).unwrap();
    // It leaves the work to another program, which holds what is read of it.
    machine.stand_in("docker", "sleep 120; exit 1");
    machine.stand_in("pg_dump", "echo 'pg_dump: not here' >&2; exit 127");
    let begun = Instant::now();
    let refused = machine.run(&["backup"]);
    refused.fails(1, "`docker compose exec postgres` gave no answer within 10 seconds");
    assert!(refused.err.contains("systemctl restart docker"), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    // With programs of its own the machine does without.
    fs::remove_file(machine.programs.join("pg_dump")).unwrap();
    machine.backup(&[]);
}
