//! The name of a recording's object in storage. It carries the recording's id, so that an object or a run of the recorder can
//! always be matched to its row, also when nothing else is left.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::{id::RecordingId, room_name::RoomName};

/// Under which every recording lies.
pub const FOLDER: &str = "recordings/";
/// The playlist in the folder of a recording in segments.
const PLAYLIST: &str = "index.m3u8";

/// What kind of file a recording leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One file with picture and sound.
    Mp4,
    /// One file with sound alone.
    Ogg,
    /// A folder with a playlist and segments.
    Hls,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Mp4, Self::Ogg, Self::Hls];

    /// The word for it, in the table and for clients.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Ogg => "ogg",
            Self::Hls => "hls",
        }
    }

    /// The format of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }

    /// The media type of its object; of the playlist for segments.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Mp4 => "video/mp4",
            Self::Ogg => "audio/ogg",
            Self::Hls => "application/vnd.apple.mpegurl",
        }
    }
}

/// The key of a recording's object: of the file, or of the playlist in its folder.
pub fn key_of(id: RecordingId, room_name: &RoomName, requested_at: DateTime<Utc>, format: Format) -> String {
    let folder = format!("{FOLDER}{}/{room_name}/{id}", requested_at.format("%Y/%m/%d"));
    match format {
        Format::Mp4 | Format::Ogg => format!("{folder}.{}", format.as_str()),
        Format::Hls => format!("{folder}/{PLAYLIST}"),
    }
}

/// The id in a path that ends in such a key, whatever stands in front of it; none when it is no key of ours.
pub fn id_in(path: &str) -> Option<RecordingId> {
    let key = &path[path.rfind(FOLDER)?..];
    let mut parts = key.split('/').skip(1);
    let date = [4, 2, 2].iter().all(|digits| {
        parts.next().is_some_and(|part| part.len() == *digits && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let _room_name = parts.next()?;
    let id = parts.next()?.split('.').next()?;
    // Only the form that we write: Uuid would also take others.
    let id = Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id)?;
    date.then_some(RecordingId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(format: Format) -> String {
        let at = DateTime::parse_from_rfc3339("2026-11-05T23:59:59Z").unwrap().to_utc();
        key_of(RecordingId(Uuid::from_u128(7)), &RoomName::parse("blue-heron").unwrap(), at, format)
    }

    #[test]
    fn a_key_says_when_where_and_which() {
        let stem = "recordings/2026/11/05/blue-heron/00000000-0000-0000-0000-000000000007";
        assert_eq!(key(Format::Mp4), format!("{stem}.mp4"));
        assert_eq!(key(Format::Ogg), format!("{stem}.ogg"));
        assert_eq!(key(Format::Hls), format!("{stem}/index.m3u8"));
    }

    #[test]
    fn the_id_is_found_again_wherever_the_recorder_put_the_file() {
        for format in Format::ALL {
            for front in ["", "/rescue/", "https://127.0.0.1:5000/bucket/", "/var/lib/recordings/"] {
                assert_eq!(id_in(&format!("{front}{}", key(format))), Some(RecordingId(Uuid::from_u128(7))));
            }
        }
        let segment = "recordings/2026/11/05/blue-heron/00000000-0000-0000-0000-000000000007/segment_00001.ts";
        assert_eq!(id_in(segment), Some(RecordingId(Uuid::from_u128(7))));
    }

    #[test]
    fn what_others_store_is_not_ours() {
        for path in [
            "",
            "recordings/",
            "recordings/2026/11/22/rec-a/rec-1.mp4",
            "recordings/today/11/22/rec-a/00000000-0000-0000-0000-000000000007.mp4",
            "elsewhere/2026/11/05/blue-heron/00000000-0000-0000-0000-000000000007.mp4",
            "recordings/2026/11/05/blue-heron/00000000000000000000000000000007.mp4",
        ] {
            assert_eq!(id_in(path), None, "{path}");
        }
    }
}
