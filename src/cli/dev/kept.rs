//! A program under a keeper, seen from `meetbox dev`.

use std::{
    ffi::OsString,
    io,
    os::fd::OwnedFd,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::Signal;
use tokio::{
    net::unix::pipe,
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use super::{keep::StopSignal, process::Mark};

/// Our own binary, even after a build has replaced the file it was started from.
const OURSELVES: &str = "/proc/self/exe";
/// How long a keeper may need beyond what its program was granted.
const KEEPER_GRACE: Duration = Duration::from_secs(2);

/// A program and everything it needs to run.
#[derive(Clone)]
pub struct Program {
    pub command: Vec<OsString>,
    pub directory: PathBuf,
    /// Set for it beside what it inherits; `None` takes one away.
    pub variables: Vec<(&'static str, Option<String>)>,
    /// `None`: as whom we run ourselves.
    pub user: Option<User>,
    pub stop: StopSignal,
    /// How long it may take to stop before it is killed.
    pub grace: Duration,
    /// Where it is written down which process it is.
    pub mark: PathBuf,
}

/// Somebody without privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

/// A program that runs. Dropping this stops it too, without waiting until it has.
pub struct Kept {
    keeper: Child,
    /// The keeper stops its program when this closes.
    leash: Option<ChildStdin>,
    program: Program,
}

impl Program {
    /// Starts the program under a keeper, after ending what a run that was killed may have left of it.
    pub async fn start(&self, stdout: OwnedFd, stderr: OwnedFd) -> io::Result<Kept> {
        self.sweep().await;

        let mut keeper = self.keeper();
        keeper.stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
        // A group of its own: Ctrl-C on the terminal is for `meetbox dev` alone to hear.
        let mut keeper = keeper.process_group(0).spawn()?;

        let leash = keeper.stdin.take();
        Ok(Kept { keeper, leash, program: self.clone() })
    }

    /// Ends the process that is marked as this program, when there is one.
    pub async fn sweep(&self) {
        if let Some(left) = Mark::of_the_living(&self.mark) {
            left.end(self.stop.signal(), self.grace).await;
        }
    }

    fn keeper(&self) -> Command {
        let mut keeper = Command::new(OURSELVES);
        keeper.arg0("meetbox").arg("keep").arg("--stop").arg(self.stop.name());
        keeper.arg("--grace-ms").arg(self.grace.as_millis().to_string()).arg("--mark").arg(&self.mark);

        if let Some(User { uid, gid }) = self.user {
            keeper.arg("--uid").arg(uid.to_string()).arg("--gid").arg(gid.to_string());
        }
        keeper.arg("--").args(&self.command).current_dir(&self.directory);
        for (name, value) in &self.variables {
            match value {
                Some(value) => keeper.env(name, value),
                None => keeper.env_remove(name),
            };
        }
        keeper
    }
}

impl Kept {
    /// Resolves when the program has ended.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.keeper.wait().await?;
        // Only a keeper that was killed leaves its program behind.
        if let Some(orphan) = Mark::of_the_living(&self.program.mark) {
            orphan.end(Signal::KILL, self.program.grace).await;
        }
        Ok(status)
    }

    /// Asks the program to stop and waits until it has.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.leash.take());
        if timeout(self.program.grace + KEEPER_GRACE, self.ended()).await.is_err() {
            self.keeper.start_kill()?;
            self.ended().await?;
        }
        Ok(())
    }
}

/// A pipe that takes stdout and stderr together, so that their lines keep their order, and its end to read from.
pub fn joint_pipe() -> io::Result<(pipe::Receiver, OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    let stdout = OwnedFd::from(writer.try_clone()?);
    Ok((pipe::Receiver::from_owned_fd(reader.into())?, stdout, writer.into()))
}
