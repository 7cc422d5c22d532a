//! `meetbox restore`: an archive that `meetbox backup` made, looked at, tried, or put in the place of what there is.

mod database;
mod settings;
mod source;

use std::{
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
};

use rustix::event::{self, Timespec};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use self::source::Opened;
use super::{
    Failure,
    archive::{
        config_files::eprintln,
        progress::{self, size},
        seal::KeyArgs,
        shelf::{self, Bucket, Name},
    },
    operator::table,
    print, runtime,
};
use crate::config::{Settings, StorageSettings};

/// How often it is looked whether the work is broken off while an answer is waited for.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Arguments of `meetbox restore`.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["archive", "from_bucket", "list"]))]
pub struct Args {
    /// The archive: a file
    archive: Option<PathBuf>,
    /// The archive: one of those in the object store, by its name
    #[arg(long, value_name = "NAME", value_parser = name)]
    from_bucket: Option<Name>,
    /// Tell which backups there are, in the folder and the object store of the settings
    #[arg(long)]
    list: bool,
    /// Restore it into a database beside, compare, and take that away again: changes nothing
    #[arg(long, conflicts_with_all = ["list", "settings", "yes", "disconnect"])]
    verify: bool,
    /// Put back the files in /etc/meetbox, and leave the database alone
    #[arg(long, conflicts_with_all = ["list", "disconnect"])]
    settings: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Send away whoever is connected to the database, a server that runs among them
    #[arg(long)]
    disconnect: bool,
    #[command(flatten)]
    keys: KeyArgs,
    /// The root of the file system whose etc/meetbox is meant
    #[arg(long, value_name = "FOLDER", default_value = "/", hide_default_value = true)]
    root: PathBuf,
}

fn name(text: &str) -> Result<Name, &'static str> {
    let text = text.strip_prefix("backups/").unwrap_or(text);
    Name::parse(text).ok_or("it is no name of a backup, such as meetbox-meet.example.org-20261126T030000Z.tar")
}

/// How something is waited for that may be broken off.
#[derive(Clone, Copy)]
struct Waiting<'a> {
    runtime: &'a Runtime,
    stop: &'a CancellationToken,
}

impl Waiting<'_> {
    /// Waits for that, unless the work is broken off before.
    fn on<T>(self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        progress::unless_stopped(self.runtime, self.stop, work)
    }

    /// Goes on, unless the work was broken off meanwhile.
    fn go_on(self) -> Result<(), Failure> {
        if self.stop.is_cancelled() { Err(progress::interrupted()) } else { Ok(()) }
    }
}

/// Does what is asked.
pub fn run(args: Args) -> Result<(), Failure> {
    let settings = match Settings::from_process() {
        Ok(loaded) => Some(loaded.settings),
        // On a machine that has no settings yet they are just what is to be restored.
        Err(_) if args.settings && args.from_bucket.is_none() => None,
        Err(err) => return Err(err.into()),
    };
    let runtime = runtime()?;
    // Connections are closed by it, also where work ends early.
    let _inside = runtime.enter();
    let stop = progress::stop_by_signal(&runtime)?;
    let waiting = Waiting { runtime: &runtime, stop: &stop };
    let Some(settings) = &settings else {
        return settings::restore(&Opened::find(&args, None, waiting)?, &args, waiting);
    };
    if args.list {
        return list(settings, waiting);
    }
    let opened = Opened::find(&args, Some(settings), waiting)?;
    if args.settings {
        return settings::restore(&opened, &args, waiting);
    }
    let job = database::Job { settings, opened: &opened, root: &args.root, waiting };
    if args.verify { job.verify() } else { job.restore(&args) }
}

fn list(settings: &Settings, waiting: Waiting<'_>) -> Result<(), Failure> {
    let row = |place: String, (name, bytes): &(Name, u64)| {
        vec![name.taken_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(), name.domain.clone(), size(*bytes), place]
    };
    let dir = &settings.backup.dir;
    let mut rows: Vec<_> =
        shelf::list(dir)?.iter().map(|it| row(dir.join(it.0.to_string()).display().to_string(), it)).collect();
    let there = match &settings.storage {
        StorageSettings::S3(_) => Bucket::of(settings).and_then(|bucket| waiting.on(bucket.list())),
        StorageSettings::None | StorageSettings::Folder(_) => Ok(Vec::new()),
    };
    rows.extend(there.iter().flatten().map(|it| row(format!("--from-bucket {}", it.0), it)));
    if rows.is_empty() && there.is_ok() {
        eprintln("there are no backups");
    }
    // Those in the folder are told also when the object store is away: then they are what there is.
    print(&table(&rows))?;
    there.map(drop)
}

/// Goes on only when the operator wants that, and has not broken it off meanwhile.
fn confirm(args: &Args, waiting: Waiting<'_>) -> Result<(), Failure> {
    if !args.yes {
        ask(waiting)?;
    }
    waiting.go_on()
}

fn ask(waiting: Waiting<'_>) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::input("this is not done without asking, and nobody is there to answer").hint("say --yes"));
    }
    eprintln("Type yes to go on:");
    let cannot = |err: io::Error| Failure::input("cannot read the answer").because(&err);
    // A line that is waited for while it is read would not notice Ctrl-C, which is told otherwise here.
    let stdin = io::stdin();
    loop {
        waiting.go_on()?;
        match event::poll(&mut [event::PollFd::new(&stdin, event::PollFlags::IN)], Some(&LOOK)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => break,
            Err(err) => return Err(cannot(err.into())),
        }
    }
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(cannot)?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::input("nothing was changed")) }
}
