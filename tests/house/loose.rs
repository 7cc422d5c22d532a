//! No loose ends: no marks for later, no test switched off, no lint silenced without a reason, no file without a purpose.

use crate::{
    source::Source,
    tree::{self, File},
};

/// Marks that promise work instead of doing it.
const MARKS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

/// What switches a test off, or all the others.
const SWITCHES: [&str; 8] = [
    "test.skip(",
    "test.only(",
    "test.todo(",
    "it.skip(",
    "it.only(",
    "describe.skip(",
    "describe.only(",
    "test.fixme(",
];

/// What silences a checker of the web app; each needs words behind it that say why.
const SILENCERS: [&str; 4] = ["eslint-disable", "@ts-ignore", "@ts-expect-error", "shellcheck disable"];

/// How many characters a reason has at least.
const REASON: usize = 15;

#[test]
fn nothing_is_left_loose() {
    let rust = tree::files("", &[".rs"]);
    let others =
        tree::files("", &[".ts", ".tsx", ".mjs", ".js", ".py", ".sh", ".sql", ".yaml", ".yml", "Makefile", "run"]);
    let mut found: Vec<_> = rust.iter().flat_map(in_rust).collect();
    found.extend(others.iter().filter(|file| !tree::is_generated(file)).flat_map(in_text));
    assert!(found.is_empty(), "loose ends:\n{}", found.join("\n"));
}

#[test]
fn planted_loose_ends_are_found_in_rust() {
    for (text, complaint) in [
        ("//! Doc.\n// TODO later\n", "a.rs:2: `TODO`"),
        ("//! Doc.\n#[test]\n#[ignore]\nfn a() {}\n", "a.rs:3: a test is switched off"),
        ("//! Doc.\n#![allow(dead_code)]\n", "a.rs:2: say `expect` with a reason, not `allow`"),
        ("//! Doc.\n#[expect(dead_code)]\nfn a() {}\n", "a.rs:2: an exception without a reason"),
        ("use std::fs;\n", "a.rs:1: a file opens with `//!` and what it is for"),
    ] {
        assert_eq!(in_rust(&File::planted("a.rs", text)), [complaint], "{text}");
    }
    let fine =
        "//! Doc.\n#[expect(dead_code, reason = \"it is only read by the debugger\")]\nconst A: &str = \"TODO\";\n";
    assert_eq!(in_rust(&File::planted("a.rs", fine)), Vec::<String>::new());
}

#[test]
fn planted_loose_ends_are_found_elsewhere() {
    for (text, complaint) in [
        ("# FIXME: soon\n", "a.sh:1: `FIXME`"),
        ("test.skip('x', () => {})\n", "a.sh:1: `test.skip(`"),
        ("// eslint-disable-next-line\n", "a.sh:1: `eslint-disable` without a reason"),
        ("// @ts-expect-error\n", "a.sh:1: `@ts-expect-error` without a reason"),
    ] {
        assert_eq!(in_text(&File::planted("a.sh", text)), [complaint], "{text}");
    }
    for fine in [
        "# shellcheck disable=SC2086 # the flags are meant to be split into words\n",
        "{/* A mark this small needs no pipeline. */}\n{/* eslint-disable-next-line @next/next/no-img-element */}\n",
    ] {
        assert_eq!(in_text(&File::planted("a.sh", fine)), Vec::<String>::new());
    }
}

fn in_rust(file: &File) -> Vec<String> {
    let source = Source::parse(&file.text);
    let mut found = Vec::new();

    if !file.text.starts_with("//!") {
        found.push((1, "a file opens with `//!` and what it is for".to_owned()));
    }
    for piece in &source.comments {
        found.extend(marks(&piece.text).map(|mark| (piece.line, format!("`{mark}`"))));
    }
    for at in source.places("#[ignore") {
        found.push((source.line_of(at), "a test is switched off".to_owned()));
    }
    for at in source.places("#[allow(").into_iter().chain(source.places("#![allow(")) {
        found.push((source.line_of(at), "say `expect` with a reason, not `allow`".to_owned()));
    }
    for at in source.places("#[expect(").into_iter().chain(source.places("#![expect(")) {
        let end = source.code[at..].find(']').map_or(source.code.len(), |length| at + length);
        if !source.code[at..end].contains("reason =") {
            found.push((source.line_of(at), "an exception without a reason".to_owned()));
        }
    }
    found.into_iter().map(|(line, complaint)| format!("{}:{line}: {complaint}", file.path)).collect()
}

fn in_text(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    let mut above = "";
    for (number, line) in file.text.lines().enumerate() {
        found.extend(marks(line).map(|mark| (number, format!("`{mark}`"))));
        found.extend(
            SWITCHES.iter().filter(|switch| line.contains(**switch)).map(|switch| (number, format!("`{switch}`"))),
        );
        for silencer in SILENCERS.iter().filter(|silencer| line.contains(**silencer) && !has_reason(line, above)) {
            found.push((number, format!("`{silencer}` without a reason")));
        }
        above = line;
    }
    found.into_iter().map(|(number, complaint)| format!("{}:{}: {complaint}", file.path, number + 1)).collect()
}

fn marks(text: &str) -> impl Iterator<Item = &'static str> {
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    MARKS.into_iter().filter(move |mark| words.iter().any(|word| word == mark))
}

/// Whether words that say why stand in the line behind a dash, a colon or a second comment sign, or in a comment above.
fn has_reason(line: &str, above: &str) -> bool {
    let said = [" -- ", ": ", " # "].iter().filter_map(|sign| line.trim_start().split_once(sign));
    let beside = said.map(|(_, reason)| reason.trim().len()).max().unwrap_or(0);
    let above = above.trim().trim_start_matches('{');
    let comment = ["//", "/*", "#"].iter().any(|sign| above.starts_with(sign));
    beside >= REASON || (comment && above.len() >= REASON)
}
