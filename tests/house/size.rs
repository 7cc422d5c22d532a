//! A file that grows past 500 lines has found a second subject.

use crate::tree::{self, File};

const MOST_LINES: usize = 500;
const WRITTEN_BY_HAND: [&str; 9] = [".rs", ".ts", ".tsx", ".mjs", ".js", ".py", ".sh", ".css", ".sql"];

#[test]
fn no_file_is_longer_than_500_lines() {
    let found = too_long(&tree::files("", &WRITTEN_BY_HAND));
    assert!(found.is_empty(), "look for the second subject in:\n{}", found.join("\n"));
}

#[test]
fn a_planted_long_file_is_named_with_its_length() {
    let long = "line\n".repeat(501);
    let planted = [
        File::planted("src/app/all.rs", &long),
        File::planted("src/app/most.rs", &long[5..]),
        File::planted("web/client/generated/client.ts", &long),
    ];
    assert_eq!(too_long(&planted), ["src/app/all.rs: 501 lines"]);
}

fn too_long(files: &[File]) -> Vec<String> {
    let by_hand = files.iter().filter(|file| !tree::is_generated(file));
    let counted = by_hand.map(|file| (file, file.text.lines().count()));
    counted
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| format!("{}: {lines} lines", file.path))
        .collect()
}
