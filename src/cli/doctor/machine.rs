//! The machine that is looked at: its files below a root folder, and what its programs say.

use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::Command;

use super::report::Finding;
use crate::cli::programs;

/// How long a program may take to say what it is asked.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a file system may take.
pub const DISK_PATIENCE: Duration = Duration::from_secs(4);

/// A machine, or a folder that stands for its file system.
pub struct Machine {
    root: PathBuf,
}

/// What a program said.
pub struct Said {
    pub succeeded: bool,
    pub out: String,
    pub err: String,
}

/// A program said nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    #[error("`{0}` is not on the PATH")]
    Missing(String),
    #[error("`{0}` does not answer within {PATIENCE:?}")]
    Silent(String),
    #[error("cannot run `{0}`: {1}")]
    Broken(String, io::Error),
}

impl Machine {
    /// The machine whose file system begins at `root`.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Whether it is this machine, and no folder that stands for one.
    pub fn is_this_one(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where a file of the machine's stands; `path` begins with `/`.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The text of a file.
    pub fn read(&self, path: impl AsRef<Path>) -> io::Result<String> {
        std::fs::read_to_string(self.path(path))
    }

    /// What the file system says of a file or folder; one behind a network may be away.
    pub async fn metadata(&self, path: impl AsRef<Path>) -> io::Result<Metadata> {
        match tokio::time::timeout(DISK_PATIENCE, tokio::fs::metadata(self.path(path))).await {
            Ok(found) => found,
            Err(_) => Err(io::Error::other(format!("the disk does not answer within {DISK_PATIENCE:?}"))),
        }
    }

    /// Runs a program in plain English and waits for what it says, for some seconds.
    pub async fn run(&self, program: &str, arguments: &[&str]) -> Result<Said, NotRun> {
        let mut command = Command::from(programs::command(program));
        command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        let name = || program.to_owned();
        match tokio::time::timeout(PATIENCE, command.output()).await {
            Err(_) => Err(NotRun::Silent(name())),
            Ok(Err(err)) if err.kind() == io::ErrorKind::NotFound => Err(NotRun::Missing(name())),
            Ok(Err(err)) => Err(NotRun::Broken(name(), err)),
            Ok(Ok(output)) => Ok(Said {
                succeeded: output.status.success(),
                out: String::from_utf8_lossy(&output.stdout).into_owned(),
                err: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }

    /// Runs a program that must succeed, and answers what it printed.
    pub async fn ask(&self, program: &str, arguments: &[&str]) -> Result<String, Finding> {
        match self.run(program, arguments).await {
            Err(err) => Err(Finding::unknown(err.to_string())),
            Ok(said) if said.succeeded => Ok(said.out),
            Ok(said) => Err(Finding::unknown(format!("`{program}` refuses: {}", said.words()))),
        }
    }
}

impl Said {
    /// The words of one that failed: its first line, after which programs only say what else could be done.
    pub fn words(&self) -> &str {
        let text = if self.err.trim().is_empty() { &self.out } else { &self.err };
        text.trim().lines().next().unwrap_or("it says nothing")
    }
}
