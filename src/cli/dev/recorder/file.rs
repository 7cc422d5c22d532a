//! What a stand-in recording contains: a few seconds that say that nothing was recorded. Browsers play them and seek in them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::recording::Format;

const MP4: &[u8] = include_bytes!("../../../../assets/stand-in/recording.mp4");
const OGG: &[u8] = include_bytes!("../../../../assets/stand-in/recording.ogg");
const SEGMENT: &[u8] = include_bytes!("../../../../assets/stand-in/segment.mpegts");
/// How much a file grows at most with its duration: players that look for the end of an Ogg look no farther back.
const LONGEST_PADDING: i64 = 16 * 1024;
/// How long one segment is, as egress makes them unless it is told otherwise.
pub const SEGMENT_LENGTH: TimeDelta = TimeDelta::seconds(4);

/// The bytes of a file; longer recordings have more of them. For segments, those of one.
pub fn content(format: Format, duration: TimeDelta) -> Vec<u8> {
    let padding = usize::try_from(duration.num_milliseconds().clamp(0, LONGEST_PADDING)).unwrap_or_default();
    match format {
        Format::Mp4 => {
            let size = u32::try_from(padding + 8).unwrap_or(8);
            let mut file = MP4.to_vec();
            // A box that says that it holds nothing.
            file.extend(size.to_be_bytes());
            file.extend(b"free");
            file.resize(file.len() + padding, 0);
            file
        }
        Format::Ogg => {
            let mut file = OGG.to_vec();
            // What is no page is passed over.
            file.resize(file.len() + padding, 0);
            file
        }
        Format::Hls => SEGMENT.to_vec(),
    }
}

/// A playlist of segments that all begin anew, since they are all the same.
pub struct Playlist {
    text: String,
}

impl Playlist {
    /// Without segments.
    pub fn new() -> Self {
        let target = SEGMENT_LENGTH.num_seconds();
        Self {
            text: format!(
                "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-ALLOW-CACHE:NO\n\
                 #EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:0\n"
            ),
        }
    }

    /// Adds the segment of that name.
    pub fn add(&mut self, name: &str, begins: DateTime<Utc>, length: TimeDelta) {
        let seconds = length.num_milliseconds() as f64 / 1000.0;
        let begins = begins.format("%Y-%m-%dT%H:%M:%S%.3fZ");
        self.text +=
            &format!("#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:{begins}\n#EXTINF:{seconds:.3},\n{name}\n");
    }

    /// No segment follows.
    pub fn end(&mut self) {
        self.text += "#EXT-X-ENDLIST\n";
    }

    /// As it is uploaded.
    pub fn bytes(&self) -> Vec<u8> {
        self.text.clone().into_bytes()
    }
}
