//! What setup changes on the disk: said, with what differs, before it is done.

use std::{
    fmt::Write as _,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use similar::TextDiff;

use crate::{
    assets::appliance::ConfigFile,
    cli::{Failure, files, harmless},
};

/// What stands in place of a secret.
const HIDDEN: &str = "<hidden>";
/// So long is no word that people choose, and every secret that we make.
const LONG: usize = 20;

/// A file that is not as it should be.
pub struct Change {
    path: PathBuf,
    file: ConfigFile,
    /// What it says now; nothing when it is not there.
    before: Option<String>,
}

/// Compares the files under `root` with what they should be.
pub fn between(root: &Path, files: Vec<ConfigFile>) -> Result<Vec<Change>, Failure> {
    let mut changes = Vec::new();
    for file in files {
        let path = root.join(file.path);
        let before = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(err) if err.kind() == io::ErrorKind::NotFound => None,
            Err(err) => return Err(Failure::input(format!("cannot read {}", path.display())).because(&err)),
        };
        let mode = fs::metadata(&path).map(|found| found.permissions().mode() & 0o7777).ok();
        if before.as_deref() != Some(&file.text) || mode != Some(file.mode) {
            changes.push(Change { path, file, before });
        }
    }
    Ok(changes)
}

impl Change {
    /// Whether it is of this file, from the root of the file system.
    pub fn is_of(&self, path: &str) -> bool {
        self.file.path == path
    }

    /// A line, and below it what differs, without secrets.
    pub fn told(&self) -> String {
        told(&self.path, self.before.as_deref(), &self.file.text, self.file.mode)
    }

    /// Does it.
    pub fn make(&self) -> Result<(), Failure> {
        let folder = self.path.parent().map_or(Ok(()), fs::create_dir_all);
        folder
            .and_then(|()| files::write(&self.path, &self.file.text, self.file.mode))
            .map_err(|err| Failure::input(format!("cannot write {}", self.path.display())).because(&err))
    }
}

/// A line about a file, and below it what differs from `before`, without secrets; nothing before when it is new.
pub fn told(path: &Path, before: Option<&str>, after: &str, mode: u32) -> String {
    let shown = harmless(&path.display().to_string());
    let Some(before) = before else {
        return format!("new      {shown}\n");
    };
    let mut text = format!("changed  {shown}\n");
    if before == after {
        let _ = writeln!(text, "    its permissions, to {mode:o}");
    }
    let (before, after) = (without_secrets(before), without_secrets(after));
    let diff = TextDiff::from_lines(&before, &after);
    for line in diff.unified_diff().context_radius(1).to_string().lines() {
        let _ = writeln!(text, "    {}", harmless(line));
    }
    text
}

/// The same text with everything hidden that may be a secret, in the files that setup makes and the settings: rather too much
/// than too little. What a secret looks like in any other file is not known here.
fn without_secrets(text: &str) -> String {
    text.split_inclusive('\n').map(line_without_secrets).collect()
}

fn line_without_secrets(line: &str) -> String {
    let end = if line.ends_with('\n') { "\n" } else { "" };
    let body = line.trim_end_matches('\n');
    if let Some((key, value)) = body.split_once([':', '=']) {
        let key_tells = ["secret", "password", "passphrase", "access_key", "key:"]
            .iter()
            .any(|word| key.to_lowercase().contains(word));
        // A quoted key is a name of LiveKit's `keys`.
        let is_named_key = key.trim_start().starts_with('"');
        if (key_tells || is_named_key) && !value.trim().is_empty() && !body.trim_start().starts_with('#') {
            let between = &body[key.len()..=key.len()];
            return format!("{key}{between} {HIDDEN}{end}");
        }
    }
    let body = without_password(body);
    let is_inside = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let mut shown = String::new();
    let mut rest = body.as_str();
    while let Some(start) = rest.find(is_inside) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|char| !is_inside(char)).unwrap_or(from.len()));
        shown.push_str(before);
        let has_digit = word.chars().any(|char| char.is_ascii_digit());
        shown.push_str(if word.len() >= LONG && has_digit { HIDDEN } else { word });
        rest = after;
    }
    shown + rest + end
}

/// The same with the password of an address hidden, however short it is.
fn without_password(line: &str) -> String {
    let parts = line.split_once("://").and_then(|(scheme, rest)| {
        let (before, host) = rest.rsplit_once('@')?;
        let (user, _) = before.split_once(':')?;
        Some(format!("{scheme}://{user}:{HIDDEN}@{host}"))
    });
    parts.unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn a_password_in_an_address_is_hidden_however_short() {
        let shown = without_secrets(
            "DATABASE_URL=postgresql://meetbox:hush@db.example.org/meetbox\nPUBLIC_URL=https://a.org:8443/x\n",
        );
        assert_eq!(
            shown,
            "DATABASE_URL=postgresql://meetbox:<hidden>@db.example.org/meetbox\nPUBLIC_URL=https://a.org:8443/x\n"
        );
    }

    #[test]
    fn what_differs_is_shown_without_secrets() {
        let shown = without_secrets(
            "port: 7880\nkeys:\n  \"meetbox\": \"hunter2!\"\n  password: \"p\"\napi_secret: x\nurl: redis://:abcdefghij0123456789abc@h\n",
        );
        assert_eq!(
            shown,
            "port: 7880\nkeys:\n  \"meetbox\": <hidden>\n  password: <hidden>\napi_secret: <hidden>\nurl: redis://:<hidden>@h\n"
        );
    }
}
