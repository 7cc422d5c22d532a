//! Webhooks, signed and tried again as LiveKit does.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use rand::{Rng, distr::Alphanumeric};
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::sleep};
use tracing::warn;

use super::StandIn;
use crate::livekit::webhook::body_hash;

/// The pauses after a failed try; after the last, LiveKit gives up.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something to tell.
pub struct Letter {
    pub name: &'static str,
    pub info: Value,
    pub at: DateTime<Utc>,
}

/// Delivers letters, one after the other.
pub async fn deliver(mut letters: mpsc::UnboundedReceiver<Letter>, stand_in: Arc<StandIn>, webhook: String) {
    while let Some(Letter { name, info, at }) = letters.recv().await {
        let id: String = rand::rng().sample_iter(Alphanumeric).take(12).map(char::from).collect();
        let body = json!({
            "event": name,
            "egressInfo": info,
            "id": format!("EV_{id}"),
            "createdAt": at.timestamp().to_string(),
        });
        let body = body.to_string();
        for pause in PAUSES.map(Some).into_iter().chain([None]) {
            if stand_in.is_taken(&webhook, &body).await {
                break;
            }
            match pause {
                Some(pause) => sleep(pause).await,
                None => warn!("nobody takes {name} of a stand-in recording at {webhook}"),
            }
        }
    }
}

impl StandIn {
    /// Whether the receiver needs no other try: also when it says that it does not want it.
    async fn is_taken(&self, webhook: &str, body: &str) -> bool {
        let token = self.keys.mint_webhook(body_hash(body.as_bytes()), self.clock.now());
        let request = self.http.post(webhook).header("authorization", token).timeout(PATIENCE);
        let answer = request.header("content-type", "application/webhook+json").body(body.to_owned()).send().await;
        answer.is_ok_and(|answer| answer.status().as_u16() != 429 && !answer.status().is_server_error())
    }
}
