//! `meetbox serve`: the server, from its start to its end.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::interval,
};
use tracing::{error, info, warn};

use super::{Failure, runtime, start};
use crate::{
    config::Settings,
    http::{
        self,
        server::{Patience, ServerOptions},
    },
    jobs,
    lifecycle::{Lifecycle, Stop},
    telemetry,
};

/// While we start, systemd is told this often that we need more time …
const START_BEAT: Duration = Duration::from_secs(5);
/// … and this much of it, in microseconds.
const START_EXTENSION: u32 = 20_000_000;

/// Runs until a signal, or until a part of the house breaks down.
pub fn run() -> Result<(), Failure> {
    let loaded = Settings::from_process()?;
    let _log =
        telemetry::init(&loaded.settings.logs).map_err(|err| Failure::input("cannot write the log").because(&err))?;
    for warning in &loaded.warnings {
        warn!(variable = warning.variable, "{} {}", warning.variable, warning.message);
    }
    runtime()?.block_on(serve(&loaded.settings)).inspect_err(|failure| telemetry::critical("meetbox ends", failure))
}

async fn serve(settings: &Settings) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let environment = settings.environment;
    info!(version = env!("CARGO_PKG_VERSION"), %environment, "meetbox {} starts", env!("CARGO_PKG_VERSION"));

    let app = tokio::select! {
        app = start::open(settings) => app?,
        () = beat_while_starting() => return Ok(()),
        name = signals.next() => {
            info!("{name} during the start; nothing was served yet");
            return Ok(());
        }
    };
    let address = SocketAddr::new(settings.http.bind, settings.http.port);
    let listener = http::listener::bind(address).map_err(|err| {
        Failure::input(err.to_string())
            .hint("PORT and BIND say where Meetbox listens; end the other process, or set another PORT")
    })?;

    if matches!(crate::app::accounts::setup_is_needed(&app).await, Ok(true)) {
        info!("nobody can sign in yet; `meetbox account setup-link` makes the link for the first administrator");
    }

    let lifecycle = Lifecycle::new();
    jobs::keep(&lifecycle, &app);
    let places = http::server::places(settings.http.max_connections);
    let options = ServerOptions { max_connections: places, patience: Patience::default() };
    let routes = http::routes(app, http::web::endpoint(&settings.livekit, settings.storage.s3()));
    lifecycle.keep("http", |stop| http::server::serve(listener, routes, options, stop));
    keep_watchdog(&lifecycle);
    info!(%address, "ready on http://{address}");
    tell_systemd(&[sd_notify::NotifyState::Ready]);

    let outcome = tokio::select! {
        name = signals.next() => {
            info!("{name}; finishing what is under way");
            Ok(())
        }
        () = lifecycle.broken() => {
            Err(Failure::ours("a part of meetbox broke down").hint("the log has the reason; systemd starts it again"))
        }
    };
    tell_systemd(&[sd_notify::NotifyState::Stopping]);
    tokio::select! {
        _ = lifecycle.close(settings.http.shutdown_grace) => {}
        name = signals.next() => warn!("{name} again; dropping what is under way"),
    }
    info!("meetbox ends");
    outcome
}

/// The signals that end us.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|err| Failure::ours("cannot listen for signals").because(&err));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Asks systemd for more time again and again: waiting for Postgres and a long migration are no hang.
async fn beat_while_starting() {
    let mut beat = interval(START_BEAT);
    loop {
        beat.tick().await;
        tell_systemd(&[sd_notify::NotifyState::ExtendTimeoutUsec(START_EXTENSION)]);
    }
}

/// Keeps the watchdog's beat when systemd asks for one: it stops when the runtime no longer gets round to its tasks.
fn keep_watchdog(lifecycle: &Lifecycle) {
    let Some(deadline) = sd_notify::watchdog_enabled() else { return };
    lifecycle.keep("watchdog", |stop: Stop| async move {
        let mut beat = interval(deadline / 2);
        loop {
            tokio::select! {
                _ = beat.tick() => tell_systemd(&[sd_notify::NotifyState::Watchdog]),
                () = stop.soft() => return,
            }
        }
    });
}

fn tell_systemd(state: &[sd_notify::NotifyState<'_>]) {
    // Without systemd there is nobody to tell, and that is no error.
    if let Err(err) = sd_notify::notify(state) {
        error!(error = %err, "cannot tell systemd how we are");
    }
}
