//! Thousands of seeded histories against the model of LiveKit: webhooks lost, doubled, late and shuffled, LiveKit
//! killed or stopped, Redis lost; afterwards the record is what really happened.

pub mod post;
mod run;
mod script;

use futures_util::{StreamExt, stream};

use run::Run;

/// Each room of a world is a history of its own; a world shares its LiveKit's misfortunes.
const WORLDS: u64 = 20;
const ROOMS_IN_A_WORLD: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_histories_end_as_they_really_happened() {
    let _turn = crate::alone::take_turn().await;
    // `HISTORY_SEED=7 cargo test two_thousand` tells one world again.
    let seeds = match std::env::var("HISTORY_SEED") {
        Ok(seed) => vec![seed.parse().expect("HISTORY_SEED is a number")],
        Err(_) => (0..WORLDS).collect(),
    };

    let worlds = stream::iter(seeds).map(|seed| async move {
        let told = tokio::spawn(Run::tell(seed, ROOMS_IN_A_WORLD)).await;
        told.unwrap_or_else(|err| panic!("HISTORY_SEED={seed}: {err}"))
    });
    let told: Vec<run::Told> = worlds.buffer_unordered(2).collect().await;

    let sum = |count: fn(&run::Told) -> usize| told.iter().map(count).sum::<usize>();
    let (events, delivered) = (sum(|it| it.events), sum(|it| it.deliveries));
    println!("{} rooms, {events} events, {delivered} deliveries", told.len() * ROOMS_IN_A_WORLD);
    // A script without events would prove nothing.
    assert!(told.iter().all(|it| it.deliveries > ROOMS_IN_A_WORLD * 3));
}
