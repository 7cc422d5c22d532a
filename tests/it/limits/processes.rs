//! Several processes' limiters on one real Redis.

use std::time::Duration;

use futures_util::future::join_all;
use meetbox::{
    app::limits::Limiter,
    cache::Cache,
    model::limit::{Budget, Subject},
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::time::Instant;

use super::{Admitted, CASES, Cases, cache, check_every_window, limiter, limiter_on, most, stranger};
use crate::{
    chaos::{Mode, Proxy},
    services::{Redis, redis_url},
};

const BUDGETS: [Budget; 4] = [Budget::SignIn, Budget::Tokens, Budget::Writes, Budget::Reads];

/// How somebody asks: in bursts, with a pause after each.
#[derive(Clone, Debug)]
struct Pattern(Vec<(usize, Duration)>);

impl Pattern {
    fn any(rng: &mut StdRng, limit: u32) -> Self {
        let most = (limit as usize).div_ceil(2).max(2);
        let pause = Duration::from_millis(rng.random_range(0..60));
        Self((0..rng.random_range(1..6)).map(|_| (rng.random_range(1..=most), pause)).collect())
    }

    /// Asks like this; answers what was let through.
    async fn ask(self, limiter: &Limiter, budget: Budget, subject: Subject) -> Vec<Admitted> {
        let mut admitted = Vec::new();
        for (burst, pause) in self.0 {
            for _ in 0..burst {
                let asked = Instant::now();
                let decision = limiter.check(budget, subject).await;
                assert_eq!(decision.allowed, decision.retry_after.is_zero(), "{decision:?}");
                if decision.allowed {
                    admitted.push(Admitted { asked, answered: Instant::now() });
                }
            }
            tokio::time::sleep(pause).await;
        }
        admitted
    }
}

fn any_limit(rng: &mut StdRng) -> u32 {
    match rng.random_range(0..4) {
        0 => rng.random_range(1..40),
        1 | 2 => rng.random_range(40..400),
        _ => rng.random_range(1000..1600),
    }
}

fn outages(caches: &[Cache]) -> u64 {
    caches.iter().map(Cache::outages).sum()
}

fn told_rng() -> StdRng {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    StdRng::seed_from_u64(seed)
}

/// Everything that several askers were let through, each at one of the limiters.
async fn ask_all(rng: &mut StdRng, limiters: &[Limiter], limit: u32, who: (Budget, Subject)) -> Vec<Admitted> {
    let askers = rng.random_range(1..=2 * limiters.len());
    let patterns: Vec<_> =
        (0..askers).map(|_| (Pattern::any(rng, limit), limiters.choose(rng).unwrap().clone())).collect();
    let asking = patterns
        .into_iter()
        .map(|(pattern, limiter)| tokio::spawn(async move { pattern.ask(&limiter, who.0, who.1).await }));
    join_all(asking).await.into_iter().flat_map(Result::unwrap).collect()
}

// Feature: infrastructure-local-dev, Property 27: however many processes somebody asks, in whatever pattern, no window
// of any length sees more requests let through than the limit and what the window brings.
#[tokio::test(flavor = "multi_thread")]
async fn no_window_sees_more_than_the_limit_whichever_processes_are_asked() {
    let mut rng = told_rng();
    let url = redis_url();
    let mut cases = Cases::default();
    while cases.are_left() {
        let limit = any_limit(&mut rng);
        let caches: Vec<_> = (0..rng.random_range(1..5)).map(|_| cache(&url)).collect();
        let limiters: Vec<_> = caches.iter().map(|cache| limiter_on(cache, limit)).collect();
        let who = (*BUDGETS.choose(&mut rng).unwrap(), stranger());

        let admitted = ask_all(&mut rng, &limiters, limit, who).await;
        if cases.note(outages(&caches)) {
            check_every_window(admitted, limit, &format!("{} processes", limiters.len()));
        }
    }
}

// Feature: infrastructure-local-dev, Property 27: permits that one process leaves lying while its caller is quiet, and
// uses when the others use up what there is, are no more than the limit allows.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_left_lying_gives_nobody_more() {
    let mut rng = told_rng();
    let url = redis_url();
    let mut cases = Cases::default();
    while cases.are_left() {
        // Each waits for most of a second, so several wait together.
        let batch: Vec<_> = (0..4).map(|_| tokio::spawn(hoard(rng.random(), url.clone()))).collect();
        for case in join_all(batch).await {
            let (limit, admitted, outages) = case.unwrap();
            if cases.note(outages) {
                check_every_window(admitted, limit, "a lease left lying");
            }
        }
    }
}

/// One takes a lease and leaves it lying; when another has used up what there is, it uses what lies there.
async fn hoard(seed: u64, url: String) -> (u32, Vec<Admitted>, u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let limit = rng.random_range(600..1100);
    let caches = [cache(&url), cache(&url)];
    let limiters = caches.each_ref().map(|cache| limiter_on(cache, limit));
    let who = (Budget::Tokens, stranger());

    let few = Pattern(vec![(rng.random_range(2..16), Duration::from_millis(rng.random_range(300..900)))]);
    let everything = Pattern(vec![(limit as usize + 50, Duration::ZERO)]);
    let leftover = Pattern(vec![(20, Duration::ZERO)]);
    let mut admitted = few.ask(&limiters[0], who.0, who.1).await;
    admitted.extend(everything.ask(&limiters[1], who.0, who.1).await);
    admitted.extend(leftover.ask(&limiters[0], who.0, who.1).await);
    (limit, admitted, outages(&caches))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_quiet_gets_the_whole_limit_from_however_many_processes() {
    let mut rng = told_rng();
    let url = redis_url();
    let mut cases = Cases::default();
    while cases.are_left() {
        let limit = any_limit(&mut rng);
        let caches: Vec<_> = (0..rng.random_range(1..4)).map(|_| cache(&url)).collect();
        let limiters: Vec<_> = caches.iter().map(|cache| limiter_on(cache, limit)).collect();
        let subject = stranger();
        let began = Instant::now();

        let asking = limiters.iter().map(|limiter| async {
            let mut admitted = 0_u64;
            while limiter.check(Budget::Reads, subject).await.allowed {
                admitted += 1;
            }
            admitted
        });
        let admitted: u64 = join_all(asking).await.into_iter().sum();

        // Where permits come one by one, none is lost; where they come in leases, a slow machine may let some lapse.
        let least = if limit < 40 { limit } else { limit - limit / 10 };
        if cases.note(outages(&caches)) {
            assert!(admitted >= u64::from(least), "{admitted} of {limit}");
            assert!(admitted <= most(limit, began.elapsed()), "{admitted} of {limit}");
        }
    }
}

// Feature: infrastructure-local-dev, Property 27: Redis may go away, come back and forget everything: one process by
// itself lets nobody through more often than the limit says, in no window.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_redis_does_one_process_keeps_its_limits() {
    let mut rng = told_rng();
    let redis_url = url::Url::parse(&redis_url()).unwrap();
    let proxy = Proxy::to(redis_url.port().unwrap()).await;
    let through_proxy = format!("redis://127.0.0.1:{}{}", proxy.port, redis_url.path());
    let mut redis = redis::Client::open(redis_url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();

    for case in 0..CASES {
        proxy.set(Mode::Pass).await;
        let limit = any_limit(&mut rng);
        let limiters = [limiter(&through_proxy, limit)];
        let who = (Budget::Writes, stranger());
        let mut admitted = ask_all(&mut rng, &limiters, limit, who).await;

        for _ in 0..2 {
            let mode = *[Mode::Pass, Mode::Refused, Mode::BlackHoled, Mode::Reset].choose(&mut rng).unwrap();
            proxy.set(mode).await;
            if rng.random() {
                let () = redis::cmd("FLUSHDB").query_async(&mut redis).await.unwrap();
            }
            admitted.extend(ask_all(&mut rng, &limiters, limit, who).await);
        }
        check_every_window(admitted, limit, &format!("case {case}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_through_without_redis_is_counted_when_it_is_back() {
    let redis_url = url::Url::parse(&redis_url()).unwrap();
    let proxy = Proxy::to(redis_url.port().unwrap()).await;
    proxy.set(Mode::Refused).await;
    let one = limiter(&format!("redis://127.0.0.1:{}{}", proxy.port, redis_url.path()), 30);
    let other = limiter(redis_url.as_str(), 30);
    let subject = stranger();
    for _ in 0..20 {
        assert!(one.check(Budget::Writes, subject).await.allowed);
    }

    proxy.set(Mode::Pass).await;
    // The next question but one finds Redis back.
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(one.check(Budget::Writes, subject).await.allowed);
    }
    let seen_elsewhere = other.check(Budget::Writes, subject).await;
    assert!((7..=9).contains(&seen_elsewhere.remaining), "{seen_elsewhere:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn budgets_and_subjects_are_counted_apart_and_leave_nothing_in_redis() {
    let url = redis_url();
    let limiter = limiter(&url, 3);
    let (ada, grace) = (stranger(), stranger());
    for _ in 0..3 {
        assert!(limiter.check(Budget::SignIn, ada).await.allowed);
    }
    assert!(!limiter.check(Budget::SignIn, ada).await.allowed);
    assert!(limiter.check(Budget::Tokens, ada).await.allowed);
    assert!(limiter.check(Budget::SignIn, grace).await.allowed);

    let mut redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut redis).await.unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        let millis: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.unwrap();
        assert!(key.starts_with("meetbox:limit:") && (1..=60_001).contains(&millis), "{key} {millis}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_caller_seldom_makes_the_way_to_redis_and_one_who_is_refused_does_not() {
    const REQUESTS: u64 = 20_000;
    let redis = Redis::start();
    let (busy, refused) = (limiter(&redis.url(), 10_000_000), limiter(&redis.url(), 10));
    let subject = stranger();

    for _ in 0..REQUESTS {
        assert!(busy.check(Budget::Tokens, subject).await.allowed);
    }
    for _ in 0..REQUESTS {
        refused.check(Budget::Writes, subject).await;
    }
    let asked = questions(&redis).await;
    assert!(asked < REQUESTS / 20, "{asked} questions for {REQUESTS} requests and as many refusals");
}

/// How often permits were asked for.
async fn questions(redis: &Redis) -> u64 {
    let mut redis = redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(&mut redis).await.unwrap();
    let evals = stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls="));
    evals.and_then(|rest| rest.split(',').next()?.parse().ok()).expect("permits were asked for")
}
