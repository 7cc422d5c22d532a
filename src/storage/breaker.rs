//! Leaves a store alone that failed several times in a row, so that one that answers nothing makes nobody wait.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::StorageError;

/// How many failures in a row are enough.
const ENOUGH: u32 = 4;
/// How long the store is left alone, and how long between two who try whether it is back.
const PAUSE: Duration = Duration::from_secs(3);

/// Whether the store is asked.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// What failed last, and when the next may try.
    closed: Option<(String, Instant)>,
}

impl Breaker {
    /// Lets a question through, or says why not. When the pause is over, one goes through and the others wait for
    /// what comes of it.
    pub fn enter(&self) -> Result<(), StorageError> {
        let mut state = self.state();
        let Some((reason, until)) = &mut state.closed else { return Ok(()) };
        let now = Instant::now();
        if now < *until {
            return Err(StorageError::Unavailable(reason.clone()));
        }
        *until = now + PAUSE;
        Ok(())
    }

    /// Takes note of what came of a question.
    pub fn note<T>(&self, outcome: &Result<T, StorageError>) {
        let mut state = self.state();
        match outcome {
            Err(err) if err.is_away() => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= ENOUGH {
                    state.closed = Some((err.to_string(), Instant::now() + PAUSE));
                }
            }
            // Also a refusal is an answer.
            Ok(_) | Err(_) => *state = State::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Result<(), StorageError> {
        Err(StorageError::Unreachable("gone".to_owned()))
    }

    #[tokio::test(start_paused = true)]
    async fn after_some_failures_in_a_row_nobody_asks_and_then_one_at_a_time_tries() {
        let breaker = Breaker::default();
        for _ in 0..ENOUGH {
            assert!(breaker.enter().is_ok());
            breaker.note(&away());
        }
        for _ in 0..3 {
            assert!(matches!(breaker.enter(), Err(StorageError::Unavailable(reason)) if reason.contains("gone")));
            tokio::time::advance(PAUSE).await;
            assert!(breaker.enter().is_ok(), "one tries");
            assert!(breaker.enter().is_err(), "and nobody else");
            breaker.note(&away());
        }
        tokio::time::advance(PAUSE).await;
        assert!(breaker.enter().is_ok());
        breaker.note(&Ok(()));
        assert!(breaker.enter().is_ok() && breaker.enter().is_ok());
    }

    #[tokio::test]
    async fn failures_that_are_not_in_a_row_and_refusals_close_nothing() {
        let breaker = Breaker::default();
        for _ in 0..ENOUGH * 3 {
            breaker.note(&away());
            breaker.note::<()>(&Err(StorageError::NoBucket));
        }
        assert!(breaker.enter().is_ok());
    }
}
