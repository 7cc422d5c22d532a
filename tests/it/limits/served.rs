//! Limits over HTTP, at two real processes that share Redis and Postgres.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::future::join_all;
use meetbox::clock::Clock;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Admitted, Cases, check_every_window, most};
use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

/// A kind of request, and the limit that it counts against.
#[derive(Clone, Copy, Debug)]
enum Deed {
    SignIn,
    Token,
    Write,
    Read,
}

impl Deed {
    const ALL: [Self; 4] = [Self::SignIn, Self::Token, Self::Write, Self::Read];

    fn setting(self) -> (&'static str, u32) {
        match self {
            Self::SignIn => ("RATE_LIMIT_SIGN_IN", 7),
            Self::Token => ("RATE_LIMIT_TOKENS", 45),
            Self::Write => ("RATE_LIMIT_WRITES", 12),
            Self::Read => ("RATE_LIMIT_READS", 60),
        }
    }

    fn limit(self) -> u32 {
        self.setting().1
    }

    /// Of somebody who shows nothing, and is counted by their address.
    fn request(self, house: &Serving) -> RequestBuilder {
        let request = |method, path| house.request_as(None, method, path);
        match self {
            Self::SignIn => request(Method::GET, "/oidc/start"),
            Self::Token => request(Method::POST, "/token").json(&json!({ "room_name": "blue-heron", "name": "Ada" })),
            Self::Write => request(Method::DELETE, "/meetings/2f6c3d0e-6a55-4b0e-9d3b-0a8a4f1f7c11"),
            Self::Read => request(Method::GET, "/sign-in"),
        }
    }
}

struct Houses {
    pair: [Serving; 2],
    _livekit: Model,
}

impl Houses {
    async fn open() -> Self {
        let livekit = Model::start(Clock::System).await;
        let (database, redis) = (postgres().database().await.url(), redis_url());
        let start = || {
            let ground = Ground::new(&database, &redis, &livekit.url());
            let limits = Deed::ALL.map(Deed::setting);
            Serving::start(
                limits.into_iter().fold(ground, |ground, (name, limit)| ground.with(name, &limit.to_string())),
            )
        };
        Self { pair: [start().await, start().await], _livekit: livekit }
    }
}

impl Houses {
    /// How often Redis went away.
    fn outages(&self) -> u64 {
        self.pair.iter().map(|house| house.printed().matches("redis is away").count() as u64).sum()
    }
}

/// What a request came to.
struct Outcome {
    time: Admitted,
    status: StatusCode,
    answer: Response,
}

/// Asks for `deed` from `address`, as a proxy on this machine passes it on.
async fn ask(house: &Serving, deed: Deed, address: IpAddr) -> Outcome {
    let asked = Instant::now();
    let answer = deed.request(house).header("x-forwarded-for", address.to_string()).send().await.unwrap();
    Outcome { time: Admitted { asked, answered: Instant::now() }, status: answer.status(), answer }
}

fn number(answer: &Response, header: &str) -> u64 {
    answer.headers()[header].to_str().unwrap().parse().unwrap()
}

fn any_address(rng: &mut StdRng) -> IpAddr {
    // None of loopback, which is trusted and would be looked behind.
    if rng.random() {
        IpAddr::V4(Ipv4Addr::from_bits(rng.random_range(0x0B00_0000..0x7E00_0000)))
    } else {
        IpAddr::V6(Ipv6Addr::from_bits(0x2001_0DB8 << 96 | u128::from(rng.random::<u64>()) << 32))
    }
}

// Feature: infrastructure-local-dev, Property 27: in whatever pattern somebody asks, and whichever process they reach,
// what is within the limit is answered and what is beyond it is 429, a problem that says when to come again.
#[tokio::test(flavor = "multi_thread")]
async fn requests_within_the_limit_are_answered_and_those_beyond_are_429() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let houses = Houses::open().await;

    let mut cases = Cases::default();
    while cases.are_left() {
        let (deed, address) = (*Deed::ALL.choose(&mut rng).unwrap(), any_address(&mut rng));
        let limit = deed.limit();
        let what = format!("{deed:?} from {address}");
        let outages = houses.outages();
        let total = rng.random_range(1..=limit as usize + 15);
        let at_once = rng.random_range(1..=8);

        let began = Instant::now();
        let mut outcomes = Vec::new();
        while outcomes.len() < total {
            let batch = (0..at_once).map(|_| ask(houses.pair.choose(&mut rng).unwrap(), deed, address));
            outcomes.extend(join_all(batch).await);
        }
        if !cases.note(houses.outages() - outages) {
            continue;
        }
        let brought = most(limit, began.elapsed()) - u64::from(limit);

        let total = outcomes.len();
        let (refused, answered): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|outcome| outcome.status == StatusCode::TOO_MANY_REQUESTS);
        // A lease of two lies unused in the other process at most.
        let surely = total.min(limit as usize) - if limit < 40 { 0 } else { 4 }.min(total);
        assert!(answered.len() >= surely, "{what}: only {} of {total} were answered", answered.len());
        assert!(answered.len() as u64 <= u64::from(limit) + brought, "{what}: {} of {total}", answered.len());
        check_every_window(answered.iter().map(|outcome| outcome.time).collect(), limit, &what);
        for outcome in answered {
            assert!(!outcome.status.is_server_error(), "{what}: {}", outcome.status);
            check_headers(&outcome.answer, limit, &what);
        }
        for outcome in refused {
            check_headers(&outcome.answer, limit, &what);
            check_refusal(outcome.answer, limit, &what).await;
        }
        let elsewhere = ask(&houses.pair[0], deed, any_address(&mut rng)).await.status;
        assert_ne!(elsewhere, StatusCode::TOO_MANY_REQUESTS, "{what}: somebody else is not concerned");
    }
}

fn check_headers(answer: &Response, limit: u32, what: &str) {
    assert_eq!(number(answer, "ratelimit-limit"), u64::from(limit), "{what}");
    assert!(number(answer, "ratelimit-remaining") < u64::from(limit), "{what}");
    assert!((1..=60).contains(&number(answer, "ratelimit-reset")), "{what}");
}

async fn check_refusal(answer: Response, limit: u32, what: &str) {
    assert_eq!(number(&answer, "ratelimit-remaining"), 0, "{what}");
    let wait = number(&answer, "retry-after");
    assert!((1..=u64::from(60_u32.div_ceil(limit))).contains(&wait), "{what}: {wait}");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(429), &json!("rate-limited")), "{what}");
    assert!(problem["request_id"].is_string(), "{what}: {problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_as_long_as_they_are_told_is_answered() {
    let houses = Houses::open().await;
    let address = "198.51.100.7".parse().unwrap();
    let mut refused = 0;
    while refused < 3 {
        let outcome = ask(&houses.pair[refused % 2], Deed::Read, address).await;
        if outcome.status == StatusCode::TOO_MANY_REQUESTS {
            refused += 1;
            let wait = number(&outcome.answer, "retry-after");
            tokio::time::sleep(std::time::Duration::from_secs(wait)).await;
            assert_eq!(ask(&houses.pair[refused % 2], Deed::Read, address).await.status, StatusCode::OK);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_the_web_app_and_livekit_are_never_refused() {
    let houses = Houses::open().await;
    for path in ["/livez", "/readyz", "/health", "/", "/openapi.json"] {
        for _ in 0..Deed::Read.limit() + 5 {
            let answer = houses.pair[0].request(Method::GET, path).send().await.unwrap();
            assert_ne!(answer.status(), StatusCode::TOO_MANY_REQUESTS, "{path}");
            assert!(!answer.headers().contains_key("ratelimit-limit"), "{path}");
        }
    }
    for _ in 0..Deed::Write.limit() + 5 {
        let answer = houses.pair[0].request(Method::POST, "/livekit/webhook").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_one_ipv6_network_count_together_and_strangers_are_not_believed() {
    let houses = Houses::open().await;
    let house = &houses.pair[0];
    for last in 0..Deed::SignIn.limit() {
        let address = format!("2001:db8:7:7::{last:x}").parse().unwrap();
        assert_ne!(ask(house, Deed::SignIn, address).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    let again = ask(house, Deed::SignIn, "2001:db8:7:7:ffff::1".parse().unwrap()).await.status;
    assert_eq!(again, StatusCode::TOO_MANY_REQUESTS);
    let neighbour = ask(house, Deed::SignIn, "2001:db8:7:8::1".parse().unwrap()).await.status;
    assert_ne!(neighbour, StatusCode::TOO_MANY_REQUESTS);

    // What a client writes stands left of what the proxy on this machine writes.
    for lie in 0..=Deed::Write.limit() {
        let forwarded = format!("198.51.100.{lie}, 203.0.113.5");
        let request = Deed::Write.request(house).header("x-forwarded-for", forwarded);
        let refused = request.send().await.unwrap().status() == StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(refused, lie == Deed::Write.limit(), "lie {lie}");
    }
}
