//! Side by side on this machine: Meetbox against a bare hyper server, against Express, and against pgbench.
//!
//! `make bench` runs it. Whoever serves is pinned to one core and whoever asks to another; the contestants take turns
//! in five rounds, and what counts is the median of what each serves in a second of its own CPU time. The table goes to
//! stdout and to `docs/benchmarks.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement that cannot be taken ends the run, and it asks the machine for the time"
)]

mod client;
mod comparing;
mod hello;
mod links;
mod lists;
mod machine;
mod parts;
mod people;
#[path = "../../tests/it/chaos/proxy.rs"]
#[expect(dead_code, reason = "the tests break Redis in more ways than the measurements do")]
mod proxy;
mod recordings;
mod report;
#[path = "../../tests/it/services/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests need more of the services than the measurements do")]
mod services;
mod sessions;
mod start;
mod web;
mod webhooks;
mod wrk;

/// How often each contestant takes its turn.
const ROUNDS: usize = 5;

fn main() {
    // Cargo passes `--bench`; only words are ours.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();

    match words.as_slice() {
        ["hello", port] => hello::serve(port.parse().expect("a port")),
        wanted => measure(wanted),
    }
}

/// Takes the measurements named in `wanted`, or all of them, and writes the page only when all were taken.
fn measure(wanted: &[&str]) {
    machine::require(&["wrk", "taskset", "node", "npm", "redis-server"]);
    machine::pin_this_process(machine::LOAD_CORE);

    type Measurement = fn(&parts::Parts) -> Vec<report::Row>;
    let measurements: [(&str, Measurement); 6] = [
        ("web", web::measure),
        ("sessions", sessions::measure),
        ("webhooks", webhooks::measure),
        ("lists", lists::measure),
        ("recordings", recordings::measure),
        ("start", start::measure),
    ];
    let load = machine::load();
    let parts = parts::Parts::start();

    let mut rows = Vec::new();
    for (name, take) in measurements {
        if wanted.is_empty() || wanted.contains(&name) {
            println!("measuring: {name}");
            rows.extend(take(&parts));
        }
    }
    let table = report::table(&rows);
    println!("\n{table}");
    if wanted.is_empty() {
        report::write_page(&table, &load);
    }
}
