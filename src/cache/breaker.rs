//! Keeps everybody from asking a Redis that is away: one question finds out, and the others go on without.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How long nobody asks after a failure, and how long between two looks whether Redis is back. A look is over by
/// then (`PROBE_TIMEOUT`), so that there is only one at a time.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// Whether Redis is asked.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

/// Counts how often Redis went away: a failure from before the last time says nothing about now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turn(u64);

/// What to do with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Ask(Turn),
    /// Go on without, and see to it that somebody looks whether Redis is back.
    Look,
    /// Go on without.
    Without,
}

#[derive(Debug, Default)]
struct State {
    turn: Turn,
    away: Option<Away>,
}

#[derive(Clone, Copy, Debug)]
struct Away {
    since: Instant,
    look_at: Instant,
}

impl Breaker {
    /// The way for a question that comes now.
    pub fn way(&self) -> Way {
        let mut state = self.state();
        let turn = state.turn;
        let Some(away) = &mut state.away else { return Way::Ask(turn) };
        let now = Instant::now();
        if now < away.look_at {
            return Way::Without;
        }
        away.look_at = now + PAUSE;
        Way::Look
    }

    /// A question of that turn failed. Answers whether Redis is away only since now.
    pub fn failed(&self, turn: Turn) -> bool {
        let mut state = self.state();
        if state.away.is_some() || state.turn != turn {
            return false;
        }
        let now = Instant::now();
        state.turn = Turn(turn.0 + 1);
        state.away = Some(Away { since: now, look_at: now + PAUSE });
        true
    }

    /// Redis answered somebody who looked. Answers for how long it was away, if it was.
    pub fn answered(&self) -> Option<Duration> {
        self.state().away.take().map(|away| away.since.elapsed())
    }

    /// How often Redis went away.
    pub fn outages(&self) -> u64 {
        self.state().turn.0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_nobody_asks_and_one_at_a_time_looks() {
        let breaker = Breaker::default();
        let Way::Ask(turn) = breaker.way() else { panic!("it begins well") };
        assert!(breaker.failed(turn));
        assert!(!breaker.failed(turn), "it is told once");

        for _ in 0..3 {
            assert_eq!(breaker.way(), Way::Without);
            tokio::time::advance(PAUSE).await;
            assert_eq!(breaker.way(), Way::Look);
        }
        assert_eq!(breaker.answered(), Some(PAUSE * 3));
        assert_eq!(breaker.answered(), None, "it is told once");
        assert!(matches!(breaker.way(), Way::Ask(_)));
    }

    #[tokio::test]
    async fn a_failure_from_before_an_outage_starts_no_new_one() {
        let breaker = Breaker::default();
        let Way::Ask(before) = breaker.way() else { panic!("it begins well") };
        breaker.failed(before);
        breaker.answered();

        assert!(!breaker.failed(before));
        let Way::Ask(after) = breaker.way() else { panic!("it is back") };
        assert!(breaker.failed(after));
    }
}
