//! How soon it is ready, and how much memory it takes to do nothing.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    machine,
    parts::Parts,
    report::{Row, median, quantile},
    services::free_port,
};

const STARTS: usize = 20;

/// Two rows: start to ready on a migrated database, and memory at rest.
pub fn measure(parts: &Parts) -> Vec<Row> {
    let database = parts.database();
    drop(parts.meetbox(&database));

    let starts: Vec<f64> = (0..STARTS).map(|_| start_to_ready(parts, &database)).collect();
    let idle: Vec<f64> = (0..3).map(|_| idle_memory(parts, &database)).collect();

    let (middle, p95) = (median(starts.iter().copied()), quantile(starts, 0.95));
    vec![
        Row {
            what: "Start to ready, migrated database".to_owned(),
            ours: format!("median {middle:.0} ms"),
            against: format!("{STARTS} starts"),
            result: format!("p95 {p95:.0} ms"),
            aim: "p95 ≤ 60 ms",
        },
        Row {
            what: "Memory at rest".to_owned(),
            ours: "three seconds after the start".to_owned(),
            against: String::new(),
            result: format!("{:.1} MB", median(idle)),
            aim: "≤ 20 MB",
        },
    ]
}

/// Milliseconds from the start of the process to its first 200 on `/readyz`.
fn start_to_ready(parts: &Parts, database: &crate::services::postgres::Database) -> f64 {
    let port = free_port();
    let begin = Instant::now();
    let server = parts.meetbox_not_waited_for(database, port, &parts.redis.url());
    server.wait_for("/readyz");
    begin.elapsed().as_secs_f64() * 1e3
}

fn idle_memory(parts: &Parts, database: &crate::services::postgres::Database) -> f64 {
    let server = parts.meetbox(database);
    thread::sleep(Duration::from_secs(3));
    machine::resident_megabytes(server.pid())
}
