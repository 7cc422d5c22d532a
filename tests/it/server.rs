//! The accept loop, asked over real sockets.

mod client;
mod descriptors;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use meetbox::{
    http::{
        limits::Limits,
        listener,
        server::{Patience, ServerOptions, serve},
    },
    lifecycle::Lifecycle,
};
use poem::{EndpointExt, Response, Route, endpoint::make, get, post};
use tokio::time::{sleep, timeout};

use client::Client;

/// Long enough for whatever should happen at all, even on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// A house with a door and nothing behind it: `/` greets, `/slow` needs half a second, `/never` does not answer,
/// `/length` counts the body, `/large` sends 64 MiB.
struct Porch {
    address: SocketAddr,
    lifecycle: Lifecycle,
}

impl Porch {
    fn open() -> Self {
        Self::with(options(), Limits::default())
    }

    fn with(options: ServerOptions, limits: Limits) -> Self {
        let listener = listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let lifecycle = Lifecycle::new();
        lifecycle.keep("http", |stop| serve(listener, endpoint().with(limits), options, stop));
        Self { address, lifecycle }
    }

    async fn enter(&self) -> Client {
        Client::connect(self.address).await.unwrap()
    }
}

fn options() -> ServerOptions {
    ServerOptions { max_connections: 1000, patience: Patience::default() }
}

fn endpoint() -> Route {
    let length =
        make(|request| async move { request.into_body().into_bytes().await.map(|body| body.len().to_string()) });
    Route::new()
        .at("/", get(make(|_| async { "hello" })))
        .at(
            "/slow",
            get(make(|_| async {
                sleep(Duration::from_millis(500)).await;
                "done"
            })),
        )
        .at("/never", get(make(|_| std::future::pending::<Response>())))
        .at("/length", post(length))
        .at("/large", get(make(|_| async { vec![0_u8; 64 << 20] })))
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let porch = Porch::open();
    let mut client = porch.enter().await;

    for _ in 0..3 {
        assert_eq!(client.get("/").await.body, "hello");
    }
    client
        .send("GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        .await;
    assert_eq!(client.answer().await.body, "hello");
    assert_eq!(client.answer().await.body, "3");
}

#[tokio::test]
async fn half_a_head_is_not_waited_for() {
    let patience = Patience { head: Duration::from_millis(300), ..Patience::default() };
    let porch = Porch::with(ServerOptions { patience, ..options() }, Limits::default());

    let mut silent = porch.enter().await;
    let mut half = porch.enter().await;
    let mut second = porch.enter().await;
    assert_eq!(second.get("/").await.body, "hello");
    let begun = Instant::now();
    half.send("GET / HTTP/1.1\r\nHost:").await;
    second.send("GET / HTTP/1.1\r\nHo").await;

    for client in [&mut silent, &mut half, &mut second] {
        timeout(SOON, client.is_closed()).await.expect("the connection is closed");
    }
    assert!(begun.elapsed() >= Duration::from_millis(290), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_head_that_trickles_in_has_one_deadline_for_all_of_it() {
    let patience = Patience { head: Duration::from_millis(400), ..Patience::default() };
    let porch = Porch::with(ServerOptions { patience, ..options() }, Limits::default());
    let mut client = porch.enter().await;
    client.send("GET / HTTP/1.1\r\n").await;

    let trickle = async {
        loop {
            sleep(Duration::from_millis(50)).await;
            if !client.try_send("X: y\r\n").await {
                return;
            }
        }
    };
    timeout(SOON, trickle).await.expect("the connection is closed while its head trickles in");
}

#[tokio::test]
async fn a_connection_may_be_silent_for_longer_than_a_head_may_take_but_not_for_ever() {
    let patience =
        Patience { head: Duration::from_millis(100), silence: Duration::from_secs(2), ..Patience::default() };
    let porch = Porch::with(ServerOptions { patience, ..options() }, Limits::default());
    let mut client = porch.enter().await;
    assert_eq!(client.get("/").await.body, "hello");
    sleep(Duration::from_millis(300)).await;

    assert_eq!(client.get("/").await.body, "hello");
    timeout(SOON, client.is_closed()).await.expect("the connection is closed");
}

#[tokio::test]
async fn a_connection_that_gave_its_buffers_back_goes_on() {
    let patience = Patience { quiet: Duration::from_millis(20), ..Patience::default() };
    let porch = Porch::with(ServerOptions { patience, ..options() }, Limits::default());
    let mut client = porch.enter().await;

    for _ in 0..3 {
        assert_eq!(client.get("/").await.body, "hello");
        sleep(Duration::from_millis(100)).await;
    }
    client.send("POST /length HTTP/1.1\r\nHost: x\r\n").await;
    sleep(Duration::from_millis(100)).await;
    client.send("Content-Length: 3\r\n\r\nabc").await;
    assert_eq!(client.answer().await.body, "3");
}

#[tokio::test]
async fn who_does_not_read_is_not_written_to_for_ever() {
    let patience = Patience { stalled: Duration::from_millis(300), ..Patience::default() };
    let porch = Porch::with(ServerOptions { patience, ..options() }, Limits::default());
    let mut client = porch.enter().await;

    client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_secs(2)).await;
    assert!(client.read_all().await < 64 << 20);
}

#[tokio::test]
async fn no_more_connections_are_open_than_there_are_places() {
    let porch = Porch::with(ServerOptions { max_connections: 2, ..options() }, Limits::default());
    let (mut first, mut second) = (porch.enter().await, porch.enter().await);
    assert_eq!(first.get("/").await.body, "hello");
    assert_eq!(second.get("/").await.body, "hello");

    let mut third = porch.enter().await;
    third.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(timeout(Duration::from_millis(300), third.answer()).await.is_err(), "a third was let in");
    assert_eq!(second.get("/").await.body, "hello");

    drop(first);
    let answer = timeout(SOON, third.answer()).await.expect("a place is free");
    assert_eq!(answer.body, "hello");
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused() {
    let porch = Porch::with(options(), Limits { body: limit_of, ..Limits::default() });

    let mut client = porch.enter().await;
    assert_eq!(client.post("/length", &"x".repeat(1000)).await.body, "1000");
    // The length alone is enough: not a byte of the body is sent.
    client.send("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n").await;
    let refusal = client.answer().await;
    assert_eq!((refusal.status, refusal.problem().as_str()), (413, "body-too-large"));
    timeout(SOON, client.is_closed()).await.expect("the connection is closed");

    let mut chunked = porch.enter().await;
    chunked.send("POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    chunked.send(&format!("258\r\n{0}\r\n258\r\n{0}\r\n", "x".repeat(0x258))).await;
    assert_eq!(chunked.answer().await.problem(), "body-too-large");

    let mut other = porch.enter().await;
    assert_eq!(other.post("/", &"x".repeat(11)).await.problem(), "body-too-large", "another path has another limit");

    // The refusal reaches who is still busy sending.
    let mut talker = porch.enter().await;
    assert_eq!(talker.post("/length", &"x".repeat(3 << 20)).await.problem(), "body-too-large");
}

fn limit_of(path: &str) -> u64 {
    if path == "/length" { 1000 } else { 10 }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let limits = Limits { body_time: Duration::from_millis(200), ..Limits::default() };
    let porch = Porch::with(options(), limits);
    let mut client = porch.enter().await;

    client.send("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc").await;
    let refusal = timeout(SOON, client.answer()).await.unwrap();
    assert_eq!((refusal.status, refusal.problem().as_str()), (408, "body-too-slow"));
}

#[tokio::test]
async fn a_body_that_makes_no_sense_is_said_to() {
    let porch = Porch::open();
    let mut client = porch.enter().await;

    client.send("POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n").await;
    let refusal = client.answer().await;
    assert_eq!((refusal.status, refusal.problem().as_str()), (400, "body-unreadable"));
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_answered_for() {
    let limits = Limits { request_time: Duration::from_millis(200), ..Limits::default() };
    let porch = Porch::with(options(), limits);
    let mut client = porch.enter().await;

    let answer = timeout(SOON, client.get("/never")).await.unwrap();
    assert_eq!((answer.status, answer.problem().as_str()), (503, "request-timed-out"));
    assert_eq!(client.get("/").await.body, "hello");
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_the_house_closes() {
    let porch = Porch::open();
    let mut idle = porch.enter().await;
    assert_eq!(idle.get("/").await.body, "hello");
    let mut busy = porch.enter().await;
    busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_millis(50)).await;

    let closing = porch.lifecycle.clone();
    let (finished, ()) = tokio::join!(closing.close(SOON), async {
        timeout(SOON, idle.is_closed()).await.expect("the idle connection is closed");
        assert!(Client::connect(porch.address).await.is_err(), "a new connection was let in");

        let answer = busy.answer().await;
        assert_eq!(answer.body, "done");
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
        timeout(SOON, busy.is_closed()).await.expect("the busy connection is closed after its answer");
    });
    assert!(finished);
}

#[tokio::test]
async fn a_request_that_was_on_its_way_is_answered_when_the_house_closes() {
    let patience = Patience { farewell: Duration::from_secs(5), ..Patience::default() };
    let porch = Porch::with(ServerOptions { patience, ..options() }, Limits::default());
    let mut idle = porch.enter().await;
    assert_eq!(idle.get("/").await.body, "hello");

    let closing = porch.lifecycle.clone();
    let (finished, ()) = tokio::join!(closing.close(SOON), async {
        sleep(Duration::from_millis(50)).await;
        let answer = idle.get("/").await;
        assert_eq!(answer.body, "hello");
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
    });
    assert!(finished);
}

#[tokio::test]
async fn what_does_not_finish_is_dropped() {
    let porch = Porch::open();
    let mut client = porch.enter().await;
    client.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n").await;
    sleep(Duration::from_millis(50)).await;

    assert!(!porch.lifecycle.close(Duration::from_millis(200)).await);
    timeout(SOON, client.is_closed()).await.expect("the connection is dropped");
}
