//! Settings of recordings.

use std::{path::PathBuf, time::Duration};

use super::{
    kind::Kind,
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// How many are made at once, and how long they are kept.
#[derive(Clone, Debug)]
pub struct RecordingSettings {
    /// None: as many as this machine has cores for.
    pub slots: Option<u32>,
    /// Where the recorder leaves what it cannot upload, as this server sees it.
    pub backup_dir: Option<PathBuf>,
    /// None: without end.
    pub retention_days: Option<u32>,
    /// None: without end.
    pub retention_bytes: Option<u64>,
    /// How long a link to a file is good for.
    pub link_ttl: Duration,
}

pub(super) const SECTION: Section = Section {
    title: "Recordings",
    purpose: "What is recorded goes to storage. A meeting may say for itself how long its recordings are kept.",
    settings: &[
        &RECORDING_SLOTS,
        &RECORDING_BACKUP_DIR,
        &RECORDING_RETENTION_DAYS,
        &RECORDING_RETENTION_BYTES,
        &RECORDING_LINK_MINUTES,
    ],
};

const RECORDING_SLOTS: Setting = Setting {
    name: "RECORDING_SLOTS",
    purpose: "how many meetings may be recorded at once",
    example: "2",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 1000, unit: "recordings" },
    note: "left out: one for every four cores of this machine, and at least one. When the recorder is on another machine, say \
           what that one can do",
    secret: false,
};

const RECORDING_BACKUP_DIR: Setting = Setting {
    name: "RECORDING_BACKUP_DIR",
    purpose: "the folder in which the recorder leaves what it cannot upload, as seen from this server; it is brought to \
              storage from there",
    example: "/var/lib/meetbox/rescue",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Folder,
    note: "the same folder as `backup: prefix:` in egress.yaml",
    secret: false,
};

const RECORDING_RETENTION_DAYS: Setting = Setting {
    name: "RECORDING_RETENTION_DAYS",
    purpose: "for how long recordings are kept; older ones are deleted, but for those on hold",
    example: "90",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 36_500, unit: "days" },
    note: "left out: for ever",
    secret: false,
};

const RECORDING_RETENTION_BYTES: Setting = Setting {
    name: "RECORDING_RETENTION_BYTES",
    purpose: "how much all recordings together may take; beyond it the oldest are deleted, but for those on hold",
    example: "500000000000",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Number { least: 1_000_000, most: 9_000_000_000_000_000, unit: "bytes" },
    note: "left out: as much as there is room for",
    secret: false,
};

const RECORDING_LINK_MINUTES: Setting = Setting {
    name: "RECORDING_LINK_MINUTES",
    purpose: "how long a link to a recording's file is good for",
    example: "60",
    default: Default::Value("60"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 10_080, unit: "minutes" },
    note: "",
    secret: false,
};

impl RecordingSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let slots = reader.number(&RECORDING_SLOTS);
        let backup_dir = reader.folder(&RECORDING_BACKUP_DIR);
        let retention_days = reader.number(&RECORDING_RETENTION_DAYS);
        let retention_bytes = reader.number(&RECORDING_RETENTION_BYTES);
        let minutes: Option<u64> = reader.number(&RECORDING_LINK_MINUTES);
        let link_ttl = Duration::from_secs(60 * minutes?);
        Some(Self { slots, backup_dir, retention_days, retention_bytes, link_ttl })
    }
}
