//! What a backup says of itself: in the open, and again inside of what is encrypted, where nobody can change it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::layout::{self, Damage, Member};
use crate::{cli::Failure, config::Settings};

/// The form that this binary writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// What can be known without a key: nothing that is a secret or about people.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    pub format: u32,
    #[serde(flatten)]
    pub about: About,
    /// How it is opened: `passphrase`, or the public keys of age that it is for.
    pub encrypted_to: Vec<String>,
    pub files: Vec<MemberEntry>,
}

/// Of which house and moment it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct About {
    /// The version of Meetbox that made it.
    pub meetbox: String,
    /// The newest migration in the database.
    pub schema: i64,
    pub created_at: DateTime<Utc>,
    /// Under which the house is reached.
    pub domain: String,
    /// The major version of the Postgres that it comes from, and of the `pg_dump` that wrote it.
    pub postgres: u32,
    pub pg_dump: u32,
}

/// A member, encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct MemberEntry {
    pub name: String,
    pub size: u64,
    pub sha256: String,
}

/// What stands inside, first in the settings: it proves that the parts belong together, and what they have to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Contents {
    pub about: About,
    /// The checksum of the encrypted dump.
    pub sealed_dump_sha256: String,
    pub dump_size: u64,
    pub dump_sha256: String,
    /// The rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// From the root of the file system.
    pub files: Vec<FileEntry>,
}

/// A file of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct FileEntry {
    pub path: String,
    pub mode: u32,
    pub size: u64,
    pub sha256: String,
}

impl Manifest {
    /// What there is to say of members that are written.
    pub fn of(about: About, encrypted_to: Vec<String>, members: &[Member]) -> Self {
        let files = members.iter().map(|member| MemberEntry {
            name: member.name.to_owned(),
            size: member.size,
            sha256: member.sha256.clone(),
        });
        Self { format: FORMAT, about, encrypted_to, files: files.collect() }
    }

    /// Reads the one of an archive.
    pub fn read(archive: &layout::Reader) -> Result<Self, Damage> {
        Self::parse(&archive.text(layout::MANIFEST)?)
    }

    /// Reads what [`Self::json`] wrote.
    pub fn parse(text: &str) -> Result<Self, Damage> {
        /// What is read of a form that may be another.
        #[derive(Deserialize)]
        struct Form {
            format: u32,
        }
        let broken = |err: serde_json::Error| Damage::Broken(format!("its manifest cannot be understood: {err}"));
        let Form { format } = serde_json::from_str(text).map_err(broken)?;
        if format != FORMAT {
            return Err(Damage::Form(format));
        }
        let manifest: Self = serde_json::from_str(text).map_err(broken)?;
        // It is shown to people before anything proves who wrote it, and must not be able to steer their terminals.
        let about = &manifest.about;
        let words = [&about.meetbox, &about.domain].into_iter().chain(&manifest.encrypted_to);
        if words.into_iter().any(|word| !word.chars().all(|char| char.is_ascii_graphic())) {
            return Err(Damage::Broken("its manifest holds what is no name, version or key".to_owned()));
        }
        Ok(manifest)
    }

    /// As it is written.
    pub fn json(&self) -> Result<String, Failure> {
        json(self)
    }

    /// Whether a passphrase opens it.
    pub fn by_passphrase(&self) -> bool {
        self.encrypted_to.iter().any(|it| it == PASSPHRASE)
    }
}

/// What stands for a passphrase where public keys stand else.
pub const PASSPHRASE: &str = "passphrase";

impl Contents {
    /// As it is written.
    pub fn json(&self) -> Result<String, Failure> {
        json(self)
    }

    /// Whether it is about this very archive: nobody has put parts of several together, or changed what is told in the open.
    pub fn belong_to(&self, manifest: &Manifest, archive: &layout::Reader) -> bool {
        let dump = archive.members().iter().find(|member| member.name == layout::DUMP);
        self.about == manifest.about && dump.is_some_and(|dump| dump.sha256 == self.sealed_dump_sha256)
    }
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|err| Failure::ours("cannot put the manifest into JSON").because(&err))
}

/// Under which name the house of these settings is known.
pub fn domain(settings: &Settings) -> String {
    let host = settings.http.public_url.as_ref().and_then(|url| url.host_str());
    host.unwrap_or("localhost").to_owned()
}
