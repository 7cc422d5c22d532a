//! `EgressInfo`: what LiveKit says of a run, in its two spellings.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::model::recording::{Format, Phase};

use super::request::Request;

/// What is known of a run from its start.
#[derive(Clone, Debug)]
pub struct About {
    pub egress_id: String,
    pub room_sid: String,
    pub request: Request,
}

/// How a run stands.
#[derive(Clone, Debug)]
pub struct Info {
    pub phase: Phase,
    pub started: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
    pub updated: DateTime<Utc>,
    pub outcome: Outcome,
    pub error: String,
    pub error_code: u16,
    pub details: String,
    pub manifest: String,
    pub backup_used: bool,
}

/// What became of the file, or of the segments.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub started: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
    /// Bytes; of the segments without their playlist.
    pub size: usize,
    pub location: String,
    pub segments: u32,
}

impl Info {
    /// A run that a worker has just taken on.
    pub fn starting(now: DateTime<Utc>) -> Self {
        Self {
            phase: Phase::Starting,
            started: Some(now),
            ended: None,
            updated: now,
            outcome: Outcome::default(),
            error: String::new(),
            error_code: 0,
            details: String::new(),
            manifest: String::new(),
            backup_used: false,
        }
    }

    /// It is over, with what went wrong.
    pub fn fail(&mut self, phase: Phase, error: &str, code: u16, now: DateTime<Utc>) {
        self.phase = phase;
        error.clone_into(&mut self.error);
        self.error_code = code;
        self.ended = Some(now);
        self.updated = now;
    }

    /// Whether nothing more happens to it.
    pub fn is_over(&self) -> bool {
        self.phase.end().is_some()
    }

    /// How long the file is.
    fn duration(&self) -> i64 {
        let Outcome { started, ended, .. } = self.outcome;
        let duration = ended.zip(started).and_then(|(ended, started)| (ended - started).num_nanoseconds());
        duration.unwrap_or_default().max(0)
    }

    /// As Twirp answers it: snake_case, with everything there.
    pub fn listed(&self, about: &About) -> Value {
        let mut listed = json!({
            "egress_id": about.egress_id,
            "room_id": about.room_sid,
            "room_name": about.request.room_name,
            "source_type": "EGRESS_SOURCE_TYPE_WEB",
            "status": name(self.phase),
            "started_at": nanoseconds(self.started),
            "ended_at": nanoseconds(self.ended),
            "updated_at": nanoseconds(Some(self.updated)),
            "room_composite": about.request.repeated,
            "stream_results": [],
            "file_results": [],
            "segment_results": [],
            "image_results": [],
            "error": self.error,
            "error_code": self.error_code,
            "details": self.details,
            "manifest_location": self.manifest,
            "backup_storage_used": self.backup_used,
            "retry_count": 0,
        });
        // Each stands there twice, once for those who know the older name only.
        let (many, one) = match about.request.output.format {
            Format::Mp4 | Format::Ogg => ("file_results", "file"),
            Format::Hls => ("segment_results", "segments"),
        };
        let outcome = self.outcome(about);
        listed[many] = json!([outcome]);
        listed[one] = outcome;
        listed
    }

    fn outcome(&self, about: &About) -> Value {
        let Outcome { started, ended, size, location, segments } = &self.outcome;
        let mut outcome = json!({
            "started_at": nanoseconds(*started),
            "ended_at": nanoseconds(*ended),
            "duration": self.duration().to_string(),
            "size": size.to_string(),
        });
        let path = &about.request.output.path;
        match about.request.output.format {
            Format::Mp4 | Format::Ogg => {
                outcome["filename"] = json!(path);
                outcome["location"] = json!(location);
            }
            Format::Hls => {
                outcome["playlist_name"] = json!(path);
                outcome["playlist_location"] = json!(location);
                outcome["live_playlist_name"] = json!("");
                outcome["live_playlist_location"] = json!("");
                outcome["segment_count"] = json!(segments.to_string());
            }
        }
        outcome
    }
}

/// LiveKit's word for a phase.
pub fn name(phase: Phase) -> String {
    format!("EGRESS_{}", phase.as_str().to_uppercase())
}

fn nanoseconds(moment: Option<DateTime<Utc>>) -> String {
    moment.and_then(|moment| moment.timestamp_nanos_opt()).unwrap_or_default().to_string()
}

/// The same as a webhook has it: camelCase, with zero values absent.
pub fn told(listed: &Value) -> Value {
    match listed {
        Value::Object(fields) => {
            let said = fields.iter().filter(|(name, value)| name.as_str() == "preset" || !is_zero(value));
            Value::Object(said.map(|(name, value)| (camel(name), told(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(told).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => listed.clone(),
    }
}

fn is_zero(value: &Value) -> bool {
    /// The first of each of LiveKit's enums.
    const FIRST: [&str; 6] = [
        "EGRESS_SOURCE_TYPE_WEB",
        "EGRESS_STARTING",
        "DEFAULT_MIXING",
        "DEFAULT_FILETYPE",
        "DEFAULT_SEGMENTED_FILE_PROTOCOL",
        "INDEX",
    ];
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Object(_) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => matches!(text.as_str(), "" | "0") || FIRST.contains(&text.as_str()),
        Value::Array(items) => items.is_empty(),
    }
}

fn camel(name: &str) -> String {
    let mut camel = String::new();
    for part in name.split('_') {
        match part.split_at_checked(1).filter(|_| !camel.is_empty()) {
            Some((first, rest)) => camel.extend([&first.to_uppercase(), rest]),
            None => camel.push_str(part),
        }
    }
    camel
}
