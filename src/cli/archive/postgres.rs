//! Postgres' own programs for dumps: those in the container of an installation, where the machine has none, or those on
//! the `PATH`.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{config_files::eprintln, progress::interrupted};
use crate::{
    cli::{Failure, programs},
    config::DatabaseSettings,
};

/// What is read of a program's complaints.
const COMPLAINTS: u64 = 64 * 1024;
/// So many lines of them are shown.
const SHOWN: usize = 8;
const CHUNK: usize = 128 * 1024;
/// How often it is looked whether a program that needs no more input has ended.
const LOOK: Duration = Duration::from_millis(20);
/// How long a program may take to say its version. What comes by way of a Docker that hangs never does.
const PATIENCE: Duration = Duration::from_secs(10);
/// Postgres' port inside of its container.
const INSIDE: u16 = 5432;

/// Where Postgres is, in parts.
pub struct Address {
    host: String,
    port: u16,
    user: String,
    database: String,
    password: Option<SecretString>,
    /// What else libpq has to know, by its variables.
    tls: Vec<(&'static str, String)>,
}

impl Address {
    /// The address in the settings.
    pub fn of(settings: &DatabaseSettings) -> Result<Self, Failure> {
        let text = settings.url.expose_secret();
        let unusable = || Failure::input("DATABASE_URL cannot be used: it is not a postgresql:// address");
        let options = PgConnectOptions::from_str(text).map_err(|_| unusable())?;
        let url = Url::parse(text).map_err(|_| unusable())?;
        let parameter = |names: &[&str]| {
            url.query_pairs().find(|(name, _)| names.contains(&name.as_ref())).map(|(_, value)| value.into_owned())
        };
        let in_front = url.password().map(|text| percent_encoding::percent_decode_str(text).decode_utf8_lossy());
        let password = parameter(&["password"]).or(in_front.map(|it| it.into_owned()));
        let mut tls = vec![("PGSSLMODE", ssl_mode(options.get_ssl_mode()).to_owned())];
        for (variable, names) in [
            ("PGSSLROOTCERT", &["sslrootcert", "ssl-root-cert", "ssl-ca"][..]),
            ("PGSSLCERT", &["sslcert", "ssl-cert"]),
            ("PGSSLKEY", &["sslkey", "ssl-key"]),
        ] {
            tls.extend(parameter(names).map(|value| (variable, value)));
        }
        let socket = options.get_socket().map(|path| path.display().to_string());
        Ok(Self {
            host: socket.unwrap_or_else(|| options.get_host().to_owned()),
            port: options.get_port(),
            user: options.get_username().to_owned(),
            database: options.get_database().unwrap_or(options.get_username()).to_owned(),
            password: password.map(SecretString::from),
            tls,
        })
    }

    /// The database of the settings.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether it is this machine's port that those compose files hand on into the container.
    fn leads_into_container(&self, compose: &str) -> bool {
        let is_here = ["127.0.0.1", "localhost"].contains(&self.host.as_str());
        is_here && compose.lines().any(|line| line.trim().ends_with(&format!("127.0.0.1:{}:{INSIDE}", self.port)))
    }
}

fn ssl_mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

/// Where a program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// In the container `postgres` of the compose files in that folder.
    Container(PathBuf),
    Machine,
}

/// A program that was found.
pub struct Tool {
    name: &'static str,
    place: Place,
    /// Its major version.
    pub version: u32,
}

impl Tool {
    /// `pg_dump` or `pg_restore` for that address: that of the container, when the address may be its and it runs; else
    /// this machine's. `folder` holds the installation's compose files.
    pub fn find(name: &'static str, address: &Address, folder: &Path) -> Result<Self, Failure> {
        let mut why_not = Vec::new();
        let mut places = Vec::new();
        // Where there is no such file, there is no such container.
        let compose = fs::read_to_string(folder.join("compose.yaml")).unwrap_or_default();
        if address.leads_into_container(&compose) {
            places.push(Place::Container(folder.to_owned()));
        }
        places.push(Place::Machine);
        for place in places {
            match version(name, &place) {
                Ok(version) => return Ok(Self { name, place, version }),
                Err(reason) => why_not.push(reason),
            }
        }
        let mut hint =
            format!("- Does Postgres run in a container of {}?  systemctl start meetbox-stack\n", folder.display());
        if why_not.len() > 1 {
            hint.push_str("- Does Docker give no answer?  systemctl restart docker\n");
        }
        hint.push_str("- Is it elsewhere?  install its programs: apt install postgresql-client");
        Err(Failure::input(format!("there is no {name} that could be run: {}", why_not.join("; "))).hint(hint))
    }

    /// Runs it, with what it writes going to `out`; answers how much that was.
    pub fn write_to(
        &self,
        address: &Address,
        arguments: &[String],
        out: &mut dyn Write,
        stop: &CancellationToken,
    ) -> Result<u64, Failure> {
        let mut child = self.start(address, arguments, Stdio::null(), Stdio::piped())?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let take = || {
            let copied = stdout.map_or(Ok(0), |stdout| copy(stdout, out, stop));
            // Nobody takes what it writes any more.
            if copied.is_err() {
                kill(&child);
            }
            copied
        };
        let (copied, said) = beside(&child, stderr, stop, take);
        let ended = self.wait(&mut child, stop)?;
        let copied = copied.map_err(CopyError::told)?;
        self.judge(ended, &said)?;
        Ok(copied)
    }

    /// Runs it with what `input` gives.
    pub fn read_from(
        &self,
        address: &Address,
        arguments: &[String],
        input: &mut dyn Read,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let mut child = self.start(address, arguments, Stdio::piped(), Stdio::null())?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let give = || {
            let copied = stdin.map_or(Ok(0), |mut stdin| copy(input, &mut stdin, stop));
            let is_whole = copied.as_ref().map_or_else(CopyError::is_closed_pipe, |_| true);
            // What is cut off is not made use of: without this, it would take it for the end.
            if !is_whole {
                kill(&child);
            }
            copied
        };
        let (copied, said) = beside(&child, stderr, stop, give);
        let ended = self.wait(&mut child, stop)?;
        match copied {
            // It has ended before; whether that is well is told by how.
            Err(err) if err.is_closed_pipe() => {}
            other => {
                other.map_err(CopyError::told)?;
            }
        }
        self.judge(ended, &said)
    }

    fn start(&self, address: &Address, arguments: &[String], stdin: Stdio, stdout: Stdio) -> Result<Child, Failure> {
        let mut command = command(self.name, &self.place);
        command.args(["--username".to_owned(), address.user.clone(), "--no-password".to_owned()]);
        match &self.place {
            // Inside, Postgres lets in whoever comes by its socket.
            Place::Container(_) => {}
            // In the environment, for arguments can be read by everybody on the machine.
            Place::Machine => {
                command.env("PGHOST", &address.host).env("PGPORT", address.port.to_string());
                command.envs(address.tls.iter().map(|(name, value)| (name, value)));
                if let Some(password) = &address.password {
                    command.env("PGPASSWORD", password.expose_secret());
                }
            }
        }
        command.args(arguments).stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        command.spawn().map_err(|err| Failure::ours(format!("cannot start {}", self.name)).because(&err))
    }

    /// Waits for its end, and ends it when that is asked for.
    fn wait(&self, child: &mut Child, stop: &CancellationToken) -> Result<ExitStatus, Failure> {
        let cannot = |err: io::Error| Failure::ours(format!("cannot wait for {}", self.name)).because(&err);
        loop {
            if stop.is_cancelled() {
                let _ = child.kill();
                let _ = child.wait();
                return Err(interrupted());
            }
            if let Some(status) = child.try_wait().map_err(cannot)? {
                return Ok(status);
            }
            thread::sleep(LOOK);
        }
    }

    fn judge(&self, status: ExitStatus, said: &str) -> Result<(), Failure> {
        if status.success() {
            // It may have warned all the same.
            if !said.is_empty() {
                eprintln(said.trim_end());
            }
            return Ok(());
        }
        let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
        let last = if last.is_empty() { status.to_string() } else { last };
        Err(Failure::ours(format!("{} failed: {last}", self.name)))
    }
}

/// Does the work, and beside it reads what the program complains of and ends the program when that is asked for: a pipe that
/// is waited for would not notice. The program is not waited for here, so that its number is still its own.
fn beside<T>(
    child: &Child,
    stderr: Option<ChildStderr>,
    stop: &CancellationToken,
    work: impl FnOnce() -> T,
) -> (T, String) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let complaints = scope.spawn(|| read_complaints(stderr));
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if stop.is_cancelled() {
                    kill(child);
                    return;
                }
                thread::sleep(LOOK);
            }
        });
        let worked = work();
        let said = complaints.join().unwrap_or_default();
        done.store(true, Ordering::Relaxed);
        (worked, said)
    })
}

/// Ends a program that nobody has waited for yet.
fn kill(child: &Child) {
    // One that has ended by itself needs no signal.
    let _ = rustix::process::kill_process(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL);
}

/// As libpq takes the name of a database, whatever stands in it.
pub fn dbname(name: &str) -> String {
    format!("--dbname=dbname='{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn command(name: &str, place: &Place) -> Command {
    match place {
        Place::Container(folder) => {
            let mut command = programs::command("docker");
            command.args(["compose", "exec", "-T", "postgres", name]).current_dir(folder);
            command
        }
        Place::Machine => Command::new(name),
    }
}

/// The major version, or why the program cannot be run.
fn version(name: &str, place: &Place) -> Result<u32, String> {
    let called = match place {
        Place::Container(_) => "docker compose exec postgres",
        Place::Machine => name,
    };
    let mut command = command(name, place);
    // In a group of its own, which is ended as a whole: docker leaves the work to another program.
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|err| match err.kind() {
        io::ErrorKind::NotFound => format!("`{called}` is not installed here"),
        _ => format!("`{called}` cannot be started: {err}"),
    })?;
    let begun = Instant::now();
    while child.try_wait().map_err(|err| format!("`{called}` cannot be waited for: {err}"))?.is_none() {
        if begun.elapsed() > PATIENCE {
            let group = rustix::process::Pid::from_child(&child);
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            let _ = child.wait();
            return Err(format!("`{called}` gave no answer within {} seconds", PATIENCE.as_secs()));
        }
        thread::sleep(LOOK);
    }
    let output = child.wait_with_output().map_err(|err| format!("`{called}` cannot be read: {err}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
        return Err(format!("`{called}` failed: {last}"));
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    major(&said).ok_or_else(|| format!("`{called}` tells no version: {}", said.trim()))
}

/// The major version in `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(said: &str) -> Option<u32> {
    let version = said.split_once("(PostgreSQL)")?.1.trim_start();
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Why bytes did not arrive.
enum CopyError {
    Read(io::Error),
    Write(io::Error),
    Stopped,
}

impl CopyError {
    fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Write(err) if err.kind() == io::ErrorKind::BrokenPipe)
    }

    fn told(self) -> Failure {
        match self {
            Self::Read(err) => Failure::input("cannot read everything").because(&err),
            Self::Write(err) => cannot_write(&err),
            Self::Stopped => interrupted(),
        }
    }
}

/// The archive cannot be written; that of a full disk is said with what to do.
pub fn cannot_write(err: &io::Error) -> Failure {
    let failure = Failure::ours("cannot write the archive").because(err);
    match err.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failure.hint("make room, or say another folder: --to FOLDER; what was begun is taken away")
        }
        _ => failure,
    }
}

fn copy(mut from: impl Read, to: &mut dyn Write, stop: &CancellationToken) -> Result<u64, CopyError> {
    let mut chunk = vec![0; CHUNK];
    let mut copied = 0;
    loop {
        if stop.is_cancelled() {
            return Err(CopyError::Stopped);
        }
        let read = match from.read(&mut chunk) {
            Ok(0) => return Ok(copied),
            Ok(read) => read,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            Err(err) => return Err(CopyError::Read(err)),
        };
        to.write_all(&chunk[..read]).map_err(CopyError::Write)?;
        copied += read as u64;
    }
}

fn read_complaints(from: Option<impl Read>) -> String {
    let mut said = Vec::new();
    if let Some(mut from) = from {
        // What was read until then is shown; the rest is let go, so that the program is not held up.
        let _ = from.by_ref().take(COMPLAINTS).read_to_end(&mut said);
        let _ = io::copy(&mut from, &mut io::sink());
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        let settings =
            DatabaseSettings { url: url.to_owned().into(), max_connections: 2, start_timeout: Duration::from_secs(1) };
        Address::of(&settings).unwrap()
    }

    #[test]
    fn an_address_is_taken_apart_as_the_server_takes_it() {
        let it =
            address("postgresql://meet%40box:p%40ss@db.example.org:6432/rooms?sslmode=verify-full&sslrootcert=/ca");
        assert_eq!((it.user.as_str(), it.database.as_str(), it.port), ("meet@box", "rooms", 6432));
        assert_eq!(it.password.unwrap().expose_secret(), "p@ss");
        assert_eq!(it.tls, [("PGSSLMODE", "verify-full".to_owned()), ("PGSSLROOTCERT", "/ca".to_owned())]);

        let socket = address("postgresql:///rooms?host=/run/postgresql&user=meetbox&password=hush");
        assert_eq!((socket.host.as_str(), socket.password.unwrap().expose_secret()), ("/run/postgresql", "hush"));
        let compose = include_str!("../../../assets/appliance/compose.yaml");
        assert!(address("postgresql://meetbox@127.0.0.1/meetbox").leads_into_container(compose));
        assert!(!address("postgresql://meetbox@127.0.0.1:5433/meetbox").leads_into_container(compose));
        assert!(!address("postgresql://meetbox@db.example.org/meetbox").leads_into_container(compose));
        assert!(!address("postgresql://meetbox@127.0.0.1/meetbox").leads_into_container(""));
    }

    #[test]
    fn versions_and_names_are_read_as_postgres_writes_them() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("pg_dump (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("pg_dump: command not found"), None);
        assert_eq!(dbname("it's"), r"--dbname=dbname='it\'s'");
    }
}
