//! Processes of this machine: which one is meant, who it is, and how to end it.

use std::{fmt, fs, io, path::Path, str::FromStr, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How often a process that was asked to end is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A process that leads a group, told apart from a later one with the same id by the moment it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pid: Pid,
    /// In clock ticks since the machine started, as `/proc` has it.
    started: u64,
}

impl Mark {
    /// The mark of a process that runs now.
    pub fn of(pid: Pid) -> io::Result<Self> {
        Ok(Self { pid, started: start_time(pid)? })
    }

    /// The mark written down at `path`, when there is one and its process still runs.
    pub fn of_the_living(path: &Path) -> Option<Self> {
        let mark: Self = fs::read_to_string(path).ok()?.parse().ok()?;
        (start_time(mark.pid).ok()? == mark.started).then_some(mark)
    }

    /// Ends the process and its group: asks with `signal`, and kills after `grace`.
    pub async fn end(self, signal: Signal, grace: Duration) {
        kill_group(self.pid, signal);
        kill_group(self.pid, Signal::CONT);

        let gone = async {
            while test_kill_process_group(self.pid).is_ok() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        if tokio::time::timeout(grace, gone).await.is_err() {
            kill_group(self.pid, Signal::KILL);
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid.as_raw_nonzero(), self.started)
    }
}

impl FromStr for Mark {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (pid, started) = text.trim().split_once(' ').ok_or(())?;
        let pid = pid.parse().ok().and_then(Pid::from_raw).ok_or(())?;

        Ok(Self { pid, started: started.parse().map_err(drop)? })
    }
}

/// Signals everybody in a group. That nobody is left in it is fine: it is what the signal is for.
pub fn kill_group(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

/// The command line of a process, as far as we may see it.
pub fn command_line(pid: u32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned();

    // A kernel thread has none, and a process that is already dead has lost its own.
    if line.is_empty() {
        fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned())
    } else {
        Some(line)
    }
}

fn start_time(pid: Pid) -> io::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))?;

    // The name stands in brackets and may hold anything, brackets too; the 22nd field is the 20th after it.
    let field = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19));
    field.and_then(|ticks| ticks.parse().ok()).ok_or_else(|| io::Error::other("/proc has a form that is unknown here"))
}

#[cfg(test)]
mod tests {
    use rustix::process::getpid;

    use super::Mark;

    #[test]
    fn a_mark_finds_its_process_and_no_later_one_with_the_same_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark");
        let mark = Mark::of(getpid()).unwrap();

        std::fs::write(&path, mark.to_string()).unwrap();
        assert_eq!(Mark::of_the_living(&path), Some(mark));

        let later = Mark { started: mark.started + 1, ..mark };
        std::fs::write(&path, later.to_string()).unwrap();
        assert_eq!(Mark::of_the_living(&path), None);
    }
}
