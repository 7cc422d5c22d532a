//! A `meetbox dev` of a test: in a folder of its own, on free ports, and gone when the test is.

use std::{
    fs::{self, File, Permissions},
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags, open},
    process::{Pid, Signal, kill_process, kill_process_group},
    pty::{self, OpenptFlags},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::services::free_port;

/// How long everything may take to come up: generous, since the whole suite may share two cores.
const UP_TIMEOUT: Duration = Duration::from_secs(240);
/// How long everything may take to be gone; Postgres alone may take ten seconds before it is killed.
pub const GONE_TIMEOUT: Duration = Duration::from_secs(40);
/// What would point `meetbox dev` at services that are not its own.
const POINTERS: [&str; 8] = [
    "DATABASE_URL",
    "REDIS_URL",
    "LIVEKIT_URL",
    "LIVEKIT_API_KEY",
    "LIVEKIT_API_SECRET",
    "LIVEKIT_PUBLIC_URL",
    "PORT",
    "APP_ENV",
];

const SOURCES: &str = env!("CARGO_MANIFEST_DIR");

/// A folder to run in, and its ports.
pub struct Place {
    folder: TempDir,
    pub api: u16,
    pub livekit: u16,
    pub postgres: u16,
    pub redis: u16,
    /// `None`: without the web app.
    pub web: Option<u16>,
}

/// A `meetbox dev` that runs, or has run.
pub struct Dev {
    process: Child,
    log: PathBuf,
    /// Who takes down what appears on its terminal, where it has one.
    scribe: Option<Child>,
}

impl Place {
    /// A new one, without the web app.
    pub fn new() -> Self {
        Self::within(Path::new("/tmp"))
    }

    /// A new one with a copy of the web app, beside the sources: there the copy costs no space.
    pub fn with_web() -> Self {
        let mut place = Self::within(Path::new(env!("CARGO_TARGET_TMPDIR")));
        let copy = place.path().join("web");
        fs::create_dir(&copy).unwrap();
        for entry in fs::read_dir(format!("{SOURCES}/web")).unwrap().map(Result::unwrap) {
            let how = match entry.file_name().to_str() {
                // What Next keeps of its last run names the folder that it ran in.
                Some(".next") => continue,
                // Many, and never written to.
                Some("node_modules") => ["--archive", "--link"],
                _ => ["--archive", "--recursive"],
            };
            assert!(Command::new("cp").args(how).arg(entry.path()).arg(&copy).status().unwrap().success());
        }
        place.web = Some(free_port());
        place
    }

    fn within(parent: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("meetbox-dev-").tempdir_in(parent).unwrap();
        // Postgres may have to run as somebody else, who must pass through.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
        let (api, livekit, postgres, redis) = (free_port(), three_ports(), free_port(), free_port());
        Self { folder, api, livekit, postgres, redis, web: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command that runs there.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meetbox"));
        command.args(["dev", "--port", &self.api.to_string()]);
        match self.web {
            Some(port) => command.args(["--web-port", &port.to_string()]),
            None => command.arg("--no-web"),
        };
        command.args(["--livekit-port", &self.livekit.to_string()]);
        command.args(["--postgres-port", &self.postgres.to_string(), "--redis-port", &self.redis.to_string()]);
        command.current_dir(self.path()).stdin(Stdio::null());

        for name in POINTERS {
            command.env_remove(name);
        }
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:{SOURCES}/.meetbox/bin"));
        command
    }

    /// Runs it and waits until everything is there.
    pub fn up(&self) -> Dev {
        self.up_with(self.command())
    }

    /// The same for a command with more to it.
    pub fn up_with(&self, command: Command) -> Dev {
        let dev = Dev::start(command, self.path().join("terminal"));
        dev.wait_until_up();
        dev
    }

    /// The process that a service is, as `meetbox dev` has written it down.
    pub fn pid(&self, service: &str) -> Option<Pid> {
        let mark = fs::read_to_string(self.path().join(".meetbox/run").join(service)).ok()?;
        mark.split(' ').next()?.parse().ok().and_then(Pid::from_raw)
    }

    /// Everything that runs from, in or on this folder.
    pub fn processes(&self) -> Vec<String> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries.filter_map(|entry| self.described(&entry.path())).collect()
    }

    fn described(&self, process: &Path) -> Option<String> {
        process.file_name()?.to_str()?.parse::<u32>().ok()?;
        let command = String::from_utf8_lossy(&fs::read(process.join("cmdline")).ok()?).replace('\0', " ");
        let works_here = fs::read_link(process.join("cwd")).is_ok_and(|place| place.starts_with(self.path()));
        let names_it = command.contains(&self.path().display().to_string());

        (works_here || names_it).then(|| format!("{}: {command}", process.display()))
    }

    /// Waits until nothing of the kind is left.
    pub fn wait_until_nothing_runs(&self) {
        let deadline = Instant::now() + GONE_TIMEOUT;
        while !self.processes().is_empty() {
            assert!(Instant::now() < deadline, "left over:\n{}", self.processes().join("\n"));
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks the API.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, String)> {
        ask_on(self.api, &self.api_key(), (method, path), body)
    }

    /// The key that it made for programs; nothing before there is one.
    pub fn api_key(&self) -> String {
        fs::read_to_string(self.path().join(".meetbox/api-key")).unwrap_or_default().trim().to_owned()
    }

    /// Sends `body` and expects an answer of that status.
    pub fn post(&self, path: &str, body: &Value, expected: u16) -> Value {
        let (status, answer) = self.ask("POST", path, Some(body)).expect("the API answers");
        assert_eq!(status, expected, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    /// A connection to its Redis.
    pub fn redis(&self) -> redis::Connection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.redis)).unwrap();
        client.get_connection_with_timeout(Duration::from_secs(5)).unwrap()
    }
}

impl Dev {
    /// Starts the command; what it says goes into `log`.
    pub fn start(mut command: Command, log: PathBuf) -> Self {
        let output = File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output).process_group(0);
        Self { process: command.spawn().unwrap(), log, scribe: None }
    }

    /// The same at a terminal, as a developer has it.
    pub fn start_at_terminal(mut command: Command, log: PathBuf) -> Self {
        let ours = pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        pty::grantpt(&ours).unwrap();
        pty::unlockpt(&ours).unwrap();
        let name = pty::ptsname(&ours, Vec::new()).unwrap();
        let theirs = File::from(open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());

        let scribe = Command::new("cat").stdin(ours).stdout(File::create(&log).unwrap()).stderr(Stdio::null()).spawn();
        command.stdout(theirs.try_clone().unwrap()).stderr(theirs).process_group(0);
        Self { process: command.spawn().unwrap(), log, scribe: Some(scribe.unwrap()) }
    }

    /// Everything it has said.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has said `text`.
    pub fn wait_for(&self, text: &str, timeout: Duration) {
        self.wait_until(&format!("it says `{text}`"), timeout, || self.said().contains(text));
    }

    /// Waits until everything is there.
    pub fn wait_until_up(&self) {
        self.wait_for("Meetbox is up", UP_TIMEOUT);
    }

    /// Waits until something holds.
    pub fn wait_until(&self, what: &str, timeout: Duration, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + timeout;
        while !holds() {
            assert!(Instant::now() < deadline, "not within {timeout:?}: {what}; it said\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends a signal as a terminal does: to the whole group.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).unwrap();
    }

    /// Sends a signal to the process alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its process, and the group of its processes that a Ctrl-C reaches.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.process.id().cast_signed()).unwrap()
    }

    /// Waits until it has ended.
    pub fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + GONE_TIMEOUT;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it still runs, and said\n{}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses Ctrl-C and waits for the end.
    pub fn stop(mut self) {
        self.signal_group(Signal::INT);
        let status = self.end();
        assert!(status.success(), "{status}; it said\n{}", self.said());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Where Postgres' user could not pass through, its data stands elsewhere.
        if let Ok(elsewhere) = fs::read_link(self.path().join(".meetbox/postgres")) {
            let _ = fs::remove_dir_all(elsewhere);
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // Whatever it runs notices, and ends by itself.
        for process in [Some(&mut self.process), self.scribe.as_mut()].into_iter().flatten() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Asks whoever listens on `port`; `None` when nobody answers in full.
pub fn ask_on(port: u16, key: &str, (method, path): (&str, &str), body: Option<&Value>) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let key = if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{key}");
    let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{length}{body}").as_bytes()).ok()?;

    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

/// The first of three free ports in a row, which LiveKit takes.
fn three_ports() -> u16 {
    loop {
        let first = free_port();
        let free = |port: u16| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
                && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
        };
        if free(first + 1) && free(first + 2) {
            return first;
        }
    }
}
