//! A service: started, waited for, asked again and again whether it is well, started anew when it is not.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::ExitStatus,
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::unix::pipe,
    sync::{Notify, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    folder::Folder,
    kept::{Kept, Program, joint_pipe},
    ports::Port,
    probe::Probe,
    terminal::Terminal,
};
use crate::cli::Failure;

/// How often a service that starts is asked whether it is there.
const ASK_AT_START: Duration = Duration::from_millis(100);
/// The first pause before a service is started again; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A service that was well for this long is trusted again: its next pause is the first one.
const TRUSTED_AFTER: Duration = Duration::from_secs(30);
/// How often a service that never was well may die before its start counts as failed.
const FIRST_TRIES: u32 = 3;
/// How many of a log's last lines are shown when its service failed.
const LAST_LINES: usize = 15;
/// How long a program's last lines are waited for once it has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What is run, and how it is known to be well.
pub struct Service {
    pub name: &'static str,
    pub program: Program,
    pub ports: Vec<Port>,
    /// Where it is, as it is told when it is there.
    pub place: String,
    /// Asked until it says yes; each in turn.
    pub ready: Vec<Probe>,
    /// Asked from then on.
    pub well: Health,
    /// How long it may take to be there.
    pub start_timeout: Duration,
    pub voice: Voice,
    pub first_start: FirstStart,
}

/// How a service that is there is judged.
pub struct Health {
    pub probe: Probe,
    /// How long after an answer it is asked again.
    pub every: Duration,
    /// How long one answer may take.
    pub patience: Duration,
    /// After how many bad answers in a row it is started anew.
    pub strikes: u32,
}

/// Where the lines of a service go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Into its log.
    Log,
    /// Into its log and onto the terminal; there without the lines about our own questions.
    LogAndTerminal { without: [&'static str; 2] },
}

/// What it means when a service does not come up at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStart {
    /// Nothing works without it, and waiting will not mend it: everything ends with its reason.
    MustSucceed,
    /// The developer may be about to mend it.
    MayFail,
}

/// What a supervisor needs from its surroundings.
#[derive(Clone)]
pub struct Surroundings {
    pub folder: Arc<Folder>,
    pub terminal: Terminal,
    /// Cancelled when this service is to stop.
    pub stop: CancellationToken,
    /// Notified when this service is to be started anew, because its program changed.
    pub renew: Arc<Notify>,
    /// Told whether the service is there.
    pub present: watch::Sender<bool>,
}

/// Why a service no longer runs.
enum End {
    Asked,
    Renewed,
    Unwell(String),
    Died(String),
}

/// Runs one service until it is told to stop.
pub struct Supervisor {
    service: Service,
    around: Surroundings,
    log: File,
    /// How often in a row it has failed.
    failures: u32,
    was_ready: bool,
}

impl Supervisor {
    /// Prepares to run `service`.
    pub fn new(service: Service, around: Surroundings) -> Result<Self, Failure> {
        let log = around.folder.open_log(service.name).map_err(|err| {
            Failure::input(format!("cannot open {}", around.folder.log(service.name).display())).because(&err)
        })?;
        Ok(Self { service, around, log, failures: 0, was_ready: false })
    }

    /// Runs the service. The error is a first start that failed.
    pub async fn run(mut self) -> Result<(), Failure> {
        loop {
            let end = match self.live().await {
                Ok(end) => end,
                Err(err) => End::Died(format!("cannot be started: {err}")),
            };
            self.around.present.send_replace(false);

            let reason = match end {
                End::Asked => return Ok(()),
                End::Renewed => {
                    self.failures = 0;
                    continue;
                }
                End::Unwell(reason) | End::Died(reason) => reason,
            };
            self.failures += 1;
            let hopeless = !self.was_ready && self.failures >= FIRST_TRIES;
            if hopeless && self.service.first_start == FirstStart::MustSucceed {
                return Err(self.failure(&reason));
            }
            self.pause(&reason).await;
            if self.around.stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// One life of the service.
    async fn live(&mut self) -> io::Result<End> {
        // What an earlier run left of this very service is not somebody else on its port.
        self.service.program.sweep().await;
        if let Some(taken) = taken(&self.service.ports) {
            return Ok(End::Died(taken));
        }
        self.around.terminal.wait_for(self.service.name, "starting");

        let mut relays = JoinSet::new();
        let mut kept = self.start(&mut relays).await?;
        let end = self.watch_over(&mut kept).await;
        kept.stop().await?;
        // Its last words; whatever still holds the pipe after that is not waited for.
        let _ = timeout(LAST_WORDS, relays.join_next()).await;
        Ok(end)
    }

    async fn start(&self, relays: &mut JoinSet<()>) -> io::Result<Kept> {
        let Service { name, program, voice, .. } = &self.service;
        let name = *name;
        match voice {
            Voice::Log => program.start(self.log.try_clone()?.into(), self.log.try_clone()?.into()).await,
            Voice::LogAndTerminal { without } => {
                let (reader, stdout, stderr) = joint_pipe()?;
                let log = tokio::fs::File::from_std(self.log.try_clone()?);
                let terminal = self.around.terminal.clone();
                let without = *without;
                relays.spawn(relay(reader, log, move |line| {
                    if !without.iter().any(|ours| line.contains(ours)) {
                        terminal.relay(name, line);
                    }
                }));
                program.start(stdout, stderr).await
            }
        }
    }

    async fn watch_over(&mut self, kept: &mut Kept) -> End {
        let Surroundings { stop, renew, .. } = self.around.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => End::Asked,
            () = renew.notified() => End::Renewed,
            ended = kept.ended() => End::Died(match ended {
                Ok(status) => format!("ended ({})", describe(status)),
                Err(err) => format!("cannot be watched: {err}"),
            }),
            reason = self.examine() => End::Unwell(reason),
        }
    }

    /// Asks the service how it is until it is unwell, and answers why.
    async fn examine(&mut self) -> String {
        let start = timeout(self.service.start_timeout, self.await_ready());
        if start.await.is_err() {
            return format!("was not there after {} s", self.service.start_timeout.as_secs());
        }
        self.was_ready = true;
        self.around.terminal.arrived(self.service.name, &self.service.place);
        self.around.present.send_replace(true);

        let there_since = Instant::now();
        let Health { probe, every, patience, strikes } = &self.service.well;
        let mut bad = 0;
        loop {
            sleep(*every).await;
            match probe.ask(*patience).await {
                Ok(()) => bad = 0,
                Err(reason) if bad + 1 >= *strikes => {
                    return format!("failed its health check {strikes} times in a row: {reason}");
                }
                Err(_) => bad += 1,
            }
            if bad == 0 && there_since.elapsed() > TRUSTED_AFTER {
                self.failures = 0;
            }
        }
    }

    async fn await_ready(&self) {
        for probe in &self.service.ready {
            while probe.ask(self.service.well.patience).await.is_err() {
                sleep(ASK_AT_START).await;
            }
        }
    }

    /// Says what happened and waits before the next life; shorter when it is stopped or has a new program.
    async fn pause(&mut self, reason: &str) {
        let pause = FIRST_PAUSE.saturating_mul(1 << (self.failures - 1).min(16)).min(LONGEST_PAUSE);
        let Surroundings { terminal, stop, renew, .. } = &self.around;
        terminal.failed(self.service.name, &format!("{reason}; starting it again in {} s", pause.as_secs_f32()));

        tokio::select! {
            () = sleep(pause) => {}
            () = stop.cancelled() => {}
            () = renew.notified() => self.failures = 0,
        }
    }

    fn failure(&self, reason: &str) -> Failure {
        let name = self.service.name;
        let log = self.around.folder.log(name);
        self.around.terminal.failed(name, reason);
        for line in last_lines(&log) {
            self.around.terminal.relay(name, &line);
        }
        Failure::ours(format!("{name} {reason}")).hint(format!("its log is {}", log.display()))
    }
}

/// Which of the ports is taken, and by whom; `None` when all are free.
pub fn taken(ports: &[Port]) -> Option<String> {
    ports.iter().find_map(|port| Some(format!("{port} is taken by {}", port.holder()?)))
}

/// Passes lines on to the log and to `show`, until the program has closed its end.
async fn relay(reader: pipe::Receiver, mut log: tokio::fs::File, show: impl Fn(&str)) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    // Bytes, not text: a program may write what is not UTF-8, and must be read on.
    while matches!(reader.read_until(b'\n', &mut line).await, Ok(1..)) {
        // A disk that is full costs the log, not the terminal.
        let _ = log.write_all(&line).await;
        let _ = log.flush().await;
        show(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

fn describe(status: ExitStatus) -> String {
    match status.code() {
        // A keeper passes a signal on as a shell does.
        Some(code @ 129..=159) => format!("signal {}", code - 128),
        Some(code) => format!("exit code {code}"),
        None => "its keeper was killed".to_owned(),
    }
}

fn last_lines(log: &Path) -> Vec<String> {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].iter().map(|line| (*line).to_owned()).collect()
}
