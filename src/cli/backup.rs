//! `meetbox backup`: one encrypted archive of the database and the settings.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{
    Failure,
    archive::{
        config_files::{self, ConfigFile},
        layout::{self, Reader, Writer},
        manifest::{self, About, Contents, Manifest},
        postgres::{self, Address, Tool},
        progress::{self, Counted},
        seal::Lock,
        shelf::{Bucket, Draft, Folder, Keep, Name},
    },
    print, runtime,
};
use crate::{app::backups::Snapshot, clock::Clock, config::Settings};

/// How long pg_dump waits for a table that somebody changes the form of.
const LOCK_WAIT: &str = "--lock-wait-timeout=60s";

/// Arguments of `meetbox backup`.
#[derive(clap::Args)]
pub struct Args {
    /// The folder that it goes to; usually the settings say where
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// It goes to the object store, under backups/
    #[arg(long, conflicts_with = "to")]
    to_bucket: bool,
    /// Afterwards delete all but so many; usually BACKUP_KEEP, and nothing with --to or --to-bucket
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keep: Option<u32>,
    /// Afterwards delete those that are older; with --keep, only what both let go
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_days: Option<u32>,
    /// The root of the file system whose etc/meetbox is put into it
    #[arg(long, value_name = "FOLDER", default_value = "/", hide_default_value = true)]
    root: PathBuf,
}

/// Where it goes.
struct Target {
    dir: PathBuf,
    bucket: Option<Bucket>,
    keep: Keep,
}

/// Makes one, and deletes older ones afterwards.
pub fn run(args: Args) -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    let lock = Lock::of(&settings.backup)?;
    let target = target(&args, &settings)?;
    let runtime = runtime()?;
    // Connections are closed by it, also where work ends early.
    let _inside = runtime.enter();
    let stop = progress::stop_by_signal(&runtime)?;

    let folder = Folder::open(&target.dir)?;
    let name = folder.new_name(manifest::domain(&settings), Clock::System.now());
    let name = match &target.bucket {
        None => name,
        Some(bucket) => runtime.block_on(bucket.new_name(name))?,
    };
    let work = Work { settings: &settings, lock, root: &args.root, runtime: &runtime, stop: &stop };
    let (draft, size) = work.write(folder.draft(&name)?, &name)?;

    let place = match &target.bucket {
        None => folder.keep(draft, &name)?.display().to_string(),
        Some(bucket) => {
            config_files::eprintln(&format!("bringing {} to the object store", progress::size(size)));
            runtime.block_on(bucket.put(&draft.path, &name, &stop))?;
            format!("backups/{name} in the object store")
        }
    };
    print(&format!("saved {place} ({})\n", progress::size(size)))?;
    prune(&runtime, &folder, &target, &name)
}

fn target(args: &Args, settings: &Settings) -> Result<Target, Failure> {
    let by_settings = args.to.is_none() && !args.to_bucket;
    let to_bucket = args.to_bucket || (by_settings && settings.backup.to_bucket);
    // What the settings say is about the place that they name.
    let newest = args.keep.or((by_settings && args.keep_days.is_none()).then_some(settings.backup.keep));
    Ok(Target {
        dir: args.to.clone().unwrap_or_else(|| settings.backup.dir.clone()),
        bucket: if to_bucket { Some(Bucket::of(settings)?) } else { None },
        keep: Keep { newest, days: args.keep_days },
    })
}

fn prune(runtime: &Runtime, folder: &Folder, target: &Target, name: &Name) -> Result<(), Failure> {
    if target.keep.newest.is_none() && target.keep.days.is_none() {
        return Ok(());
    }
    let now = Clock::System.now();
    let pruned = match &target.bucket {
        Some(bucket) => runtime.block_on(bucket.prune(name, target.keep, now)),
        None => folder.prune(name, target.keep, now),
    };
    let pruned =
        pruned.map_err(|err| Failure::ours("the backup is made; older ones cannot be deleted").because(&err))?;
    if pruned > 0 {
        config_files::eprintln(&format!("deleted {pruned} older"));
    }
    Ok(())
}

/// What an archive is made of and with.
struct Work<'a> {
    settings: &'a Settings,
    lock: Lock,
    root: &'a Path,
    runtime: &'a Runtime,
    stop: &'a CancellationToken,
}

/// The dump as it went into the archive.
struct Dumped {
    size: u64,
    sha256: String,
}

impl Work<'_> {
    /// Fills a draft, reads it again and compares; answers its size.
    fn write(&self, draft: Draft, name: &Name) -> Result<(Draft, u64), Failure> {
        let address = Address::of(&self.settings.database)?;
        // Before the snapshot, which holds up the server's clearing up for as long as it lasts.
        let tool = Tool::find("pg_dump", &address, &self.root.join("etc/meetbox"))?;
        let snapshot = progress::unless_stopped(self.runtime, self.stop, async {
            Snapshot::take(&self.settings.database).await.map_err(|err| {
                Failure::ours("cannot read the database")
                    .because(&err)
                    .hint("DATABASE_URL says where it is; `meetbox check` looks at all settings")
            })
        })?;
        let about = about(&snapshot, &tool, name)?;
        let files = config_files::gather(self.root)?;
        if files.is_empty() {
            config_files::eprintln("there are no settings in /etc/meetbox; the backup holds the database alone");
        }
        self.fill(&draft.file, &address, &tool, &snapshot, (about, files))?;
        self.runtime.block_on(snapshot.end());
        let size = verify(&draft.path)?;
        Ok((draft, size))
    }

    fn fill(
        &self,
        file: &File,
        address: &Address,
        tool: &Tool,
        snapshot: &Snapshot,
        (about, files): (About, Vec<ConfigFile>),
    ) -> Result<(), Failure> {
        let cannot = |err: io::Error| postgres::cannot_write(&err);
        let time = u64::try_from(about.created_at.timestamp()).unwrap_or_default();
        let mut archive = Writer::new(file.try_clone().map_err(cannot)?, time);

        let dumped = archive.member(|sink| self.dump(sink, address, tool, snapshot).map_err(Trouble::from))?;
        let contents = Contents {
            about: about.clone(),
            sealed_dump_sha256: archive.members().last().map(|member| member.sha256.clone()).unwrap_or_default(),
            dump_size: dumped.size,
            dump_sha256: dumped.sha256,
            rows: snapshot.counts.iter().map(|count| (count.table.clone(), count.rows)).collect(),
            files: files.iter().map(|file| file.entry.clone()).collect(),
        };
        archive.member(|sink| {
            let mut sealed = self.lock.seal(sink).map_err(cannot)?;
            config_files::write(&mut sealed, &contents, &files)?;
            sealed.finish().map_err(cannot)?;
            Ok::<_, Trouble>(())
        })?;
        let manifest = Manifest::of(about, self.lock.told(), archive.members()).json()?;
        archive.member(|sink| sink.write_all(manifest.as_bytes())).map_err(cannot)?;
        archive.finish().map_err(cannot)?;
        Ok(())
    }

    fn dump(&self, sink: impl Write, address: &Address, tool: &Tool, snapshot: &Snapshot) -> Result<Dumped, Failure> {
        let cannot = |err: io::Error| postgres::cannot_write(&err);
        let arguments = [
            "--format=custom".to_owned(),
            // Whoever restores it owns it.
            "--no-owner".to_owned(),
            "--no-privileges".to_owned(),
            LOCK_WAIT.to_owned(),
            // The moment whose rows were counted. It is known only to the server that made it, so that no other one is dumped.
            format!("--snapshot={}", snapshot.name),
            postgres::dbname(&snapshot.database),
        ];
        let sealed = self.lock.seal(sink).map_err(cannot)?;
        let mut out = Counted::new("dumping the database", Summed { inner: sealed, sha256: Sha256::new() });
        let size = tool.write_to(address, &arguments, &mut out, self.stop)?;
        let Summed { inner, sha256 } = out.into_inner();
        inner.finish().map_err(cannot)?;
        Ok(Dumped { size, sha256: config_files::digest(sha256) })
    }
}

fn about(snapshot: &Snapshot, tool: &Tool, name: &Name) -> Result<About, Failure> {
    let postgres = u32::try_from(snapshot.server_version / 10_000).unwrap_or_default();
    if tool.version < postgres {
        return Err(Failure::input(format!(
            "pg_dump is of version {}, and the server of version {postgres}, which it cannot dump",
            tool.version
        ))
        .hint(format!("install the newer programs: apt install postgresql-client-{postgres}")));
    }
    Ok(About {
        meetbox: env!("CARGO_PKG_VERSION").to_owned(),
        schema: snapshot.schema,
        created_at: name.taken_at,
        domain: name.domain.clone(),
        postgres,
        pg_dump: tool.version,
    })
}

/// Reads everything again, from the disk and not from what is remembered of it; answers the size.
fn verify(path: &Path) -> Result<u64, Failure> {
    let cannot = |err: io::Error| Failure::ours("cannot read the archive again").because(&err);
    let file = File::open(path).map_err(cannot)?;
    // A file system that cannot forget only makes this look less strict.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
    let archive = Reader::open(file)
        .map_err(|err| Failure::ours("the archive is not on the disk as it was written").because(&err))?;
    let readable =
        Manifest::read(&archive).is_ok() && archive.read(layout::DUMP).map_err(cannot)?.read(&mut [0]).is_ok();
    if !readable {
        return Err(Failure::ours("the archive is not on the disk as it was written"));
    }
    Ok(archive.size)
}

/// Sums up what goes through.
struct Summed<W> {
    inner: W,
    sha256: Sha256,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buf)?;
        self.sha256.update(&buf[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A member could not be written: because of the disk, or of what should have gone into it.
struct Trouble(Failure);

impl From<io::Error> for Trouble {
    fn from(err: io::Error) -> Self {
        Self(postgres::cannot_write(&err))
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        trouble.0
    }
}
