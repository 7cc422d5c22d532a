//! Rate limits: nobody gets more than their budget, whichever process they ask and however Redis is.

mod away;
mod processes;
mod served;

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use meetbox::{
    app::limits::Limiter,
    cache::Cache,
    config::{LimitSettings, RedisSettings},
    model::limit::Subject,
};
use tokio::time::Instant;

/// How many generated cases each promise is tried with.
const CASES: usize = 104;

/// A process's limiter, with one limit for every budget.
fn limiter(redis_url: &str, limit: u32) -> Limiter {
    limiter_on(&cache(redis_url), limit)
}

fn limiter_on(cache: &Cache, limit: u32) -> Limiter {
    let limit = NonZeroU32::new(limit).expect("a limit");
    Limiter::new(cache.clone(), LimitSettings { sign_in: limit, tokens: limit, writes: limit, reads: limit })
}

/// A process's way to Redis.
fn cache(redis_url: &str) -> Cache {
    Cache::new(&RedisSettings { url: redis_url.into() }).expect("an address")
}

/// Counts the cases that say something: on a machine that is busy with other tests, Redis may be too slow to count for
/// all processes, and then each counts for itself, as it should.
#[derive(Default)]
struct Cases {
    told: usize,
    void: usize,
}

impl Cases {
    fn are_left(&self) -> bool {
        assert!(self.void <= CASES, "Redis was away in {} cases and there in {}", self.void, self.told);
        self.told < CASES
    }

    /// Whether this one says something: when Redis was there all the time.
    fn note(&mut self, outages: u64) -> bool {
        let counts = outages == 0;
        *(if counts { &mut self.told } else { &mut self.void }) += 1;
        counts
    }
}

/// Somebody who was never seen before.
fn stranger() -> Subject {
    Subject::at(IpAddr::V6(Ipv6Addr::from_bits(rand::random())))
}

/// When a request that was let through was sent, and when its answer was there: it was let through in between.
#[derive(Clone, Copy, Debug)]
struct Admitted {
    asked: Instant,
    answered: Instant,
}

/// Fails when any window holds more than the limit and what the window brings.
fn check_every_window(mut admitted: Vec<Admitted>, limit: u32, what: &str) {
    admitted.sort_by_key(|it| std::cmp::Reverse(it.asked));
    // For each beginning, the ends of what began since: those within a window were surely let through in it.
    let mut ends: Vec<Instant> = Vec::new();
    for Admitted { asked, answered } in admitted {
        ends.insert(ends.partition_point(|end| *end <= answered), answered);
        for (number, end) in ends.iter().enumerate() {
            let window = *end - asked;
            assert!((number as u64) < most(limit, window), "{what}: {} in {window:?}, limit {limit}", number + 1);
        }
    }
}

/// How many a window may hold.
fn most(limit: u32, window: Duration) -> u64 {
    let brought = u128::from(limit) * window.as_nanos() / 60_000_000_000;
    u64::from(limit) + u64::try_from(brought).expect("a short window")
}
