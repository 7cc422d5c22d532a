//! What a recorder is asked for, and what LiveKit makes of it.

use serde_json::{Value, json};

use crate::model::recording::Format;

/// One run's order.
#[derive(Clone, Debug)]
pub struct Request {
    pub room_name: String,
    pub output: Output,
    /// As LiveKit repeats it in answers: with everything that was not said.
    pub repeated: Value,
}

/// Where it writes to.
#[derive(Clone, Debug)]
pub struct Output {
    pub format: Format,
    /// The file, or the playlist.
    pub path: String,
    /// What the names of segments begin with; empty for a file.
    pub segments: String,
    pub disable_manifest: bool,
}

/// Why there is no such order; the field that egress names.
pub struct Invalid(pub &'static str);

impl Request {
    /// Reads the body of `StartRoomCompositeEgress`.
    pub fn read(body: &Value) -> Result<Self, Invalid> {
        let room_name = text(&body["room_name"]);
        if room_name.is_empty() {
            return Err(Invalid("token or api key/secret"));
        }
        let output = Output::read(body).ok_or(Invalid("output"))?;
        Ok(Self { room_name, output, repeated: repeated(body) })
    }
}

impl Output {
    fn read(body: &Value) -> Option<Self> {
        if let Some(file) = body["file_outputs"].get(0) {
            let format = if file["file_type"] == "OGG" { Format::Ogg } else { Format::Mp4 };
            return Some(Self {
                format,
                path: with_extension(&text(&file["filepath"]), format.as_str()),
                segments: String::new(),
                disable_manifest: file["disable_manifest"] == true,
            });
        }
        let segments = body["segment_outputs"].get(0)?;
        let (folder, playlist) = split(&text(&segments["playlist_name"]));
        let (segment_folder, prefix) = split(&text(&segments["filename_prefix"]));
        let folder = if folder.is_empty() { segment_folder } else { folder };
        let stem = playlist.strip_suffix(".m3u8").unwrap_or(&playlist).to_owned();
        Some(Self {
            format: Format::Hls,
            path: format!("{folder}{}.m3u8", if stem.is_empty() { &prefix } else { &stem }),
            segments: format!("{folder}{}", if prefix.is_empty() { &stem } else { &prefix }),
            disable_manifest: segments["disable_manifest"] == true,
        })
    }

    /// The path of a segment.
    pub fn segment(&self, number: u32) -> String {
        format!("{}_{number:05}.ts", self.segments)
    }

    /// The path of what egress leaves beside the file unless it is told not to, and in the backup folder in any case.
    pub fn manifest(&self, egress_id: &str) -> String {
        format!("{}{egress_id}.json", split(&self.path).0)
    }
}

/// The folder with its slash, and the name in it.
fn split(path: &str) -> (String, String) {
    let at = path.rfind('/').map_or(0, |slash| slash + 1);
    (path[..at].to_owned(), path[at..].to_owned())
}

fn with_extension(path: &str, extension: &str) -> String {
    match path.ends_with(&format!(".{extension}")) {
        true => path.to_owned(),
        false => format!("{path}.{extension}"),
    }
}

fn repeated(body: &Value) -> Value {
    let mut repeated = json!({
        "room_name": "", "layout": "", "audio_only": false, "audio_mixing": "DEFAULT_MIXING", "video_only": false,
        "custom_base_url": "", "file_outputs": [], "stream_outputs": [], "segment_outputs": [], "image_outputs": [],
        "webhooks": [],
    });
    let said = body.as_object().into_iter().flatten();
    for (name, value) in said.filter(|(name, _)| !matches!(name.as_str(), "file" | "segments" | "stream")) {
        repeated[name] = value.clone();
    }
    for segments in repeated["segment_outputs"].as_array_mut().into_iter().flatten() {
        let unsaid =
            [("live_playlist_name", json!("")), ("segment_duration", json!(0)), ("filename_suffix", json!("INDEX"))];
        for (name, value) in unsaid {
            if segments[name].is_null() {
                segments[name] = value;
            }
        }
    }
    repeated
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
