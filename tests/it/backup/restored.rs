//! A backup put back: the server serves the same again, what was there is kept, and whatever goes wrong changes nothing.

use std::{fs, path::Path};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::migrate::Migrator;

use super::{Machine, damage::write_with_manifest};
use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

/// What the API says of everything that a backup should bring back.
async fn told(serving: &Serving) -> Vec<Value> {
    let mut answers = Vec::new();
    for path in ["/meetings?limit=100", "/accounts?limit=100", "/audit-log?limit=100"] {
        let (status, answer) = serving.get(path).await;
        assert_eq!(status, 200, "{answer}");
        answers.push(answer);
    }
    for meeting in answers[0]["items"].as_array().unwrap().clone() {
        let id = meeting["id"].as_str().unwrap();
        answers.push(serving.get(&format!("/meetings/{id}/participants?limit=100")).await.1);
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_wreck_the_server_serves_what_it_served_when_it_was_saved() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let livekit = Model::start(meetbox::clock::Clock::System).await;
    let ground = Ground::new(&machine.database.url(), &redis_url(), &livekit.url());
    let mut serving = Serving::start(ground).await;
    let olga = serving.account("olga", "host").await;
    let wish = json!({ "room_name": "blue-heron", "title": "The blue heron" });
    assert_eq!(serving.ask(Some(&olga.session), "POST /meetings", &wish).await.0, 201);
    let before = told(&serving).await;
    // It serves on.
    let archive = machine.backup(&[]);

    assert_eq!(serving.ask(Some(&olga.session), "POST /meetings", &json!({})).await.0, 201);
    machine.sql("delete from participants; delete from analytics; update meetings set title = 'wrecked'").await;
    assert_ne!(told(&serving).await, before);

    let refused = machine.restore(&archive, &["--yes"]);
    refused.fails(1, "somebody is connected to the database: meetbox from 127.0.0.1");
    assert!(refused.err.contains("systemctl stop meetbox"), "{refused:?}");
    machine.restore(&archive, &[]).fails(1, "somebody is connected");
    serving.terminate();
    serving.wait_for_end(std::time::Duration::from_secs(30));
    machine.restore(&archive, &[]).fails(1, "nobody is there to answer");

    let done = machine.restore(&archive, &["--yes"]);
    done.succeeds(&format!("restored {} from the backup of meet.example.org", machine.database.name));
    serving.start_again().await;
    assert_eq!(told(&serving).await, before);
    assert_eq!(
        serving.ask(Some(&olga.session), "GET /meetings?mine=true", &Value::Null).await.0,
        200,
        "still signed in"
    );

    // What was there is kept, and a second time does no harm, with a server in the midst of it either.
    let kept = machine.databases().await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(done.err.contains(&kept[0]), "{done:?}");
    assert_ne!(serving.ask(Some(&olga.session), "POST /meetings", &json!({})).await.0, 500);
    machine.restore(&archive, &["--yes", "--disconnect"]).succeeds("restored");
    serving.wait_until_ready().await;
    assert_eq!(told(&serving).await, before);
    assert_eq!(machine.databases().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_in_the_second_of_the_last_one_keeps_what_was_there_too() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]);
    // Whenever in the next half minute it asks for the time.
    let now = Utc::now();
    for second in 0..30 {
        let then = now + TimeDelta::seconds(second);
        let name = format!("{}_before_{}", machine.database.name, then.format("%Y%m%d_%H%M%S"));
        machine.sql(&format!("create database {name}")).await;
    }
    let before = machine.databases().await;
    machine.restore(&archive, &["--yes"]).succeeds("restored");
    let mut kept = machine.databases().await;
    kept.retain(|name| !before.contains(name));
    assert!(matches!(&kept[..], [name] if name.ends_with("_2")), "{kept:?}");
}

/// A `pg_restore` after which rows are missing.
const LOSES_ROWS: &str = r#"
[ "$1" = --version ] && exec $REAL --version
for argument in "$@"; do database=${argument#--dbname=}; done
$REAL "$@" && exec psql --quiet --username meetbox --command 'delete from analytics' "$database"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_says_what_would_come_of_it_and_leaves_no_trace() {
    let machine = Machine::new(postgres().database().await);
    machine.sow().await;
    let archive = machine.backup(&[]);
    machine.sql("delete from participants").await;
    let rows = machine.count("meetings").await;
    let said = machine.restore(&archive, &["--verify"]);
    said.succeeds("rows in ");
    assert_eq!(machine.databases().await, Vec::<String>::new());
    assert_eq!((machine.count("participants").await, machine.count("meetings").await), (0, rows));

    // One that loses rows on the way is found out, one that loses everything is, and so is one that cannot be read at all.
    machine.sow().await;
    let archive = machine.backup(&[]);
    machine.stand_in("pg_restore", LOSES_ROWS);
    machine.restore(&archive, &["--verify"]).fails(1, "what was restored is not what was saved");
    machine.restore(&archive, &["--yes"]).fails(1, "what was restored is not what was saved");
    machine
        .stand_in("pg_restore", "[ \"$1\" = --version ] && exec $REAL --version\nexec $REAL --section=pre-data \"$@\"");
    machine.restore(&archive, &["--yes"]).fails(1, "what was restored is not what was saved");
    machine.stand_in("pg_restore", "[ \"$1\" = --version ] && exec $REAL --version\necho 'no such thing' >&2; exit 1");
    machine.restore(&archive, &["--yes"]).fails(2, "pg_restore failed: no such thing");
    machine.stand_in("pg_restore", "echo 'pg_restore (PostgreSQL) 9.6.24'");
    machine.restore(&archive, &["--verify"]).fails(1, "pg_restore is of version 9");
    assert_eq!(machine.databases().await, Vec::<String>::new());
    assert_eq!(machine.count("meetings").await, rows);
}

/// A `pg_restore` that fails, and after which the database on trial cannot be dropped either.
const FAILS_TWICE: &str = r#"
[ "$1" = --version ] && exec $REAL --version
for argument in "$@"; do database=${argument#--dbname=}; done
psql --quiet --username meetbox --command \
    'update pg_database set datistemplate = true where datname = current_database()' "$database"
echo 'no room left' >&2; exit 1
"#;

#[tokio::test(flavor = "multi_thread")]
async fn why_a_restore_failed_is_told_even_when_its_database_cannot_be_taken_away() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]);
    machine.stand_in("pg_restore", FAILS_TWICE);
    let said = machine.restore(&archive, &["--yes"]);
    said.fails(2, "error: pg_restore failed: no room left");
    assert!(said.err.contains("besides, cannot drop the database meetbox_restore_"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_migrated_and_a_newer_one_refused_that_is_not_here() {
    let machine = Machine::new(postgres().empty_database().await);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let steps = tempfile::tempdir().unwrap();
    let mut names: Vec<_> =
        fs::read_dir(root.join("migrations")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let old = &names[..names.len() - 4];
    for name in old {
        fs::copy(root.join("migrations").join(name), steps.path().join(name)).unwrap();
    }
    let pool = machine.database.pool().await;
    Migrator::new(steps.path()).await.unwrap().run(&pool).await.unwrap();
    pool.close().await;
    for name in old {
        machine.sql(&fs::read_to_string(root.join("tests/data/migrations").join(name)).unwrap()).await;
    }
    let meetings = machine.count("meetings").await;
    let archive = machine.backup(&[]);
    machine.restore(&archive, &["--verify"]).succeeds("4 migrations applied");
    machine.restore(&archive, &["--yes"]).succeeds("4 migrations applied");
    assert_eq!(machine.count("meetings").await, meetings);
    assert_eq!(machine.count("_sqlx_migrations").await, i64::try_from(names.len()).unwrap());

    let later = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values (9999, 'of another day', true, '', 0)";
    machine.sql(later).await;
    // As after an upgrade that was taken back: the older Meetbox restores what it made itself.
    let archive = machine.backup(&[]);
    machine.restore(&archive, &["--verify"]).succeeds("schema 9999");
    let newer = machine.at("newer.tar");
    write_with_manifest(&newer, &archive, |manifest| manifest["meetbox"] = "99.0.0".into());
    // The database here has that schema, so that only what was forged is left to refuse.
    machine.restore(&newer, &["--verify"]).fails(1, "parts that do not belong together");
    machine.sql("delete from _sqlx_migrations where version = 9999").await;
    let refused = machine.restore(&newer, &["--yes"]);
    refused.fails(1, "whose database has schema 9999");
    assert!(refused.err.contains("is of Meetbox 99.0.0") && refused.err.contains("a newer one"), "{refused:?}");
    machine.restore(&archive, &["--yes"]).succeeds("schema 9999");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_make_no_database_is_told_what_it_lacks() {
    let machine = Machine::new(postgres().database().await);
    let archive = machine.backup(&[]);
    let role = format!("poor_{}", machine.database.name);
    machine.sql(&format!("create role {role} login; grant all on all tables in schema public to {role}")).await;
    let mut poor = Machine::new(machine.database.clone());
    let url = machine.database.url().replace("meetbox@", &format!("{role}@"));
    poor.more = vec![("DATABASE_URL", url)];
    let key = machine.at("key").display().to_string();
    let said = poor.run(&["restore", &archive.display().to_string(), "--identity", &key, "--yes"]);
    said.fails(2, "cannot make a database beside the one that there is");
    assert!(said.err.contains("createdb"), "{said:?}");
}
