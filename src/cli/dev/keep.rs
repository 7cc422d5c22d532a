//! The keeper: a small process that stands between `meetbox dev` and each program it runs.
//!
//! It holds the read end of a pipe whose only write end is in `meetbox dev`. The kernel closes that pipe when
//! `meetbox dev` goes, however it goes; the keeper then stops what it keeps. So there is one way to stop a
//! program, asked for or not, and even `kill -9` leaves nothing behind.

use std::{
    ffi::OsString,
    io,
    os::fd::AsFd,
    path::PathBuf,
    process::{ExitCode, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe,
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::{MissedTickBehavior, interval},
};

use super::process::{Mark, kill_group};
use crate::cli::{Failure, files};

/// How often a program that was asked to stop is reminded of it; livekit-server leaves its rooms only then.
const REMINDER: Duration = Duration::from_secs(2);

/// What `meetbox dev` tells a keeper.
#[derive(clap::Args)]
pub struct KeepArgs {
    /// How the program is asked to stop
    #[arg(long, value_enum)]
    stop: StopSignal,
    /// How long it may take for that, in milliseconds
    #[arg(long)]
    grace_ms: u64,
    /// Where to write down which process it is
    #[arg(long)]
    mark: PathBuf,
    /// The user that it runs as
    #[arg(long, requires = "gid")]
    uid: Option<u32>,
    /// The group that it runs as
    #[arg(long, requires = "uid")]
    gid: Option<u32>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// The signal that a program takes for "stop, and do not dawdle".
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum StopSignal {
    /// Postgres: the fast shutdown, which does not wait for its clients.
    Int,
    /// Everybody else.
    Term,
}

impl StopSignal {
    /// How it is told to a keeper.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Term => "term",
        }
    }

    /// What the kernel calls it.
    pub fn signal(self) -> Signal {
        match self {
            Self::Int => Signal::INT,
            Self::Term => Signal::TERM,
        }
    }
}

/// Runs the program until it ends or the pipe on stdin closes, and answers with its exit code.
pub fn run(args: KeepArgs) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let code = runtime.and_then(|runtime| runtime.block_on(keep(&args)));

    code.map_err(|err| Failure::ours(format!("cannot run {}", args.command[0].display())).because(&err))
}

async fn keep(args: &KeepArgs) -> io::Result<ExitCode> {
    // Whoever holds the pipe decides; a signal to the whole session must not part the keeper from its program.
    let _deaf = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let mut leash = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;

    let mut child = command(args).spawn()?;
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let Some(group) = group else { return Ok(ExitCode::FAILURE) };
    files::write_private(&args.mark, &Mark::of(group)?.to_string())?;

    let status = tokio::select! {
        status = child.wait() => status?,
        () = closed(&mut leash) => stop(args, &mut child, group).await?,
    };
    // What the program started and left behind goes with it.
    kill_group(group, Signal::KILL);
    let _ = std::fs::remove_file(&args.mark);
    Ok(exit_code(status))
}

fn command(args: &KeepArgs) -> Command {
    let mut command = Command::new(&args.command[0]);
    command.args(&args.command[1..]).stdin(Stdio::null()).process_group(0).kill_on_drop(true);

    if let (Some(uid), Some(gid)) = (args.uid, args.gid) {
        command.uid(uid).gid(gid);
    }
    command
}

/// Resolves when the other end of the pipe is gone.
async fn closed(leash: &mut pipe::Receiver) {
    let mut byte = [0];
    while matches!(leash.read(&mut byte).await, Ok(1)) {}
}

async fn stop(args: &KeepArgs, child: &mut Child, group: Pid) -> io::Result<ExitStatus> {
    let ask = async {
        let mut reminders = interval(REMINDER);
        reminders.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            reminders.tick().await;
            kill_group(group, args.stop.signal());
            // A program that is frozen hears the signal only when it runs again.
            kill_group(group, Signal::CONT);
        }
    };

    tokio::select! {
        status = child.wait() => return status,
        () = ask => {}
        () = tokio::time::sleep(Duration::from_millis(args.grace_ms)) => {}
    }
    kill_group(group, Signal::KILL);
    child.wait().await
}

fn exit_code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;

    // As a shell has it: 128 and the signal's number.
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
