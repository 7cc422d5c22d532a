//! The way of webhooks from LiveKit to the house: some are lost, some come twice, and hardly any comes when it should.

use std::collections::BTreeMap;

use rand::{Rng, rngs::StdRng};

use crate::livekit_model::world::Event;

/// How long LiveKit keeps an event that it cannot deliver.
const LATEST_MS: i64 = 30_000;

/// Decides when events arrive.
pub struct Post {
    /// Whether what happens in one room arrives in its order, as LiveKit has it; otherwise anything goes.
    ordered: bool,
    last_in_room: BTreeMap<String, i64>,
}

impl Post {
    pub fn new(rng: &mut StdRng) -> Self {
        Self { ordered: rng.random_bool(0.5), last_in_room: BTreeMap::new() }
    }

    /// When `event` arrives: never, once or twice.
    pub fn arrivals(&mut self, rng: &mut StdRng, event: &Event) -> Vec<i64> {
        if rng.random_bool(0.3) {
            return Vec::new();
        }
        let delay = match rng.random_range(0..10) {
            0..=6 => rng.random_range(5..300),
            7..=8 => rng.random_range(300..5_000),
            _ => rng.random_range(5_000..LATEST_MS),
        };
        let mut first = event.at_ms + delay;
        if self.ordered {
            let last = self.last_in_room.entry(event.room_sid.clone()).or_default();
            first = first.max(*last + 1);
            *last = first;
        }
        match rng.random_bool(0.3) {
            true => vec![first, first + rng.random_range(1..15_000)],
            false => vec![first],
        }
    }
}
