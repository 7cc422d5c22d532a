//! Processes that end when the test process ends, however it ends.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Gid, Pid, Signal, Uid, getuid, kill_process};
use tempfile::TempDir;

/// How long a service may take to listen; generous, because the whole suite may be starting at once on few cores.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Starts the program, tells its process id, and ends it when standard input ends: that is when the test process
/// drops the pipe, is killed, or crashes. (A death signal from the parent would be bound to a thread, which may end early.)
const WATCHDOG: &str = r#"
signal=$1; folder=$2; shift 2
"$@" </dev/null >&2 &
echo $!
read -r _
kill -"$signal" $! 2>/dev/null
wait $!
code=$?
[ -n "$folder" ] && rm -rf "$folder"
exit $code
"#;

/// Somebody other than root, for a program that refuses to run as root.
#[derive(Clone, Copy)]
pub struct Unprivileged {
    pub uid: u32,
    pub gid: u32,
}

impl Unprivileged {
    /// `postgres`, else `nobody`; `None` when the tests do not run as root.
    pub fn when_root() -> Option<Self> {
        if !getuid().is_root() {
            return None;
        }
        let accounts = std::fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
        let find = |name: &str| accounts.lines().find_map(|line| Self::from_passwd_line(line, name));
        Some(find("postgres").or_else(|| find("nobody")).expect("an account `postgres` or `nobody`"))
    }

    fn from_passwd_line(line: &str, name: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        if fields.first() != Some(&name) {
            return None;
        }
        Some(Self { uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
    }

    /// Makes `command` run as this somebody.
    pub fn apply(self, command: &mut Command) {
        command.uid(Uid::from_raw(self.uid).as_raw()).gid(Gid::from_raw(self.gid).as_raw());
    }
}

/// What is to be run.
pub struct Program<'a> {
    pub binary: &'a Path,
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
    pub run_as: Option<Unprivileged>,
    /// How it is asked to end when the test process is gone.
    pub end_signal: &'static str,
}

/// A running program, its folder, and the pipe that keeps both alive.
pub struct Guarded {
    watchdog: Child,
    /// While this is open, the program may run.
    pipe: Option<ChildStdin>,
    pid: Pid,
    log: PathBuf,
}

impl Guarded {
    /// Starts `program`; what it prints goes to a file in `folder`, which disappears with it when `owned`.
    pub fn start(program: &Program<'_>, folder: &Path, owned: bool) -> Self {
        let log = folder.join("output.log");
        let output = File::options().create(true).append(true).open(&log).expect("the folder can be written to");

        let mut command = Command::new("sh");
        command
            .args(["-c", WATCHDOG, "watchdog", program.end_signal])
            .arg(if owned { folder } else { Path::new("") })
            .arg(program.binary)
            .args(&program.arguments)
            .current_dir(folder)
            // Settings of whoever runs the tests are none of the services'.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(output.try_clone().expect("a file can be shared"))
            // Ctrl-C reaches the tests only; the watchdog then sees them go.
            .process_group(0);
        if let Some(somebody) = program.run_as {
            somebody.apply(&mut command);
        }

        let mut watchdog = command.spawn().expect("`sh` can be started");
        let pipe = watchdog.stdin.take();
        let mut first_line = String::new();
        BufReader::new(watchdog.stdout.take().expect("stdout is a pipe")).read_line(&mut first_line).expect("a line");
        let pid = first_line.trim().parse().ok().and_then(Pid::from_raw).expect("the watchdog tells the process id");
        Self { watchdog, pipe, pid, log }
    }

    /// Waits until somebody listens on `port`, and fails with what the program printed when nobody does.
    pub fn wait_for_port(&self, port: u16) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let deadline = Instant::now() + START_TIMEOUT;
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            if Instant::now() > deadline || !self.is_running() {
                panic!("nothing listens on port {port}; the program printed:\n{}", self.printed());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends `signal` to the program itself.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself a moment ago, which is what was wanted.
        let _ = kill_process(self.pid, signal);
    }

    /// Whether the program still runs: its watchdog has not reaped it, so an ended one is a zombie.
    pub fn is_running(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", self.pid.as_raw_pid()))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
    }

    /// Waits until the program has ended by itself; answers its exit code.
    pub fn wait_for_end(&mut self, timeout: Duration) -> i32 {
        let deadline = Instant::now() + timeout;
        while self.is_running() {
            assert!(Instant::now() < deadline, "the program still runs after {timeout:?}:\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.end()
    }

    /// Everything that the program printed.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends the program at once, as a power cut would, and waits until its ports are free again.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end();
    }

    /// Lets the watchdog end the program, and waits for both; the watchdog exits with the program's code.
    fn end(&mut self) -> i32 {
        drop(self.pipe.take());
        self.watchdog.wait().ok().and_then(|status| status.code()).unwrap_or(-1)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.end();
    }
}

/// A new folder, given to `owner`, in a place that everybody may pass through.
pub fn folder_for(owner: Option<Unprivileged>) -> TempDir {
    let everybody = if owner.is_some() { PathBuf::from("/tmp") } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("meetbox-test-").tempdir_in(everybody).expect("a temporary folder");
    if let Some(Unprivileged { uid, gid }) = owner {
        std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid)).expect("root may give a folder away");
    }
    folder
}

/// Finds `name` on the `PATH`, then in `elsewhere`.
pub fn find_program(name: &str, elsewhere: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(elsewhere.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|it| it.is_file())
}
