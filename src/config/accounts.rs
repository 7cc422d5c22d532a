//! Settings of accounts, of the sessions in which they are signed in, and of the record of what they do.

use std::time::Duration;

use super::{
    kind::Kind,
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// Accounts and their sessions.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// After so long without use, a session is over.
    pub session_idle: Duration,
    /// After so long it is over, however much it was used.
    pub session_life: Duration,
    /// How long the audit log is kept.
    pub audit_retention: Duration,
}

pub(super) const SECTION: Section = Section {
    title: "Accounts",
    purpose: "How long people stay signed in, and how long it is known who did what.",
    settings: &[&SESSION_IDLE_DAYS, &SESSION_MAX_DAYS, &AUDIT_RETENTION_DAYS],
};

const SESSION_IDLE_DAYS: Setting = Setting {
    name: "SESSION_IDLE_DAYS",
    purpose: "how long somebody stays signed in who does nothing",
    example: "7",
    default: Default::Value("7"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 365, unit: "days" },
    note: "",
    secret: false,
};

const SESSION_MAX_DAYS: Setting = Setting {
    name: "SESSION_MAX_DAYS",
    purpose: "how long somebody stays signed in at most; then they sign in again",
    example: "30",
    default: Default::Value("30"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 365, unit: "days" },
    note: "",
    secret: false,
};

const AUDIT_RETENTION_DAYS: Setting = Setting {
    name: "AUDIT_RETENTION_DAYS",
    purpose: "how long the audit log is kept, which says who did what",
    example: "365",
    default: Default::Value("365"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 3650, unit: "days" },
    note: "",
    secret: false,
};

impl AccountSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let session_idle = reader.days(&SESSION_IDLE_DAYS);
        let session_life = reader.days(&SESSION_MAX_DAYS);
        let audit_retention = reader.days(&AUDIT_RETENTION_DAYS);
        Some(Self { session_idle: session_idle?, session_life: session_life?, audit_retention: audit_retention? })
    }
}
