//! Connection tests: rooms of no meeting, in which somebody finds out what their network lets through.

use chrono::TimeDelta;
use uuid::Uuid;

/// How the names of their rooms begin. No meeting's can: a room name has no underscores.
const PREFIX: &str = "_test_";

/// For how long a token opens such a room.
pub const TOKEN_LIFE: TimeDelta = TimeDelta::minutes(2);
/// For how long such a room stands, counted from its making: a test takes a minute, and nobody is to meet in it.
pub const ROOM_LIFE: TimeDelta = TimeDelta::minutes(5);

/// Which end of the test a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestEnd {
    /// Sends pictures and sound.
    Publisher,
    /// Receives them.
    Subscriber,
}

impl TestEnd {
    /// Its identity in the room.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
        }
    }
}

/// The name of a new room that nobody can guess.
pub fn new_room() -> String {
    format!("{PREFIX}{}", Uuid::new_v4().simple())
}

/// Whether a room of LiveKit's is one of ours for tests.
pub fn is_test_room(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|id| Uuid::try_parse(id).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::room_name::RoomName;

    #[test]
    fn a_test_s_room_is_never_a_meeting_s() {
        let room = new_room();
        assert!(is_test_room(&room), "{room}");
        assert!(RoomName::parse(&room).is_err(), "{room}");
        for name in ["blue-heron", "_test_", "_test_blue-heron", "test_00000000000000000000000000000000"] {
            assert!(!is_test_room(name), "{name}");
        }
    }
}
