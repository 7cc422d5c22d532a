//! Our own API: built, run, and built and run again whenever its sources change.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Deserialize;
use tokio::sync::{Notify, watch};

use super::{
    folder::Folder,
    keep::StopSignal,
    kept::Program,
    once::run_to_end,
    ports::Port,
    probe::Probe,
    service::{FirstStart, Health, Service, Voice},
    terminal::Terminal,
    watch::Sources,
};

pub const NAME: &str = "api";
const BINARY: &str = "meetbox";
/// Errors come as text on stderr; stdout says where the binary is.
const BUILD: &str = "cargo build --bin meetbox --message-format json-render-diagnostics";

/// Tells how to run it.
pub fn service(folder: &Folder, root: &Path, port: u16, variables: Vec<(&'static str, Option<String>)>) -> Service {
    let ask = |path| Probe::HttpOk { host: "127.0.0.1".to_owned(), port, path };
    Service {
        name: NAME,
        program: Program {
            command: vec![folder.program(BINARY).into(), "serve".into()],
            directory: root.to_owned(),
            variables,
            user: None,
            stop: StopSignal::Term,
            grace: Duration::from_secs(8),
            mark: folder.mark(NAME),
        },
        ports: vec![Port::tcp(port)],
        place: format!("http://127.0.0.1:{port}"),
        ready: vec![ask("/readyz")],
        // Not /readyz: that its database is away is nothing that a new start would mend.
        well: Health {
            probe: ask("/livez"),
            every: Duration::from_secs(3),
            patience: Duration::from_secs(3),
            strikes: 4,
        },
        start_timeout: Duration::from_secs(90),
        voice: Voice::LogAndTerminal { without: ["GET /readyz 200", "GET /livez 200"] },
        first_start: FirstStart::MayFail,
    }
}

/// Puts our own binary where the API is run from: there are no sources here to build it from.
pub fn install_ourselves(folder: &Folder) -> io::Result<()> {
    install(Path::new("/proc/self/exe"), folder)
}

/// Builds the API, now and whenever its sources change.
pub struct Builder {
    pub folder: Arc<Folder>,
    pub terminal: Terminal,
    pub root: PathBuf,
    /// A shell command in place of cargo's; what it says must have cargo's form.
    pub command: Option<String>,
    /// `None`: the sources are not watched.
    pub sources: Option<Sources>,
    /// Told when there is a binary.
    pub built: watch::Sender<bool>,
    /// Notified when there is another one.
    pub renew: Arc<Notify>,
}

/// A line of cargo's stdout, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
}

/// What tells one build's binary from another's.
type Stamp = (u64, SystemTime);

impl Builder {
    /// Builds until it is dropped.
    pub async fn run(mut self) {
        let mut last = None;
        self.terminal.wait_for(NAME, "building");
        loop {
            match self.build().await {
                Ok(stamp) if last == Some(stamp) => self.terminal.say("     api   nothing new in it"),
                Ok(stamp) if last.replace(stamp).is_none() => drop(self.built.send_replace(true)),
                Ok(_) => {
                    self.terminal.say("     api   built; starting it anew");
                    self.renew.notify_one();
                }
                Err(reason) => self.terminal.failed(NAME, &with_consequence(&reason, last.is_some())),
            }

            let Some(sources) = &mut self.sources else { return };
            sources.changed().await;
            self.terminal.say("     api   its sources have changed; building");
        }
    }

    async fn build(&self) -> Result<Stamp, String> {
        let log = self.folder.open_log("build").map_err(|err| format!("its build has no log: {err}"))?;
        let program = self.program();
        let ended = run_to_end(&program, log, |line| {
            if let Some(step) = progress(line) {
                self.terminal.doing(NAME, &format!("building: {step}"));
            }
        });
        let ended = ended.await.map_err(|err| format!("cannot be built: {err}"))?;

        if !ended.status.success() {
            for line in ended.lines.iter().filter(|line| !line.starts_with('{') && progress(line).is_none()) {
                self.terminal.relay("build", line);
            }
            return Err("does not build".to_owned());
        }
        let messages = ended.lines.iter().filter_map(|line| serde_json::from_str(line).ok());
        let binary = messages.filter_map(|message: Message| message.executable).next_back();
        let binary = binary.ok_or("was built, but the build does not say where")?;

        let stamp = |binary: &Path| fs::metadata(binary).and_then(|found| Ok((found.len(), found.modified()?)));
        let stamp = stamp(&binary).and_then(|stamp| install(&binary, &self.folder).map(|()| stamp));
        stamp.map_err(|err| format!("cannot be put into .meetbox/bin: {err}"))
    }

    fn program(&self) -> Program {
        let command = self.command.as_deref().unwrap_or(BUILD);
        let colour = if self.terminal.is_live() { "always" } else { "never" };
        let set = |value: &str| Some(value.to_owned());

        Program {
            command: ["sh", "-c", command].map(OsString::from).to_vec(),
            directory: self.root.clone(),
            variables: vec![
                ("CARGO_TERM_COLOR", set(colour)),
                // Queries are checked against .sqlx: the database may not have this build's migrations yet.
                ("SQLX_OFFLINE", set("true")),
            ],
            user: None,
            stop: StopSignal::Term,
            grace: Duration::from_secs(3),
            mark: self.folder.mark("build"),
        }
    }
}

/// What cargo is about to do, when the line says that and nothing else.
fn progress(line: &str) -> Option<&str> {
    // Its colours, when it has any, stand around the verb.
    let plain = line.trim_start_matches(|char: char| {
        char == ' ' || char == '\x1b' || char == '[' || char == 'm' || char == ';' || char.is_ascii_digit()
    });
    let verbs = ["Compiling", "Finished", "Updating", "Downloading", "Downloaded", "Blocking", "Locking", "Building"];
    verbs.iter().any(|verb| plain.starts_with(verb)).then_some(line.trim())
}

fn with_consequence(reason: &str, one_serves: bool) -> String {
    match one_serves {
        true => format!("{reason}; the one before goes on serving"),
        false => format!("{reason}; waiting for its sources to change"),
    }
}

/// Puts a copy of `binary` in the place of the last one, which goes on running as it was.
fn install(binary: &Path, folder: &Folder) -> io::Result<()> {
    let draft = folder.program("meetbox.new");
    fs::copy(binary, &draft)?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755))?;
    fs::rename(draft, folder.program(BINARY))
}
