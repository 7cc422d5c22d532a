//! The intake of webhooks: a delivery is in Postgres, committed, before LiveKit is told that we have it.
//!
//! Deliveries that arrive while others are being written wait together and are written in one statement. Whoever finds
//! nobody writing writes for all who wait; no task of its own is needed, and nothing waits for a timer.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, oneshot};
use tracing::error;

use crate::{
    db::{
        DbError,
        inbox::{self, Delivery},
    },
    livekit::webhook::{self, Webhook, WebhookError},
};

use super::App;

/// How many deliveries one statement takes.
const BATCH: usize = 64;
/// How many old deliveries one statement deletes.
const PRUNE_BITE: i64 = 1000;
/// How many statements may be under way: one is sent while the other is committed.
const WRITERS: usize = 2;

/// The deliveries that wait to be written.
pub(crate) struct Inbox {
    waiting: Mutex<Vec<Waiting>>,
    writers: Semaphore,
}

struct Waiting {
    delivery: Delivery,
    written: oneshot::Sender<Result<(), IntakeError>>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { waiting: Mutex::default(), writers: Semaphore::new(WRITERS) }
    }
}

/// A webhook that we do not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// It is not LiveKit's, or no event. Sending it again is no use.
    #[error("{0}")]
    Unsigned(String),
    /// Signed, but it cannot be read or kept. Sending it again is no use.
    #[error("{0}")]
    Malformed(String),
    /// It cannot be kept now. Sending it again helps.
    #[error("the event cannot be stored now")]
    Unavailable,
}

/// Takes a webhook in. When this answers `Ok`, the event is committed; a second delivery of it changes nothing.
pub async fn take_in(app: &App, authorization: Option<&str>, body: &[u8]) -> Result<(), IntakeError> {
    let received_at = app.clock.now();
    let webhook = match webhook::receive(app.livekit.keys(), authorization, body, received_at) {
        Ok(webhook) => webhook,
        Err(err @ WebhookError::Malformed(_)) => return Err(IntakeError::Malformed(err.to_string())),
        Err(err) => return Err(IntakeError::Unsigned(err.to_string())),
    };

    let Webhook { event, payload } = webhook;
    let delivery = Delivery {
        event_id: event.id,
        event_type: event.kind,
        room_name: event.room.map(|room| room.name),
        payload,
        created_at: event.created_at,
        received_at,
    };
    write_with_others(app, delivery).await?;
    app.arrivals.notify_one();
    Ok(())
}

async fn write_with_others(app: &App, delivery: Delivery) -> Result<(), IntakeError> {
    let (written, mut answer) = oneshot::channel();
    locked(&app.inbox).push(Waiting { delivery, written });

    loop {
        tokio::select! {
            // Asked first, so that nobody writes whose own delivery is already written.
            biased;
            // The writer went away with ours, for example because its client did: it is unknown whether it committed.
            answer = &mut answer => return answer.unwrap_or(Err(IntakeError::Unavailable)),
            writer = app.inbox.writers.acquire() => {
                let Ok(_writer) = writer else { return Err(IntakeError::Unavailable) };
                let batch = {
                    let mut waiting = locked(&app.inbox);
                    let most = waiting.len().min(BATCH);
                    waiting.drain(..most).collect::<Vec<_>>()
                };
                write(app, batch).await;
            }
        }
    }
}

async fn write(app: &App, batch: Vec<Waiting>) {
    // Whoever waits no longer has told its client nothing; writing it all the same is harmless and may save a retry.
    let (deliveries, waiters): (Vec<_>, Vec<_>) = batch.into_iter().map(|w| (w.delivery, w.written)).unzip();
    if deliveries.is_empty() {
        return;
    }

    let outcome = inbox::insert(&app.db, &deliveries).await;
    if let Err(DbError::Refused(_)) = outcome {
        return write_one_by_one(app, deliveries, waiters).await;
    }
    let answer = outcome.map(drop).map_err(|err| told(&err));
    for waiter in waiters {
        let _ = waiter.send(answer.clone());
    }
}

/// One delivery that Postgres refuses must not cost the others theirs.
async fn write_one_by_one(
    app: &App,
    deliveries: Vec<Delivery>,
    waiters: Vec<oneshot::Sender<Result<(), IntakeError>>>,
) {
    for (delivery, waiter) in deliveries.into_iter().zip(waiters) {
        let outcome = inbox::insert(&app.db, std::slice::from_ref(&delivery)).await;
        let _ = waiter.send(outcome.map(drop).map_err(|err| told(&err)));
    }
}

fn told(err: &DbError) -> IntakeError {
    let reason = crate::telemetry::chain(err);
    match err {
        DbError::Refused(_) => {
            error!(error = reason, "an event that Postgres refuses");
            IntakeError::Malformed("the event holds what cannot be stored".to_owned())
        }
        DbError::Unavailable(_) => IntakeError::Unavailable,
        DbError::Taken(_) | DbError::Referenced(_) | DbError::Broken(_) => {
            error!(error = reason, "cannot store an event");
            IntakeError::Unavailable
        }
    }
}

fn locked(inbox: &Inbox) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
    inbox.waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Deletes a bite of the deliveries that were dealt with longer ago than the settings keep them; answers how many.
/// Their analytics stay.
pub async fn prune(app: &App) -> Result<u64, DbError> {
    inbox::prune(&app.db, app.clock.now() - app.webhook_retention, PRUNE_BITE).await
}
