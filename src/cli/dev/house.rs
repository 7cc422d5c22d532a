//! Everything that runs, in the order in which it is stopped.

use std::{future::Future, sync::Arc};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    folder::Folder,
    service::{Service, Supervisor, Surroundings},
    terminal::Terminal,
};
use crate::cli::Failure;

/// What is stopped together. A floor is stopped when everything that stands on it has been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// The API, the web app, the builds.
    Top,
    /// LiveKit, which tells the API and needs Redis.
    Middle,
    /// Postgres and Redis.
    Ground,
}

/// Tells whether a service is there.
pub type Presence = watch::Receiver<bool>;

/// Keeps the supervisors.
pub struct House {
    folder: Arc<Folder>,
    terminal: Terminal,
    /// From the top down.
    floors: [Tasks; 3],
    /// Of everybody who is expected.
    expected: Vec<Presence>,
    failures: (mpsc::Sender<Failure>, mpsc::Receiver<Failure>),
}

#[derive(Default)]
struct Tasks {
    stop: CancellationToken,
    running: JoinSet<()>,
}

impl House {
    /// A house in which nothing runs yet.
    pub fn new(folder: Arc<Folder>, terminal: Terminal) -> Self {
        Self { folder, terminal, floors: Default::default(), expected: Vec::new(), failures: mpsc::channel(8) }
    }

    /// Where the services keep their things.
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// Where the developer reads.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Runs `service`, once everybody it needs is there.
    pub fn supervise(
        &mut self,
        floor: Floor,
        service: Service,
        needs: Vec<Presence>,
        renew: Arc<Notify>,
    ) -> Result<Presence, Failure> {
        let (present, presence) = watch::channel(false);
        let around = Surroundings {
            folder: self.folder.clone(),
            terminal: self.terminal.clone(),
            stop: self.floors[floor as usize].stop.clone(),
            renew,
            present,
        };
        let supervisor = Supervisor::new(service, around)?;

        self.expected.push(presence.clone());
        let stop = self.floors[floor as usize].stop.clone();
        self.spawn(floor, async move {
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                () = all_present(needs) => supervisor.run().await,
            }
        });
        Ok(presence)
    }

    /// Runs `work` until the floor is stopped, and then drops it; what it fails with ends everything.
    pub fn run(&mut self, floor: Floor, work: impl Future<Output = Result<(), Failure>> + Send + 'static) {
        let stop = self.floors[floor as usize].stop.clone();
        self.spawn(floor, async move {
            tokio::select! {
                () = stop.cancelled() => Ok(()),
                outcome = work => outcome,
            }
        });
    }

    fn spawn(&mut self, floor: Floor, work: impl Future<Output = Result<(), Failure>> + Send + 'static) {
        let failures = self.failures.0.clone();
        self.floors[floor as usize].running.spawn(async move {
            if let Err(failure) = work.await {
                let _ = failures.send(failure).await;
            }
        });
    }

    /// Counts somebody in without whom not everything is there.
    pub fn expect(&mut self, presence: Presence) {
        self.expected.push(presence);
    }

    /// Resolves when everybody who is expected is there, or with what made that impossible.
    pub async fn complete(&mut self) -> Option<Failure> {
        tokio::select! {
            failure = self.failures.1.recv() => failure,
            () = all_present(self.expected.clone()) => None,
        }
    }

    /// Resolves when something has failed for good.
    pub async fn failed(&mut self) -> Failure {
        // The sender stands beside the receiver, so there is always a next one to wait for.
        self.failures.1.recv().await.unwrap_or_else(|| Failure::ours("nobody is left to fail"))
    }

    /// Stops everything, from the top down.
    pub async fn close(&mut self) {
        for Tasks { stop, running } in &mut self.floors {
            stop.cancel();
            while running.join_next().await.is_some() {}
        }
    }
}

async fn all_present(needs: Vec<Presence>) {
    for mut need in needs {
        // Somebody who is gone for good will not come; whoever waits for them is stopped with the rest.
        if need.wait_for(|present| *present).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
