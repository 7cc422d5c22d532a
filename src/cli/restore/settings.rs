//! The settings of an archive, put back where they stood; what was there is kept beside.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{Args, Waiting, confirm, source::Opened};
use crate::{
    cli::{
        Failure,
        archive::config_files::{ConfigFile, eprintln},
        files, harmless, print,
        setup::changes,
    },
    config::file_values,
};

/// What a file of before is called besides.
const BEFORE: &str = ".before";
/// The file whose DATABASE_URL matters.
const SETTINGS: &str = "etc/meetbox/meetbox.env";

/// Those of which it is shown what differs, since it is known which of their lines hold secrets. All others are the operator's
/// own, with keys and passwords in whatever form.
const SHOWN: [&str; 8] = [
    SETTINGS,
    "etc/meetbox/compose.yaml",
    "etc/meetbox/livekit.yaml",
    "etc/meetbox/egress.yaml",
    "etc/meetbox/Caddyfile",
    "etc/meetbox/health.sh",
    "etc/meetbox/setup.json",
    "etc/meetbox/.env",
];

/// A file that is not as it is in the archive.
struct Change<'a> {
    path: PathBuf,
    file: &'a ConfigFile,
    /// What it says now; nothing when it is not there.
    before: Option<Vec<u8>>,
}

/// Shows what differs, asks, and writes.
pub fn restore(opened: &Opened, args: &Args, waiting: Waiting<'_>) -> Result<(), Failure> {
    if opened.files.is_empty() {
        return Err(Failure::input(format!("{} holds no settings", opened.told())));
    }
    let changes = compare(&args.root, &opened.files)?;
    for change in &changes {
        eprintln(change.told().trim_end());
    }
    let same = opened.files.len() - changes.len();
    if changes.is_empty() {
        return print(&format!("0 files written, {same} are as they should be\n"));
    }
    eprintln(&format!("{} puts back {} files.", opened.told(), changes.len()));
    confirm(args, waiting)?;
    for change in &changes {
        change.make()?;
    }
    print(&format!("{} files written, {same} are as they should be\n", changes.len()))?;
    tell_what_follows(&changes);
    Ok(())
}

fn compare<'a>(root: &Path, files: &'a [ConfigFile]) -> Result<Vec<Change<'a>>, Failure> {
    let mut changes = Vec::new();
    for file in files {
        let path = root.join(&file.entry.path);
        let cannot = |err: io::Error| Failure::input(format!("cannot read {}", shown(&path))).because(&err);
        let (before, mode) = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => {
                (Some(fs::read(&path).map_err(cannot)?), Some(found.permissions().mode() & 0o7777))
            }
            Ok(_) => return Err(Failure::input(format!("{} is no plain file; it is left alone", shown(&path)))),
            Err(err) if err.kind() == io::ErrorKind::NotFound => (None, None),
            Err(err) => return Err(cannot(err)),
        };
        if before.as_deref() != Some(&file.bytes[..]) || mode != Some(file.entry.mode) {
            changes.push(Change { path, file, before });
        }
    }
    Ok(changes)
}

impl Change<'_> {
    fn told(&self) -> String {
        let entry = &self.file.entry;
        let Some(before) = &self.before else {
            return changes::told(&self.path, None, "", entry.mode);
        };
        let is_shown = SHOWN.contains(&entry.path.as_str());
        match (str::from_utf8(before), str::from_utf8(&self.file.bytes)) {
            (Ok(before), Ok(after)) if is_shown => changes::told(&self.path, Some(before), after, entry.mode),
            _ if *before == self.file.bytes => changes::told(&self.path, Some(""), "", entry.mode),
            _ => {
                let why = if is_shown { "which is no text" } else { "which may hold secrets, and is not shown" };
                format!("changed  {}\n    {why}\n", shown(&self.path))
            }
        }
    }

    /// Keeps what is there under another name, and then puts the file in its place.
    fn make(&self) -> Result<(), Failure> {
        let cannot = |err: io::Error| Failure::input(format!("cannot write {}", shown(&self.path))).because(&err);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(cannot)?;
        }
        if let Some(before) = &self.before {
            let mode = fs::metadata(&self.path).map_err(cannot)?.permissions().mode() & 0o7777;
            files::write(&free_name(&self.path), before, mode).map_err(cannot)?;
        }
        files::write(&self.path, &self.file.bytes, self.file.entry.mode).map_err(cannot)
    }
}

/// A path, which comes out of the archive.
fn shown(path: &Path) -> String {
    harmless(&path.display().to_string())
}

/// A name for what was there, under which nothing is kept yet.
fn free_name(path: &Path) -> PathBuf {
    let named = |number: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(BEFORE);
        if number > 1 {
            name.push(format!(".{number}"));
        }
        PathBuf::from(name)
    };
    let mut number = 1;
    while named(number).exists() {
        number += 1;
    }
    named(number)
}

fn tell_what_follows(changes: &[Change<'_>]) {
    eprintln(
        "What was there stands beside, as *.before. `meetbox setup` looks at the settings, and makes the files anew that depend \
         on this machine.",
    );
    let Some(change) = changes.iter().find(|change| change.path.ends_with(SETTINGS)) else { return };
    let url = |bytes: &[u8]| file_values(&String::from_utf8_lossy(bytes)).get("DATABASE_URL").cloned();
    let before = change.before.as_deref().and_then(url);
    if before.is_some() && before != url(&change.file.bytes) {
        eprintln(
            "DATABASE_URL is another than before. A database that was already made here has the other password: keep that line \
             of meetbox.env.before, or give the role the password that stands there now.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::archive::manifest::FileEntry;

    fn told(path: &str, before: &str, after: &str) -> String {
        let entry = FileEntry { path: path.to_owned(), mode: 0o600, size: 0, sha256: String::new() };
        let file = ConfigFile { entry, bytes: after.into() };
        Change { path: Path::new("/").join(path), file: &file, before: Some(before.into()) }.told()
    }

    #[test]
    fn what_stands_in_the_operators_own_files_is_not_shown() {
        let shown = told("etc/meetbox/caddy.d/mine", "basic_auth { ada hush }", "basic_auth { ada quiet }");
        assert_eq!(shown, "changed  /etc/meetbox/caddy.d/mine\n    which may hold secrets, and is not shown\n");
        let shown = told("etc/meetbox/caddy.d/mine", "basic_auth { ada hush }", "basic_auth { ada hush }");
        assert_eq!(shown, "changed  /etc/meetbox/caddy.d/mine\n    its permissions, to 600\n");
    }

    #[test]
    fn nothing_in_an_archive_steers_the_terminal_on_which_it_is_shown() {
        let shown = told(SETTINGS, "LOG=a\n", "LOG=b\u{1b}[1A\u{1b}[2K\rLOG=a\u{202e}\n");
        assert!(shown.contains("+LOG=b\\u{1b}[1A\\u{1b}[2K\\r+LOG=a\\u{202e}"), "{shown:?}");
        let shown = told("etc/meetbox/a\n\u{1b}[2Jb", "", "x");
        assert!(shown.starts_with("changed  /etc/meetbox/a\\n\\u{1b}[2Jb\n"), "{shown:?}");
    }
}
