//! What a recording should look like.

use super::Format;

/// How those who are there are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Everybody at once.
    #[default]
    Grid,
    /// Who speaks, large, and the others beside them.
    Speaker,
    /// Who speaks, alone.
    SingleSpeaker,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 3] = [Self::Grid, Self::Speaker, Self::SingleSpeaker];

    /// The word for it, as the recorder's template has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Speaker => "speaker",
            Self::SingleSpeaker => "single-speaker",
        }
    }

    /// The layout of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.as_str() == word)
    }
}

/// A size and a rate that the recorder knows by name.
// Source: `enum EncodingOptionsPreset` in LiveKit's protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Preset {
    #[default]
    Hd30,
    Hd60,
    FullHd30,
    FullHd60,
    PortraitHd30,
    PortraitHd60,
    PortraitFullHd30,
    PortraitFullHd60,
}

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 8] = [
        Self::Hd30,
        Self::Hd60,
        Self::FullHd30,
        Self::FullHd60,
        Self::PortraitHd30,
        Self::PortraitHd60,
        Self::PortraitFullHd30,
        Self::PortraitFullHd60,
    ];

    /// LiveKit's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hd30 => "H264_720P_30",
            Self::Hd60 => "H264_720P_60",
            Self::FullHd30 => "H264_1080P_30",
            Self::FullHd60 => "H264_1080P_60",
            Self::PortraitHd30 => "PORTRAIT_H264_720P_30",
            Self::PortraitHd60 => "PORTRAIT_H264_720P_60",
            Self::PortraitFullHd30 => "PORTRAIT_H264_1080P_30",
            Self::PortraitFullHd60 => "PORTRAIT_H264_1080P_60",
        }
    }

    /// The preset of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == name)
    }
}

/// A size and rates of one's own; what is not said is the recorder's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Measures {
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Kilobits a second.
    pub video_bitrate: Option<u32>,
    /// Kilobits a second.
    pub audio_bitrate: Option<u32>,
}

/// How picture and sound are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    Preset(Preset),
    Measures(Measures),
}

/// What somebody wants recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    pub layout: Layout,
    pub format: Format,
    pub encoding: Encoding,
}

/// The recording cannot look like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    #[error("give either a preset, or width, height and bit rates of your own; not both")]
    PresetAndMeasures,
    #[error("width and height go together, are even, and between 160 and 3840 pixels")]
    Size,
    #[error("the video's bit rate is between 100 and 20000 kilobits a second")]
    VideoBitrate,
    #[error("the sound's bit rate is between 16 and 510 kilobits a second")]
    AudioBitrate,
    #[error("a recording of the sound alone (ogg) has no preset, width, height or video bit rate")]
    PictureOfSound,
}

impl Encoding {
    /// The encoding that was asked for.
    pub fn new(format: Format, preset: Option<Preset>, measures: Measures) -> Result<Self, ShapeError> {
        let Measures { width, height, video_bitrate, audio_bitrate } = measures;
        if format == Format::Ogg && (preset.is_some() || width.or(height).or(video_bitrate).is_some()) {
            return Err(ShapeError::PictureOfSound);
        }
        if measures == Measures::default() {
            return Ok(Self::Preset(preset.unwrap_or_default()));
        }
        if preset.is_some() {
            return Err(ShapeError::PresetAndMeasures);
        }
        let fits = |pixels: u32| (160..=3840).contains(&pixels) && pixels.is_multiple_of(2);
        match (width, height) {
            (None, None) => {}
            (Some(width), Some(height)) if fits(width) && fits(height) => {}
            _ => return Err(ShapeError::Size),
        }
        if video_bitrate.is_some_and(|rate| !(100..=20_000).contains(&rate)) {
            return Err(ShapeError::VideoBitrate);
        }
        if audio_bitrate.is_some_and(|rate| !(16..=510).contains(&rate)) {
            return Err(ShapeError::AudioBitrate);
        }
        Ok(Self::Measures(measures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_a_preset_or_measures() {
        let own = Measures { width: Some(1280), height: Some(720), ..Measures::default() };
        assert_eq!(Encoding::new(Format::Mp4, None, Measures::default()), Ok(Encoding::Preset(Preset::Hd30)));
        assert_eq!(Encoding::new(Format::Mp4, None, own), Ok(Encoding::Measures(own)));
        assert_eq!(Encoding::new(Format::Hls, Some(Preset::FullHd30), own), Err(ShapeError::PresetAndMeasures));
    }

    #[test]
    fn sizes_and_rates_are_bounded() {
        let refused = |measures| Encoding::new(Format::Mp4, None, measures).unwrap_err();
        let of = |width, height| Measures { width, height, ..Measures::default() };
        for size in
            [of(Some(1280), None), of(Some(1281), Some(720)), of(Some(64), Some(64)), of(Some(7680), Some(4320))]
        {
            assert_eq!(refused(size), ShapeError::Size);
        }
        assert_eq!(refused(Measures { video_bitrate: Some(1), ..of(None, None) }), ShapeError::VideoBitrate);
        assert_eq!(refused(Measures { audio_bitrate: Some(1000), ..of(None, None) }), ShapeError::AudioBitrate);
    }

    #[test]
    fn sound_alone_has_no_picture() {
        let sound = Measures { audio_bitrate: Some(96), ..Measures::default() };
        assert_eq!(Encoding::new(Format::Ogg, None, sound), Ok(Encoding::Measures(sound)));
        assert_eq!(Encoding::new(Format::Ogg, Some(Preset::Hd30), sound), Err(ShapeError::PictureOfSound));
    }
}
