//! One connection: HTTP/1.1 on a socket, and the patience that a client may count on.
//!
//! hyper reads and writes; what it does not offer is here: different deadlines for half a head, a silent
//! connection and a reader who does not read, a goodbye that loses no request, a last word that arrives,
//! and no buffers while nothing is said.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use hyper::{Request, Response, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::TokioIo;
use poem::{
    Endpoint,
    endpoint::BoxEndpoint,
    http::{
        StatusCode,
        header::{CONNECTION, HeaderValue},
        uri::Scheme,
    },
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};
use tracing::debug;

use super::pace::{Answer, Pace, Phase, Socket};
use crate::lifecycle::Stop;

/// The largest head of a request; more is answered with 431.
const MAX_HEAD: usize = 16 * 1024;

/// The most that hyper reads ahead or holds back of one connection.
const MAX_BUFFER: usize = 64 * 1024;

/// How long we wait for which client.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a head, or from the connection's opening, to its last.
    pub head: Duration,
    /// Between an answer and the next request.
    pub silence: Duration,
    /// Of this silence, until hyper's buffers (16 KiB) are given back and the socket alone waits on.
    pub quiet: Duration,
    /// For a client that does not take what we send.
    pub stalled: Duration,
    /// After the end has begun, for a request that is already on its way.
    pub farewell: Duration,
    /// After we closed, for the client to read what we said while it was still sending.
    pub lingering: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            // Longer than the two minutes that Caddy keeps its side: whoever closes first races with a
            // request, and Caddy cannot know whether a POST was lost.
            silence: Duration::from_secs(150),
            quiet: Duration::from_secs(2),
            stalled: Duration::from_secs(30),
            farewell: Duration::from_millis(300),
            lingering: Duration::from_secs(1),
        }
    }
}

/// What every connection shares.
pub(super) struct House {
    pub endpoint: BoxEndpoint<'static, poem::Response>,
    pub patience: Patience,
    pub stop: Stop,
}

/// Serves what comes in on `stream` until one side has had enough.
pub(super) async fn attend(stream: TcpStream, peer: SocketAddr, house: Arc<House>) {
    let pace = Arc::new(Pace::start());
    let mut watch = Watch::new(pace.clone(), &house);
    let (Ok(local), Ok(mut socket)) = (stream.local_addr(), Socket::new(stream, pace.clone())) else {
        return; // The client left before it was let in.
    };

    loop {
        if !matches!(watch.patiently(pin!(socket.has_something())).await, Ended::Finished(_)) {
            return;
        }

        let desk = Desk { house: house.clone(), pace: pace.clone(), local, peer };
        let mut http = protocol().serve_connection(TokioIo::new(socket), desk).with_upgrades();
        match watch.patiently(Pin::new(&mut http)).await {
            Ended::Finished(outcome) => {
                if let Err(err) = outcome {
                    debug!(error = %err, "connection from {peer} broke: {err}");
                }
                return;
            }
            Ended::Late => return,
            Ended::Quiet => match http.into_parts() {
                Some(parts) if parts.read_buf.is_empty() => socket = parts.io.into_inner(),
                _ => return,
            },
        }
        pace.rest();
    }
}

/// HTTP/1.1 as we speak it.
fn protocol() -> http1::Builder {
    let mut builder = http1::Builder::new();
    // The head's deadline is ours: hyper's would count silence between requests as a slow head.
    builder.header_read_timeout(None).max_header_size(MAX_HEAD).max_buf_size(MAX_BUFFER);
    builder
}

/// Hands requests to the endpoint.
struct Desk {
    house: Arc<House>,
    pace: Arc<Pace>,
    local: SocketAddr,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for Desk {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.pace.enter(Phase::Working);
        let (house, pace) = (self.house.clone(), self.pace.clone());
        let request = (request, LocalAddr(self.local.into()), RemoteAddr(self.peer.into()), Scheme::HTTP);

        Box::pin(async move {
            let mut response = house.endpoint.get_response(request.into()).await;

            let upgrades = response.status() == StatusCode::SWITCHING_PROTOCOLS;
            if house.stop.is_stopping() && !upgrades {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            if response.headers().get(CONNECTION).is_some_and(|value| value == "close") {
                pace.will_linger();
            }
            pace.enter(Phase::Sending);
            Ok(Response::from(response).map(|body| Answer::new(body, pace)))
        })
    }
}

/// Why we stopped waiting.
enum Ended<T> {
    /// What was waited for is done.
    Finished(T),
    /// The client used up our patience.
    Late,
    /// Nothing was said for a while, and nothing is held back.
    Quiet,
}

/// Looks at the pace of one connection and decides when to stop waiting for it.
struct Watch {
    pace: Arc<Pace>,
    patience: Patience,
    /// Resolves when the end has begun.
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
    ending_since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Watch {
    fn new(pace: Arc<Pace>, house: &House) -> Self {
        let stop = house.stop.clone();
        Self {
            pace,
            patience: house.patience,
            end: Box::pin(async move { stop.soft().await }),
            ending_since: None,
            timer: Box::pin(sleep_until(Instant::now() + house.patience.head)),
        }
    }

    /// Drives `work` for as long as the client keeps its deadlines.
    async fn patiently<F: Future>(&mut self, mut work: Pin<&mut F>) -> Ended<F::Output> {
        poll_fn(|cx| {
            if self.ending_since.is_none() && self.end.as_mut().poll(cx).is_ready() {
                self.ending_since = Some(Instant::now());
            }
            match work.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(Ended::Finished(done)),
                Poll::Pending => self.poll_patience(cx),
            }
        })
        .await
    }

    fn poll_patience<T>(&mut self, cx: &mut Context<'_>) -> Poll<Ended<T>> {
        loop {
            let (deadline, quiet) = self.deadlines();
            let Some(next) = deadline.into_iter().chain(quiet).min() else { return Poll::Pending };

            // A timer that rings too early is set again when it rings; one that rings too late, now. So a
            // busy connection does not touch it with every request.
            if next < self.timer.deadline() {
                self.timer.as_mut().reset(next);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }

            let now = Instant::now();
            if deadline.is_some_and(|at| at <= now) {
                return Poll::Ready(Ended::Late);
            }
            if quiet.is_some_and(|at| at <= now) {
                return Poll::Ready(Ended::Quiet);
            }
            self.timer.as_mut().reset(next);
        }
    }

    /// When our patience ends, and when hyper's buffers may go.
    fn deadlines(&self) -> (Option<Instant>, Option<Instant>) {
        let now = self.pace.now();
        let farewell = self.ending_since.map(|since| since + self.patience.farewell);
        let at_the_latest = |at: Instant| Some(farewell.map_or(at, |end| end.min(at)));

        match now.phase {
            Phase::Head => (at_the_latest(now.since + self.patience.head), None),
            // The endpoint has its own deadline.
            Phase::Working => (None, None),
            Phase::Sending | Phase::Flushing => (Some(now.since + self.patience.stalled), None),
            Phase::Silent => (at_the_latest(now.since + self.patience.silence), Some(now.since + self.patience.quiet)),
            Phase::Resting => (at_the_latest(now.since + self.patience.silence), None),
            Phase::Leaving => (Some(now.since + self.patience.lingering), None),
        }
    }
}
