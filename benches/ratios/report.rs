//! What was measured, as a table and as a page.

use std::fs;

use crate::machine;

/// One line of the table.
pub struct Row {
    pub what: String,
    pub ours: String,
    /// What it is held against, and what that came to.
    pub against: String,
    /// The ratio, or the figure itself where there is nothing to compare with.
    pub result: String,
    /// What it should reach.
    pub aim: &'static str,
}

/// The middle value.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that `share` of the values stay at or below.
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// The rows as Markdown.
pub fn table(rows: &[Row]) -> String {
    let mut text = "| What | Meetbox | Against | Result | Aim |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for Row { what, ours, against, result, aim } in rows {
        text += &format!("| {what} | {ours} | {against} | {result} | {aim} |\n");
    }
    text
}

/// Writes `docs/benchmarks.md`; `load` is how busy the machine was before.
pub fn write_page(table: &str, load: &str) {
    let machine: String = machine::description().iter().map(|line| format!("- {line}\n")).collect();
    let rounds = crate::ROUNDS;
    let text = format!(
        "# Benchmarks\n\n\
         Written by `make bench`. Whoever serves is pinned to one core, whoever asks to another. The contestants take\n\
         turns in {rounds} rounds; figures are medians, and a ratio compares what each serves in a second of its own CPU\n\
         time (user and kernel), which says more than requests a second where the load generator is the limit.\n\
         Meetbox runs as it does in development: the release build, `APP_ENV=local`, one log line for each request.\n\n\
         {table}\n\
         ## Machine\n\n{machine}- Load average: {load} when it began, {} when it ended\n",
        machine::load()
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/benchmarks.md");
    fs::write(path, text).expect("docs/benchmarks.md can be written");
    println!("written to docs/benchmarks.md");
}
