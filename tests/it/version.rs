//! `meetbox version`, as a shell sees it: without settings, without a database.

use std::process::{Command, Output};

use meetbox::{
    assets::templates::{EGRESS_VERSION, LIVEKIT_VERSION},
    db::migrate::MIGRATOR,
};

fn version(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_meetbox")).arg("version").args(arguments).env_clear().output().unwrap()
}

#[test]
fn the_version_alone_is_what_the_flag_says() {
    let flag = Command::new(env!("CARGO_BIN_EXE_meetbox")).arg("--version").output().unwrap();

    let output = version(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, flag.stdout);
    assert_eq!(String::from_utf8_lossy(&output.stdout), concat!("meetbox ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn verbose_says_what_it_was_built_from_and_for() {
    let output = version(&["--verbose"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().filter_map(|line| line.split_once(": ")).collect();

    let names: Vec<_> = lines.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["meetbox", "commit", "target", "rust", "livekit", "egress", "migrations"], "{text}");
    let value = |wanted: &str| lines.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value).unwrap();

    assert_eq!(value("meetbox"), env!("CARGO_PKG_VERSION"));
    assert!(is_commit(value("commit")), "{text}");
    assert!(value("target").starts_with(std::env::consts::ARCH), "{text}");
    assert_eq!(value("rust").split('.').count(), 3, "{text}");
    assert_eq!((value("livekit"), value("egress")), (LIVEKIT_VERSION, EGRESS_VERSION));
    let newest = MIGRATOR.iter().last().unwrap().version;
    assert_eq!(value("migrations"), format!("{}, the newest is {newest}", MIGRATOR.iter().count()));
}

/// A commit, one with more in the tree than it has, or the word of a build that is of none.
fn is_commit(text: &str) -> bool {
    let hash = text.strip_suffix("-modified").unwrap_or(text);
    text == "unknown" || (hash.len() == 40 && hash.chars().all(|c| c.is_ascii_hexdigit()))
}
