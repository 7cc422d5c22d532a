//! Where backups stand: a folder, or the object store under `backups/`; how they are called, and which ones are old.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use rustix::fs::FlockOperation;
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{
    config_files::eprintln,
    layout::{self, Reader},
    manifest::Manifest,
    postgres::cannot_write,
};
use crate::{
    app::storage,
    cli::Failure,
    clock::Clock,
    config::{Settings, StorageSettings},
    storage::{ByteRange, Storage, StorageError},
};

/// Under which keys they stand in the object store.
const PREFIX: &str = "backups/";
const NAME: &str = "meetbox-";
const ENDING: &str = ".tar";
const TIME: &str = "%Y%m%dT%H%M%SZ";
/// What an unfinished one is called besides.
const DRAFT: &str = ".draft";
const LOCK: &str = ".lock";
/// How many keys a listing brings at once.
const PAGE: u16 = 1000;

/// What a backup is called: of which house it is, and of which second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub taken_at: DateTime<Utc>,
    pub domain: String,
}

impl Name {
    /// Reads one; nothing when it is no name of a backup.
    pub fn parse(text: &str) -> Option<Self> {
        let (domain, time) = text.strip_prefix(NAME)?.strip_suffix(ENDING)?.rsplit_once('-')?;
        let taken_at = NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc();
        let name = Self { taken_at, domain: domain.to_owned() };
        // What is written otherwise was not named by us, and what is no domain must not steer a terminal that it is shown on.
        let is_ours = name.to_string() == text && domain.chars().all(|char| char.is_ascii_graphic());
        is_ours.then_some(name)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{NAME}{}-{}{ENDING}", self.domain, self.taken_at.format(TIME))
    }
}

/// Which backups are kept: each rule keeps what it names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// The newest so many.
    pub newest: Option<u32>,
    /// Those that are younger than so many days.
    pub days: Option<u32>,
}

impl Keep {
    /// Those that no rule keeps, out of one house's others besides the one that was just made, which is always kept and is
    /// one of the newest.
    pub fn old_ones(self, mut others: Vec<Name>, now: DateTime<Utc>) -> Vec<Name> {
        if self.newest.is_none() && self.days.is_none() {
            return Vec::new();
        }
        others.sort_by(|a, b| b.cmp(a));
        let newest = usize::try_from(self.newest.unwrap_or(1)).unwrap_or(usize::MAX).saturating_sub(1);
        let since = self.days.map(|days| now - TimeDelta::days(i64::from(days)));
        let behind = others.into_iter().skip(newest);
        behind.filter(|name| since.is_none_or(|since| name.taken_at < since)).collect()
    }
}

/// A folder of backups, with nobody else at work in it.
pub struct Folder {
    dir: PathBuf,
    /// Lets others in when it is closed.
    _lock: File,
}

impl Folder {
    /// Makes the folder, unless it is there, waits for nobody, and takes away what somebody left who was cut off.
    pub fn open(dir: &Path) -> Result<Self, Failure> {
        let cannot = |err: io::Error| {
            let failure = Failure::input(format!("cannot work in {}", dir.display())).because(&err);
            match err.kind() {
                io::ErrorKind::PermissionDenied => failure.hint("only root may: use sudo"),
                _ => failure,
            }
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(cannot)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(dir.join(LOCK));
        let lock = lock.map_err(cannot)?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|err| match err {
            rustix::io::Errno::WOULDBLOCK => {
                Failure::input(format!("another backup is being made in {}", dir.display()))
                    .hint("wait until it is done")
            }
            other => cannot(other.into()),
        })?;
        for entry in fs::read_dir(dir).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let drafted = name.strip_prefix('.').and_then(|name| name.strip_suffix(DRAFT));
            if drafted.is_some_and(|name| Name::parse(name).is_some()) {
                fs::remove_file(entry.path()).map_err(cannot)?;
            }
        }
        Ok(Self { dir: dir.to_owned(), _lock: lock })
    }

    /// A name that is not taken.
    pub fn new_name(&self, domain: String, now: DateTime<Utc>) -> Name {
        let taken_at = DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
        let mut name = Name { taken_at, domain };
        while self.path(&name).exists() {
            name.taken_at += TimeDelta::seconds(1);
        }
        name
    }

    pub fn path(&self, name: &Name) -> PathBuf {
        self.dir.join(name.to_string())
    }

    /// Begins a file that nobody takes for a backup, and that only root reads.
    pub fn draft(&self, name: &Name) -> Result<Draft, Failure> {
        let path = self.dir.join(format!(".{name}{DRAFT}"));
        let opened = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.map_err(|err| cannot_write(&err))?;
        Ok(Draft { path, file })
    }

    /// Gives a draft its name, and has the disk keep it.
    pub fn keep(&self, draft: Draft, name: &Name) -> Result<PathBuf, Failure> {
        let path = self.path(name);
        let kept = fs::rename(&draft.path, &path).and_then(|()| File::open(&self.dir)?.sync_all());
        kept.map_err(|err| cannot_write(&err))?;
        Ok(path)
    }

    /// Deletes what is old of the house's whose backup was just made, and answers how many that were. What is called like a
    /// backup and is none, or is another house's, stays.
    pub fn prune(&self, made: &Name, keep: Keep, now: DateTime<Utc>) -> Result<usize, Failure> {
        let mut ours = Vec::new();
        for (name, _) in others(list(&self.dir)?, made, now) {
            let path = self.path(&name);
            let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
            let manifest = File::open(&path).ok().and_then(|file| Manifest::read(&Reader::glance(file).ok()?).ok());
            if is_file && is_of(manifest, &name) {
                ours.push(name);
            }
        }
        let old = keep.old_ones(ours, now);
        for name in &old {
            let path = self.path(name);
            fs::remove_file(&path)
                .map_err(|err| Failure::ours(format!("cannot delete {}", path.display())).because(&err))?;
        }
        Ok(old.len())
    }
}

/// The same house's besides the one that was just made. One that is dated after now is not among them, and told: by a clock
/// that was wrong it would be the newest for years, and those that are newer in truth would have to go.
fn others(found: Vec<(Name, u64)>, made: &Name, now: DateTime<Utc>) -> Vec<(Name, u64)> {
    // Two in one second: the later one is called after the next.
    let now = now.max(made.taken_at);
    let ours = found.into_iter().filter(|(name, _)| name.domain == made.domain && name != made);
    let (ahead, others): (Vec<_>, Vec<_>) = ours.partition(|(name, _)| name.taken_at > now);
    for (name, _) in ahead {
        eprintln(&format!("{name} is dated after now; it is left alone, and counts for nothing. Is the clock right?"));
    }
    others
}

/// Whether what it says inside is what its name says; what is not is told.
fn is_of(manifest: Option<Manifest>, name: &Name) -> bool {
    let is_of = manifest.is_some_and(|it| it.about.domain == name.domain && it.about.created_at == name.taken_at);
    if !is_of {
        eprintln(&format!("{name} is not as Meetbox made it; it is left alone, and counts for nothing"));
    }
    is_of
}

/// The backups in a folder, by their names alone, with their sizes in bytes; the oldest first.
pub fn list(dir: &Path) -> Result<Vec<(Name, u64)>, Failure> {
    let cannot = |err: io::Error| Failure::input(format!("cannot read {}", dir.display())).because(&err);
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(cannot(err)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(cannot)?;
        if let Some(name) = Name::parse(&entry.file_name().to_string_lossy()) {
            found.push((name, entry.metadata().map_err(cannot)?.len()));
        }
    }
    found.sort();
    Ok(found)
}

/// An unfinished backup, which goes when it is not kept.
pub struct Draft {
    pub path: PathBuf,
    pub file: File,
}

impl Drop for Draft {
    fn drop(&mut self) {
        // One that was kept has another name by now; one that stays is taken away by the next backup.
        let _ = fs::remove_file(&self.path);
    }
}

/// Backups in the object store of the settings.
pub struct Bucket(Storage);

impl Bucket {
    /// The store, if there is one.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        if !matches!(settings.storage, StorageSettings::S3(_)) {
            return Err(Failure::input("no object store is set that a backup could go to or come from")
                .hint("set S3_ENDPOINT and the others, or take a folder: --to FOLDER"));
        }
        storage(settings, Clock::System)
            .map(Self)
            .map_err(|err| Failure::input("cannot work with the settings").because(&err))
    }

    /// A name that is not taken there either.
    pub async fn new_name(&self, mut name: Name) -> Result<Name, Failure> {
        while self.0.head(&key(&name)).await.map_err(|err| not_brought(&err))?.is_some() {
            name.taken_at += TimeDelta::seconds(1);
        }
        Ok(name)
    }

    /// Uploads a file, reads it again and compares. What is not proved to be the same, or is broken off, is taken back: it might
    /// look whole.
    pub async fn put(&self, path: &Path, name: &Name, stop: &CancellationToken) -> Result<(), Failure> {
        let key = key(name);
        // What is there already was not brought by us, and is not ours to delete when this fails.
        let there = self.0.head(&key).await.map_err(|err| not_brought(&err))?;
        if there.is_some() {
            return Err(Failure::ours(format!("there is a {name} in the object store already")).hint("try it again"));
        }
        let Err(failure) = self.bring(path, name, stop).await else { return Ok(()) };
        Err(match self.0.delete(&key).await {
            Ok(()) => failure.hint("what was brought to the object store is deleted there"),
            Err(err) => failure.besides(
                &Failure::ours(format!("cannot delete {key} in the object store"))
                    .because(&err)
                    .hint("delete it there: it may look whole, and nobody has proved that it is"),
            ),
        })
    }

    async fn bring(&self, path: &Path, name: &Name, stop: &CancellationToken) -> Result<(), Failure> {
        let interrupted = || Failure::input("interrupted while the backup was brought to the object store");
        let opened = File::open(path).map_err(|err| Failure::ours("cannot read the backup").because(&err))?;
        let sum = layout::sum(opened).map_err(|err| Failure::ours("cannot read the backup").because(&err))?;
        let uploaded = self.0.upload_file_until(stop, &key(name), path, "application/x-tar").await;
        uploaded.map_err(|err| if stop.is_cancelled() { interrupted() } else { not_brought(&err) })?;
        let mut sha256 = Sha256::new();
        let read = self.read(name, None, |bytes| {
            sha256.update(bytes);
            Ok(())
        });
        tokio::select! {
            () = stop.cancelled() => return Err(interrupted()),
            outcome = read => outcome?,
        }
        if layout::hex(&sha256.finalize()) == sum {
            return Ok(());
        }
        Err(Failure::ours("the object store gives back something else than was brought to it"))
    }

    /// Writes one into a file.
    pub async fn fetch(&self, name: &Name, file: &mut File) -> Result<(), Failure> {
        use std::io::Write as _;
        self.read(name, None, |bytes| file.write_all(bytes)).await
    }

    async fn read(
        &self,
        name: &Name,
        range: Option<ByteRange>,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let cannot = |err| Failure::ours("cannot read the backup from the object store").because(&err);
        let download = self.0.get(&key(name), range).await.map_err(cannot)?;
        let download = download.ok_or_else(|| {
            Failure::input(format!("there is no {name} in the object store"))
                .hint("`meetbox restore --list` tells what is")
        })?;
        let mut body = download.body;
        while let Some(bytes) = body.try_next().await.map_err(cannot)? {
            take(&bytes).map_err(|err| cannot_write(&err))?;
        }
        Ok(())
    }

    /// What one says of itself, as far as it does. It is not looked at whether the rest is whole.
    async fn manifest(&self, name: &Name) -> Result<Option<Manifest>, Failure> {
        let mut tail = Vec::new();
        let read = self.read(name, Some(ByteRange::Last(layout::TAIL)), |bytes| {
            tail.extend_from_slice(bytes);
            Ok(())
        });
        read.await?;
        Ok(layout::manifest_in(&tail).and_then(|text| Manifest::parse(&text).ok()))
    }

    /// The backups there, with their sizes in bytes; the oldest first.
    pub async fn list(&self) -> Result<Vec<(Name, u64)>, Failure> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.0.list(PREFIX, after.as_deref(), PAGE).await;
            let page = page.map_err(|err| Failure::ours("cannot list the object store").because(&err))?;
            found.extend(
                page.items
                    .iter()
                    .filter_map(|object| Some((Name::parse(object.key.strip_prefix(PREFIX)?)?, object.size))),
            );
            after = page.next;
            if after.is_none() {
                found.sort();
                return Ok(found);
            }
        }
    }

    /// Deletes what is old of the house's whose backup was just made, and answers how many that were. What is called like a
    /// backup and is none, or is another house's, stays.
    pub async fn prune(&self, made: &Name, keep: Keep, now: DateTime<Utc>) -> Result<usize, Failure> {
        let mut ours = Vec::new();
        for (name, size) in others(self.list().await?, made, now) {
            // Of what is empty there is no part that could be asked for.
            let manifest = if size == 0 { None } else { self.manifest(&name).await? };
            if is_of(manifest, &name) {
                ours.push(name);
            }
        }
        let old = keep.old_ones(ours, now);
        for name in &old {
            let deleted = self.0.delete(&key(name)).await;
            deleted.map_err(|err| Failure::ours(format!("cannot delete {name} in the object store")).because(&err))?;
        }
        Ok(old.len())
    }
}

fn not_brought(err: &StorageError) -> Failure {
    Failure::ours("cannot bring the backup to the object store").because(err)
}

fn key(name: &Name) -> String {
    format!("{PREFIX}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_name_is_read_as_it_is_written_and_nothing_else_is_one() {
        let it = name("meetbox-meet.my-house.org-20261126T184459Z.tar");
        assert_eq!(it.domain, "meet.my-house.org");
        assert_eq!(it.taken_at, "2026-11-26T18:44:59Z".parse::<DateTime<Utc>>().unwrap());
        for other in [
            "meetbox-meet.example.org-20261126T184459Z.tar.draft",
            ".meetbox-meet.example.org-20261126T184459Z.tar",
            "meetbox-meet.example.org-20261326T184459Z.tar",
            "meetbox-meet.example.org-2026-11-26.tar",
            "notes.tar",
            "meetbox-\u{1b}[2J-20261126T184459Z.tar",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }

    #[test]
    fn what_any_rule_keeps_stays_beside_the_one_that_was_just_made() {
        let now: DateTime<Utc> = "2026-11-26T12:00:00Z".parse().unwrap();
        let names: Vec<_> =
            (20..25).map(|day| name(&format!("meetbox-meet.example.org-202611{day}T030000Z.tar"))).collect();
        let old = |newest, days| {
            let old = Keep { newest, days }.old_ones(names.clone(), now);
            let mut days: Vec<_> = old.iter().map(|name| name.taken_at.format("%d").to_string()).collect();
            days.sort();
            days.join(" ")
        };
        assert_eq!(old(None, None), "");
        assert_eq!(old(Some(2), None), "20 21 22 23");
        assert_eq!(old(None, Some(3)), "20 21 22 23");
        assert_eq!(old(Some(2), Some(4)), "20 21 22");
        assert_eq!(old(Some(5), Some(1)), "20");
        assert_eq!(old(None, Some(0)), "20 21 22 23 24");
        assert_eq!(old(Some(0), None), "20 21 22 23 24");
    }

    #[test]
    fn neither_the_one_that_was_just_made_nor_one_that_is_dated_after_now_is_among_the_old() {
        let found = |text: &str| (name(&format!("meetbox-{text}.tar")), 1);
        let (made, _) = found("meet.example.org-20261125T030000Z");
        let found = vec![
            found("meet.example.org-20261124T030000Z"),
            found("meet.example.org-20261125T030000Z"),
            found("meet.example.org-20261125T030001Z"),
            found("meet.example.org-21261126T030000Z"),
            found("other.example.org-20261124T030000Z"),
        ];
        // The clock that the name was taken from was set back while it was made.
        let now: DateTime<Utc> = "2026-11-25T02:00:00Z".parse().unwrap();
        let others = others(found, &made, now);
        assert_eq!(others, [(name("meetbox-meet.example.org-20261124T030000Z.tar"), 1)]);
    }
}
