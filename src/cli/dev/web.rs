//! The web app with hot reload.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    environment::{Environment, Ports},
    folder::Folder,
    keep::StopSignal,
    kept::Program,
    once::run_to_end,
    ports::Port,
    probe::Probe,
    service::{FirstStart, Health, Service, Voice},
    terminal::Terminal,
};
use crate::cli::Failure;

pub const NAME: &str = "web";

/// Tells how to run it, against our API.
pub fn service(folder: &Folder, root: &Path, ports: &Ports, environment: &Environment) -> Result<Service, Failure> {
    if environment.find_program("npm").is_none() {
        return Err(Failure::input("there is no npm on the PATH")
            .hint("install Node.js 20.19 or later with npm, or leave the web app out with --no-web"));
    }
    let port = ports.web;
    let command = ["npm", "run", "dev", "--", "--port", &port.to_string()].map(OsString::from);
    let ask = |path| Probe::HttpAnswers { port, path };

    Ok(Service {
        name: NAME,
        program: Program {
            variables: variables(ports.api),
            mark: folder.mark(NAME),
            ..program(root, command.to_vec())
        },
        ports: vec![Port::tcp(port)],
        place: format!("http://localhost:{port}"),
        // The first page is compiled when somebody asks for it; this asks, so that the developer need not wait.
        ready: vec![ask("/")],
        // A file, because a page is rendered each time.
        well: Health {
            probe: ask("/app/icon.svg"),
            every: Duration::from_secs(5),
            patience: Duration::from_secs(30),
            strikes: 3,
        },
        start_timeout: Duration::from_secs(180),
        voice: Voice::Log,
        first_start: FirstStart::MayFail,
    })
}

/// Installs the app's packages when there are none, or when they are older than the list of them.
pub async fn install(folder: &Folder, root: &Path, terminal: &Terminal) -> Result<(), String> {
    if is_installed(root) {
        return Ok(());
    }
    terminal.wait_for(NAME, "installing its packages");
    let log = folder.open_log("npm").map_err(|err| format!("npm has no log: {err}"))?;
    let command = ["npm", "ci", "--no-audit", "--no-fund"].map(OsString::from);
    let npm = Program { mark: folder.mark("npm"), ..program(root, command.to_vec()) };

    match run_to_end(&npm, log, |_| {}).await {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(_) => Err(format!("`npm ci` failed; its log is {}", folder.log("npm").display())),
        Err(err) => Err(format!("cannot run npm: {err}")),
    }
}

/// Puts Swagger UI where the API serves it from, unless an export of the whole app has brought it.
///
/// The API stands without it: this fails quietly, and the page itself says what is missing.
pub async fn add_docs(folder: &Folder, root: &Path) {
    if root.join("web/out/docs/index.html").exists() {
        return;
    }
    let command = ["node", "scripts/finish-export.mjs", "--docs"].map(OsString::from);
    let node = Program { mark: folder.mark("docs"), ..program(root, command.to_vec()) };
    if let Ok(log) = folder.open_log("docs") {
        let _ = run_to_end(&node, log, |_| {}).await;
    }
}

fn program(root: &Path, command: Vec<OsString>) -> Program {
    Program {
        command,
        directory: root.join("web"),
        variables: Vec::new(),
        user: None,
        stop: StopSignal::Term,
        grace: Duration::from_secs(5),
        mark: PathBuf::new(),
    }
}

fn variables(api_port: u16) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("MEETBOX_API_URL", Some(format!("http://127.0.0.1:{api_port}"))),
        ("HOST", Some("127.0.0.1".to_owned())),
        ("NEXT_TELEMETRY_DISABLED", Some("1".to_owned())),
        // PORT is the API's, and Next would take it for its own.
        ("PORT", None),
    ]
}

/// npm leaves a list of what it has installed.
fn is_installed(root: &Path) -> bool {
    let changed = |path: &str| -> io::Result<_> { fs::metadata(root.join("web").join(path))?.modified() };
    match (changed("node_modules/.package-lock.json"), changed("package-lock.json")) {
        (Ok(installed), Ok(wanted)) => installed >= wanted,
        _ => false,
    }
}
