//! What a server that cannot start leaves behind for whoever looks.

use std::{fs, process::Command};

use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "Vt5kQ9wZmB2x";
const SECRET: &str = "qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A";

// Feature: infrastructure-local-dev, Property 28: the log of the running process is on its stdout, line by line.
// Feature: infrastructure-local-dev, Property 30: a start that fails leaves one line with the reason, its kind and
// a backtrace; neither the log nor what is said to the operator has a secret in it.
#[test]
fn a_start_that_fails_is_told_on_stdout_in_full() {
    let folder = TempDir::new().unwrap();
    // Nobody listens on port 1.
    let database = format!("postgresql://meetbox:{PASSWORD}@127.0.0.1:1/meetbox");
    let output = Command::new(env!("CARGO_BIN_EXE_meetbox"))
        .arg("serve")
        .env_clear()
        .envs([("DATABASE_URL", database.as_str()), ("DATABASE_START_TIMEOUT_SECONDS", "1")])
        .envs([("REDIS_URL", "redis://127.0.0.1:1"), ("LIVEKIT_URL", "ws://127.0.0.1:1")])
        .envs([("LIVEKIT_API_KEY", "APIm7Kq2xVn"), ("LIVEKIT_API_SECRET", SECRET), ("LOG_DIR", "logs")])
        .current_dir(&folder)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());

    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.starts_with("error: ") && stderr.contains("\n\nhint: "), "{stderr}");
    assert!([&stdout, &stderr].iter().all(|text| !text.contains(PASSWORD) && !text.contains(SECRET)));

    let lines = untimed(&stdout);
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{stdout}");
    assert!(errors[0]["chain"].as_str().unwrap().contains("127.0.0.1:1"), "{}", errors[0]["chain"]);
    assert!(errors[0]["error.kind"].as_str().unwrap().starts_with("meetbox::"));
    assert!(errors[0]["backtrace"].as_str().unwrap().contains("meetbox::cli::serve"));

    let files: Vec<_> = fs::read_dir(folder.path().join("logs")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(untimed(&fs::read_to_string(&files[0]).unwrap()), untimed(&stdout));
}

/// The lines without their times: stdout and the file each look at the clock.
fn untimed(log: &str) -> Vec<Value> {
    let untimed = |line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("timestamp").is_some_and(|time| time.is_string()));
        line
    };
    log.lines().map(untimed).collect()
}
