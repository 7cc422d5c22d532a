//! A meeting: a named place where people meet, with its history.

use chrono::{DateTime, Utc};

use super::{
    id::{AccountId, MeetingId},
    policy::Policy,
    room_name::RoomName,
};

/// A named place where people meet. It outlives every sitting in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    pub id: MeetingId,
    pub room_name: RoomName,
    pub title: Option<Title>,
    /// Whose it is; none for one that a key of the house made, or whose host is gone.
    pub host: Option<AccountId>,
    pub policy: Policy,
    pub recording: RecordingWish,
    pub created_at: DateTime<Utc>,
    /// When it is planned to begin; none for a meeting that just happens.
    pub starts_at: Option<DateTime<Utc>>,
    /// When its latest sitting ended; none before the first and while one is running.
    pub ended_at: Option<DateTime<Utc>>,
    /// A JSON object that programs may keep with the meeting, as text.
    pub metadata: String,
    /// Counts changes.
    pub version: i64,
    /// Whether a sitting is running.
    pub live: bool,
}

/// Whether a meeting is recorded by itself, and for how long its recordings are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordingWish {
    /// Whether each sitting is recorded as soon as somebody is in it.
    pub automatic: bool,
    /// Days; none: as the settings have it.
    pub days: Option<u32>,
    /// Bytes of all its recordings together; none: as the settings have it.
    pub bytes: Option<u64>,
}

/// Where a meeting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeetingState {
    /// A sitting is running.
    Live,
    /// Its planned beginning is still to come.
    Upcoming,
    /// It was held, or its planned beginning went by.
    Past,
    /// Nothing is planned and nobody has met here yet.
    New,
}

impl Meeting {
    /// Where the meeting stands at `now`.
    pub fn state(&self, now: DateTime<Utc>) -> MeetingState {
        match (self.live, self.starts_at) {
            (true, _) => MeetingState::Live,
            (false, Some(start)) if start > now => MeetingState::Upcoming,
            (false, Some(_)) => MeetingState::Past,
            (false, None) if self.ended_at.is_some() => MeetingState::Past,
            (false, None) => MeetingState::New,
        }
    }
}

/// What whoever wants to come into a meeting must know.
///
/// Invariant: 4 to 64 characters, none of them a control character. Guesses are slowed down, so four are enough.
pub struct Passcode(String);

/// The text is no passcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a passcode has 4 to 64 characters and no control characters")]
pub struct PasscodeError;

impl Passcode {
    /// The text as a passcode.
    pub fn parse(text: &str) -> Result<Self, PasscodeError> {
        let fits = (4..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(PasscodeError) }
    }

    /// The passcode, for the one who hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passcode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passcode(…)")
    }
}

/// What a person calls a meeting.
///
/// Invariant: 1 to 200 characters, no control characters, no white space at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title(String);

/// The text is not a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a title has 1 to 200 characters and no control characters")]
pub struct TitleError;

impl Title {
    /// The text as a title; white space at its ends is dropped.
    pub fn parse(text: &str) -> Result<Self, TitleError> {
        let text = text.trim();
        let length_fits = (1..=200).contains(&text.chars().count());

        if length_fits && !text.chars().any(char::is_control) { Ok(Self(text.to_owned())) } else { Err(TitleError) }
    }

    /// The title as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;
    use crate::model::policy::{Access, Lobby};

    #[test]
    fn a_meeting_stands_where_its_plan_and_its_history_put_it() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (before, after) = (now - TimeDelta::hours(1), now + TimeDelta::hours(1));
        let table = [
            (true, Some(after), None, MeetingState::Live),
            (true, None, Some(before), MeetingState::Live),
            (false, Some(after), None, MeetingState::Upcoming),
            (false, Some(after), Some(before), MeetingState::Upcoming),
            (false, Some(before), None, MeetingState::Past),
            (false, Some(now), None, MeetingState::Past),
            (false, None, Some(before), MeetingState::Past),
            (false, None, None, MeetingState::New),
        ];
        for (live, starts_at, ended_at, state) in table {
            let meeting = Meeting {
                id: MeetingId(Uuid::nil()),
                room_name: RoomName::parse("blue-heron").unwrap(),
                title: None,
                host: None,
                policy: Policy::new(Access::Public, Lobby::Guests),
                recording: RecordingWish::default(),
                created_at: before,
                starts_at,
                ended_at,
                metadata: "{}".to_owned(),
                version: 1,
                live,
            };
            assert_eq!(meeting.state(now), state, "live {live}, starts {starts_at:?}, ended {ended_at:?}");
        }
    }

    #[test]
    fn titles_are_trimmed_and_bounded() {
        assert_eq!(Title::parse("  Stand-up ").unwrap().as_str(), "Stand-up");
        assert!(Title::parse(&"é".repeat(200)).is_ok());
        for bad in ["", "   ", "a\u{0}b", "two\nlines", &"é".repeat(201)] {
            assert_eq!(Title::parse(bad), Err(TitleError));
        }
    }
}
