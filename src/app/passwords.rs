//! Passwords and passcodes: hashed so that whoever reads the hash must guess slowly, without slowing anybody else down.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::{SaltString, rand_core::OsRng},
};
use tokio::sync::Semaphore;
use tracing::error;

/// 19 MiB, twice over, on one lane.
// Source: OWASP, Password Storage Cheat Sheet, the first of its equivalent settings for Argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How much hashing gives way: as much as there is. A password takes a little longer on a busy machine, and meetings go on.
const GIVEN_WAY: i32 = 19;

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
    waiting: Arc<AtomicUsize>,
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
        Self { turns: Arc::new(Semaphore::new((cores / 2).max(1))), waiting: Arc::default() }
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

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = InQueue(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            return Err(PasswordError::Busy);
        }
        let Ok(turn) = self.turns.clone().acquire_owned().await else { return Err(PasswordError::Busy) };
        drop(place);

        // The turn goes with the work: a request that is given up does not make room for another while the core is busy.
        let done = tokio::task::spawn_blocking(move || {
            give_way();
            let outcome = work();
            drop(turn);
            outcome
        });
        done.await
            .map_err(|err| PasswordError::Broken(err.to_string()))?
            .inspect_err(|err| error!(error = %err, "{err}"))
    }
}

/// Lets the threads that answer requests go first where they share a core with this one. On Linux the call is about the
/// thread alone; it may stay so, since a thread of this pool never answers a request.
fn give_way() {
    // Where it is refused, hashing is as it would be without.
    let _ = rustix::process::setpriority_process(None, GIVEN_WAY);
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
