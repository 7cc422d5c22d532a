//! What happens in a world with recordings, and what befalls its machines.

use rand::{Rng, rngs::StdRng};

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Act {
    Join(String),
    Leave(String),
    Delete(String),
    /// Somebody asks for a recording.
    Record(String),
    /// The same, and we die before LiveKit is asked.
    RecordAndDie(String),
    /// The same, and we die before LiveKit's answer is written down.
    RecordAndDieLater(String),
    /// Somebody asks for the end of whatever is recorded there.
    Stop(String),
    KillHandler(String),
    KillWorker,
    InterruptWorker,
    StartWorker,
    KillLivekit,
    StartLivekit,
    RedisGoes,
    RedisReturns,
    /// Storage refuses the recorder.
    StoreRefuses,
    /// Storage answers nobody.
    StoreGoes,
    StoreReturns,
}

/// An act and its moment, in milliseconds from the world's beginning.
pub type Timed = (i64, Act);

/// Everything that is planned for a world of so many rooms.
pub fn write(rng: &mut StdRng, rooms: usize) -> Vec<Timed> {
    let mut acts = Vec::new();
    for number in 0..rooms {
        let mut at = rng.random_range(0..60_000);
        loop {
            at = record(rng, format!("room-{number}"), at, &mut acts);
            if !rng.random_bool(0.3) {
                break;
            }
            at += rng.random_range(100..40_000);
        }
    }
    for _ in 0..rng.random_range(1..=3) {
        acts.extend(misfortune(rng));
    }
    acts
}

/// A meeting that is recorded; answers when it is over.
fn record(rng: &mut StdRng, room: String, mut at: i64, acts: &mut Vec<Timed>) -> i64 {
    let somebody = rng.random_bool(0.9);
    if somebody {
        acts.push((at, Act::Join(room.clone())));
    }
    at += rng.random_range(100..5_000);
    acts.push(match rng.random_range(0..10) {
        0 => (at, Act::RecordAndDie(room.clone())),
        1 => (at, Act::RecordAndDieLater(room.clone())),
        _ => (at, Act::Record(room.clone())),
    });
    let begun = at;
    at += rng.random_range(500..70_000);
    if rng.random_bool(0.1) {
        acts.push((rng.random_range(begun..at), Act::KillHandler(room.clone())));
    }
    match rng.random_range(0..10) {
        0..=4 => acts.push((at, Act::Stop(room.clone()))),
        5 => acts.push((at, Act::Delete(room.clone()))),
        6 => {
            acts.push((at, Act::Stop(room.clone())));
            acts.push((at + rng.random_range(0..300), Act::Stop(room.clone())));
        }
        _ => {}
    }
    if somebody && rng.random_bool(0.8) {
        at += rng.random_range(0..3_000);
        acts.push((at, Act::Leave(room)));
    }
    at
}

fn misfortune(rng: &mut StdRng) -> Vec<Timed> {
    let strikes = rng.random_range(10_000..110_000);
    let soon = strikes + rng.random_range(1_000..12_000);
    let later = strikes + rng.random_range(5_000..60_000);
    match rng.random_range(0..7) {
        0 => vec![(strikes, Act::KillWorker), (later, Act::StartWorker)],
        1 => vec![(strikes, Act::InterruptWorker), (later, Act::StartWorker)],
        2 => vec![(strikes, Act::KillLivekit), (soon, Act::StartLivekit)],
        3 => vec![(strikes, Act::RedisGoes), (soon, Act::RedisReturns)],
        4 => vec![(strikes, Act::StoreRefuses), (later, Act::StoreReturns)],
        5 => vec![(strikes, Act::StoreGoes), (later, Act::StoreReturns)],
        _ => vec![],
    }
}
