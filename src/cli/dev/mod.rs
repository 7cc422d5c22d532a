//! `meetbox dev`: everything that a meeting needs, on this machine alone, started with one command and stopped with
//! one key.
//!
//! Each service runs under a keeper (`keep.rs`), which stops it when `meetbox dev` is gone, and is watched by a
//! supervisor (`service.rs`). What is started, in which order and with which addresses, stands in `plan.rs`
//! and `start.rs`.

mod access;
mod api;
mod environment;
mod folder;
mod house;
mod keep;
mod kept;
mod livekit_server;
mod once;
mod plan;
mod ports;
mod postgres_server;
mod probe;
mod process;
pub mod recorder;
mod redis_server;
mod service;
mod stand_in;
mod start;
mod summary;
mod terminal;
mod watch;
mod web;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::timeout,
};

use self::{folder::Folder, house::House, plan::Plan, terminal::Terminal};
pub use self::{
    keep::{KeepArgs, run as keep},
    ports::Port,
    stand_in::{StandInArgs, run as stand_in},
};
use super::Failure;

/// Signals that come closer together are one.
const ONE_PRESS: Duration = Duration::from_millis(500);

/// What to start, and where.
#[derive(clap::Args)]
pub struct Args {
    /// Port of the API, in place of PORT or 3001
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Port of the web app, in place of WEB_PORT or 3000
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    web_port: Option<u16>,
    /// Port of LiveKit, in place of LIVEKIT_PORT or 7880; the two after it carry media
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    livekit_port: Option<u16>,
    /// Port of Postgres, in place of POSTGRES_PORT or 15432
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    postgres_port: Option<u16>,
    /// Port of Redis, in place of REDIS_PORT or 16379
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    redis_port: Option<u16>,
    /// Leave the web app out
    #[arg(long)]
    no_web: bool,
    /// Put a stand-in for LiveKit's recorder before LiveKit: recordings then are files that say that nothing was recorded
    #[arg(long)]
    fake_egress: bool,
    /// Build the API once, and not again when its sources change
    #[arg(long)]
    no_watch: bool,
    /// Build the API with this shell command, which must speak as `cargo build --message-format json` does
    #[arg(long, hide = true)]
    build_command: Option<String>,
}

/// Runs everything until it is told to stop, or until something cannot be started.
pub fn run(args: Args) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|err| Failure::ours("cannot start the runtime").because(&err))?;
    let outcome = runtime.block_on(dev(args));
    // A name that is being looked up cannot be interrupted, and need not be waited for.
    runtime.shutdown_background();
    outcome
}

async fn dev(args: Args) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let root = PathBuf::from(".")
        .canonicalize()
        .map_err(|err| Failure::input("there is no working directory").because(&err))?;
    let folder = Arc::new(Folder::open(&root)?);
    let terminal = Terminal::on_stderr();

    let mut house = House::new(folder.clone(), terminal.clone());
    let outcome = tokio::select! {
        () = signals.next() => Ok(()),
        outcome = live(&args, root, &mut house) => outcome,
        () = terminal.animate() => Ok(()),
    };

    terminal.stop_waiting();
    terminal.say("stopping; Ctrl-C again does not wait for it");
    tokio::select! {
        () = house.close() => terminal.say("stopped; the data stays in .meetbox"),
        // The keepers stop what they keep, whether or not they are waited for.
        () = signals.next_press() => {}
    }
    outcome
}

/// Starts everything, says where it is, and waits for what cannot go on.
async fn live(args: &Args, root: PathBuf, house: &mut House) -> Result<(), Failure> {
    let plan = Plan::make(args, root, house.folder())?;
    let (summary, told) = (plan.summary.clone(), plan.api.program.variables.clone());
    start::start(plan, house).await?;

    if let Some(failure) = house.complete().await {
        return Err(failure);
    }
    // Only now: the API has brought the database up to date.
    let access = access::prepare(house.folder(), &told, summary.app.as_deref()).await?;
    super::print(&summary.told(&access))?;
    if let Some(link) = &access.setup_link {
        access::open_in_browser(link);
    }
    Err(house.failed().await)
}

/// The signals that ask for the end.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = || {
            let [interrupt, terminate, hangup] =
                [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            Ok(Self([signal(interrupt)?, signal(terminate)?, signal(hangup)?]))
        };
        listen().map_err(|err: std::io::Error| Failure::ours("cannot listen to signals").because(&err))
    }

    /// The next signal that somebody meant: one press may send several, to the process and to its group.
    async fn next_press(&mut self) {
        let echoes = async {
            loop {
                self.next().await;
            }
        };
        let _: Result<(), _> = timeout(ONE_PRESS, echoes).await;
        self.next().await;
    }

    async fn next(&mut self) {
        let Self([interrupt, terminate, hangup]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
