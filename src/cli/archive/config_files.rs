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
        let hint = match err.kind() {
            // The daily run is root's, and may read everything but little else.
            io::ErrorKind::PermissionDenied if rustix::process::geteuid().is_root() => "chown root:root mends that",
            io::ErrorKind::PermissionDenied => "only root may: use sudo",
            _ => "",
        };
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
    unpack_at_most(MOST_BYTES, sealed)
}

/// The same with so many bytes of files at most: whoever knows a public key can make an archive, and must not fill the memory
/// with it.
fn unpack_at_most(most: u64, sealed: impl Read) -> Result<(Contents, Vec<ConfigFile>), Failure> {
    let damaged = |err: io::Error| Failure::input("the settings in this backup are damaged").because(&err);
    let wrong = |what: &str| {
        let message = format!("the settings in this backup are not as they were written: {}", harmless(what));
        Failure::input(message)
    };
    // Headers, long names and what stands behind the end are read besides.
    let mut tar = tar::Archive::new(sealed.take(most.saturating_mul(4)));
    let mut contents: Option<Contents> = None;
    let mut files = Vec::new();
    let mut left = most;
    for entry in tar.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path().map_err(damaged)?.to_string_lossy().into_owned();
        // A sparse file of a few bytes is one of as many zeros as it says.
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(wrong(&format!("{path} is no plain file")));
        }
        let mut bytes = Vec::new();
        (&mut entry).take(left + 1).read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 > left {
            return Err(wrong(&format!("{path} is too large")));
        }
        let Some(contents) = &contents else {
            let parsed = (path == CONTENTS).then(|| serde_json::from_slice(&bytes).ok()).flatten();
            contents = Some(parsed.ok_or_else(|| wrong("they do not begin with their contents"))?);
            continue;
        };
        left -= bytes.len() as u64;
        let told = contents.files.get(files.len()).filter(|told| told.path == path && stands_in_folder(&path));
        let told = told.ok_or_else(|| wrong(&path))?;
        if told.size != bytes.len() as u64 || told.sha256 != sum(&bytes[..]).map_err(damaged)? {
            return Err(wrong(&path));
        }
        files.push(ConfigFile { entry: told.clone(), bytes });
    }
    // The rest is read as well, so that an end that was cut off is noticed.
    let mut rest = tar.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(damaged)?;
    if rest.limit() == 0 {
        return Err(wrong("they are too large"));
    }
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::cli::archive::manifest::About;

    fn file(path: &str, bytes: &[u8]) -> ConfigFile {
        let sha256 = sum(bytes).unwrap();
        let entry = FileEntry { path: path.to_owned(), mode: 0o600, size: bytes.len() as u64, sha256 };
        ConfigFile { entry, bytes: bytes.to_owned() }
    }

    fn contents(files: &[ConfigFile]) -> Contents {
        let about = About {
            meetbox: "1.0.0".to_owned(),
            schema: 1,
            created_at: "2026-03-11T03:00:00Z".parse().unwrap(),
            domain: "meet.example.org".to_owned(),
            postgres: 15,
            pg_dump: 15,
        };
        Contents {
            about,
            sealed_dump_sha256: String::new(),
            dump_size: 0,
            dump_sha256: String::new(),
            rows: BTreeMap::new(),
            files: files.iter().map(|file| file.entry.clone()).collect(),
        }
    }

    fn written(contents: &Contents, files: &[ConfigFile]) -> Vec<u8> {
        let mut tar = Vec::new();
        write(&mut tar, contents, files).unwrap();
        tar
    }

    #[track_caller]
    fn refused(tar: &[u8], with: &str) {
        let failure = unpack_at_most(4_000, tar).map(|_| ()).unwrap_err().to_string();
        assert!(failure.ends_with(with), "{failure}");
    }

    #[test]
    fn what_was_written_is_read_up_to_a_bound_for_each_and_for_all() {
        let files = [file("etc/meetbox/a", &[7; 2_000]), file("etc/meetbox/b", &[8; 1_900])];
        let (read, unpacked) = unpack_at_most(4_000, &written(&contents(&files), &files)[..]).unwrap();
        assert_eq!((read.files.len(), unpacked[1].bytes.len()), (2, 1_900));

        let files = [file("etc/meetbox/a", &[7; 4_001])];
        refused(&written(&contents(&files), &files), "etc/meetbox/a is too large");
        let files = [file("etc/meetbox/a", &[7; 3_000]), file("etc/meetbox/b", &[8; 3_000])];
        refused(&written(&contents(&files), &files), "etc/meetbox/b is too large");
        let mut endless = written(&contents(&[]), &[]);
        endless.resize(20_000, 0);
        refused(&endless, "they are too large");
    }

    #[test]
    fn a_size_that_is_not_the_one_that_was_told_is_noticed() {
        let files = [file("etc/meetbox/a", b"LOG=a")];
        let mut other = contents(&files);
        other.files[0].size = 4;
        refused(&written(&other, &files), "etc/meetbox/a");
    }

    #[test]
    fn a_few_bytes_do_not_become_as_many_zeros_as_they_say() {
        let files = [file("etc/meetbox/a", &[0; 3_000])];
        let mut tar = tar::Builder::new(Vec::new());
        let json = contents(&files).json().unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(json.len() as u64);
        tar.append_data(&mut header, CONTENTS, json.as_bytes()).unwrap();
        let mut sparse = tar::Header::new_gnu();
        sparse.set_path("etc/meetbox/a").unwrap();
        sparse.set_entry_type(tar::EntryType::GNUSparse);
        sparse.set_size(0);
        let gnu = sparse.as_gnu_mut().unwrap();
        // Nothing but a hole, which ends there.
        gnu.sparse[0].offset.copy_from_slice(b"00000005670\0");
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
        gnu.realsize.copy_from_slice(b"00000005670\0");
        sparse.set_cksum();
        tar.append(&sparse, io::empty()).unwrap();
        refused(&tar.into_inner().unwrap(), "etc/meetbox/a is no plain file");
    }

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
