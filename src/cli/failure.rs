//! How a command that could not do its work says so, and with which code it exits.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use crate::{config::SettingsError, telemetry};

/// Why a command could not do what it was asked: a sentence, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hint: Option<String>,
    blame: Blame,
}

/// Who can mend it; the exit code tells scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blame {
    /// What we were given: arguments, settings, a port that is taken.
    Input,
    /// We ourselves, or something that we lean on.
    Ours,
}

impl Failure {
    /// What was asked cannot be done as it was asked: exit 1.
    pub fn input(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, blame: Blame::Input }
    }

    /// What was asked was fine and still did not work: exit 2.
    pub fn ours(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, blame: Blame::Ours }
    }

    /// Adds the error behind it, with everything that led to it.
    #[must_use]
    pub fn because(mut self, err: &(dyn Error + 'static)) -> Self {
        self.message = format!("{}: {}", self.message, telemetry::chain(err));
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what failed after it, which is no reason of it, below what to do.
    #[must_use]
    pub fn besides(mut self, later: &Self) -> Self {
        let words = [self.hint.as_deref(), Some(&format!("besides, {}", later.message)), later.hint.as_deref()];
        let words: Vec<_> = words.into_iter().flatten().filter(|words| !words.is_empty()).map(str::trim_end).collect();
        self.hint = Some(words.join("\n"));
        self
    }

    /// Says it on stderr and answers the code to exit with.
    pub(super) fn tell(&self) -> ExitCode {
        // When even stderr is gone, the exit code is all that is left to say it with.
        let _ = io::stderr().write_all(self.text().as_bytes());
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self.blame {
            Blame::Input => 1,
            Blame::Ours => 2,
        }
    }

    fn text(&self) -> String {
        let error = format!("error: {}\n", self.message.trim_end());
        match &self.hint {
            Some(hint) => format!("{error}\nhint: {}\n", hint.trim_end()),
            None => error,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

impl From<SettingsError> for Failure {
    fn from(err: SettingsError) -> Self {
        Self::input(err.to_string()).hint(err.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::Failure;

    #[test]
    fn a_failure_says_what_went_wrong_and_then_what_to_do() {
        let failure = Failure::input("port 3001 is taken").hint("stop the other process, or set PORT");

        assert_eq!(failure.text(), "error: port 3001 is taken\n\nhint: stop the other process, or set PORT\n");
        assert_eq!(failure.code(), 1);
    }

    #[test]
    fn what_fails_afterwards_does_not_hide_what_failed_first() {
        let later = Failure::ours("cannot drop the database on trial").hint("the next `meetbox restore` does it");
        let failure = Failure::input("pg_restore failed").hint("look at its log").besides(&later);

        let hint = "look at its log\nbesides, cannot drop the database on trial\nthe next `meetbox restore` does it";
        assert_eq!(failure.text(), format!("error: pg_restore failed\n\nhint: {hint}\n"));
        assert_eq!(failure.code(), 1);
    }

    #[test]
    fn a_failure_tells_the_whole_chain_that_led_to_it() {
        let inner = std::io::Error::other("connection refused");
        let outer = std::io::Error::other(Wrapped(inner));

        let failure = Failure::ours("cannot reach Postgres").because(&outer);

        assert_eq!(failure.text(), "error: cannot reach Postgres: the pool is closed: connection refused\n");
        assert_eq!(failure.code(), 2);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the pool is closed")]
    struct Wrapped(#[source] std::io::Error);
}
