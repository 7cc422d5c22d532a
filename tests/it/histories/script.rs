//! What people do in a world, and what befalls its LiveKit.

use rand::{Rng, rngs::StdRng};

/// Something that happens inside LiveKit or to it.
#[derive(Clone, Debug)]
pub enum Act {
    Join(Who),
    Leave(Who, &'static str),
    Publish(Who),
    Unpublish(Who),
    Delete { room: String },
    Kill,
    Terminate,
    Start,
    RedisGoes,
    RedisReturns,
}

/// Somebody in some room.
#[derive(Clone, Debug)]
pub struct Who {
    pub room: String,
    pub identity: String,
}

/// An act and its moment, in milliseconds from the world's beginning.
pub type Timed = (i64, Act);

/// When LiveKit's misfortune, if any, strikes.
const MISFORTUNES: std::ops::Range<i64> = 30_000..80_000;

/// Everything that is planned for a world of so many rooms.
pub fn write(rng: &mut StdRng, rooms: usize) -> Vec<Timed> {
    let mut acts = Vec::new();
    for number in 0..rooms {
        let room = format!("room-{number}");
        for person in 0..rng.random_range(1..=4) {
            come_and_go(rng, Who { room: room.clone(), identity: format!("person-{person}") }, &mut acts);
        }
        if rng.random_bool(0.1) {
            acts.push((rng.random_range(20_000..100_000), Act::Delete { room }));
        }
    }
    acts.extend(misfortune(rng));
    acts
}

/// Somebody joins, perhaps publishes, leaves in one way or another, and perhaps comes back.
fn come_and_go(rng: &mut StdRng, who: Who, acts: &mut Vec<Timed>) {
    let mut at = rng.random_range(0..60_000);
    loop {
        acts.push((at, Act::Join(who.clone())));
        let stay = rng.random_range(500..60_000);
        if rng.random_bool(0.5) {
            acts.push((at + rng.random_range(20..400), Act::Publish(who.clone())));
            acts.push((at + stay - 5, Act::Unpublish(who.clone())));
        }
        if rng.random_bool(0.15) {
            // A second window under the same identity throws the first one out.
            acts.push((at + rng.random_range(100..stay), Act::Join(who.clone())));
        }
        let (later, reason) = match rng.random_range(0..10) {
            0..=6 => (0, "CLIENT_INITIATED"),
            // LiveKit notices a client that vanished after some twenty seconds, and that is when it is gone.
            7..=8 => (22_000, "CONNECTION_TIMEOUT"),
            _ => (0, "PARTICIPANT_REMOVED"),
        };
        at += stay + later;
        acts.push((at, Act::Leave(who.clone(), reason)));
        if !rng.random_bool(0.25) {
            return;
        }
        at += rng.random_range(100..40_000);
    }
}

fn misfortune(rng: &mut StdRng) -> Vec<Timed> {
    let strikes = rng.random_range(MISFORTUNES);
    let over = strikes + rng.random_range(1_000..9_000);
    match rng.random_range(0..4) {
        0 => vec![(strikes, Act::Kill), (over, Act::Start)],
        1 => vec![(strikes, Act::Terminate), (over, Act::Start)],
        2 => vec![(strikes, Act::RedisGoes), (over, Act::RedisReturns)],
        _ => vec![],
    }
}
