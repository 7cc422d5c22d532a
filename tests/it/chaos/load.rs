//! A house under load, whose Redis a test can take away and give back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use meetbox::clock::Clock;
use reqwest::{Method, RequestBuilder, StatusCode};
use tokio::{task::JoinHandle, time::Instant};

use super::{Mode, Proxy};
use crate::{
    livekit_model::Model,
    services::{Redis, postgres},
    serving::{Ground, Serving},
};

/// How long an outage lasts.
pub const OUTAGE: Duration = Duration::from_secs(3);
/// After this much of an outage nobody pays for it any more.
const NOTICED: Duration = Duration::from_secs(1);
/// How long an asker pauses between two requests.
const PAUSE: Duration = Duration::from_millis(15);

/// One of the ways to be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    Refused,
    BlackHoled,
    Reset,
    Frozen,
}

/// When Redis was away, and how.
pub type Outage = (Away, Instant, Instant);

/// A house whose Redis a test can break, under load.
pub struct Loaded {
    pub house: Arc<Serving>,
    redis: Redis,
    proxy: Proxy,
    is_over: Arc<AtomicBool>,
    _livekit: Model,
}

/// What one request came to.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub asked: Instant,
    pub took: Duration,
    /// `None`: there was no answer.
    pub status: Option<StatusCode>,
}

impl Loaded {
    pub async fn open(settings: &[(&'static str, &str)]) -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let redis = Redis::start();
        let proxy = Proxy::to(redis.port).await;
        let through_proxy = format!("redis://127.0.0.1:{}", proxy.port);
        let ground = Ground::new(&database.url(), &through_proxy, &livekit.url());
        let ground = settings.iter().fold(ground, |ground, (name, value)| ground.with(name, value));
        let house = Arc::new(Serving::start(ground).await);
        Self { house, redis, proxy, is_over: Arc::default(), _livekit: livekit }
    }

    /// Asks again and again until told to stop; the question is made anew each time, from how many went before.
    pub fn keep_asking(&self, question: impl Fn(usize) -> RequestBuilder + Send + 'static) -> JoinHandle<Vec<Outcome>> {
        let is_over = self.is_over.clone();
        tokio::spawn(async move {
            let mut outcomes = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                outcomes.push(outcome(question(outcomes.len())).await);
                tokio::time::sleep(PAUSE).await;
            }
            outcomes
        })
    }

    /// Tells all askers to stop; answers what their requests came to.
    pub async fn stop(&self, asking: Vec<JoinHandle<Vec<Outcome>>>) -> Vec<Outcome> {
        self.is_over.store(true, Ordering::Relaxed);
        join_all(asking).await.into_iter().flat_map(Result::unwrap).collect()
    }

    /// Takes Redis away for so long; fails unless it is used again within a second of its return.
    pub async fn lose_redis_for(&self, away: Away, time: Duration) -> Outage {
        let began = Instant::now();
        self.take_away(away).await;
        tokio::time::sleep(time).await;
        let ended = Instant::now();
        self.give_back(away).await;
        let took = self.time_to_count_again().await;
        println!("Redis was {away:?} and counted again after {took:?}");
        assert!(took <= Duration::from_secs(1), "Redis was {away:?} and took {took:?} to come back");
        (away, began, ended)
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
            let request = self.house.request_as(None, Method::GET, "/sign-in").header("x-forwarded-for", &address);
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

async fn outcome(request: reqwest::RequestBuilder) -> Outcome {
    let asked = Instant::now();
    let status = request.timeout(Duration::from_secs(5)).send().await.ok().map(|answer| answer.status());
    Outcome { asked, took: asked.elapsed(), status }
}

/// Fails unless practically all are fine, none hangs, and outages cost nobody time after their first second.
pub fn check_answers(outcomes: &[Outcome], outages: &[Outage]) {
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
