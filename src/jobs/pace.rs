//! Waiting between two runs, unless the end comes first.

use std::time::Duration;

use crate::lifecycle::Stop;

/// The first pause after a failure; it doubles …
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// … to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Waits `pause`; `false` when the end comes first.
pub async fn rest(stop: &Stop, pause: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        () = stop.soft() => false,
    }
}

/// The pauses between tries that fail one after the other.
#[derive(Debug, Default)]
pub struct BackOff(u32);

impl BackOff {
    /// How long to wait after one more failure.
    pub fn next(&mut self) -> Duration {
        let pause = FIRST_PAUSE * 2_u32.pow(self.0.min(10));
        self.0 += 1;
        pause.min(LONGEST_PAUSE)
    }

    /// It worked.
    pub fn reset(&mut self) {
        self.0 = 0;
    }

    /// Whether the last try failed too: the log has told it already.
    pub fn is_going_on(&self) -> bool {
        self.0 > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_a_bound_and_begin_anew() {
        let mut back_off = BackOff::default();
        let pauses = (0..8).map(|_| back_off.next().as_millis()).collect::<Vec<_>>();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);

        back_off.reset();
        assert_eq!(back_off.next().as_millis(), 250);
    }
}
