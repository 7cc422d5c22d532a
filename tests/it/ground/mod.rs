//! What the house stands on, whatever it is called and however it is: Postgres, Redis and LiveKit.

mod health;
mod livekit;
mod postgres;
mod redis;
mod requests;

use rand::{Rng, rngs::StdRng};

/// How many generated cases each of these promises is tried with.
const CASES: usize = 104;

/// A seed that is told, so that a failure can be looked at again with `GROUND_SEED`.
fn told_rng() -> StdRng {
    let seed = match std::env::var("GROUND_SEED") {
        Ok(seed) => seed.parse().expect("GROUND_SEED is a number"),
        Err(_) => rand::random(),
    };
    println!("GROUND_SEED={seed}");
    rand::SeedableRng::seed_from_u64(seed)
}

/// A password with whatever is on a keyboard, and as it stands in an address.
fn password(rng: &mut StdRng) -> (String, String) {
    let length = rng.random_range(8..40);
    let password: String = (0..length).map(|_| char::from(rng.random_range(b'!'..=b'~'))).collect();
    let encoded = percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC).to_string();
    (password, encoded)
}
