//! What the log promises.

use std::{
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    sync::{Arc, Mutex},
    thread,
};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::Value;
use tracing::{info, info_span, subscriber::with_default};

use super::{FILE_PREFIX, FILE_SUFFIX, TelemetryError, critical, log_panic, open_files, subscriber};
use crate::config::{LogFormat, LogSettings};

/// Stands in for stdout and keeps what is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
    }

    /// The only line there is, read as JSON.
    fn line(&self) -> Value {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "not one line: {lines:#?}");
        serde_json::from_str(&lines[0]).unwrap()
    }
}

fn settings(format: LogFormat, filter: &str) -> LogSettings {
    LogSettings { format, filter: filter.to_owned(), directory: None, keep_files: 14 }
}

/// Runs `act` with a log that writes to paper.
fn logged(settings: &LogSettings, act: impl FnOnce()) -> Paper {
    let paper = Paper::default();
    let writer = paper.clone();
    with_default(subscriber(settings, move || writer.clone(), true, None).unwrap(), act);
    paper
}

#[derive(Debug, thiserror::Error)]
#[error("cannot reach {0}")]
struct Unreachable(String, #[source] io::Error);

#[test]
fn a_json_line_reads_alone_and_can_be_searched() {
    let paper = logged(&settings(LogFormat::Json, "info"), || {
        info_span!("request", request.id = "r-1").in_scope(|| info!(meeting.id = "m-1", "opened meeting `blue-heron`"));
    });

    let line = paper.line();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "opened meeting `blue-heron`");
    assert_eq!(line["meeting.id"], "m-1");
    assert_eq!(line["target"], "meetbox::telemetry::tests");
    assert_eq!(line["span"]["request.id"], "r-1");
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.ends_with('Z') && timestamp.parse::<DateTime<Utc>>().is_ok(), "no UTC time: {timestamp}");
}

#[test]
fn a_pretty_line_is_for_people_and_has_no_colours_on_paper() {
    let paper =
        logged(&settings(LogFormat::Pretty, "info"), || info!(meeting.id = "m-1", "opened meeting `blue-heron`"));

    let lines = paper.lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(" INFO ") && lines[0].contains("opened meeting `blue-heron` meeting.id=\"m-1\""));
    assert!(!lines[0].contains('\u{1b}'));
}

#[test]
fn the_filter_tells_more_of_some_parts_than_of_others() {
    let paper = logged(&settings(LogFormat::Json, "warn,meetbox::http=debug"), || {
        tracing::debug!(target: "meetbox::http", "kept");
        info!(target: "meetbox::db", "dropped");
    });

    assert_eq!(paper.line()["message"], "kept");
}

#[test]
fn a_panic_is_one_line_with_message_place_and_backtrace() {
    let us = thread::current().id();
    let usual = Arc::new(panic::take_hook());
    let others = Arc::clone(&usual);
    // Tests that panic on other threads in the meantime keep their usual report.
    panic::set_hook(Box::new(move |info| if thread::current().id() == us { log_panic(info) } else { others(info) }));
    let paper = logged(&settings(LogFormat::Json, "info"), || {
        panic::catch_unwind(AssertUnwindSafe(|| panic!("the chair is\nempty"))).unwrap_err();
    });
    panic::set_hook(Box::new(move |info| usual(info)));

    let line = paper.line();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["panic.message"], "the chair is\nempty");
    assert!(line["panic.location"].as_str().unwrap().contains("src/telemetry/tests.rs:"));
    assert!(line["message"].as_str().unwrap().starts_with("panicked at src/telemetry/tests.rs:"));
    assert!(line["backtrace"].as_str().unwrap().contains("a_panic_is_one_line"), "{}", line["backtrace"]);
}

#[test]
fn what_the_folder_holds_is_pruned_and_the_rest_of_it_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let day = |day: u32| folder.path().join(format!("{FILE_PREFIX}.2020-01-{day:02}.{FILE_SUFFIX}"));
    for path in (1..=6).map(day).chain([folder.path().join("notes.txt")]) {
        std::fs::write(path, "old\n").unwrap();
    }
    let mut settings = settings(LogFormat::Json, "info");
    settings.directory = Some(folder.path().to_owned());
    settings.keep_files = 3;

    let (files, guard) = open_files(&settings).unwrap();
    with_default(subscriber(&settings, io::sink, true, files).unwrap(), || info!("a new day"));
    assert_eq!(guard.dropped_lines(), 0);
    drop(guard);

    let names =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (ours, others): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with(FILE_PREFIX));
    assert_eq!(others, ["notes.txt"]);
    assert_eq!(ours.len(), 3, "{ours:?}");
    let newest = std::fs::read_to_string(folder.path().join(ours.iter().max().unwrap())).unwrap();
    assert!(newest.contains("\"message\":\"a new day\""), "not flushed: {newest}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut settings = settings(LogFormat::Json, "info");
    settings.directory = Some(file.path().join("logs"));

    let err = open_files(&settings).unwrap_err();
    assert!(matches!(err, TelemetryError::Directory { .. }));
    assert!(err.to_string().contains(&*file.path().to_string_lossy()) && err.to_string().contains("LOG_DIR"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // Feature: infrastructure-local-dev, Property 28: whatever is logged, at whatever level and in either shape,
    // stands on stdout, and on stdout alone unless a folder is named: one event, one line.
    #[test]
    fn everything_that_is_logged_stands_on_stdout(messages in prop::collection::vec("\\PC{0,40}", 1..20), json: bool) {
        let settings = settings(if json { LogFormat::Json } else { LogFormat::Pretty }, "trace");
        let paper = logged(&settings, || {
            for (number, message) in messages.iter().enumerate() {
                match number % 5 {
                    0 => tracing::error!(number, "{message}"),
                    1 => tracing::warn!(number, "{message}"),
                    2 => tracing::info!(number, "{message}"),
                    3 => tracing::debug!(number, "{message}"),
                    _ => tracing::trace!(number, "{message}"),
                }
            }
        });

        let lines = paper.lines();
        prop_assert_eq!(lines.len(), messages.len());
        for (number, (line, message)) in lines.iter().zip(&messages).enumerate() {
            if json {
                let line: Value = serde_json::from_str(line).unwrap();
                prop_assert_eq!(line["message"].as_str().unwrap(), message);
                prop_assert_eq!(&line["number"], number);
            } else {
                let told = format!("number={number}");
                prop_assert!(line.contains(&told));
            }
        }
    }

    // Feature: infrastructure-local-dev, Property 30: a critical failure is one line that has what failed, the kind
    // of error, every cause down to the first, the context around it, and a backtrace.
    #[test]
    fn a_critical_failure_is_told_in_full(
        what in "[a-z]{1,12}( [a-z]{1,12}){0,3}",
        server in "[a-z]{1,20}",
        cause in "\\PC{1,60}",
        request in "[0-9a-f]{8}",
    ) {
        let err = Unreachable(server.clone(), io::Error::other(cause.clone()));
        let paper = logged(&settings(LogFormat::Json, "error"), || {
            tracing::error_span!("request", request.id = request.as_str()).in_scope(|| critical(&what, &err));
        });

        let line = paper.line();
        prop_assert_eq!(&line["level"], "ERROR");
        prop_assert_eq!(line["message"].as_str().unwrap(), format!("{what}: cannot reach {server}: {cause}"));
        prop_assert_eq!(line["error"].as_str().unwrap(), format!("cannot reach {server}"));
        prop_assert_eq!(line["chain"].as_str().unwrap(), format!("cannot reach {server}: {cause}"));
        prop_assert!(line["error.kind"].as_str().unwrap().ends_with("Unreachable"));
        prop_assert!(line["backtrace"].as_str().unwrap().contains("critical"));
        prop_assert_eq!(line["span"]["request.id"].as_str().unwrap(), request);
        prop_assert!(line["timestamp"].as_str().unwrap().parse::<DateTime<Utc>>().is_ok());
    }
}
