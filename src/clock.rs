//! Time: whoever needs to know it is handed a clock.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time; handed to whoever needs it, so that a test can hold the hands.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that moves only when told to. Its clones show the same time.
    Stopped(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `now` until it is advanced.
    pub fn stopped_at(now: DateTime<Utc>) -> Self {
        Self::Stopped(Arc::new(Mutex::new(now)))
    }

    /// The present moment, with the microseconds that Postgres keeps: what is written and what is read back are equal.
    #[expect(clippy::disallowed_methods, reason = "nobody else reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => {
                let now = Utc::now();
                DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
            }
            Self::Stopped(hands) => *hands.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a stopped clock on. The machine's clock cannot be moved and stays as it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Stopped(hands) = self {
            *hands.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}
