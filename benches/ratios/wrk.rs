//! wrk, which asks on 32 connections as fast as one core can.

use std::process::Command;

use meetbox::model::credential::Credential;

use crate::machine;

/// What is asked, again and again.
pub struct Question {
    pub url: String,
    /// Says how, when a plain GET is not meant.
    pub script: Option<&'static str>,
    /// What is shown of who asks.
    pub bearer: Option<Credential>,
}

/// What one run of wrk saw.
pub struct Seen {
    pub per_second: f64,
    /// Requests in a second of the server's CPU time.
    pub per_cpu_second: f64,
    /// Milliseconds.
    pub p99: f64,
}

/// Asks for some seconds; `pid` serves.
pub fn ask(question: &Question, seconds: u32, pid: u32) -> Seen {
    let Question { url, script, bearer } = question;
    let mut command = Command::new("wrk");
    command.args(["--threads", "1", "--connections", "32", "--latency", "--duration", &format!("{seconds}s")]);
    if let Some(script) = script {
        command.args(["--script", &format!("{}/benches/ratios/{script}", env!("CARGO_MANIFEST_DIR"))]);
    }
    if let Some(bearer) = bearer {
        command.args(["--header", &format!("authorization: Bearer {}", bearer.expose())]);
    }

    let before = machine::cpu_seconds(pid);
    let output = command.arg(url).output().expect("`wrk` runs");
    let cpu = machine::cpu_seconds(pid) - before;

    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && !text.contains("Non-2xx"), "{url} was not answered well:\n{text}");
    let after =
        |sign: &str| text.lines().find_map(|line| line.trim().strip_prefix(sign)).map(str::trim).map(str::to_owned);
    let requests =
        text.lines().find(|line| line.contains(" requests in ")).and_then(|line| line.split_whitespace().next());
    let requests: f64 = requests.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("wrk said:\n{text}"));

    Seen {
        per_second: after("Requests/sec:").and_then(|it| it.parse().ok()).unwrap_or(f64::NAN),
        per_cpu_second: requests / cpu,
        p99: after("99%").map_or(f64::NAN, |it| milliseconds(&it)),
    }
}

/// Reads `850.00us`, `1.20ms` and `2.00s`.
fn milliseconds(text: &str) -> f64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().unwrap_or(f64::NAN);
    match &text[digits.len()..] {
        "us" => number / 1e3,
        "ms" => number,
        _ => number * 1e3,
    }
}
