//! Passwords and passcodes: hashed so that whoever reads the hash must guess slowly, without slowing anybody else down.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{SaltString, rand_core::OsRng},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    task::spawn_blocking,
    time::timeout,
};
use tracing::error;

/// 19 MiB, twice over, on one lane.
// Source: OWASP, Password Storage Cheat Sheet, the first of its equivalent settings for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How much hashing gives way: as much as there is. A password takes a little longer on a busy machine, and meetings go on.
const GIVEN_WAY: i32 = 19;

/// When a hash has given way long enough. On a machine that others keep busy (a recording draws every frame of a meeting)
/// it would get hardly one hundredth of a core, and signing in would end in a time-out.
const STARVED: Duration = Duration::from_secs(1);

/// How many may give way at once, and starve with the memory they have, for each turn. While so many do, nobody gives way.
const STARVING: usize = 4;

/// How many may wait for their turn. Whoever comes then is told to come again: a flood of guesses must not take the
/// memory or hold the requests of everybody else.
const MOST_WAITING: usize = 32;

/// A hash of no password at all. Checking against it takes as long as against a real one, so that nobody can tell from
/// the time whether an account exists.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LW5vYm9keQ$0Vb7Zb1u6l5T7mWkJYrpZ9S2x9QyqFZb8p5oJYx3wXk";

/// Hashes passwords off the threads that answer requests, few at a time.
#[derive(Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
    giving_way: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

/// Something to do in turn, once or, where it starves, twice.
struct Job<W> {
    work: W,
    /// Of whoever is done first. It goes with the work: a request that is given up does not make room for another while
    /// the core is busy.
    turn: Mutex<Option<OwnedSemaphorePermit>>,
}

impl<T, W: Fn() -> T> Job<W> {
    fn run(&self) -> T {
        let done = (self.work)();
        self.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        done
    }
}

/// A password was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("too many people are signing in at this moment")]
    Busy,
    #[error("cannot hash a password: {0}")]
    Broken(String),
}

/// One who waits, counted for as long as they do.
struct InQueue<'a>(&'a AtomicUsize);

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Passwords {
    /// As many turns at once as half of the machine's cores, and at least one.
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = (cores / 2).max(1);
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            giving_way: Arc::new(Semaphore::new(turns * STARVING)),
            waiting: Arc::default(),
        }
    }

    /// The hash of a password, as a PHC string.
    pub(crate) async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        self.in_turn(move || {
            let salt = SaltString::generate(&mut OsRng);
            argon2().and_then(|argon2| {
                let hash = argon2.hash_password(password.as_bytes(), &salt).map_err(broken)?;
                Ok(hash.to_string())
            })
        })
        .await
    }

    /// Whether that is the password behind the hash; without a hash it takes as long and is not.
    pub(crate) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let (password, known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(NOBODYS).to_owned();
        self.in_turn(move || {
            let hash = PasswordHash::new(&hash).map_err(broken)?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok() && known)
        })
        .await
    }

    /// Does it on a thread that gives way; and, where that one starves, on one that does not. The first to finish counts.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl Fn() -> Result<T, PasswordError> + Send + Sync + 'static,
    ) -> Result<T, PasswordError> {
        let place = InQueue(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            return Err(PasswordError::Busy);
        }
        let Ok(turn) = self.turns.clone().acquire_owned().await else { return Err(PasswordError::Busy) };
        drop(place);

        let job = Arc::new(Job { work, turn: Mutex::new(Some(turn)) });
        let done = match self.giving_way.clone().try_acquire_owned() {
            Ok(room) => give_way(room, job).await,
            Err(_) => spawn_blocking(move || job.run()).await.map_err(broken),
        };
        done.and_then(|outcome| outcome).inspect_err(|err| error!(error = %err, "{err}"))
    }
}

/// Runs it on a thread of its own that lets those go first which answer requests; after a while besides on one of the
/// runtime's. A thread that gave way cannot take that back without rights that we do not have, so it is none of the
/// runtime's: those read files too.
async fn give_way<T, W>(room: OwnedSemaphorePermit, job: Arc<Job<W>>) -> Result<T, PasswordError>
where
    T: Send + 'static,
    W: Fn() -> T + Send + Sync + 'static,
{
    let (tell, mut told) = oneshot::channel();
    let polite = Arc::clone(&job);
    let begin = move || {
        // On Linux the call is about the thread alone. Where it is refused, hashing is as it would be without.
        let _ = rustix::process::setpriority_process(None, GIVEN_WAY);
        // Whoever asked may have gone, or have the answer of the other thread.
        let _ = tell.send(polite.run());
        drop(room);
    };
    thread::Builder::new().name("hashing".to_owned()).spawn(begin).map_err(broken)?;

    match timeout(STARVED, &mut told).await {
        Ok(done) => done.map_err(broken),
        Err(_) => tokio::select! {
            done = told => done.map_err(broken),
            done = spawn_blocking(move || job.run()) => done.map_err(broken),
        },
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(broken)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn broken(err: impl std::fmt::Display) -> PasswordError {
    PasswordError::Broken(err.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    #[tokio::test]
    async fn a_password_opens_its_own_hash_and_no_other() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse").await.unwrap();

        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("battery staple", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
    }

    #[test]
    fn the_hash_of_nobody_costs_as_much_as_any_other() {
        let hash = PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (MEMORY_KIB, PASSES, LANES));
    }

    #[tokio::test]
    async fn a_hash_that_starves_is_made_on_a_thread_that_gives_no_way() {
        let is_over = Arc::new(AtomicBool::new(false));
        let passwords = Passwords::new();
        // However many starve already, and one after the other in as few turns as there are.
        for _ in 0..=passwords.giving_way.available_permits() {
            let is_over = Arc::clone(&is_over);
            let work = move || {
                let nice = rustix::process::getpriority_process(None).map_err(broken)?;
                // As a thread that gets no time: it stands still until the test is over.
                while nice == GIVEN_WAY && !is_over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                Ok(nice)
            };
            let nice = timeout(Duration::from_secs(20), passwords.in_turn(work)).await;
            assert!(nice.expect("it does not wait for ever").unwrap() < GIVEN_WAY);
        }
        is_over.store(true, Ordering::SeqCst);
    }

    #[tokio::test]
    async fn whoever_comes_to_a_long_queue_is_sent_away_at_once() {
        let passwords = Passwords::new();
        let turns = passwords.turns.acquire_many(u32::try_from(passwords.turns.available_permits()).unwrap()).await;
        let mut waiting = (0..MOST_WAITING).map(|_| Box::pin(passwords.verify("x", None))).collect::<Vec<_>>();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }

        assert!(matches!(passwords.verify("x", None).await, Err(PasswordError::Busy)));
        drop(waiting);
        drop(turns);
        assert!(passwords.verify("x", None).await.is_ok(), "there is room again");
    }
}
