//! Who may use whom: what lies beneath, and nothing beside or above.

use crate::{
    source::Source,
    tree::{self, File},
};

/// The house from the roof down. What stands on one line is on one floor.
const FLOORS: [&[&str]; 6] = [
    &["main", "lib", "cli"],
    &["http", "jobs"],
    &["app"],
    &["db", "cache", "livekit", "oidc", "storage"],
    &["model"],
    &["config", "assets", "clock", "lifecycle", "telemetry"],
];

/// The floor that may use everything, itself included.
const ROOF: usize = 0;

/// Doors between neighbours, each with the reason for it.
const DOORS: [(&str, &str, &str); 1] =
    [("telemetry", "config", "how to log is a setting like any other, and logging is set up by what was parsed")];

/// Crates that belong to one room, so that what they stand for cannot leak: the crate, and the rooms that may name it.
const KEPT_CRATES: [(&str, &[&str]); 4] =
    [("poem", &["http"]), ("poem_openapi", &["http"]), ("redis", &["cache"]), ("openidconnect", &["oidc"])];

/// What the words do without: they are types and pure rules.
const NOT_IN_MODEL: [&str; 6] = ["serde", "sqlx", "reqwest", "tokio", "hyper", "tracing"];

#[test]
fn every_module_leans_only_on_the_floors_below() {
    let found = violations(&tree::files("src", &[".rs"]));
    assert!(found.is_empty(), "these lean sideways or up (the picture is in src/lib.rs):\n{}", found.join("\n"));
}

#[test]
fn the_picture_in_the_library_names_every_room() {
    let picture = tree::read("src/lib.rs");
    let missing: Vec<_> = FLOORS
        .iter()
        .flat_map(|floor| floor.iter())
        .filter(|room| **room != "lib" && !picture.contains(**room))
        .collect();
    assert!(missing.is_empty(), "the picture in src/lib.rs does not show {missing:?}");
}

#[test]
fn every_door_between_neighbours_is_used_and_has_a_reason() {
    let files = tree::files("src", &[".rs"]);
    for (from, to, reason) in DOORS {
        let used = files.iter().filter(|file| room_of(&file.path) == from).any(|file| {
            let source = Source::parse(&file.text);
            leans_on(&source, depth(&file.path)).iter().any(|(_, room)| room == to)
        });
        // A room without code yet leans on nothing; its door is judged when it has some.
        let written = files.iter().any(|file| room_of(&file.path) == from && file.text.lines().count() > 5);
        assert!(used || !written, "`{from}` no longer leans on `{to}`: take the door out of DOORS");
        assert!(reason.len() > 20, "the door from `{from}` to `{to}` needs a reason");
    }
}

#[test]
fn a_planted_violation_is_found_with_file_line_and_names() {
    let planted = [
        File::planted("src/db/meetings.rs", "//! Doc.\nuse crate::app::App;\n"),
        File::planted("src/db/mod.rs", "fn f() {\n    crate::cache::get();\n}\n"),
        File::planted("src/model/meeting.rs", "use crate::{\n    clock::Clock,\n    http::{view, page},\n};\n"),
        File::planted("src/jobs/pruner.rs", "use super::super::http::view;\n"),
        File::planted("src/attic/mod.rs", "use crate::clock::Clock;\n"),
        File::planted("src/app/meetings.rs", "use poem::Request;\n"),
        File::planted("src/model/page.rs", "#[derive(serde::Serialize)]\nstruct Page;\n"),
        File::planted("src/app/tokens.rs", "use crate::nowhere::Thing;\n"),
    ];
    let expected = [
        "src/db/meetings.rs:2: `db` leans on `app`",
        "src/db/mod.rs:2: `db` leans on `cache`",
        "src/model/meeting.rs:1: `model` leans on `http`",
        "src/jobs/pruner.rs:1: `jobs` leans on `http`",
        "src/attic/mod.rs: `attic` stands on no floor",
        "src/app/meetings.rs:1: `app` names `poem`, which is kept in http",
        "src/model/page.rs:1: `model` names `serde`, which is kept out of it",
        "src/app/tokens.rs:1: `app` leans on `nowhere`",
    ];
    assert_eq!(violations(&planted), expected);
}

#[test]
fn what_leans_downwards_or_only_talks_is_left_alone() {
    let fine = [
        File::planted("src/app/meetings.rs", "use crate::{db, model::{self, Meeting}, clock::Clock};\n"),
        File::planted("src/cli/serve.rs", "use crate::{app::App, cli::say, http, jobs};\n"),
        File::planted("src/main.rs", "fn main() { meetbox::cli::run() }\n"),
        File::planted("src/db/mod.rs", "// as crate::app does\nconst A: &str = \"crate::http\";\nmod meetings;\n"),
        File::planted("src/db/rooms.rs", "use super::DbError;\nuse crate::db::meetings;\n"),
        File::planted("src/config/mod.rs", "use redis::RedisSettings;\n"),
        File::planted("src/config/redis.rs", "use crate::config::Setting;\n"),
        File::planted("src/telemetry.rs", "use crate::config::LogSettings;\n"),
    ];
    assert_eq!(violations(&fine), Vec::<String>::new());
}

fn violations(files: &[File]) -> Vec<String> {
    files.iter().flat_map(|file| in_file(file, files)).collect()
}

fn in_file(file: &File, all: &[File]) -> Vec<String> {
    let room = room_of(&file.path);
    let Some(own) = floor_of(room) else {
        return vec![format!("{}: `{room}` stands on no floor", file.path)];
    };
    let source = Source::parse(&file.text);
    let mut found = Vec::new();

    for (at, other) in leans_on(&source, depth(&file.path)) {
        let below = floor_of(&other).is_some_and(|floor| floor > own);
        let door = DOORS.iter().any(|(from, to, _)| *from == room && *to == other);
        if own != ROOF && other != room && !below && !door {
            found.push(format!("{}:{}: `{room}` leans on `{other}`", file.path, source.line_of(at)));
        }
    }
    // A room's own module may be called like a crate: the settings of Redis are in `config::redis`.
    let own_module = |name: &str| {
        let (file, folder) = (format!("/{name}.rs"), format!("/{name}/mod.rs"));
        let here = all.iter().filter(|other| room_of(&other.path) == room);
        here.into_iter().any(|other| other.path.ends_with(&file) || other.path.ends_with(&folder))
    };
    for (name, rooms) in KEPT_CRATES.into_iter().filter(|(name, _)| !own_module(name)) {
        for at in named(&source, name).into_iter().filter(|_| !rooms.contains(&room)) {
            let (line, rooms) = (source.line_of(at), rooms.join(", "));
            found.push(format!("{}:{line}: `{room}` names `{name}`, which is kept in {rooms}", file.path));
        }
    }
    for name in NOT_IN_MODEL.iter().filter(|_| room == "model") {
        for at in named(&source, name) {
            found.push(format!(
                "{}:{}: `model` names `{name}`, which is kept out of it",
                file.path,
                source.line_of(at)
            ));
        }
    }
    found
}

/// The room a source file belongs to: the first part of its path under `src`.
fn room_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let first = inside.split('/').next().unwrap_or(inside);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&room))
}

/// How many `super` lead from a file to the top of the crate.
fn depth(path: &str) -> usize {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// Where a path begins with the name of a crate from outside.
fn named(source: &Source, name: &str) -> Vec<usize> {
    let begins = |at: &usize| !source.code[..*at].trim_end().ends_with("::");
    let goes_on = |at: &usize| source.code[at + name.len()..].starts_with("::");
    let imported = |at: &usize| source.code[..*at].trim_end().ends_with("use");
    source.places(name).into_iter().filter(|at| begins(at) && (goes_on(at) || imported(at))).collect()
}

/// The rooms that the code names, with the place of each: `crate::room`, `crate::{room, room}` and `super::super::room`.
fn leans_on(source: &Source, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in source.places("crate") {
        let Some(rest) = source.code[at + "crate".len()..].trim_start().strip_prefix("::") else { continue };
        found.extend(first_names(rest).into_iter().map(|name| (at, name)));
    }
    for at in source.places("super") {
        let (ups, rest) = climb(&source.code[at..]);
        let starts_here = !source.code[..at].ends_with("::");
        if starts_here && ups >= depth {
            // Inside a `mod tests` one `super` is the file itself, so only what is a room elsewhere counts.
            let rooms = first_names(rest).into_iter().filter(|name| floor_of(name).is_some_and(|floor| floor != ROOF));
            found.extend(rooms.map(|name| (at, name)));
        }
    }
    found
}

/// Counts the `super::` at the beginning of `code` and gives back what follows them.
fn climb(code: &str) -> (usize, &str) {
    let mut ups = 0;
    let mut rest = code;
    while let Some(further) = rest.strip_prefix("super::") {
        ups += 1;
        rest = further;
    }
    (ups, rest)
}

/// The first name of a path, or of each path in a group.
fn first_names(path: &str) -> Vec<String> {
    let path = path.trim_start();
    let Some(group) = path.strip_prefix('{') else { return name_at(path).into_iter().collect() };

    let mut names = Vec::new();
    let mut depth = 1;
    let mut expects_name = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => expects_name = true,
            c if expects_name && depth == 1 && !c.is_whitespace() => {
                names.extend(name_at(&group[at..]));
                expects_name = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn name_at(text: &str) -> Option<String> {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..length];
    (!name.is_empty() && name != "self").then(|| name.to_owned())
}
