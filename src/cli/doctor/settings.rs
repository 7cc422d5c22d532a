//! The settings, and the files that hold their secrets.

use std::os::unix::fs::MetadataExt as _;

use rustix::process::getuid;

use super::{Machine, Visit, report::Finding, system};
use crate::{
    assets::appliance::FOLDER,
    config::{Settings, SettingsError, Source},
};

/// Where an installation's settings stand.
const FILE: &str = "/etc/meetbox/meetbox.env";

/// Files with secrets in them, and who else than root may read them at most.
const SECRET_FILES: [(&str, u32); 4] = [
    (FILE, 0o600),
    ("/etc/meetbox/livekit.yaml", 0o600),
    ("/etc/meetbox/egress.yaml", 0o640),
    ("/etc/meetbox/.env", 0o600),
];

/// The settings as a start would find them, and what is to be said about them.
pub fn load(machine: &Machine) -> (Result<Settings, SettingsError>, Vec<String>) {
    let source = if machine.is_this_one() {
        Source::from_process()
    } else {
        Source::installation(machine.read(FILE).unwrap_or_default())
    };
    match Settings::load(&source) {
        Ok(loaded) => (Ok(loaded.settings), loaded.warnings.iter().map(ToString::to_string).collect()),
        Err(err) => (Err(err), Vec::new()),
    }
}

/// Whether a start could work with them.
pub async fn values(visit: &Visit) -> Result<Finding, Finding> {
    let restart = "then meetbox setup";
    match &visit.settings {
        Err(err) => {
            let problems = err.problems.iter().map(|problem| format!("{} {}", problem.variable, problem.problem));
            let fix = if visit.machine.is_this_one() && !getuid().is_root() && visit.machine.path(FILE).exists() {
                "only root may read the settings: sudo meetbox doctor".to_owned()
            } else if visit.machine.path(FILE).exists() {
                format!("change {FILE}; meetbox check says for each what is right; {restart}")
            } else {
                "meetbox setup makes them; there is no /etc/meetbox/meetbox.env yet".to_owned()
            };
            Ok(Finding::failed(problems.collect::<Vec<_>>().join("; "), fix))
        }
        Ok(_) if !visit.warnings.is_empty() => {
            Ok(Finding::warning(visit.warnings.join("; "), format!("change {FILE}; {restart}")))
        }
        Ok(settings) => Ok(Finding::ok(format!("right for {}", settings.environment))),
    }
}

/// Whether nobody else may read the files with secrets in them.
pub async fn files(visit: &Visit) -> Result<Finding, Finding> {
    if !visit.machine.path(FOLDER).exists() {
        return Ok(Finding::failed(format!("there is no {FOLDER}: nothing is installed here"), "meetbox setup"));
    }
    let root = system::account(&visit.machine, "/etc/passwd", "root").unwrap_or(0);
    let parts: Vec<_> = SECRET_FILES.iter().map(|(path, most)| file(&visit.machine, path, *most, root)).collect();
    Ok(Finding::of(parts, "none but root reads the secrets"))
}

fn file(machine: &Machine, path: &str, most: u32, root: u32) -> Finding {
    let found = match std::fs::symlink_metadata(machine.path(path)) {
        Ok(found) => found,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            return Finding::failed(format!("there is no {path}"), "meetbox setup");
        }
        Err(err) => return Finding::unknown(format!("{path}: {err}")),
    };
    let mode = found.mode() & 0o7777;
    let fix = format!("chown root:root {path} && chmod {most:o} {path}");
    if !found.is_file() {
        return Finding::failed(format!("{path} is no plain file"), "meetbox setup writes it anew");
    }
    if mode & !most != 0 {
        return Finding::failed(format!("{path} has secrets in it, and its permissions are {mode:o}"), fix);
    }
    if found.uid() != root {
        return Finding::failed(format!("{path} belongs to user {} in place of root", found.uid()), fix);
    }
    Finding::ok("")
}
