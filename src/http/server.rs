//! The accept loop: lets clients in, no more than fit, and sees them out.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use poem::{EndpointExt, IntoEndpoint};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, JoinSet},
    time::{Instant, sleep_until},
};
use tracing::{debug, error, info, warn};

pub use super::connection::Patience;
use super::connection::{House, attend};
use crate::lifecycle::Stop;

/// The pause after the first failed accept; it doubles while failures last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between two tries to let somebody in.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// How often a lasting failure to let clients in is told.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// The file descriptors kept for what is no client: the database, Redis, LiveKit, the log.
const KEPT_FILES: u64 = 128;

/// How the door is kept.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// The most connections open at once; more wait in the kernel's queue.
    pub max_connections: usize,
    /// How long we wait for which client.
    pub patience: Patience,
}

/// How many of the wanted connections fit into the files that the process may open; that limit is raised as far as it goes.
///
/// More would be let in only to leave the database without a connection.
pub fn places(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    if let Err(err) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        debug!(error = %err, "cannot raise the limit of open files: {err}");
    }
    let places = that_fit(wanted, getrlimit(Resource::Nofile).current);
    if places < wanted {
        warn!(wanted, places, "only {places} of {wanted} connections fit into the limit of open files (ulimit -n)");
    }
    places
}

/// `None`: there is no limit.
fn that_fit(wanted: usize, files: Option<u64>) -> usize {
    let Some(files) = files else { return wanted };
    // Below twice what is kept, half of it is better than nothing.
    let free = files.saturating_sub(KEPT_FILES).max(files / 2);
    wanted.min(usize::try_from(free).unwrap_or(usize::MAX))
}

/// Answers with `endpoint` what comes in on `listener`, until the end.
///
/// At `stop.soft()` nobody is let in any more, requests under way are answered, with `Connection: close`, and the
/// function returns when the last is; at `stop.hard()` everything is dropped.
pub async fn serve(
    listener: TcpListener,
    endpoint: impl IntoEndpoint<Endpoint: 'static>,
    options: ServerOptions,
    stop: Stop,
) {
    let house = Arc::new(House {
        endpoint: endpoint.into_endpoint().map_to_response().boxed(),
        patience: options.patience,
        stop: stop.clone(),
    });
    let mut door = Door::new(listener, options.max_connections);
    // Connections end on their own or with this function: the set aborts what is left when it is dropped.
    let mut connections = JoinSet::new();
    let let_in = |connections: &mut JoinSet<()>, guest: Guest| {
        let house = house.clone();
        connections.spawn(async move {
            attend(guest.stream, guest.peer, house).await;
            drop(guest.place);
        });
    };

    loop {
        tokio::select! {
            () = stop.soft() => break,
            Some(ended) = connections.join_next() => note(ended),
            guest = door.next() => let_in(&mut connections, guest),
        }
    }

    for guest in door.close() {
        let_in(&mut connections, guest);
    }
    info!(connections = connections.len(), "no new connections; {} open", connections.len());
    tokio::select! {
        () = async { while let Some(ended) = connections.join_next().await { note(ended) } } => {}
        () = stop.hard() => connections.shutdown().await,
    }
}

/// A panic that reached the connection is ours to mend; the endpoint catches those of its handlers.
fn note(ended: Result<(), JoinError>) {
    if let Err(err) = ended
        && err.is_panic()
    {
        error!(error = %err, "a connection's task panicked: {err}");
    }
}

/// A client that came in, and the place it takes.
struct Guest {
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
}

/// The listener, with as many places as there may be connections.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    pause: Pause,
}

impl Door {
    fn new(listener: TcpListener, places: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)));
        Self { listener, places, pause: Pause::default() }
    }

    /// The next client, once there is a place for it. Safe to give up on and ask again.
    async fn next(&mut self) -> Guest {
        loop {
            if let Some(until) = self.pause.until {
                sleep_until(until).await;
            }
            let Ok(place) = self.places.clone().acquire_owned().await else {
                // Nobody closes the semaphore.
                return std::future::pending().await;
            };
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.pause.end();
                    return Guest { stream, peer, place };
                }
                Err(err) => self.pause.after(&err),
            }
        }
    }

    /// Lets in who already stands in the kernel's queue, and closes: for them a closed queue is a lost request.
    ///
    /// The kernel is asked itself: tokio only asks it once it has heard that somebody came.
    fn close(self) -> Vec<Guest> {
        let mut last = Vec::new();
        let Ok(listener) = self.listener.into_std() else { return last };
        while let Ok(place) = self.places.clone().try_acquire_owned() {
            match listener.accept() {
                Ok((stream, peer)) => {
                    let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
                    last.extend(stream.ok().map(|stream| Guest { stream, peer, place }));
                }
                Err(err) if is_the_clients(&err) => {}
                Err(_) => break,
            }
        }
        last
    }
}

/// The client went away between its connect and our accept; the next one is not concerned.
fn is_the_clients(err: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(err.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The pause after an accept that failed for want of something, mostly file descriptors: the client stays in the
/// queue, so that trying again at once would only spin.
#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    length: Duration,
    told: Option<Instant>,
}

impl Pause {
    fn after(&mut self, err: &io::Error) {
        if is_the_clients(err) {
            return;
        }
        let now = Instant::now();
        self.length = (self.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.until = Some(now + self.length);

        if self.told.is_none_or(|told| now >= told + TELL_EVERY) {
            self.told = Some(now);
            warn!(error = %err, "cannot let new connections in: {err}; those that are open go on");
        }
    }

    fn end(&mut self) {
        if self.until.take().is_some() {
            debug!("letting new connections in again");
        }
        self.length = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_kept_for_what_is_no_client() {
        assert_eq!(that_fit(10_000, None), 10_000);
        assert_eq!(that_fit(10_000, Some(1_048_576)), 10_000);
        assert_eq!(that_fit(10_000, Some(1024)), 896);
        assert_eq!(that_fit(10_000, Some(64)), 32);
        assert_eq!(that_fit(10, Some(1024)), 10);
    }

    #[test]
    fn the_pause_grows_ends_with_a_success_and_is_not_for_the_client_s_faults() {
        let none_left = io::Error::from_raw_os_error(24);
        let mut pause = Pause::default();
        pause.after(&io::Error::from(io::ErrorKind::ConnectionAborted));
        assert!(pause.until.is_none());

        let lengths: Vec<_> = (0..5)
            .map(|_| {
                pause.after(&none_left);
                pause.length.as_millis()
            })
            .collect();
        assert_eq!(lengths, [50, 100, 200, 400, 500]);
        assert!(pause.until.is_some_and(|until| until > Instant::now()));

        pause.end();
        assert!(pause.until.is_none());
        pause.after(&none_left);
        assert_eq!(pause.length, FIRST_PAUSE);
    }
}
