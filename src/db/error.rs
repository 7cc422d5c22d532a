//! What can go wrong with Postgres, as far as a caller can act on it.

use sqlx::error::ErrorKind;

/// A question to Postgres that got no good answer.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Another row stands in the way; the constraint says which rule.
    #[error("constraint `{0}` is violated")]
    Taken(String),
    /// Other rows still point at this one; the constraint says which.
    #[error("constraint `{0}` is violated: other rows depend on this one")]
    Referenced(String),
    /// The data cannot be stored, whoever tries however often.
    #[error("data that Postgres refuses")]
    Refused(#[source] sqlx::Error),
    /// Postgres cannot be reached, is starting or stopping, or is too busy. Trying again may help.
    #[error("postgres is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// A fault of ours.
    #[error("a query failed")]
    Broken(#[source] sqlx::Error),
}

/// SQLSTATE classes that say "not now": connection exceptions, insufficient resources, operator intervention (which
/// holds the statement time-out), lock not available, and serialisation faults.
/// Source: PostgreSQL documentation, appendix A.
const NOT_NOW: [&str; 5] = ["08", "53", "57", "55", "40"];

/// The class of data exceptions: bad text, values out of range.
const DATA_EXCEPTION: &str = "22";

impl DbError {
    /// A row holds a word that this version does not know.
    pub(super) fn unknown(what: &str, word: &str) -> Self {
        Self::Broken(sqlx::Error::Decode(format!("there is no {what} `{word}`").into()))
    }
}

/// A row holds what our own types refuse.
pub(super) fn unreadable(err: impl std::error::Error + Send + Sync + 'static) -> DbError {
    DbError::Broken(sqlx::Error::Decode(Box::new(err)))
}

impl From<sqlx::Error> for DbError {
    fn from(err: sqlx::Error) -> Self {
        use sqlx::Error;

        let sqlx::Error::Database(told) = &err else {
            return match err {
                Error::Io(_)
                | Error::Tls(_)
                | Error::Protocol(_)
                | Error::PoolTimedOut
                | Error::PoolClosed
                | Error::WorkerCrashed => Self::Unavailable(err),
                err => Self::Broken(err),
            };
        };

        let constraint = || told.constraint().unwrap_or_default().to_owned();
        match told.kind() {
            ErrorKind::UniqueViolation => return Self::Taken(constraint()),
            ErrorKind::ForeignKeyViolation => return Self::Referenced(constraint()),
            ErrorKind::NotNullViolation | ErrorKind::CheckViolation => return Self::Refused(err),
            _ => {}
        }
        let class = told.code().map(|code| code.chars().take(2).collect::<String>()).unwrap_or_default();
        if NOT_NOW.contains(&class.as_str()) {
            Self::Unavailable(err)
        } else if class == DATA_EXCEPTION {
            Self::Refused(err)
        } else {
            Self::Broken(err)
        }
    }
}
