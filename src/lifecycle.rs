//! Tasks that live as long as the process, and the two stages in which they end.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How long the second stage waits for what was told to drop everything, before the process ends around it.
const HARD_STOP_GRACE: Duration = Duration::from_millis(500);

/// What a kept task is told about the end.
///
/// `soft`: take no new work, finish what is under way. `hard`: drop everything now.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Stop {
    /// Resolves when no new work should be taken.
    pub async fn soft(&self) {
        self.soft.cancelled().await;
    }

    /// Resolves when what is under way should be dropped.
    pub async fn hard(&self) {
        self.hard.cancelled().await;
    }

    /// Whether the end has begun.
    pub fn is_stopping(&self) -> bool {
        self.soft.is_cancelled()
    }
}

/// Keeps the tasks that outlive a request, and closes the house when one of them ends on its own.
#[derive(Clone, Default)]
pub struct Lifecycle {
    stop: Stop,
    /// Says that a task ended unasked, or panicked: the process should end with an error, so that systemd starts it again.
    broken: CancellationToken,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Lifecycle {
    /// A house with nobody in it yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` until the house closes. When it ends before it was asked to, or panics, the house closes.
    #[expect(clippy::disallowed_methods, reason = "tasks that live as long as the process begin here")]
    pub fn keep<F>(&self, name: &'static str, work: impl FnOnce(Stop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let work = work(self.stop.clone());
        let stop = self.stop.clone();
        let broken = self.broken.clone();

        let kept = async move {
            // A task of its own, so that a panic in the work is seen here and not lost with it.
            let ended = AbortOnDrop(tokio::spawn(work)).join().await;
            if stop.is_stopping() {
                return;
            }
            match ended {
                Ok(()) => error!(task = name, "task `{name}` ended though nobody had asked it to; shutting down"),
                Err(err) => error!(task = name, error = %err, "task `{name}` panicked; shutting down"),
            }
            broken.cancel();
        };
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(kept);
    }

    /// A handle that tells when the end begins, for work that is not kept.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Resolves when a kept task ended unasked.
    pub async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Closes the house: asks everybody to finish, waits `grace`, then tells them to drop everything.
    ///
    /// Answers whether everybody had finished by themselves.
    pub async fn close(&self, grace: Duration) -> bool {
        self.stop.soft.cancel();
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));

        let everybody = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, everybody).await.is_ok() {
            info!("everything under way is finished");
            return true;
        }

        warn!(left = tasks.len(), "{} task(s) did not finish in {grace:?}; dropping them", tasks.len());
        self.stop.hard.cancel();
        let rest = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(HARD_STOP_GRACE, rest).await;
        tasks.abort_all();
        false
    }
}

/// A spawned task that does not outlive the one that waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl AbortOnDrop {
    async fn join(mut self) -> Result<(), tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
