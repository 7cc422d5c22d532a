//! `meetbox healthcheck`: asks the server on this machine whether it is ready, for supervisors without an HTTP client.
//!
//! Docker only notes that a container is unhealthy. So the check can also end a server that is frozen; what started it
//! then starts it again.

use std::{fs, net::IpAddr, thread, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tracing::error;

use super::{Failure, dev::Port, print, runtime};
use crate::{
    config::{LogSettings, Settings},
    telemetry,
};

/// How long the server may take; supervisors ask again soon.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The pause before a silent server is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Arguments of `meetbox healthcheck`.
#[derive(clap::Args)]
pub struct Args {
    /// End a server that takes connections but leaves this many questions in a row without any answer
    #[arg(long, value_name = "QUESTIONS", value_parser = clap::value_parser!(u32).range(1..=100))]
    restart_after: Option<u32>,
}

/// Exits 0 when the server of these settings is ready.
pub fn run(args: &Args) -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    let url = ready_url(&settings);

    match ask(&url, args.restart_after.unwrap_or(1))? {
        Answer::Status(200..=299) => print("ready\n"),
        Answer::Status(status) => Err(Failure::ours(format!("not ready: {url} answered {status}"))
            .hint("/health on the same address says which part is away")),
        Answer::Nobody(err) => Err(Failure::ours(format!("nothing answers at {url}"))
            .because(&err)
            .hint("is `meetbox serve` running, with the same PORT and BIND?")),
        Answer::Silence(err) => {
            let failure = Failure::ours(format!("the server at {url} does not answer")).because(&err);
            Err(match args.restart_after {
                Some(questions) => failure.hint(end_frozen(settings.http.port, questions, &settings.logs)),
                None => failure,
            })
        }
    }
}

/// Where the server of these settings says whether it is ready.
pub(super) fn ready_url(settings: &Settings) -> String {
    let host = match settings.http.bind {
        // Listening everywhere includes here.
        any if any.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    format!("http://{host}:{}/readyz", settings.http.port)
}

/// What came of asking.
pub(super) enum Answer {
    Status(u16),
    /// Nobody listens: the server has not come up yet, or has ended, and ending it would help nobody.
    Nobody(reqwest::Error),
    /// The connection is taken, by the system, and nothing comes back.
    Silence(reqwest::Error),
}

/// Asks until something comes back, `questions` times at most.
fn ask(url: &str, questions: u32) -> Result<Answer, Failure> {
    let runtime = runtime()?;
    let question = || runtime.block_on(question(url));
    let mut answer = question();
    for _ in 1..questions {
        if !matches!(answer, Answer::Silence(_)) {
            break;
        }
        thread::sleep(PAUSE);
        answer = question();
    }
    Ok(answer)
}

/// Asks once.
pub(super) async fn question(url: &str) -> Answer {
    let answer = async {
        let client = crate::app::local_client()?;
        client.get(url).timeout(TIMEOUT).send().await
    };
    match answer.await.map_err(reqwest::Error::without_url) {
        Ok(answer) => Answer::Status(answer.status().as_u16()),
        Err(err) if err.is_timeout() => Answer::Silence(err),
        Err(err) => Answer::Nobody(err),
    }
}

/// Kills the server on `port`, having said so in its own log; tells what came of it.
fn end_frozen(port: u16, questions: u32, logs: &LogSettings) -> String {
    let pid = Port::tcp(port).process().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else { return "its process is not ours to end; restart it".to_owned() };
    // The kernel keeps the first process of a container from being killed by the others in it.
    if pid == Pid::INIT {
        return "it is the first process here, which nothing can end from inside; start the container with an init, as \
                `docker run --init` does"
            .to_owned();
    }
    let _log = log_where_it_logs(pid, logs);
    error!(
        server.pid = pid.as_raw_pid(),
        questions,
        "the server (pid {pid}) left {questions} health checks in a row without an answer; ending it, to be started again"
    );
    match kill_process(pid, Signal::KILL) {
        Ok(()) => format!("it was ended (pid {pid}), for whatever started it to start it again"),
        Err(err) => format!("it could not be ended (pid {pid}): {err}"),
    }
}

/// Lets our log go where the server's goes, for that is where people look for why it ended. Where that cannot be, it
/// goes to our own stdout.
fn log_where_it_logs(pid: Pid, logs: &LogSettings) -> Option<telemetry::Guard> {
    if let Ok(stdout) = fs::OpenOptions::new().append(true).open(format!("/proc/{}/fd/1", pid.as_raw_pid())) {
        let _ = rustix::stdio::dup2_stdout(stdout);
    }
    telemetry::init(logs).ok()
}
