//! What the developer sees: who is waited for, what happened, and the API's own lines.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the line about who is waited for is painted anew on a terminal.
const REPAINT: Duration = Duration::from_millis(200);
/// How often somebody who reads a file or a pipe is told who is still waited for.
const REASSURE: Duration = Duration::from_secs(15);
const CLEAR_LINE: &str = "\r\x1b[2K";

/// A handle to the terminal; its clones write to the same one.
#[derive(Clone)]
pub struct Terminal {
    screen: Arc<Mutex<Screen>>,
}

struct Screen {
    /// Whether a line can be painted over.
    live: bool,
    waiting: BTreeMap<&'static str, Wait>,
}

struct Wait {
    since: Instant,
    doing: String,
}

impl Terminal {
    /// The terminal on stderr, or whatever stands in its place.
    pub fn on_stderr() -> Self {
        let screen = Screen { live: io::stderr().is_terminal(), waiting: BTreeMap::new() };
        Self { screen: Arc::new(Mutex::new(screen)) }
    }

    /// Says something that happened.
    pub fn say(&self, text: &str) {
        self.screen().write(text);
    }

    /// Passes on a line of a program.
    pub fn relay(&self, name: &str, line: &str) {
        let mut screen = self.screen();
        let line =
            if screen.live { format!("\x1b[36m{name:>8} |\x1b[0m {line}") } else { format!("{name:>8} | {line}") };
        screen.write(&line);
    }

    /// Begins to wait for `name`.
    pub fn wait_for(&self, name: &'static str, doing: &str) {
        let mut screen = self.screen();
        let since = screen.waiting.get(name).map_or_else(Instant::now, |wait| wait.since);
        screen.waiting.insert(name, Wait { since, doing: doing.to_owned() });

        if screen.live {
            screen.paint();
        } else {
            screen.write(&format!("{name:>8}   {doing}"));
        }
    }

    /// Says what `name`, which is waited for, is about; only where it can be painted over, for it changes often.
    pub fn doing(&self, name: &str, doing: &str) {
        let mut screen = self.screen();
        if let Some(wait) = screen.waiting.get_mut(name) {
            doing.clone_into(&mut wait.doing);
        }
        screen.paint();
    }

    /// `name` is there.
    pub fn arrived(&self, name: &str, place: &str) {
        let mut screen = self.screen();
        let took = screen.waiting.remove(name).map_or_else(String::new, |wait| format!(" ({})", seconds(wait.since)));
        let tick = if screen.live { "\x1b[32m✓\x1b[0m" } else { "✓" };
        screen.write(&format!("{name:>8} {tick} {place}{took}"));
    }

    /// Nobody waits for `name` any more, for the reason given.
    pub fn failed(&self, name: &str, reason: &str) {
        let mut screen = self.screen();
        screen.waiting.remove(name);
        let cross = if screen.live { "\x1b[31m✗\x1b[0m" } else { "✗" };
        screen.write(&format!("{name:>8} {cross} {reason}"));
    }

    /// Keeps the line about who is waited for in motion, for as long as it is polled.
    pub async fn animate(&self) {
        let live = self.screen().live;
        let mut ticks = interval(if live { REPAINT } else { REASSURE });
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks.tick().await;

        loop {
            ticks.tick().await;
            let mut screen = self.screen();
            match screen.waiting_line() {
                Some(_) if live => screen.paint(),
                Some(line) => screen.write(&line),
                None => {}
            }
        }
    }

    /// Whether lines can be painted over, and in colour.
    pub fn is_live(&self) -> bool {
        self.screen().live
    }

    /// Nobody is waited for any more.
    pub fn stop_waiting(&self) {
        self.screen().waiting.clear();
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// Writes whole lines above the painted one. A terminal that is gone is no reason to stop the services.
    fn write(&mut self, text: &str) {
        let clear = if self.live { CLEAR_LINE } else { "" };
        let _ = writeln!(io::stderr(), "{clear}{text}");
        self.paint();
    }

    fn paint(&mut self) {
        if let (true, Some(line)) = (self.live, self.waiting_line()) {
            let _ = write!(io::stderr(), "{CLEAR_LINE}{line}");
        }
    }

    fn waiting_line(&self) -> Option<String> {
        let names: Vec<_> = self.waiting.iter().map(|(name, wait)| wait.describe(name)).collect();
        (!names.is_empty()).then(|| format!("{:>8}   waiting for {}", "…", names.join(", ")))
    }
}

impl Wait {
    fn describe(&self, name: &str) -> String {
        format!("{name} ({}, {})", self.doing, seconds(self.since))
    }
}

fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}
