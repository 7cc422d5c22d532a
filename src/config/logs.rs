//! Settings of the log.

use std::path::PathBuf;

use super::{
    kind::Kind,
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// What is told to the operator, and where.
#[derive(Clone, Debug)]
pub struct LogSettings {
    pub format: LogFormat,
    /// A `tracing` filter, such as `info,meetbox=debug`.
    pub filter: String,
    /// A folder for daily files beside stdout.
    pub directory: Option<PathBuf>,
    /// How many daily files are kept.
    pub keep_files: usize,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

pub(super) const SECTION: Section = Section {
    title: "Logs",
    purpose: "The log goes to stdout, and to daily files as well when there is a folder for them.",
    settings: &[&LOG_FORMAT, &LOG_LEVEL, &LOG_DIR, &LOG_KEEP_FILES],
};

const LOG_FORMAT: Setting = Setting {
    name: "LOG_FORMAT",
    purpose: "the shape of a log line: json for machines, pretty for people",
    example: "json",
    default: Default::ByEnvironment { local: "pretty", elsewhere: "json" },
    required: Required::Never,
    kind: Kind::Choice(&["json", "pretty"]),
    note: "",
    secret: false,
};

const LOG_LEVEL: Setting = Setting {
    name: "LOG_LEVEL",
    purpose: "how much is told",
    example: "info,meetbox=debug",
    default: Default::Value("info"),
    required: Required::Never,
    kind: Kind::LogFilter,
    note: "",
    secret: false,
};

const LOG_DIR: Setting = Setting {
    name: "LOG_DIR",
    purpose: "a folder for daily log files, beside stdout",
    example: "/var/log/meetbox",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Folder,
    note: "",
    secret: false,
};

const LOG_KEEP_FILES: Setting = Setting {
    name: "LOG_KEEP_FILES",
    purpose: "how many daily log files are kept; older ones are deleted",
    example: "14",
    default: Default::Value("14"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 3650, unit: "files" },
    note: "",
    secret: false,
};

impl LogSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let format = reader.text(&LOG_FORMAT);
        let filter = reader.text(&LOG_LEVEL);
        let directory = reader.folder(&LOG_DIR);
        let keep_files = reader.number(&LOG_KEEP_FILES);

        let format = if format? == "json" { LogFormat::Json } else { LogFormat::Pretty };
        Some(Self { format, filter: filter?, directory, keep_files: keep_files? })
    }
}
