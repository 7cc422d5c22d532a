//! The name of a meeting in its link, which is also the name of its room in LiveKit.

use std::fmt;

/// The join key between a meeting and its room: `/m/blue-heron`.
///
/// Always 3 to 64 characters long: a to z, 0 to 9, and dashes that stand alone between them. Narrower than what LiveKit
/// takes (256 bytes of anything): an empty name in a token opens every room, and a `|` stalls LiveKit's sweeper.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomName(String);

/// The text is not a room name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a room name has 3 to 64 characters: a–z, 0–9 and single dashes between them, such as `blue-heron`")]
pub struct RoomNameError;

/// The words that made-up names are drawn from; 32 each, so that three of them and a number make 2^25 names.
const TEMPERS: [&str; 32] = [
    "amber", "blue", "brave", "bright", "calm", "clear", "coral", "crisp", "early", "fair", "fleet", "fresh", "gentle",
    "glad", "golden", "green", "happy", "keen", "kind", "light", "lively", "lucky", "mellow", "merry", "quick",
    "quiet", "rosy", "silver", "steady", "sunny", "swift", "warm",
];
const BIRDS: [&str; 32] = [
    "avocet", "bittern", "bunting", "crane", "curlew", "dipper", "dove", "egret", "falcon", "finch", "heron", "ibis",
    "jay", "kestrel", "lark", "linnet", "magpie", "martin", "oriole", "osprey", "owl", "petrel", "plover", "puffin",
    "raven", "robin", "siskin", "starling", "stork", "swallow", "swan", "wren",
];
const PLACES: [&str; 32] = [
    "bank", "bay", "beach", "bridge", "brook", "cliff", "coast", "cove", "creek", "delta", "dune", "field", "fjord",
    "forest", "garden", "glen", "grove", "harbor", "hill", "island", "lagoon", "lake", "marsh", "meadow", "moor",
    "orchard", "pond", "reef", "ridge", "river", "shore", "valley",
];

impl RoomName {
    /// The text as a room name, if it is one.
    pub fn parse(text: &str) -> Result<Self, RoomNameError> {
        let length_fits = (3..=64).contains(&text.len());
        let well_formed = text
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));

        if length_fits && well_formed { Ok(Self(text.to_owned())) } else { Err(RoomNameError) }
    }

    /// A name that can be read out over a telephone, such as `calm-heron-bay-4711`, from 29 bits of chance.
    pub fn from_chance(chance: u32) -> Self {
        let pick = |shift: u32| ((chance >> shift) & 31) as usize;
        let number = (chance >> 15) % 10_000;
        Self(format!("{}-{}-{}-{number:04}", TEMPERS[pick(0)], BIRDS[pick(5)], PLACES[pick(10)]))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_the_right_form_are_taken_and_others_refused() {
        for good in ["abc", "blue-heron", "a-1", "123", &"a".repeat(64)] {
            assert!(RoomName::parse(good).is_ok(), "{good} is a room name");
        }
        for bad in ["", "ab", "-abc", "abc-", "a--b", "Abc", "blue heron", "a|b", "ünlü", &"a".repeat(65)] {
            assert_eq!(RoomName::parse(bad), Err(RoomNameError), "{bad} is no room name");
        }
    }

    proptest! {
        #[test]
        fn every_made_up_name_is_a_room_name(chance: u32) {
            let name = RoomName::from_chance(chance);
            prop_assert_eq!(RoomName::parse(name.as_str()), Ok(name));
        }

        #[test]
        fn a_name_reads_as_the_text_that_was_parsed(text in "[a-z0-9]{1,10}(-[a-z0-9]{1,10}){1,4}") {
            let name = RoomName::parse(&text).unwrap();
            prop_assert_eq!(name.as_str(), text);
        }
    }
}
