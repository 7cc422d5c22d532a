//! A migration only expands, stands in order, is never edited, and has rows that it is tried on.
//!
//! The previous binary must still boot and serve on the new schema: while an update is rolled out, and after one
//! that was taken back. `tests/it/migrations.rs` applies them step by step on a real Postgres.

use std::{collections::BTreeMap, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::tree::{self, File};

const SUMS: &str = "tests/data/migrations/SUMS";

/// What takes away or changes what the previous binary uses.
const TAKES_AWAY: [&str; 14] = [
    "drop table",
    "drop column",
    "drop schema",
    "drop type",
    "drop view",
    "drop constraint",
    "drop index",
    "drop default",
    "drop function",
    "rename",
    "set not null",
    "set data type",
    "truncate",
    "delete from",
];

/// Steps that take something away all the same: the migration, the words, and why no running binary minds.
const REASONED: [(&str, &str, &str); 0] = [];

#[test]
fn migrations_only_expand() {
    let files = migrations();
    let found: Vec<_> = files.iter().flat_map(|file| shrinking(file, &REASONED)).collect();
    assert!(found.is_empty(), "the previous binary must still run on the new schema:\n{}", found.join("\n"));

    for (name, words, reason) in REASONED {
        let used = files.iter().any(|file| file_name(file) == name && !shrinking(file, &[]).is_empty());
        assert!(used && reason.len() > 20, "REASONED: {name} `{words}` is not needed, or says no reason");
    }
}

#[test]
fn migrations_stand_in_order() {
    let names: Vec<_> = migrations().iter().map(|file| file_name(file).to_owned()).collect();
    let found = disorder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_migration_is_never_edited() {
    let files = migrations();
    let path = tree::root().join(SUMS);
    let mut sums = parse_sums(&fs::read_to_string(&path).unwrap_or_default());

    if tree::blessing() {
        // A blessing adds what is new; what is already there stays, and an edit is still found below.
        for file in &files {
            sums.entry(file_name(file).to_owned()).or_insert_with(|| sum(&file.text));
        }
        let text: String = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let found = edited(&files, &sums);
    assert!(
        found.is_empty(),
        "{}\nwrite a new migration instead (one that no release has had yet: take its line out of {SUMS})",
        found.join("\n")
    );
}

#[test]
fn every_migration_has_rows_to_be_tried_on() {
    let missing = without_rows(&migrations(), |path| fs::read_to_string(tree::root().join(path)).ok());
    assert!(missing.is_empty(), "write rows that fit the schema as the migration leaves it into {missing:?}");

    let migrations: Vec<_> = migrations().iter().map(|file| file_name(file).to_owned()).collect();
    let orphans: Vec<_> = tree::files("tests/data/migrations", &[".sql"])
        .iter()
        .map(|file| file_name(file).to_owned())
        .filter(|name| !migrations.contains(name))
        .collect();
    assert!(orphans.is_empty(), "no migration is called {orphans:?}");
}

#[test]
fn planted_shrinking_is_found() {
    for (text, words) in [
        ("drop table meetings;", "drop table"),
        ("alter table meetings\n    DROP   COLUMN title;", "drop column"),
        ("alter table meetings rename column a to b;", "rename"),
        ("alter table meetings alter column title type varchar(3);", "alter column … type"),
        ("alter table meetings alter title type text;", "alter column … type"),
        ("alter table meetings alter column title set not null;", "set not null"),
        ("alter table meetings add column a text not null;", "add column … not null without a default"),
    ] {
        let planted = File::planted("migrations/0009_shrink.sql", text);
        assert_eq!(shrinking(&planted, &[]), [format!("0009_shrink.sql: `{words}`")], "{text}");
    }
    let file = File::planted("migrations/0009_shrink.sql", "drop table meetings;");
    assert_eq!(shrinking(&file, &[("0009_shrink.sql", "drop table", "nobody reads it")]), Vec::<String>::new());
}

#[test]
fn expanding_is_fine() {
    let text = "-- drop table is said only here\n\
        create table a (id uuid primary key, kind text not null, b text default 'rename; me');\n\
        alter table a add column c int not null default 0, add column d text;\n\
        create type mood as enum ('good');";
    assert_eq!(shrinking(&File::planted("migrations/0002_more.sql", text), &[]), Vec::<String>::new());
}

#[test]
fn planted_disorder_is_found() {
    assert_eq!(disorder(&["0001_meetings.sql", "0002_more_rows.sql"]), Vec::<String>::new());
    assert_eq!(disorder(&["0001_meetings.sql", "0003_more.sql"]), ["0003_more.sql: expected number 2"]);
    assert_eq!(disorder(&["0001_a.sql", "0001_b.sql"]), ["0001_b.sql: expected number 2"]);
    assert_eq!(disorder(&["0001-Meetings.sql"]), ["0001-Meetings.sql: a name is 0001_what_it_makes.sql"]);
    assert_eq!(disorder(&["1_meetings.sql"]), ["1_meetings.sql: a name is 0001_what_it_makes.sql"]);
}

#[test]
fn a_planted_edit_is_found() {
    let first = File::planted("migrations/0001_a.sql", "create table a ();");
    let sums = BTreeMap::from([("0001_a.sql".to_owned(), sum(&first.text))]);
    assert_eq!(edited(std::slice::from_ref(&first), &sums), Vec::<String>::new());

    let changed = File::planted("migrations/0001_a.sql", "create table b ();");
    assert_eq!(
        edited(&[changed], &sums),
        ["0001_a.sql was edited after it was recorded in tests/data/migrations/SUMS"]
    );
    assert_eq!(edited(&[], &sums), ["0001_a.sql is recorded in tests/data/migrations/SUMS but is gone"]);
    let new = File::planted("migrations/0002_b.sql", "");
    assert_eq!(edited(&[first, new], &sums), ["0002_b.sql is new: record it with `BLESS=1 cargo test --test house`"]);
}

#[test]
fn planted_lack_of_rows_is_found() {
    let files = [File::planted("migrations/0001_a.sql", ""), File::planted("migrations/0002_b.sql", "")];
    let rows = |path: &str| path.ends_with("0001_a.sql").then(|| "insert into a values (1);".to_owned());
    assert_eq!(without_rows(&files, rows), ["tests/data/migrations/0002_b.sql"]);
}

fn migrations() -> Vec<File> {
    tree::files("migrations", &[".sql"])
}

fn file_name(file: &File) -> &str {
    Path::new(&file.path).file_name().and_then(|name| name.to_str()).unwrap_or(&file.path)
}

fn shrinking(file: &File, reasoned: &[(&str, &str, &str)]) -> Vec<String> {
    let name = file_name(file);
    let mut found: Vec<&str> = Vec::new();
    for statement in statements(&file.text) {
        found.extend(TAKES_AWAY.iter().filter(|words| statement.contains(**words)));
        for clause in statement.split(',') {
            let added = clause.contains("add column") || clause.contains("alter table") && clause.contains(" add ");
            if added && clause.contains("not null") && !clause.contains("default") && !clause.contains("generated") {
                found.push("add column … not null without a default");
            }
            let altered = clause.split_once(" alter ").or_else(|| clause.trim().split_once("alter column "));
            if altered.is_some_and(|(_, rest)| rest.contains(" type ")) && !clause.contains("set data type") {
                found.push("alter column … type");
            }
        }
    }
    found.retain(|words| !reasoned.iter().any(|(migration, excused, _)| *migration == name && excused == words));
    found.into_iter().map(|words| format!("{name}: `{words}`")).collect()
}

/// The statements in lower case with single spaces, without comments and the text in quotes.
fn statements(text: &str) -> Vec<String> {
    let no_comments: String =
        text.lines().map(|line| line.split("--").next().unwrap_or("")).collect::<Vec<_>>().join(" ");
    let unquoted: String = no_comments.split('\'').step_by(2).collect::<Vec<_>>().join("''");
    let flat = unquoted.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    flat.split(';').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn disorder(names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let parts = name.strip_suffix(".sql").and_then(|stem| stem.split_once('_'));
        let well_formed = parts.filter(|(number, what)| {
            let words =
                !what.is_empty() && what.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            number.len() == 4 && number.chars().all(|c| c.is_ascii_digit()) && words
        });
        match well_formed.and_then(|(number, _)| number.parse::<usize>().ok()) {
            None => found.push(format!("{name}: a name is 0001_what_it_makes.sql")),
            Some(number) if number != at + 1 => found.push(format!("{name}: expected number {}", at + 1)),
            Some(_) => {}
        }
    }
    found
}

fn sum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads the format of `sha256sum`.
fn parse_sums(text: &str) -> BTreeMap<String, String> {
    let pairs = text.lines().filter_map(|line| line.split_once("  "));
    pairs.map(|(sum, name)| (name.to_owned(), sum.to_owned())).collect()
}

fn edited(files: &[File], sums: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let name = file_name(file);
        match sums.get(name) {
            None => found.push(format!("{name} is new: record it with `BLESS=1 cargo test --test house`")),
            Some(recorded) if *recorded != sum(&file.text) => {
                found.push(format!("{name} was edited after it was recorded in {SUMS}"));
            }
            Some(_) => {}
        }
    }
    let gone = sums.keys().filter(|name| !files.iter().any(|file| file_name(file) == name.as_str()));
    found.extend(gone.map(|name| format!("{name} is recorded in {SUMS} but is gone")));
    found
}

fn without_rows(files: &[File], read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let paths = files.iter().map(|file| format!("tests/data/migrations/{}", file_name(file)));
    paths.filter(|path| read(path).is_none_or(|rows| !rows.contains("insert into"))).collect()
}
