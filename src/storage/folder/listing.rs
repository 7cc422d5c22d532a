//! The files of a folder and of all that are in it, in the order of their keys' bytes.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags},
    io::Errno,
};

use super::{
    super::{
        StorageError, key,
        object::{Listing, ObjectInfo},
    },
    place::Place,
};

/// How deep folders may lie in each other; a key has room for no more than this.
const DEEPEST: usize = 512;

/// What is asked for, and what was found so far.
struct Search<'a> {
    prefix: &'a str,
    after: Option<&'a str>,
    /// One more than the page has, to see whether there is another.
    wanted: usize,
    found: Vec<ObjectInfo>,
}

/// What stands in a folder.
struct Entry {
    /// The key of a file, or what those of a folder begin with.
    path: String,
    kind: Kind,
}

enum Kind {
    File { size: u64, seconds: i64 },
    Folder { name: String },
}

pub(super) fn list(place: &Place, prefix: &str, after: Option<&str>, limit: usize) -> Result<Listing, StorageError> {
    let mut search = Search { prefix, after, wanted: limit + 1, found: Vec::new() };
    search.walk(&place.root()?, "", 0)?;
    let goes_on = search.found.len() > limit;
    search.found.truncate(limit);
    let next = search.found.last().map(|object| object.key.clone()).filter(|_| goes_on);
    Ok(Listing { items: search.found, next })
}

impl Search<'_> {
    fn walk(&mut self, folder: &OwnedFd, path: &str, depth: usize) -> Result<(), StorageError> {
        for entry in self.entries(folder, path)? {
            if self.found.len() >= self.wanted {
                return Ok(());
            }
            match entry.kind {
                Kind::File { size, seconds } => {
                    self.found.push(ObjectInfo { key: entry.path, size, modified: super::time(seconds) });
                }
                Kind::Folder { name } if depth < DEEPEST => {
                    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                    match rustix::fs::openat(folder, &name, flags, Mode::empty()) {
                        Ok(inner) => self.walk(&inner, &entry.path, depth + 1)?,
                        // It was deleted meanwhile.
                        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                        Err(err) => return Err(StorageError::folder("list a folder", err.into())),
                    }
                }
                Kind::Folder { .. } => {}
            }
        }
        Ok(())
    }

    /// What may hold something that is asked for, in order. A folder sorts as its objects do: with a slash at its end.
    fn entries(&self, folder: &OwnedFd, path: &str) -> Result<Vec<Entry>, StorageError> {
        let failed = |err: Errno| StorageError::folder("list a folder", err.into());
        let mut entries = Vec::new();
        for entry in Dir::read_from(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A name that is no text is no key; a link is not followed, and so nothing.
            let Ok(name) = entry.file_name().to_str() else { continue };
            if matches!(name, "." | "..") || (path.is_empty() && !key::is_shown(name)) {
                continue;
            }
            let stat = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(err) => return Err(failed(err)),
            };
            let entry = match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Entry {
                    path: format!("{path}{name}"),
                    kind: Kind::File { size: u64::try_from(stat.st_size).unwrap_or(0), seconds: stat.st_mtime },
                },
                FileType::Directory => {
                    Entry { path: format!("{path}{name}/"), kind: Kind::Folder { name: name.to_owned() } }
                }
                _ => continue,
            };
            if self.may_hold(&entry) {
                entries.push(entry);
            }
        }
        entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    fn may_hold(&self, Entry { path, kind }: &Entry) -> bool {
        match kind {
            Kind::File { .. } => path.starts_with(self.prefix) && self.after.is_none_or(|after| path.as_str() > after),
            Kind::Folder { .. } => {
                let fits = path.starts_with(self.prefix) || self.prefix.starts_with(path.as_str());
                fits && self.after.is_none_or(|after| path.as_str() > after || after.starts_with(path.as_str()))
            }
        }
    }
}
