//! Who may go on asking: rate limits that hold across processes, and in each of them while Redis is away.
//!
//! Redis counts for all processes; each process also counts what it lets through itself, and that alone bounds it
//! while Redis is away. From Redis a busy caller's permits come several at a time, so that not every request makes
//! the way there (docs/decisions/0011).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use moka::policy::EvictionPolicy;
use tokio::time::Instant;

use crate::{
    cache::{
        Cache,
        limits::{Grant, Wish},
    },
    config::LimitSettings,
    model::limit::{Bucket, Budget, Decision, Quota, Subject},
};

/// How many subjects a process counts at once; beyond, those that were quiet longest begin anew.
const TALLIES: u64 = 50_000;
/// How long a subject's count is kept: a little longer than it takes a quota to be whole again.
const KEPT_FOR: Duration = Duration::from_secs(75);
/// The most permits that are taken at a time …
const LARGEST_LEASE: u32 = 100;
/// … and this part of the quota at most: as many may be missing to another process for a moment.
const LEASE_PART: u32 = 20;
/// Permits that are used up faster than this are taken in larger numbers the next time.
const BRISK: Duration = Duration::from_secs(1);

/// The least that somebody waits who was refused, though by what we know there is a permit again by now.
const SOONEST: Duration = Duration::from_millis(1);

/// Counts requests. A clone counts the same.
#[derive(Clone)]
pub struct Limiter(Arc<Office>);

struct Office {
    cache: Cache,
    quotas: LimitSettings,
    opened: Instant,
    tallies: moka::sync::Cache<(Budget, Subject), Arc<Tally>>,
}

/// The count of one subject in one budget.
#[derive(Default)]
struct Tally {
    count: Mutex<Count>,
    /// Held by the one who asks Redis: the others wait for what that brings.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Count {
    /// What this process let through.
    own: Bucket,
    /// What all of them took, as far as Redis has told. It may be more by now.
    shared: Bucket,
    lease: Lease,
}

/// Permits that were taken and may be used until they lapse.
#[derive(Clone, Copy, Default)]
struct Lease {
    taken: u32,
    left: u32,
    asked: Duration,
    lapses: Duration,
}

impl Limiter {
    pub fn new(cache: Cache, quotas: LimitSettings) -> Self {
        let tallies = moka::sync::Cache::builder()
            .max_capacity(TALLIES)
            .time_to_idle(KEPT_FOR)
            // The default would turn newcomers away when it is full, and they would never be counted.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self(Arc::new(Office { cache, quotas, opened: Instant::now(), tallies }))
    }

    /// Counts one request, and says whether it may go on.
    pub async fn check(&self, budget: Budget, subject: Subject) -> Decision {
        let quota = self.quota(budget);
        let tally = self.0.tallies.get_with((budget, subject), Arc::default);
        if let Some(decision) = tally.count().decide_alone(quota, self.now()) {
            return decision;
        }

        let _turn = tally.asking.lock().await;
        let asked = self.now();
        // Whoever asked before may have brought permits for us, too, or word that there are none.
        let (permits, ahead) = {
            let mut count = tally.count();
            if let Some(decision) = count.decide_alone(quota, asked) {
                return decision;
            }
            (count.lease.next_size(quota, asked), count.own.ahead(asked))
        };
        let answer = self.0.cache.take_permits(&Wish { budget, subject, quota, permits, ahead }).await;

        let mut count = tally.count();
        match answer {
            Ok(grant) => count.heed(grant, quota, asked, self.now()),
            // The cache has told the log that Redis is away.
            Err(_) => count.own.take(quota, self.now()),
        }
    }

    fn quota(&self, budget: Budget) -> Quota {
        let quotas = &self.0.quotas;
        Quota::a_minute(match budget {
            Budget::SignIn => quotas.sign_in,
            Budget::Tokens => quotas.tokens,
            Budget::Writes => quotas.writes,
            Budget::Reads => quotas.reads,
        })
    }

    fn now(&self) -> Duration {
        self.0.opened.elapsed()
    }
}

impl Tally {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    /// What can be decided without Redis: that there is a permit at hand, or that there can be none anywhere.
    fn decide_alone(&mut self, quota: Quota, now: Duration) -> Option<Decision> {
        if !self.own.decision(quota, now).allowed {
            return Some(self.refusal(quota, now));
        }
        if self.lease.left > 0 && now < self.lease.lapses {
            self.lease.left -= 1;
            return Some(self.let_through(quota, now));
        }
        let spent = !self.shared.decision(quota, now).allowed;
        spent.then(|| self.refusal(quota, now))
    }

    /// Takes in what Redis gave to a question from the moment `asked`.
    fn heed(&mut self, grant: Grant, quota: Quota, asked: Duration, now: Duration) -> Decision {
        // Redis counted later than we asked, so that this errs on the side of its being sooner.
        self.shared = Bucket::paid_until(asked + grant.ahead);
        if grant.permits == 0 {
            return self.refusal(quota, now);
        }
        self.lease = Lease { taken: grant.permits, left: grant.permits - 1, asked, lapses: asked + grant.life };
        self.let_through(quota, now)
    }

    /// Lets one through for which Redis has given a permit, if our own count agrees.
    fn let_through(&mut self, quota: Quota, now: Duration) -> Decision {
        let own = self.own.take(quota, now);
        if !own.allowed {
            return self.refusal(quota, now);
        }
        let shared = self.shared.decision(quota, now);
        let left = if now < self.lease.lapses { self.lease.left } else { 0 };
        Decision {
            remaining: own.remaining.min(shared.remaining.saturating_add(left)),
            reset_after: own.reset_after.max(shared.reset_after),
            ..own
        }
    }

    fn refusal(&self, quota: Quota, now: Duration) -> Decision {
        let (own, shared) = (self.own.decision(quota, now), self.shared.decision(quota, now));
        Decision {
            allowed: false,
            limit: quota.limit(),
            remaining: 0,
            reset_after: own.reset_after.max(shared.reset_after),
            retry_after: own.retry_after.max(shared.retry_after).max(SOONEST),
        }
    }
}

impl Lease {
    /// How many permits to ask for when these are used up or have lapsed.
    fn next_size(&self, quota: Quota, now: Duration) -> u32 {
        let most = (quota.limit() / LEASE_PART).clamp(1, LARGEST_LEASE);
        let used_up = self.left == 0 && now < self.asked + BRISK;
        let wanted = if used_up { self.taken * 2 } else { self.taken - self.left };
        wanted.clamp(1, most)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn quota(limit: u32) -> Quota {
        Quota::a_minute(NonZeroU32::new(limit).unwrap())
    }

    fn lease(taken: u32, left: u32) -> Lease {
        Lease { taken, left, asked: Duration::ZERO, lapses: Duration::from_millis(500) }
    }

    #[test]
    fn a_lease_grows_while_it_is_used_up_quickly_and_shrinks_to_what_was_used() {
        let size = |lease: Lease, at| lease.next_size(quota(1200), Duration::from_millis(at));

        assert_eq!(size(Lease::default(), 5000), 1);
        assert_eq!(size(lease(8, 0), 100), 16);
        assert_eq!(size(lease(50, 0), 100), 60, "a twentieth of the quota at most");
        assert_eq!(lease(100, 0).next_size(quota(1_000_000), Duration::ZERO), 100);
        assert_eq!(lease(8, 0).next_size(quota(20), Duration::ZERO), 1);
        assert_eq!(size(lease(8, 5), 600), 3);
        assert_eq!(size(lease(8, 8), 600), 1);
        assert_eq!(size(lease(8, 0), 2000), 8);
    }

    #[test]
    fn permits_at_hand_are_used_until_they_lapse_and_no_longer() {
        let grant = Grant { permits: 3, life: Duration::from_millis(100), ahead: Duration::from_secs(2) };
        let at = Duration::from_millis;
        let mut count = Count::default();

        assert!(count.heed(grant, quota(120), at(0), at(1)).allowed);
        assert!(count.decide_alone(quota(120), at(50)).unwrap().allowed);
        assert_eq!(count.decide_alone(quota(120), at(100)), None);
    }

    #[test]
    fn what_redis_said_is_remembered_until_there_can_be_a_permit_again() {
        let spent = Grant { permits: 0, life: Duration::ZERO, ahead: Duration::from_secs(60) };
        let at = Duration::from_millis;
        let mut count = Count::default();

        let refusal = count.heed(spent, quota(120), at(0), at(0));
        assert!(!refusal.allowed && refusal.remaining == 0);
        assert_eq!(refusal.retry_after, at(500));
        assert!(!count.decide_alone(quota(120), at(499)).unwrap().allowed);
        assert_eq!(count.decide_alone(quota(120), at(500)), None);
    }
}
