//! The key that signs a folder's links. It stands in the folder, so that all processes have the same one, and whoever can
//! read it can read the recordings anyway.

use std::io::{self, Read as _};

use rand::RngCore as _;
use rustix::{
    fs::{Mode, OFlags},
    io::Errno,
};

use super::{
    super::{StorageError, link::LinkKey},
    place::{Draft, Place},
};

const NAME: &str = ".meetbox-link-key";
const LENGTH: usize = 32;
const ONLY_US: Mode = Mode::from_raw_mode(0o600);

/// The key; made by whoever needs it first.
pub(super) fn link_key(place: &Place) -> Result<LinkKey, StorageError> {
    if let Some(key) = read(place)? {
        return Ok(key);
    }
    let mut bytes = [0; LENGTH];
    rand::rng().fill_bytes(&mut bytes);
    let draft = Draft::begin_with_mode(place, ONLY_US)?;
    draft.write(&bytes)?;
    draft.finish_first(NAME)?;
    // Somebody else's may be the one that counts.
    read(place)?.ok_or_else(|| StorageError::folder("keep a key", io::ErrorKind::NotFound.into()))
}

fn read(place: &Place) -> Result<Option<LinkKey>, StorageError> {
    let failed = |err: io::Error| StorageError::folder("read the key of links", err);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(place.root()?, NAME, flags, Mode::empty()) {
        Ok(file) => std::fs::File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(err) => return Err(failed(err.into())),
    };
    let mut bytes = Vec::new();
    file.take(1024).read_to_end(&mut bytes).map_err(failed)?;
    match <[u8; LENGTH]>::try_from(bytes) {
        Ok(bytes) => Ok(Some(LinkKey::new(bytes))),
        Err(_) => {
            Err(failed(io::Error::other(format!("{NAME} has not {LENGTH} bytes; delete it, and a new one is made"))))
        }
    }
}
