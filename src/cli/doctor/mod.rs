//! `meetbox doctor`: looks at a running installation, and says under everything that is not well what mends it.
//!
//! The list below is all that it looks at, in the order in which it is told. Every check has a time of its own and is asked
//! beside the others; what one cannot find out keeps no other from its answer.

mod backups;
mod certificate;
mod clock;
mod containers;
mod disk;
mod firewall;
mod machine;
mod network;
mod ports;
mod recordings;
mod report;
mod round_trip;
mod rules;
mod services;
mod settings;
mod stun;
mod system;

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, pin::Pin, time::Duration};

use tokio::sync::OnceCell;
use url::Url;

use self::{
    containers::{Container, Engine},
    machine::Machine,
    report::{Finding, Line, State},
    round_trip::Trip,
};
use super::{Failure, print, runtime};
use crate::{
    assets::yaml::{self, Entry},
    clock::Clock,
    config::{Settings, SettingsError},
    livekit,
};

pub use self::recordings::{ProveFolder, prove_folder};

/// How it ends, for `--help`.
pub const EXIT_CODES: &str = "Exit codes: 0 nothing failed (there may be warnings), 1 it could not be run as it was asked, \
                              2 something failed.";

/// Arguments of `meetbox doctor`.
#[derive(clap::Args)]
pub struct Args {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// The STUN server that is asked for the public address; usually those that LiveKit asks
    #[arg(long, value_name = "HOST:PORT")]
    stun: Option<String>,
    /// An address whose answer tells the time; usually the object store's, or the certificate authority's
    #[arg(long, value_name = "URL")]
    time: Option<Url>,
    /// Look at the files below this folder, as if it were the root of the file system
    #[arg(long, value_name = "FOLDER", hide = true, default_value = "/")]
    root: PathBuf,
}

/// One thing that is looked at.
struct Check {
    group: &'static str,
    name: &'static str,
    look: for<'a> fn(&'a Visit) -> Looking<'a>,
}

type Looking<'a> = Pin<Box<dyn Future<Output = Result<Finding, Finding>> + Send + 'a>>;

/// The longest that any check may take; each has shorter ones of its own for what it asks.
const LIMIT: Duration = Duration::from_secs(30);

/// Everything that is looked at.
const CHECKS: [Check; 33] = [
    check("Settings", "settings", |visit| Box::pin(settings::values(visit))),
    check("Settings", "secret files", |visit| Box::pin(settings::files(visit))),
    check("Machine", "clock", |visit| Box::pin(clock::look(visit))),
    check("Machine", "kernel limits", |visit| Box::pin(system::sysctls(visit))),
    check("Machine", "disk space", |visit| Box::pin(disk::look(visit))),
    check("Machine", "folders", |visit| Box::pin(system::folders(visit))),
    check("Machine", "meetbox.service", |visit| Box::pin(system::service(visit))),
    check("Machine", "meetbox-stack.service", |visit| Box::pin(system::stack(visit))),
    check("Machine", "backup", |visit| Box::pin(backups::look(visit))),
    check("Containers", "docker", |visit| Box::pin(containers::docker(visit))),
    check("Containers", "docker compose", |visit| Box::pin(containers::compose(visit))),
    check("Containers", "postgres", |visit| Box::pin(containers::postgres(visit))),
    check("Containers", "redis", |visit| Box::pin(containers::redis(visit))),
    check("Containers", "livekit", |visit| Box::pin(containers::livekit(visit))),
    check("Containers", "egress", |visit| Box::pin(containers::egress(visit))),
    check("Containers", "caddy", |visit| Box::pin(containers::caddy(visit))),
    check("Network", "domain", |visit| Box::pin(network::dns(visit))),
    check("Network", "certificate", |visit| Box::pin(certificate::look(visit))),
    check("Network", "open ports", |visit| Box::pin(ports::public(visit))),
    check("Network", "inner ports", |visit| Box::pin(ports::inner(visit))),
    check("Network", "firewall", |visit| Box::pin(firewall::four(visit))),
    check("Network", "firewall, IPv6", |visit| Box::pin(firewall::six(visit))),
    check("Network", "public address", |visit| Box::pin(network::seen(visit))),
    check("Network", "way back", |visit| Box::pin(network::hairpin(visit))),
    check("Network", "TURN", |visit| Box::pin(network::turn(visit))),
    check("Meetings", "server", |visit| Box::pin(services::server(visit))),
    check("Meetings", "database", |visit| Box::pin(services::database(visit))),
    check("Meetings", "Redis", |visit| Box::pin(services::redis(visit))),
    check("Meetings", "one Redis for all", |visit| Box::pin(services::one_redis(visit))),
    check("Meetings", "LiveKit", |visit| Box::pin(services::livekit(visit))),
    check("Meetings", "webhook", |visit| Box::pin(round_trip::look(visit))),
    check("Recordings", "recorder", |visit| Box::pin(recordings::egress(visit))),
    check("Recordings", "storage", |visit| Box::pin(recordings::storage(visit))),
];

const fn check(group: &'static str, name: &'static str, look: for<'a> fn(&'a Visit) -> Looking<'a>) -> Check {
    Check { group, name, look }
}

/// One look at one machine: what is read once, and what is asked once for several checks.
struct Visit {
    asked: Args,
    machine: Machine,
    clock: Clock,
    settings: Result<Settings, SettingsError>,
    /// About settings that work.
    warnings: Vec<String>,
    /// livekit.yaml and egress.yaml; none where they cannot be read.
    livekit: Option<Vec<Entry>>,
    egress: Option<Vec<Entry>>,
    engine: OnceCell<Result<Engine, Finding>>,
    containers: OnceCell<Result<BTreeMap<String, Container>, Finding>>,
    public_address: OnceCell<Result<IpAddr, String>>,
    trip: OnceCell<Result<Trip, Finding>>,
}

/// Looks at everything and tells it.
pub fn run(args: Args) -> Result<(), Failure> {
    if !args.root.is_dir() {
        return Err(Failure::input(format!("there is no folder {}", args.root.display())));
    }
    let is_json = args.json;
    let visit = Visit::begin(args);
    let runtime = runtime()?;
    let lines = runtime.block_on(look(&visit));
    // A disk that hangs still holds a thread, which is not waited for.
    runtime.shutdown_background();

    print(&if is_json { report::json(&lines)? } else { report::plain(&lines) })?;
    match report::count(&lines, State::Failed) {
        0 => Ok(()),
        1 => Err(Failure::ours("one check failed")),
        more => Err(Failure::ours(format!("{more} checks failed"))),
    }
}

async fn look(visit: &Visit) -> Vec<Line> {
    let one = |check: &Check| {
        let (group, name, looking) = (check.group, check.name, (check.look)(visit));
        async move {
            let finding = match tokio::time::timeout(LIMIT, looking).await {
                Ok(Ok(finding) | Err(finding)) => finding,
                Err(_) => Finding::unknown(format!("it was not found out within {LIMIT:?}")),
            };
            Line { group, check: name, finding }
        }
    };
    futures_util::future::join_all(CHECKS.iter().map(one)).await
}

impl Visit {
    fn begin(asked: Args) -> Self {
        let machine = Machine::new(asked.root.clone());
        let (settings, warnings) = settings::load(&machine);
        let entries = |path: &str| yaml::entries(&machine.read(path).ok()?).ok();
        Self {
            livekit: entries("/etc/meetbox/livekit.yaml"),
            egress: entries("/etc/meetbox/egress.yaml"),
            asked,
            machine,
            clock: Clock::System,
            settings,
            warnings,
            engine: OnceCell::new(),
            containers: OnceCell::new(),
            public_address: OnceCell::new(),
            trip: OnceCell::new(),
        }
    }

    /// The settings, for checks that need them.
    fn settings(&self) -> Result<&Settings, Finding> {
        self.settings.as_ref().map_err(|_| Finding::unknown("the settings are not right, see above"))
    }

    /// Where people reach Meetbox.
    fn public_url(&self) -> Result<&Url, Finding> {
        let url = self.settings()?.http.public_url.as_ref();
        url.ok_or_else(|| Finding::unknown("PUBLIC_URL is not set"))
    }

    /// What livekit.yaml says.
    fn livekit(&self) -> Result<&[Entry], Finding> {
        self.livekit.as_deref().ok_or_else(|| Finding::unknown("/etc/meetbox/livekit.yaml cannot be read"))
    }

    /// A client with our keys.
    fn livekit_client(&self) -> Result<livekit::Client, Finding> {
        let settings = self.settings()?;
        let http = crate::app::http_client(settings.livekit.api_url.as_str())
            .map_err(|err| Finding::unknown(err.to_string()))?;
        Ok(livekit::Client::new(http, &settings.livekit, self.clock.clone()))
    }
}
