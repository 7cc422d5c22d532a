//! Where the stand-in leaves files: in the storage of the settings, as the recorder would.

use bytes::Bytes;

use super::super::recorder::{Trouble, Write};
use crate::{
    app::storage,
    cli::Failure,
    clock::Clock,
    config::{Settings, StorageSettings},
    model::recording::FOLDER,
    storage::{Storage, StorageError},
    telemetry,
};

/// Where files are left.
pub struct Shelf {
    storage: Storage,
    site: String,
}

impl Shelf {
    /// The shelf of these settings.
    pub fn new(settings: &Settings) -> Result<Self, Failure> {
        let storage = storage(settings, Clock::System)
            .map_err(|err| Failure::input("cannot work with the settings of storage").because(&err))?;
        let site = match &settings.storage {
            StorageSettings::None => String::new(),
            StorageSettings::S3(s3) => format!("{}/", s3.media_origin().as_str().trim_end_matches('/')),
            StorageSettings::Folder(folder) => format!("{}/", folder.dir.display()),
        };
        Ok(Self { storage, site })
    }

    /// What stands before a key.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// Writes it, in place of what was there.
    pub async fn put(&self, write: &Write) -> Result<(), Trouble> {
        // A recorder with a folder is told the file's path; the key is its end.
        let key = write.path.rfind(FOLDER).map_or(write.path.as_str(), |at| &write.path[at..]);
        let outcome = self.storage.put(key, Bytes::from(write.bytes.clone()), write.media_type).await;
        outcome.map_err(|err| match err {
            StorageError::Unreachable(_) | StorageError::Unavailable(_) => Trouble::Unreachable(telemetry::chain(&err)),
            err => Trouble::Refused(telemetry::chain(&err)),
        })
    }
}
