//! Seeded histories of recordings against the model of LiveKit and its recorders: webhooks lost, doubled, late and shuffled;
//! recorders, workers, LiveKit, Redis, storage and we ourselves die at bad moments. Afterwards each row says what there is.
//!
//! More than a thousand go through the whole house on Postgres. Ten thousand more go through the rules alone ([`rules`]), with
//! a comparison of a few lines in place of the house's: through Postgres they would take a quarter of an hour.

mod rules;
mod run;
mod script;

use futures_util::{StreamExt, stream};

use run::Run;

const WORLDS: u64 = 14;
/// Each room of a world is a history of its own; a world shares its LiveKit's misfortunes.
const ROOMS_IN_A_WORLD: usize = 70;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_histories_end_with_rows_that_say_what_there_is() {
    let _turn = crate::alone::take_turn().await;
    // `HISTORY_SEED=7 cargo test a_thousand_histories` tells one world again.
    let seeds = match std::env::var("HISTORY_SEED") {
        Ok(seed) => vec![seed.parse().expect("HISTORY_SEED is a number")],
        Err(_) => (0..WORLDS).collect(),
    };
    let worlds = stream::iter(seeds).map(|seed: u64| async move {
        let told = tokio::spawn(Run::tell(seed, ROOMS_IN_A_WORLD)).await;
        told.unwrap_or_else(|err| panic!("HISTORY_SEED={seed}: {err}"))
    });
    let told: Vec<run::Told> = worlds.buffer_unordered(2).collect().await;
    let recordings: usize = told.iter().map(|it| it.recordings).sum();
    let ends = told.iter().fold(std::collections::BTreeMap::<_, usize>::new(), |mut ends, it| {
        it.ends.iter().for_each(|end| *ends.entry(*end).or_default() += 1);
        ends
    });
    println!("{recordings} recordings: {ends:?}");
    assert!(told.iter().all(|it| it.recordings >= ROOMS_IN_A_WORLD));
    assert!(std::env::var_os("HISTORY_SEED").is_some() || ends.len() >= 4, "some ends never came: {ends:?}");
}
