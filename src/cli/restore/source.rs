//! The archive that is restored: found, looked through to the last byte, and opened.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use uuid::Uuid;

use super::{Args, Waiting};
use crate::{
    cli::{
        Failure,
        archive::{
            config_files::{self, ConfigFile, eprintln},
            layout::{self, Damage, Reader},
            manifest::{About, Contents, Manifest},
            seal::Keys,
            shelf::{Bucket, Name},
        },
    },
    config::Settings,
    db::{BackupDbError, DbError, backup, migrate},
};

/// An archive that is whole, and to which the keys are there.
pub struct Opened {
    pub archive: Reader,
    pub contents: Contents,
    pub files: Vec<ConfigFile>,
    pub keys: Keys,
}

impl Opened {
    /// The archive of the arguments.
    pub fn find(args: &Args, settings: Option<&Settings>, waiting: Waiting<'_>) -> Result<Self, Failure> {
        let (file, called) = match (&args.archive, &args.from_bucket, settings) {
            (Some(path), _, _) => (open(path)?, path.display().to_string()),
            (None, Some(name), Some(settings)) => (fetch(name, settings, waiting)?, name.to_string()),
            (None, _, _) => return Err(Failure::input("no archive is named")),
        };
        let archive = Reader::open(file).map_err(|err| unusable(&called, &err))?;
        let manifest = Manifest::read(&archive).map_err(|err| unusable(&called, &err))?;
        if !is_understood(&manifest.about, settings, waiting)? {
            return Err(Failure::input(format!(
                "{called} is of Meetbox {}, whose database has schema {}; this one knows schemas up to {}",
                manifest.about.meetbox,
                manifest.about.schema,
                migrate::newest()
            ))
            .hint("restore it with that version of Meetbox, or a newer one"));
        }
        let passphrase = settings.and_then(|it| it.backup.passphrase.as_ref());
        let keys = Keys::find(&args.keys, passphrase, &manifest)?;
        let sealed = archive.read(layout::SETTINGS).map_err(|err| unusable(&called, &Damage::Read(err)))?;
        let (contents, files) = config_files::unpack(keys.open(sealed)?)?;
        if !contents.belong_to(&manifest, &archive) {
            return Err(Failure::input(format!("{called} is put together of parts that do not belong together")).hint(
                "somebody has changed it: what is encrypted inside says something else than what stands in the open",
            ));
        }
        Ok(Self { archive, contents, files, keys })
    }

    /// Of which house and moment it is, in words.
    pub fn told(&self) -> String {
        let about = &self.contents.about;
        let taken_at = about.created_at.format("%Y-%m-%d %H:%M:%S UTC");
        format!("the backup of {} from {taken_at} (Meetbox {}, schema {})", about.domain, about.meetbox, about.schema)
    }
}

/// Whether this Meetbox can do with the schema: it knows it, or works with it. Migrations only expand, so that after an
/// upgrade that was taken back the older Meetbox serves on with a schema that is newer than itself, and saves it.
fn is_understood(about: &About, settings: Option<&Settings>, waiting: Waiting<'_>) -> Result<bool, Failure> {
    if about.schema <= migrate::newest() || about.meetbox == env!("CARGO_PKG_VERSION") {
        return Ok(true);
    }
    let Some(settings) = settings else { return Ok(false) };
    // A database that cannot be asked proves nothing.
    let there = waiting.on(async { Ok(schema_there(settings).await.unwrap_or_default()) })?;
    Ok(about.schema <= there)
}

async fn schema_there(settings: &Settings) -> Result<i64, BackupDbError> {
    let pool = backup::connect(&settings.database, None).await?;
    let mut db = pool.acquire().await.map_err(DbError::from)?;
    Ok(backup::schema_version(&mut db).await?)
}

fn unusable(called: &str, damage: &Damage) -> Failure {
    let failure = Failure::input(format!("cannot use {called}")).because(damage);
    match damage {
        Damage::Stranger | Damage::Read(_) => failure,
        Damage::Form(_) => failure.hint("restore it with the Meetbox that made it, or a newer one"),
        Damage::CutOff(_) | Damage::Broken(_) => failure
            .hint("nothing was changed; take another backup (`meetbox restore --list`), or another copy of this one"),
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path);
    let file = file.map_err(|err| Failure::input(format!("cannot read {}", path.display())).because(&err))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(file);
    }
    Err(Failure::input(format!("{} is no file", path.display())))
}

/// Fetches one into a file without a name, which goes when it is closed, however that comes about.
fn fetch(name: &Name, settings: &Settings, waiting: Waiting<'_>) -> Result<File, Failure> {
    let dir = &settings.backup.dir;
    let cannot = |err: io::Error| Failure::input(format!("cannot write to {}", dir.display())).because(&err);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(cannot)?;
    let path = dir.join(format!(".fetched-{}", Uuid::new_v4()));
    let opened = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
    let mut file = opened.map_err(cannot)?;
    fs::remove_file(&path).map_err(cannot)?;
    eprintln(&format!("fetching {name}"));
    waiting.on(Bucket::of(settings)?.fetch(name, &mut file))?;
    Ok(file)
}
