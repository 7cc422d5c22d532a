//! `meetbox recordings`: what is being recorded, for whoever is about to stop something.

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{Failure, operator, print, runtime};
use crate::{app::App, config::Settings, db::recording_lists, model::recording::Recording};

/// What is answered while something is being recorded: neither well nor wrong.
const UNDER_WAY: u8 = 3;
/// How often is looked again.
const PAUSE: Duration = Duration::from_secs(2);
/// How often is said that it still goes on.
const REMINDER: Duration = Duration::from_secs(60);

/// Arguments of `meetbox recordings`.
#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub struct Args {
    /// List the recordings under way
    #[arg(long)]
    running: bool,
    /// Wait until none is under way, for so long at most
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(0..=10080))]
    wait: Option<u64>,
}

/// Exits 0 when nothing is being recorded, and 3 while something is.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let settings = Settings::from_process()?.settings;
    runtime()?.block_on(async {
        let app = operator::look(&settings).await?;
        let mut running = running(&app).await?;
        if let Some(minutes) = args.wait {
            running = wait(&app, running, Duration::from_secs(minutes * 60)).await?;
        }
        print(&if running.is_empty() { "no recording is under way\n".to_owned() } else { table(&running) })?;
        Ok(if running.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(UNDER_WAY) })
    })
}

/// Those that hold a recorder, the oldest first.
pub async fn running(app: &App) -> Result<Vec<Recording>, Failure> {
    let unsettled = recording_lists::unsettled(&app.db)
        .await
        .map_err(|err| Failure::ours("the database does not tell what is being recorded").because(&err))?;
    Ok(unsettled.into_iter().filter(|recording| recording.course.status.is_running()).collect())
}

/// Looks again and again, and says on stderr how it goes; answers those that are left.
async fn wait(app: &App, mut left: Vec<Recording>, most: Duration) -> Result<Vec<Recording>, Failure> {
    let begun = Instant::now();
    let mut said: Option<(usize, Instant)> = None;
    while !left.is_empty() && begun.elapsed() < most {
        let is_news = said.is_none_or(|(count, at)| count != left.len() || at.elapsed() >= REMINDER);
        if is_news {
            let minutes = most.saturating_sub(begun.elapsed()).as_secs().div_ceil(60);
            let rooms: Vec<_> = left.iter().map(|recording| recording.room_name.as_str()).collect();
            // Who does not hear it waits all the same.
            let _ = writeln!(io::stderr(), "waiting for {} to end, {minutes} min at most", rooms.join(", "));
            said = Some((left.len(), Instant::now()));
        }
        sleep(PAUSE).await;
        left = running(app).await?;
    }
    Ok(left)
}

fn table(recordings: &[Recording]) -> String {
    let head = ["meeting", "state", "asked for at", "recording"].map(str::to_owned).to_vec();
    let row = |it: &Recording| {
        let at = it.course.requested_at.format("%Y-%m-%d %H:%M UTC").to_string();
        vec![it.room_name.as_str().to_owned(), it.course.status.to_string(), at, it.id.to_string()]
    };
    operator::table(&[head].into_iter().chain(recordings.iter().map(row)).collect::<Vec<_>>())
}
