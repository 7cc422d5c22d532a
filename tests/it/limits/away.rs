//! Limited requests while Redis is away: they go on, quickly, and stay limited.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use meetbox::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};

use super::{Admitted, check_every_window};
use crate::{
    chaos::{Mode, Proxy},
    livekit_model::Model,
    services::{Redis, postgres},
    serving::{Ground, Serving},
};

/// How long each outage lasts.
const OUTAGE: Duration = Duration::from_secs(3);
/// After this much of an outage nobody pays for it any more.
const NOTICED: Duration = Duration::from_secs(1);
/// How many ask at the same time, and how long each pauses between two requests.
const ASKERS: usize = 8;
const PAUSE: Duration = Duration::from_millis(15);
/// What one who asks too much may ask for.
const LIMIT: u32 = 30;

/// One of the ways to be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Away {
    Refused,
    BlackHoled,
    Reset,
    Frozen,
}

/// A house whose Redis a test can break, under load.
struct Loaded {
    house: Arc<Serving>,
    redis: Redis,
    proxy: Proxy,
    _livekit: Model,
}

/// What one request came to.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    asked: Instant,
    took: Duration,
    /// `None`: there was no answer.
    status: Option<StatusCode>,
}

impl Loaded {
    async fn open() -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let redis = Redis::start();
        let proxy = Proxy::to(redis.port).await;
        let through_proxy = format!("redis://127.0.0.1:{}", proxy.port);
        let ground = Ground::new(&database.url(), &through_proxy, &livekit.url());
        let ground = ground.with("RATE_LIMIT_WRITES", &LIMIT.to_string());
        Self { house: Arc::new(Serving::start(ground).await), redis, proxy, _livekit: livekit }
    }

    async fn take_away(&self, away: Away) {
        match away {
            Away::Refused => self.proxy.set(Mode::Refused).await,
            Away::BlackHoled => self.proxy.set(Mode::BlackHoled).await,
            Away::Reset => self.proxy.set(Mode::Reset).await,
            Away::Frozen => self.redis.freeze(),
        }
    }

    async fn give_back(&self, away: Away) {
        match away {
            Away::Refused | Away::BlackHoled | Away::Reset => self.proxy.set(Mode::Pass).await,
            Away::Frozen => self.redis.thaw(),
        }
    }

    /// How long it takes until Redis counts again.
    async fn time_to_count_again(&self) -> Duration {
        let began = Instant::now();
        let mut redis =
            redis::Client::open(self.redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
        for number in 1..200 {
            let address = format!("203.0.113.{number}");
            let request = self.house.request(Method::GET, "/meetings").header("x-forwarded-for", &address);
            request.send().await.unwrap();
            let key = format!("meetbox:limit:reads:address:{address}");
            if redis::cmd("EXISTS").arg(&key).query_async(&mut redis).await.unwrap() {
                let () = redis::cmd("FLUSHALL").query_async(&mut redis).await.unwrap();
                return began.elapsed();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("redis is not asked again; the house printed:\n{}", self.house.printed());
    }
}

/// Asks again and again until told to stop.
fn keep_asking(house: &Arc<Serving>, number: usize, stop: &Arc<AtomicBool>) -> JoinHandle<Vec<Outcome>> {
    let (house, stop) = (house.clone(), stop.clone());
    tokio::spawn(async move {
        let mut outcomes = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let request = if number.is_multiple_of(2) {
                house.request(Method::GET, "/meetings")
            } else {
                house.request(Method::POST, "/token").json(&json!({ "room_name": "blue-heron", "name": "Ada" }))
            };
            let request = request.header("x-forwarded-for", format!("198.51.100.{}", number / 4));
            outcomes.push(outcome(request).await);
            tokio::time::sleep(PAUSE).await;
        }
        outcomes
    })
}

/// Asks for more than is allowed, all the time.
fn ask_too_much(house: &Arc<Serving>, stop: &Arc<AtomicBool>) -> JoinHandle<Vec<Outcome>> {
    let (house, stop) = (house.clone(), stop.clone());
    tokio::spawn(async move {
        let mut outcomes = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let request = house.request(Method::DELETE, "/meetings/2f6c3d0e-6a55-4b0e-9d3b-0a8a4f1f7c11");
            outcomes.push(outcome(request.header("x-forwarded-for", "192.0.2.1")).await);
            tokio::time::sleep(PAUSE).await;
        }
        outcomes
    })
}

async fn outcome(request: reqwest::RequestBuilder) -> Outcome {
    let asked = Instant::now();
    let status = request.timeout(Duration::from_secs(5)).send().await.ok().map(|answer| answer.status());
    Outcome { asked, took: asked.elapsed(), status }
}

// Feature: infrastructure-local-dev, Property 27: while Redis refuses, is silent or frozen, requests are answered as
// quickly as ever, and whoever asks too much is refused as ever.
#[tokio::test(flavor = "multi_thread")]
async fn under_load_nobody_pays_for_a_redis_that_is_away_and_limits_hold() {
    let loaded = Loaded::open().await;
    let stop = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..ASKERS).map(|number| keep_asking(&loaded.house, number, &stop)).collect();
    let greedy = ask_too_much(&loaded.house, &stop);
    tokio::time::sleep(Duration::from_secs(1)).await;

    let ways = [Away::Refused, Away::BlackHoled, Away::Reset, Away::Frozen];
    let mut outages = Vec::new();
    for away in ways {
        let began = Instant::now();
        loaded.take_away(away).await;
        tokio::time::sleep(OUTAGE).await;
        outages.push((away, began, Instant::now()));
        loaded.give_back(away).await;
        let took = loaded.time_to_count_again().await;
        println!("Redis was {away:?} and counted again after {took:?}");
        assert!(took <= Duration::from_secs(1), "Redis was {away:?} and took {took:?} to come back");
    }
    stop.store(true, Ordering::Relaxed);

    let outcomes: Vec<_> = join_all(asking).await.into_iter().flat_map(Result::unwrap).collect();
    check_answers(&outcomes, &outages);
    check_the_greedy(&greedy.await.unwrap());
    let printed = loaded.house.printed();
    for told in ["redis is away", "redis is back"] {
        // On a busy machine Redis itself may be too slow a few times; but it is not told with every request.
        let times = printed.matches(told).count();
        assert!((ways.len()..4 * ways.len()).contains(&times), "`{told}` is told {times} times:\n{printed}");
    }
}

fn check_answers(outcomes: &[Outcome], outages: &[(Away, Instant, Instant)]) {
    let fine = outcomes.iter().filter(|outcome| outcome.status == Some(StatusCode::OK)).count();
    let (all, slowest) = (outcomes.len(), outcomes.iter().map(|outcome| outcome.took).max().unwrap());
    println!("{fine} of {all} fine, the slowest after {slowest:?}");
    assert!(fine * 1000 >= all * 999, "only {fine} of {all} are fine");
    assert!(slowest < Duration::from_secs(1), "one took {slowest:?}");

    let is_there = |at: Instant| outages.iter().all(|(_, began, ended)| !(*began..*ended + NOTICED).contains(&at));
    let usual = p99(outcomes, is_there);
    println!("Redis there: p99 {usual:?}");
    for (away, began, ended) in outages {
        let p99 = p99(outcomes, |at| (*began + NOTICED..*ended).contains(&at));
        println!("Redis {away:?}: p99 {p99:?} after the first second");
        // A machine that is busy with other tests is slow with Redis, too.
        assert!(p99 < Duration::from_millis(60).max(usual * 2), "Redis {away:?}: p99 is {p99:?}, else {usual:?}");
    }
}

/// What all but one of a hundred took at most, of those that were asked when `counts`.
fn p99(outcomes: &[Outcome], counts: impl Fn(Instant) -> bool) -> Duration {
    let mut times: Vec<_> = outcomes.iter().filter(|it| counts(it.asked)).map(|it| it.took).collect();
    times.sort();
    times[times.len() * 99 / 100]
}

fn check_the_greedy(outcomes: &[Outcome]) {
    let let_through = |outcome: &&Outcome| outcome.status.is_some_and(|it| it != StatusCode::TOO_MANY_REQUESTS);
    let times = |it: &Outcome| Admitted { asked: it.asked, answered: it.asked + it.took };
    let admitted: Vec<_> = outcomes.iter().filter(let_through).map(times).collect();
    assert!(admitted.len() < outcomes.len() / 2, "{} of {} let through", admitted.len(), outcomes.len());
    check_every_window(admitted, LIMIT, "one who asks too much");
}
