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
        files, print,
        setup::changes,
    },
    config::file_values,
};

/// What a file of before is called besides.
const BEFORE: &str = ".before";
/// The file whose DATABASE_URL matters.
const SETTINGS: &str = "etc/meetbox/meetbox.env";

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
        let cannot = |err: io::Error| Failure::input(format!("cannot read {}", path.display())).because(&err);
        let (before, mode) = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => {
                (Some(fs::read(&path).map_err(cannot)?), Some(found.permissions().mode() & 0o7777))
            }
            Ok(_) => return Err(Failure::input(format!("{} is no plain file; it is left alone", path.display()))),
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
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).ok();
        let before = self.before.as_deref().map(text);
        match (before, text(&self.file.bytes)) {
            (Some(None), _) | (_, None) => format!("changed  {}\n    which is no text\n", self.path.display()),
            (before, Some(after)) => {
                changes::told(&self.path, before.flatten().as_deref(), &after, self.file.entry.mode)
            }
        }
    }

    /// Keeps what is there under another name, and then puts the file in its place.
    fn make(&self) -> Result<(), Failure> {
        let cannot = |err: io::Error| Failure::input(format!("cannot write {}", self.path.display())).because(&err);
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
