//! The files of an installation's settings, on their way into an archive and out of it.

use std::{
    fs,
    io::{self, Read, Write},
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

use super::{
    layout::{hex, sum},
    manifest::{Contents, FileEntry},
};
use crate::cli::{Failure, harmless};

/// The folder of settings, from the root of the file system.
const FOLDER: &str = "etc/meetbox";
/// How what the archive should hold is called inside; it stands first.
const CONTENTS: &str = "contents.json";
/// No installation's settings come near this; something else was put into the folder.
const MOST_BYTES: u64 = 64 << 20;

/// A file, as a whole.
pub struct ConfigFile {
    pub entry: FileEntry,
    pub bytes: Vec<u8>,
}

/// Reads every file of the settings below `root`, in the order of their paths; none when there is no such folder. What is
/// neither file nor folder is left out, and told.
pub fn gather(root: &Path) -> Result<Vec<ConfigFile>, Failure> {
    let mut files = Vec::new();
    let mut bytes = 0;
    let mut folders = vec![PathBuf::from(FOLDER)];
    while let Some(folder) = folders.pop() {
        let cannot = |err: io::Error| Failure::input(format!("cannot read /{}", folder.display())).because(&err);
        let entries = match fs::read_dir(root.join(&folder)) {
            Ok(entries) => entries,
            Err(err) if err.kind() == io::ErrorKind::NotFound && folder == Path::new(FOLDER) => return Ok(files),
            Err(err) => return Err(cannot(err)),
        };
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(cannot)?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let file = read(root, &path)?;
                bytes += file.entry.size;
                files.push(file);
            } else {
                eprintln(&format!("/{} is no plain file; it is not in the backup", path.display()));
            }
            if bytes > MOST_BYTES {
                return Err(Failure::input(format!("/{FOLDER} holds more than {} MiB", MOST_BYTES >> 20))
                    .hint("only settings belong there; move the rest elsewhere"));
            }
        }
    }
    files.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    Ok(files)
}

fn read(root: &Path, path: &Path) -> Result<ConfigFile, Failure> {
    let cannot = |err: io::Error| {
        let hint = if err.kind() == io::ErrorKind::PermissionDenied { "only root may: use sudo" } else { "" };
        Failure::input(format!("cannot read /{}", path.display())).because(&err).hint(hint)
    };
    let name = path.to_str().ok_or_else(|| {
        Failure::input(format!("the name of /{} is no text", path.display())).hint("give it another name")
    })?;
    let file = fs::File::open(root.join(path)).map_err(cannot)?;
    let mode = file.metadata().map_err(cannot)?.permissions().mode() & 0o7777;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    let sha256 = sum(&bytes[..]).map_err(cannot)?;
    let entry = FileEntry { path: name.to_owned(), mode, size: bytes.len() as u64, sha256 };
    Ok(ConfigFile { entry, bytes })
}

/// Writes them as a tar, after what the archive should hold.
pub fn write(out: impl Write, contents: &Contents, files: &[ConfigFile]) -> Result<(), Failure> {
    let cannot = |err: io::Error| Failure::ours("cannot write the settings into the archive").because(&err);
    let time = u64::try_from(contents.about.created_at.timestamp()).unwrap_or_default();
    let json = contents.json()?;
    let mut tar = tar::Builder::new(out);
    let described = [(CONTENTS, 0o600, json.as_bytes())].into_iter();
    let files = files.iter().map(|file| (file.entry.path.as_str(), file.entry.mode, &file.bytes[..]));
    for (path, mode, bytes) in described.chain(files) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, path, bytes).map_err(cannot)?;
    }
    tar.into_inner().map(|_| ()).map_err(cannot)
}

/// Reads what [`write`] wrote, and compares every file with what is told of it.
pub fn unpack(sealed: impl Read) -> Result<(Contents, Vec<ConfigFile>), Failure> {
    let damaged = |err: io::Error| Failure::input("the settings in this backup are damaged").because(&err);
    let wrong = |what: &str| {
        Failure::input(format!("the settings in this backup are not as they were written: {}", harmless(what)))
    };
    let mut tar = tar::Archive::new(sealed);
    let mut contents: Option<Contents> = None;
    let mut files = Vec::new();
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        (&mut entry).take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(damaged)?;
        let Some(contents) = &contents else {
            let parsed = (path == CONTENTS).then(|| serde_json::from_slice(&bytes).ok()).flatten();
            contents = Some(parsed.ok_or_else(|| wrong("they do not begin with their contents"))?);
            continue;
        };
        let told = contents.files.get(files.len()).filter(|told| told.path == path && stands_in_folder(&path));
        let told = told.ok_or_else(|| wrong(&path))?;
        if told.sha256 != sum(&bytes[..]).map_err(damaged)? {
            return Err(wrong(&path));
        }
        files.push(ConfigFile { entry: told.clone(), bytes });
    }
    // The rest is read as well, so that an end that was cut off is noticed.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(damaged)?;
    let contents = contents.ok_or_else(|| wrong("they are empty"))?;
    if contents.files.len() != files.len() {
        return Err(wrong("files are missing"));
    }
    Ok((contents, files))
}

/// Whether a path leads to a file of the settings and nowhere else.
fn stands_in_folder(path: &str) -> bool {
    let path = Path::new(path);
    path.starts_with(FOLDER)
        && path != Path::new(FOLDER)
        && path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// A word to whoever waits; when nobody listens, the work goes on.
pub fn eprintln(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The checksum of some bytes, in hexadecimal.
pub fn digest(hasher: sha2::Sha256) -> String {
    use sha2::Digest as _;
    hex(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::stands_in_folder;

    #[test]
    fn nothing_is_put_elsewhere_than_among_the_settings() {
        for fine in ["etc/meetbox/meetbox.env", "etc/meetbox/compose.d/50-mine.yaml"] {
            assert!(stands_in_folder(fine), "{fine}");
        }
        for wrong in ["/etc/meetbox/a", "etc/meetbox/../passwd", "etc/passwd", "etc/meetbox", "etc/meetboxes/a", ""] {
            assert!(!stands_in_folder(wrong), "{wrong}");
        }
    }
}
