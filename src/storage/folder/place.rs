//! Files beneath one folder. Every step down is taken by itself and follows no symbolic link, so no key leads outside.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::{
    fs::{Access, AtFlags, Dir, FileType, Mode, OFlags},
    io::Errno,
};
use uuid::Uuid;

use super::super::{StorageError, key::Key};

/// Where files stand while they are written.
pub(super) const DRAFTS: &str = ".meetbox-drafts";
/// How long a draft may lie before nobody can be writing it any more.
const DRAFTS_KEPT: TimeDelta = TimeDelta::days(2);

/// For everybody who may read recordings on this machine: us, and the group that the recorder may share with us.
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o770);
const FILE_MODE: Mode = Mode::from_raw_mode(0o660);

/// How often a folder that somebody deletes while we write into it is made again.
const TRIES: u32 = 20;

/// The folder.
#[derive(Debug)]
pub(super) struct Place {
    root: PathBuf,
}

/// Whether folders on the way are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Made,
    Told,
}

impl Place {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Makes the folder, unless it is there.
    pub fn make(&self) -> Result<(), StorageError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let made = std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE.bits()).create(&self.root);
        made.map_err(|err| StorageError::folder("make the folder", err))
    }

    /// Whether the folder can be written to, and has space.
    pub fn probe(&self) -> Result<(), StorageError> {
        let failed = |doing| move |err: Errno| StorageError::folder(doing, err.into());
        let root = self.root()?;
        rustix::fs::accessat(&root, ".", Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)
            .map_err(failed("write"))?;
        let space = rustix::fs::fstatvfs(&root).map_err(failed("look at the space"))?;
        // File systems that count no blocks have no limit that could be seen here.
        if space.f_blocks > 0 && space.f_bavail == 0 {
            return Err(StorageError::Full(Some("no space is left in STORAGE_DIR".to_owned())));
        }
        Ok(())
    }

    pub fn root(&self) -> Result<OwnedFd, StorageError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::open(&self.root, flags, Mode::empty())
            .map_err(|err| StorageError::folder("open the folder", err.into()))
    }

    /// The file of that key; `None` when there is none.
    pub fn open(&self, key: Key<'_>) -> Result<Option<File>, StorageError> {
        let (folders, name) = key.split();
        let Some(parent) = self.descend(&folders, Missing::Told)? else { return Ok(None) };
        // A pipe that nobody writes into is not waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&parent, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::NAMETOOLONG) => return Ok(None),
            Err(Errno::LOOP) => return Err(link_on_the_way()),
            Err(err) => return Err(StorageError::folder("open a file", err.into())),
        };
        let metadata = file.metadata().map_err(|err| StorageError::folder("look at a file", err))?;
        Ok(metadata.is_file().then_some(file))
    }

    /// Makes the folders on the way to that key.
    pub fn make_way(&self, key: Key<'_>) -> Result<(), StorageError> {
        let (folders, _) = key.split();
        self.descend(&folders, Missing::Made).map(drop)
    }

    /// Deletes the file of that key, and the folders that it leaves empty.
    pub fn delete(&self, key: Key<'_>) -> Result<(), StorageError> {
        let (mut folders, name) = key.split();
        let Some(parent) = self.descend(&folders, Missing::Told)? else { return Ok(()) };
        match rustix::fs::unlinkat(&parent, name, AtFlags::empty()) {
            Ok(()) => {}
            // A folder is no object.
            Err(Errno::NOENT | Errno::ISDIR | Errno::NAMETOOLONG) => return Ok(()),
            Err(err) => return Err(StorageError::folder("delete a file", err.into())),
        }
        sync(&parent)?;
        while let Some(name) = folders.pop() {
            let Ok(Some(parent)) = self.descend(&folders, Missing::Told) else { break };
            // Somebody may just have put something there, which is why it stays.
            if rustix::fs::unlinkat(&parent, name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Opens the folders one after the other; `None` when one is missing and not made.
    fn descend(&self, folders: &[&str], missing: Missing) -> Result<Option<OwnedFd>, StorageError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut here = self.root()?;
        for name in folders {
            let mut opened = rustix::fs::openat(&here, *name, flags, Mode::empty());
            if matches!(opened, Err(Errno::NOENT)) && missing == Missing::Made {
                make_folder(&here, name)?;
                opened = rustix::fs::openat(&here, *name, flags, Mode::empty());
            }
            here = match opened {
                Ok(folder) => folder,
                Err(Errno::NOENT | Errno::NAMETOOLONG) if missing == Missing::Told => return Ok(None),
                Err(Errno::LOOP | Errno::NOTDIR) => return no_folder(&here, name, missing),
                Err(err) => return Err(StorageError::folder("open a folder", err.into())),
            };
        }
        Ok(Some(here))
    }

    /// Deletes drafts that nobody writes any more.
    pub fn clear_drafts(&self, now: DateTime<Utc>) -> Result<(), StorageError> {
        let failed = |err: Errno| StorageError::folder("clear away drafts", err.into());
        let drafts = self.drafts()?;
        for entry in Dir::read_from(&drafts).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(stat) = rustix::fs::statat(&drafts, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) else { continue };
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            if is_file && super::time(stat.st_mtime) < now - DRAFTS_KEPT {
                // Another process may have been first.
                let _ = rustix::fs::unlinkat(&drafts, entry.file_name(), AtFlags::empty());
            }
        }
        Ok(())
    }

    /// Where drafts stand: in the same file system, so that a finished one only needs another name.
    pub fn drafts(&self) -> Result<OwnedFd, StorageError> {
        let drafts = self.descend(&[DRAFTS], Missing::Made)?;
        drafts.ok_or_else(|| StorageError::folder("make drafts", io::ErrorKind::NotFound.into()))
    }
}

fn make_folder(parent: &OwnedFd, name: &str) -> Result<(), StorageError> {
    match rustix::fs::mkdirat(parent, name, FOLDER_MODE) {
        Ok(()) => sync(parent),
        // Somebody else was quicker.
        Err(Errno::EXIST) => Ok(()),
        // `NOENT`: the parent is being deleted; whoever writes tries again.
        Err(err) => Err(StorageError::folder("make a folder", err.into())),
    }
}

/// What stands on the way and is no folder: a symbolic link, which is not followed, or another object.
fn no_folder(parent: &OwnedFd, name: &str, missing: Missing) -> Result<Option<OwnedFd>, StorageError> {
    let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW);
    let is_link = stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
    match missing {
        _ if is_link => Err(link_on_the_way()),
        Missing::Told => Ok(None),
        Missing::Made => Err(StorageError::Key("runs through another object, and a file is no folder")),
    }
}

fn link_on_the_way() -> StorageError {
    StorageError::Key("runs through a symbolic link, which may lead out of STORAGE_DIR")
}

fn sync(folder: impl AsFd) -> Result<(), StorageError> {
    match rustix::fs::fsync(folder) {
        // Some file systems have nothing to write down for a folder.
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(err) => Err(StorageError::folder("write", err.into())),
    }
}

/// A file that is being written. One that is dropped unfinished is deleted.
pub(super) struct Draft<'a> {
    place: &'a Place,
    drafts: OwnedFd,
    name: String,
    file: File,
    finished: bool,
}

impl<'a> Draft<'a> {
    pub fn begin(place: &'a Place) -> Result<Self, StorageError> {
        Self::begin_with_mode(place, FILE_MODE)
    }

    pub fn begin_with_mode(place: &'a Place, mode: Mode) -> Result<Self, StorageError> {
        let drafts = place.drafts()?;
        let name = Uuid::new_v4().to_string();
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&drafts, &name, flags, mode)
            .map_err(|err| StorageError::folder("make a file", err.into()))?;
        Ok(Self { place, drafts, name, file: File::from(file), finished: false })
    }

    pub fn write(&self, piece: &[u8]) -> Result<(), StorageError> {
        (&self.file).write_all(piece).map_err(|err| StorageError::folder("write", err))
    }

    /// Gives the file its name, once it is on the disk; it takes the place of one that is there.
    pub fn finish(mut self, key: Key<'_>) -> Result<(), StorageError> {
        self.file.sync_all().map_err(|err| StorageError::folder("write", err))?;
        let (folders, name) = key.split();
        for tried in 1.. {
            match self.try_to_finish(&folders, name) {
                // A folder on the way was just deleted, since it was empty.
                Err(StorageError::Folder { source, .. })
                    if source.kind() == io::ErrorKind::NotFound && tried < TRIES => {}
                outcome => {
                    self.finished = outcome.is_ok();
                    return outcome;
                }
            }
        }
        Ok(())
    }

    fn try_to_finish(&self, folders: &[&str], name: &str) -> Result<(), StorageError> {
        let Some(parent) = self.place.descend(folders, Missing::Made)? else {
            return Err(StorageError::folder("make a folder", io::ErrorKind::NotFound.into()));
        };
        match rustix::fs::renameat(&self.drafts, &self.name, &parent, name) {
            Ok(()) => sync(&parent),
            Err(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST) => {
                Err(StorageError::Key("is that of a folder with other objects in it"))
            }
            Err(err) => Err(StorageError::folder("name a file", err.into())),
        }
    }

    /// Gives the file a name in the folder itself, unless somebody was quicker.
    pub fn finish_first(self, name: &str) -> Result<(), StorageError> {
        self.file.sync_all().map_err(|err| StorageError::folder("write", err))?;
        let root = self.place.root()?;
        // Both names stand for one file for a moment; the draft's goes when this is dropped.
        match rustix::fs::linkat(&self.drafts, &self.name, &root, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::EXIST) => sync(&root),
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
                // A file system without second names.
                let flags = rustix::fs::RenameFlags::NOREPLACE;
                match rustix::fs::renameat_with(&self.drafts, &self.name, &root, name, flags) {
                    Ok(()) | Err(Errno::EXIST) => sync(&root),
                    Err(err) => Err(StorageError::folder("name a file", err.into())),
                }
            }
            Err(err) => Err(StorageError::folder("name a file", err.into())),
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.finished {
            let _ = rustix::fs::unlinkat(&self.drafts, &self.name, AtFlags::empty());
        }
    }
}
