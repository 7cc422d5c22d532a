//! The files of the project, as the rules read them.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a rule that cannot read the tree fails its test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is fetched, built or run, never written by us.
const NOT_OURS: [&str; 10] =
    [".git", ".meetbox", ".next", ".venv", "target", "node_modules", "out", "dist", "__pycache__", "test-results"];

/// What a program writes, and how long or loose that is is not ours to say.
const GENERATED: [&str; 2] = ["web/client/generated/", "web/public/"];

/// One text file and where it stands, with `/` between the parts whatever the machine.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    /// A file that exists only in a test of a rule.
    pub fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }
}

/// The folder that `Cargo.toml` stands in.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of one file that must be there.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|err| panic!("cannot read {path}: {err}"))
}

/// Every file of ours under `folder` whose name ends in one of `endings`, sorted by path.
pub fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    collect(&root().join(folder), endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Whether a program wrote the file.
pub fn is_generated(file: &File) -> bool {
    GENERATED.iter().any(|folder| file.path.starts_with(folder))
}

/// Whether this run should rewrite golden files instead of comparing with them.
#[expect(clippy::disallowed_methods, reason = "BLESS is a word to the tests, not a setting of the program")]
pub fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

fn collect(folder: &Path, endings: &[&str], found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();

        // Links are left alone: what they point at is counted where it stands, or is not ours.
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                collect(&path, endings, found);
            }
        } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap_or_else(|err| panic!("cannot read {}: {err}", path.display()));
            let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            found.push(File { path, text });
        }
    }
}

#[test]
fn the_walk_finds_this_very_file_and_nothing_that_was_built() {
    let all = files("", &[".rs"]);
    assert!(all.iter().any(|file| file.path == "tests/house/tree.rs"));
    assert!(!all.iter().any(|file| file.path.starts_with("target/")));
}
