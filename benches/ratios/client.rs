//! A plain HTTP/1.1 client on kept-open connections: asks as fast as it can, or at a given pace.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::people;

/// One kept-open connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Connection {
    pub async fn open(port: u16) -> std::io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    /// Sends a whole request and reads a whole answer, which must tell its length.
    pub async fn ask(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some(answer) = parse(&self.buffer) {
                return Ok(answer);
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The answer, once all of it is there.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |it| it.trim().parse().unwrap_or(0));
    let body = bytes.get(end + 4..end + 4 + length)?;
    Some(Answer { status, body: String::from_utf8_lossy(body).into_owned() })
}

/// The text of a request.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Asks for a token the way the web app does: somebody signed in, the same meeting of theirs, again and again.
pub fn token_request() -> Vec<u8> {
    let bearer = format!("Bearer {}", people::session().expose());
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    request("POST", "/token", &headers, r#"{"room_name":"blue-heron","name":"Ada Lovelace"}"#)
}

/// What a run of requests came to.
pub struct Outcome {
    pub fine: usize,
    pub failed: usize,
    pub seconds: f64,
    /// Sorted.
    pub latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency in milliseconds that `share` of the requests stayed below.
    pub fn latency(&self, share: f64) -> f64 {
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at.min(self.latencies.len().saturating_sub(1))).map_or(f64::NAN, |it| it.as_secs_f64() * 1e3)
    }
}

/// How a run asks.
#[derive(Clone, Copy)]
pub struct Pace {
    pub connections: usize,
    pub duration: Duration,
    /// Requests a second, over all connections; `None` is as many as it takes.
    pub rate: Option<f64>,
}

/// Asks `port` for whatever `make` says, counting up from one, and tells how it went.
pub fn run(port: u16, pace: Pace, make: impl Fn() -> Vec<u8> + Clone + 'static) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    let begin = Instant::now();

    let parts = tasks.block_on(&runtime, async {
        let asking: Vec<_> = (0..pace.connections)
            .map(|which| tokio::task::spawn_local(one(port, pace, which, begin, make.clone())))
            .collect();
        let mut parts = Vec::new();
        for task in asking {
            parts.push(task.await.expect("the client does not panic"));
        }
        parts
    });

    let seconds = begin.elapsed().as_secs_f64();
    let failed = parts.iter().map(|(failed, _)| failed).sum();
    let mut latencies: Vec<Duration> = parts.into_iter().flat_map(|(_, latencies)| latencies).collect();
    latencies.sort_unstable();
    Outcome { fine: latencies.len(), failed, seconds, latencies }
}

/// One connection's share of a run: how many failed, and how long the others took.
async fn one(
    port: u16,
    pace: Pace,
    which: usize,
    begin: Instant,
    make: impl Fn() -> Vec<u8>,
) -> (usize, Vec<Duration>) {
    let mut connection = Connection::open(port).await.expect("the server answers");
    let gap = pace.rate.map(|rate| Duration::from_secs_f64(pace.connections as f64 / rate));
    let mut due = begin + gap.unwrap_or_default().mul_f64(which as f64 / pace.connections as f64);
    let (mut failed, mut latencies) = (0, Vec::new());

    while begin.elapsed() < pace.duration {
        let request = make();
        // At a pace, waiting for a late answer counts: the next request was due all the same.
        let asked = match gap {
            Some(gap) => {
                tokio::time::sleep_until(due.into()).await;
                due += gap;
                due - gap
            }
            None => Instant::now(),
        };
        match connection.ask(&request).await {
            Ok(answer) if answer.status < 300 => latencies.push(asked.elapsed()),
            Ok(_) => failed += 1,
            Err(_) => {
                failed += 1;
                connection = Connection::open(port).await.expect("the server answers");
            }
        }
    }
    (failed, latencies)
}
