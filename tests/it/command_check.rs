//! `meetbox check`, as a shell and as a program sees it.

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const RIGHT: [(&str, &str); 5] = [
    ("DATABASE_URL", "postgresql://meetbox:Vt5kQ9wZ@db.internal/meetbox"),
    ("REDIS_URL", "redis://cache.internal"),
    ("LIVEKIT_URL", "wss://livekit.example.org"),
    ("LIVEKIT_API_KEY", "APIm7Kq2xVn"),
    ("LIVEKIT_API_SECRET", "qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A"),
];

/// Runs the binary in an empty folder, with these variables and no others.
fn check(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    check_in(&folder, arguments, variables)
}

fn check_in(folder: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_meetbox"))
        .arg("check")
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn settings_that_are_right_exit_with_0() {
    let output = check(&[], &RIGHT);

    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "the settings are right for production\n");
    assert_eq!(text(&output.stderr), "");
}

// Feature: infrastructure-local-dev, Property 18: the process itself, started without what it needs, names every
// variable that is missing with what it is for, and says so in its exit code.
#[test]
fn a_process_that_lacks_settings_names_them_and_exits_with_1() {
    let output = check(&[], &RIGHT[..2]);

    assert_eq!(output.status.code(), Some(1));
    let blocks: Vec<_> = text(&output.stdout).split_terminator("\n\n").collect();
    assert_eq!(blocks.len(), 3, "{blocks:#?}");
    for (block, (variable, _)) in blocks.iter().zip(&RIGHT[2..]) {
        assert!(block.starts_with(&format!("{variable} is not set\n    for      ")), "{block}");
        assert!(block.contains("\n    example  ") && block.contains("\n    valid    "), "{block}");
    }
    assert!(text(&output.stderr).starts_with("error: 3 settings are not right\n\nhint: "));
}

#[test]
fn programs_read_the_same_as_json() {
    let variables = [&RIGHT[..4], &[("LIVEKIT_API_SECERT", "hunter2hunter2"), ("PORT", "70000")]].concat();
    let output = check(&["--json"], &variables);

    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["ok"], false);
    assert_eq!(answer["problems"][0]["variable"], "PORT");
    assert_eq!(answer["problems"][0]["problem"], "is too large: `70000`");
    assert_eq!(answer["problems"][0]["valid"], "a whole number from 1 to 65535");
    assert_eq!(answer["problems"][1]["variable"], "LIVEKIT_API_SECRET");
    assert_eq!(answer["warnings"][0]["variable"], "LIVEKIT_API_SECERT");
    assert!(!text(&output.stdout).contains("hunter2") && !text(&output.stderr).contains("hunter2"));
}

#[test]
fn dotenv_counts_only_when_the_environment_itself_says_local() {
    let folder = TempDir::new().unwrap();
    let lines: Vec<_> = RIGHT.iter().map(|(variable, value)| format!("{variable}={value}\n")).collect();
    std::fs::write(folder.path().join(".env"), lines.concat() + "APP_ENV=local\n").unwrap();

    assert_eq!(check_in(&folder, &[], &[("APP_ENV", "local")]).status.code(), Some(0));
    assert_eq!(check_in(&folder, &[], &[]).status.code(), Some(1));
}

#[test]
fn arguments_that_there_are_not_exit_with_1_and_help_with_0() {
    assert_eq!(check(&["--jason"], &RIGHT).status.code(), Some(1));
    assert_eq!(check(&["--help"], &RIGHT).status.code(), Some(0));
}
