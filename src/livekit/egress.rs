//! LiveKit's egress, which records rooms: the calls that start and stop it, and what it says of itself.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::recording::{Encoding, Format, Phase, Report, Shape};

use super::{
    client::{Client, LivekitError},
    json::number,
    token::Grants,
};

/// How long a start may take: LiveKit gives up after 21 to 23 seconds when no worker takes the request (seen with 1.13.5).
const START_TIMEOUT: Duration = Duration::from_secs(35);
/// How long a stop may take: a worker that is gone, and an egress that is over, take LiveKit three seconds.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The most pages of a listing that are read; each has hundreds of runs.
const MOST_PAGES: usize = 100;
/// The longest error of the recorder that is kept, in characters: an upload's holds a whole HTTP exchange.
const LONGEST_ERROR: usize = 500;

/// What to record, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub room_name: &'a str,
    pub shape: Shape,
    /// The path that the recorder writes to: the object's key, or the file's path as the recorder sees it.
    pub path: &'a str,
}

/// What came of asking for a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// A worker took it on.
    Taken(Report),
    /// No worker did: there is none, or none has the CPU for it. LiveKit does not tell the two apart.
    NobodyFree,
}

/// What came of asking a recorder to stop.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// It stops, or has stopped in this moment.
    Told(Report),
    /// It was over before.
    WasOver,
    /// LiveKit knows no such run; it may have lost its Redis.
    Unknown,
    /// The run is known, but its worker does not answer.
    Unheard,
}

impl Client {
    /// Opens a room before anybody is in it; fine when it is open. A room must be there to be recorded.
    pub async fn create_room(&self, room_name: &str) -> Result<(), LivekitError> {
        let grants = Grants { room_create: true, ..Grants::default() };
        self.call::<Value>("RoomService/CreateRoom", grants, json!({ "name": room_name })).await.map(drop)
    }

    /// Has a room recorded. An error leaves open whether somebody records: look before asking again.
    pub async fn start_recording(&self, order: &Order<'_>) -> Result<Start, LivekitError> {
        let method = "Egress/StartRoomCompositeEgress";
        match self.call_within::<Told>(START_TIMEOUT, method, record(), order.body()).await {
            Ok(told) => told.report().map(Start::Taken).ok_or_else(no_report),
            Err(LivekitError::Failed { status: 503, .. }) => Ok(Start::NobodyFree),
            Err(err) => Err(err),
        }
    }

    /// Asks a recorder to stop.
    pub async fn stop_recording(&self, egress_id: &str) -> Result<Stop, LivekitError> {
        let body = json!({ "egress_id": egress_id });
        match self.call_within::<Told>(STOP_TIMEOUT, "Egress/StopEgress", record(), body).await {
            Ok(told) => told.report().map(Stop::Told).ok_or_else(no_report),
            Err(LivekitError::Failed { status: 412, .. }) => Ok(Stop::WasOver),
            Err(LivekitError::NotFound) => Ok(Stop::Unknown),
            Err(LivekitError::Failed { status: 408, .. }) => Ok(Stop::Unheard),
            Err(err) => Err(err),
        }
    }

    /// Every run that LiveKit knows: those that are not over, and those of the last 24 hours.
    pub async fn list_recordings(&self) -> Result<Vec<Report>, LivekitError> {
        self.list(json!({})).await
    }

    /// What LiveKit knows of one run; none when it knows no such run.
    pub async fn find_recording(&self, egress_id: &str) -> Result<Option<Report>, LivekitError> {
        match self.list(json!({ "egress_id": egress_id })).await {
            Ok(reports) => Ok(reports.into_iter().find(|report| report.egress_id == egress_id)),
            Err(LivekitError::NotFound) => Ok(None),
            Err(err) => Err(err),
        }
    }

    async fn list(&self, mut request: Value) -> Result<Vec<Report>, LivekitError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            items: Vec<Told>,
            #[serde(default, alias = "nextPageToken")]
            next_page_token: Option<Value>,
        }

        let mut reports = Vec::new();
        for _ in 0..MOST_PAGES {
            let answer: Answer = self.call("Egress/ListEgress", record(), request.clone()).await?;
            reports.extend(answer.items.into_iter().filter_map(Told::report));
            match answer.next_page_token.filter(|token| !token.is_null() && token["token"] != "") {
                Some(token) => request["page_token"] = token,
                None => return Ok(reports),
            }
        }
        Err(LivekitError::Unreadable("its list of recordings has no end".to_owned()))
    }
}

fn record() -> Grants {
    Grants { room_record: true, ..Grants::default() }
}

fn no_report() -> LivekitError {
    LivekitError::Unreadable("it tells of no recording".to_owned())
}

impl Order<'_> {
    /// The body of `StartRoomCompositeEgress`.
    fn body(&self) -> Value {
        let Shape { layout, format, encoding } = self.shape;
        let mut body = json!({ "room_name": self.room_name, "layout": layout.as_str() });
        match format {
            Format::Mp4 => body["file_outputs"] = json!([self.file("MP4")]),
            Format::Ogg => {
                body["file_outputs"] = json!([self.file("OGG")]);
                body["audio_only"] = json!(true);
            }
            Format::Hls => {
                let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                body["segment_outputs"] = json!([{
                    "protocol": "HLS_PROTOCOL",
                    "filename_prefix": format!("{folder}/segment"),
                    "playlist_name": self.path,
                    "disable_manifest": true,
                }]);
            }
        }
        match encoding {
            // The sound alone has no picture to size.
            Encoding::Preset(_) if format == Format::Ogg => {}
            Encoding::Preset(preset) => body["preset"] = json!(preset.as_str()),
            Encoding::Measures(measures) => {
                let said = [
                    ("width", measures.width),
                    ("height", measures.height),
                    ("video_bitrate", measures.video_bitrate),
                    ("audio_bitrate", measures.audio_bitrate),
                ];
                let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
                body["advanced"] = Value::Object(said.collect());
            }
        }
        body
    }

    fn file(&self, file_type: &str) -> Value {
        json!({ "file_type": file_type, "filepath": self.path, "disable_manifest": true })
    }
}

/// An `EgressInfo`, as LiveKit writes it.
// Source: `message EgressInfo` in LiveKit's protocol, and what a real one said.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    #[serde(alias = "egressId")]
    egress_id: String,
    #[serde(alias = "roomName")]
    room_name: String,
    status: Option<Value>,
    #[serde(alias = "startedAt", deserialize_with = "number")]
    started_at: i64,
    #[serde(alias = "endedAt", deserialize_with = "number")]
    ended_at: i64,
    #[serde(alias = "roomComposite")]
    room_composite: Option<Request>,
    #[serde(alias = "fileResults")]
    file_results: Vec<Outcome>,
    #[serde(alias = "segmentResults")]
    segment_results: Vec<Outcome>,
    /// What older ones have in place of `file_results`.
    file: Option<Outcome>,
    segments: Option<Outcome>,
    error: String,
    #[serde(alias = "backupStorageUsed")]
    backup_storage_used: bool,
}

/// What the run was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    #[serde(alias = "fileOutputs")]
    file_outputs: Vec<Output>,
    #[serde(alias = "segmentOutputs")]
    segment_outputs: Vec<Output>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Output {
    filepath: String,
    #[serde(alias = "playlistName")]
    playlist_name: String,
}

/// What became of one file, or one folder of segments.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outcome {
    filename: String,
    #[serde(alias = "playlistName")]
    playlist_name: String,
    #[serde(alias = "startedAt", deserialize_with = "number")]
    started_at: i64,
    #[serde(deserialize_with = "number")]
    size: i64,
    /// Nanoseconds.
    #[serde(deserialize_with = "number")]
    duration: i64,
}

impl Told {
    /// What it says; none when it lacks an id.
    pub(super) fn report(self) -> Option<Report> {
        if self.egress_id.is_empty() {
            return None;
        }
        let phase = phase(self.status.as_ref());
        let asked = self.room_composite.unwrap_or_default();
        let outcome = (self.file_results.into_iter().next())
            .or_else(|| self.segment_results.into_iter().next())
            .or(self.file)
            .or(self.segments)
            .unwrap_or_default();
        let asked = asked.file_outputs.into_iter().chain(asked.segment_outputs);
        let outputs = asked.flat_map(|output| [output.filepath, output.playlist_name]);
        let outputs =
            outputs.chain([outcome.filename, outcome.playlist_name]).filter(|path| !path.is_empty()).collect();
        // Before it is over, a size is a beginning.
        let over = phase.is_some_and(|phase| phase.end().is_some());
        Some(Report {
            egress_id: self.egress_id,
            room_name: self.room_name,
            phase,
            started_at: moment(outcome.started_at).or_else(|| moment(self.started_at)),
            ended_at: moment(self.ended_at),
            outputs,
            size: u64::try_from(outcome.size).ok().filter(|size| *size > 0 && over),
            duration: Some(TimeDelta::nanoseconds(outcome.duration)).filter(|_| outcome.duration > 0),
            error: Some(shortened(&self.error)).filter(|error| !error.is_empty()),
            backup_used: self.backup_storage_used,
        })
    }
}

/// The phase; absent in a webhook stands for the first.
fn phase(status: Option<&Value>) -> Option<Phase> {
    let word = match status {
        None | Some(Value::Null) => return Some(Phase::Starting),
        Some(Value::String(word)) => word.as_str(),
        Some(number) => match number.as_i64()? {
            0 => "EGRESS_STARTING",
            1 => "EGRESS_ACTIVE",
            2 => "EGRESS_ENDING",
            3 => "EGRESS_COMPLETE",
            4 => "EGRESS_FAILED",
            5 => "EGRESS_ABORTED",
            6 => "EGRESS_LIMIT_REACHED",
            _ => return None,
        },
    };
    Phase::parse(&word.strip_prefix("EGRESS_")?.to_lowercase())
}

fn moment(nanoseconds: i64) -> Option<DateTime<Utc>> {
    // Postgres keeps microseconds: what is read back must be what was written.
    (nanoseconds > 0).then(|| DateTime::from_timestamp_micros(nanoseconds / 1000)).flatten()
}

/// An upload's error holds addresses with signatures and whole answers; its beginning says what went wrong.
fn shortened(error: &str) -> String {
    let without_query = error.split_whitespace().map(|word| word.split('?').next().unwrap_or(word));
    let mut short = String::new();
    for word in without_query {
        if short.chars().count() + word.chars().count() >= LONGEST_ERROR {
            short.push('…');
            break;
        }
        if !short.is_empty() {
            short.push(' ');
        }
        short.push_str(word);
    }
    short
}

#[cfg(test)]
mod tests;
