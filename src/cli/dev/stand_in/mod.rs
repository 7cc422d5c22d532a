//! A stand-in for LiveKit's recorder, for a machine that has none: `meetbox dev --fake-egress`.
//!
//! A real LiveKit finds its recorders over Redis and could not be told of this one. So it stands before LiveKit: it answers
//! the calls about recordings itself, out of the model in `recorder/`, and passes on every other. It looks into the rooms
//! that it pretends to record, sends webhooks as LiveKit does, and leaves a file that says what it is.

mod front;
mod post;
mod rooms;
mod service;
mod shelf;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    sync::mpsc,
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};
use url::Url;

pub use self::service::{Place, service};
use self::{post::Letter, shelf::Shelf};
use super::recorder::{Effect, Egresses};
use crate::{
    app,
    cli::Failure,
    clock::Clock,
    config::{Environment, Settings},
    livekit::Keys,
    telemetry,
};

/// How often what is due is done, and how often rooms are looked into.
const BEAT: Duration = Duration::from_millis(250);
const LOOK_EVERY: u32 = 4;

/// What `meetbox dev` tells the stand-in.
#[derive(clap::Args)]
pub struct StandInArgs {
    /// The port on loopback where it stands before LiveKit
    #[arg(long)]
    port: u16,
}

/// The stand-in, as all that it does at once shares it.
struct StandIn {
    egresses: Mutex<Egresses>,
    keys: Keys,
    http: reqwest::Client,
    clock: Clock,
    livekit: Url,
    shelf: Shelf,
    letters: mpsc::UnboundedSender<Letter>,
}

/// Stands in until it is stopped.
pub fn run(args: StandInArgs) -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    if settings.environment != Environment::Local {
        return Err(refused());
    }
    let _log = telemetry::init(&settings.logs).map_err(|err| Failure::input("cannot write the log").because(&err))?;
    crate::cli::runtime()?.block_on(stand_in(args, &settings))
}

/// Why there is no stand-in outside of a developer's machine.
pub fn refused() -> Failure {
    Failure::input("--fake-egress makes recordings that record nothing, which only APP_ENV=local may")
        .hint("leave --fake-egress out, and let LiveKit's egress record (docs/egress.md)")
}

async fn stand_in(args: StandInArgs, settings: &Settings) -> Result<(), Failure> {
    let http = app::http_client(settings.livekit.api_url.as_str())
        .map_err(|err| Failure::ours("cannot make an HTTP client").because(&err))?;
    let shelf = Shelf::new(settings)?;
    let mut egresses = Egresses::default();
    egresses.set_site(shelf.site());
    let (letters, post) = mpsc::unbounded_channel();
    let stand_in = Arc::new(StandIn {
        egresses: Mutex::new(egresses),
        keys: Keys::new(&settings.livekit.api_key, &settings.livekit.api_secret),
        http,
        clock: Clock::System,
        livekit: settings.livekit.api_url.clone(),
        shelf,
        letters,
    });

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await;
    let listener = listener.map_err(|err| Failure::input(format!("cannot listen on {}", args.port)).because(&err))?;
    warn!("recordings are stand-ins: nothing is recorded, and files are left in {}", stand_in.shelf.site());

    let webhook = format!("http://127.0.0.1:{}/livekit/webhook", settings.http.port);
    let mut tasks = JoinSet::new();
    tasks.spawn(post::deliver(post, stand_in.clone(), webhook));
    tasks.spawn(beat(stand_in.clone()));
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                tasks.spawn(front::attend(stream, stand_in.clone()));
            },
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Does what is due, again and again.
async fn beat(stand_in: Arc<StandIn>) {
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for beat in (0..LOOK_EVERY).cycle() {
        beats.tick().await;
        if beat == 0 {
            stand_in.look().await;
        }
        stand_in.settle().await;
    }
}

impl StandIn {
    fn egresses(&self) -> MutexGuard<'_, Egresses> {
        self.egresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets happen what is due by now, and carries it out.
    async fn settle(&self) {
        loop {
            let effects = {
                let mut egresses = self.egresses();
                egresses.tick(self.clock.now());
                egresses.take_effects()
            };
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out(effect).await;
            }
        }
    }

    async fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Tell { name, info, at } => {
                let egress_id = info["egressId"].as_str().unwrap_or_default();
                let status = info["status"].as_str().unwrap_or("EGRESS_STARTING");
                info!(egress.id = egress_id, "stand-in recording {egress_id}: {name}, {status}");
                // The post lives as long as we do.
                let _ = self.letters.send(Letter { name, info, at });
            }
            // Nobody comes and nobody goes: a room is recorded in name only.
            Effect::Join { .. } | Effect::Leave { .. } => {}
            Effect::Write(write) => {
                let result = self.shelf.put(&write).await;
                if let Err(trouble) = &result {
                    warn!("stand-in recording {}: {}", write.egress_id, trouble.error());
                }
                self.egresses().written(&write, result, self.clock.now());
            }
        }
    }
}
