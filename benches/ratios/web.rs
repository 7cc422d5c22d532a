//! A token for somebody signed in, and the state of health, against a bare hyper server and against Express.

use std::time::Duration;

use crate::{
    ROUNDS, client,
    parts::{Parts, Server},
    people,
    report::{Row, median},
    wrk::{self, Question, Seen},
};

const SECONDS: u32 = 3;

/// Somebody who is asked: what, and who serves.
struct Contestant<'a> {
    question: Question,
    server: &'a Server,
    seen: Vec<Seen>,
}

impl<'a> Contestant<'a> {
    /// One who is asked for a path, by nobody in particular.
    fn new(server: &'a Server, path: &str) -> Self {
        Self { question: Question { url: server.url(path), script: None, bearer: None }, server, seen: Vec::new() }
    }

    /// One who is asked for a token, by somebody signed in whose meeting it is.
    fn for_tokens(server: &'a Server) -> Self {
        let bearer = Some(people::session());
        let question = Question { url: server.url("/token"), script: Some("token.lua"), bearer };
        Self { question, server, seen: Vec::new() }
    }

    fn take_turn(&mut self, seconds: u32) -> Seen {
        wrk::ask(&self.question, seconds, self.server.pid())
    }

    fn per_cpu_second(&self) -> f64 {
        median(self.seen.iter().map(|seen| seen.per_cpu_second))
    }

    fn per_second(&self) -> f64 {
        median(self.seen.iter().map(|seen| seen.per_second))
    }

    fn told(&self) -> String {
        let p99 = median(self.seen.iter().map(|seen| seen.p99));
        format!("{:.0}/CPU s, {:.0}/s, p99 {p99:.2} ms", self.per_cpu_second(), self.per_second())
    }
}

/// Five rows: each path against each rival, and how long a token takes when the server is not pressed.
pub fn measure(parts: &Parts) -> Vec<Row> {
    let database = parts.database();
    let (meetbox, hello, express) = (parts.meetbox(&database), Server::hello(), Server::express());
    people::move_in(parts, &database);
    let mut contestants = [
        Contestant::new(&hello, "/"),
        Contestant::new(&meetbox, "/health"),
        Contestant::new(&express, "/health"),
        Contestant::for_tokens(&meetbox),
        Contestant::for_tokens(&express),
    ];

    for contestant in &mut contestants {
        contestant.take_turn(1);
    }
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            let seen = contestant.take_turn(SECONDS);
            contestant.seen.push(seen);
        }
    }
    let [hello, health, express_health, token, express_token] = &contestants;

    let row = |what: &str, ours: &Contestant<'_>, name: &str, theirs: &Contestant<'_>, aim: &'static str| Row {
        what: what.to_owned(),
        ours: ours.told(),
        against: format!("{name}: {}", theirs.told()),
        result: format!("{:.2} ×", ours.per_cpu_second() / theirs.per_cpu_second()),
        aim,
    };
    vec![
        row("`POST /token`, signed in, warm", token, "bare hyper", hello, "≥ 0.45 ×"),
        row("`POST /token`, signed in, warm", token, "Express", express_token, "≥ 12 ×"),
        row("`GET /health`", health, "bare hyper", hello, ""),
        row("`GET /health`", health, "Express", express_health, ""),
        unpressed_token(&meetbox, token.per_second()),
    ]
}

/// A token at half of what the server can do.
fn unpressed_token(meetbox: &Server, peak: f64) -> Row {
    let request = client::token_request();
    let pace = client::Pace { connections: 32, duration: Duration::from_secs(5), rate: Some(peak / 2.0) };
    let outcome = client::run(meetbox.port, pace, move || request.clone());
    assert_eq!(outcome.failed, 0, "tokens were refused");

    let reached = outcome.fine as f64 / outcome.seconds;
    Row {
        what: "`POST /token`, signed in, at half of its peak".to_owned(),
        ours: format!("{reached:.0}/s"),
        against: format!("asked for {:.0}/s", peak / 2.0),
        result: format!("p99 {:.2} ms", outcome.latency(0.99)),
        aim: "p99 ≤ 2 ms",
    }
}
