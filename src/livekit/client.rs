//! Calls to LiveKit's API: Twirp, which is a POST of JSON to a path per method.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use crate::{clock::Clock, config::LivekitSettings, telemetry};

use super::token::{Grants, Keys};

/// How long a call may take; reads of room state are answered within milliseconds.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Calls one LiveKit with one pair of keys.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    api_url: Url,
    keys: Keys,
    clock: Clock,
}

/// A call that brought no answer of use.
#[derive(Debug, thiserror::Error)]
pub enum LivekitError {
    /// Nobody answered, in time or at all.
    #[error("cannot reach LiveKit: {0}")]
    Unreachable(String),
    /// LiveKit does not know our key, or our secret is another.
    #[error("LiveKit refuses our API key and secret")]
    Refused,
    /// There is no such room or participant.
    #[error("LiveKit knows no such thing")]
    NotFound,
    /// LiveKit answered that it cannot; its code and words.
    #[error("LiveKit answered {status} {code}: {message}")]
    Failed { status: u16, code: String, message: String },
    /// The answer is not what the method answers.
    #[error("LiveKit's answer cannot be read: {0}")]
    Unreadable(String),
}

impl Client {
    /// A client for the LiveKit in the settings.
    pub fn new(http: reqwest::Client, settings: &LivekitSettings, clock: Clock) -> Self {
        let secret: &SecretString = &settings.api_secret;
        Self { http, api_url: settings.api_url.clone(), keys: Keys::new(&settings.api_key, secret), clock }
    }

    /// The keys that we share with LiveKit.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Calls `service/method`, for example `RoomService/ListRooms`, with a token that grants only `grants`.
    pub(super) async fn call<A: DeserializeOwned>(
        &self,
        method: &str,
        grants: Grants,
        body: Value,
    ) -> Result<A, LivekitError> {
        self.call_within(TIMEOUT, method, grants, body).await
    }

    /// The same for a method that may take longer than reads of room state.
    pub(super) async fn call_within<A: DeserializeOwned>(
        &self,
        timeout: Duration,
        method: &str,
        grants: Grants,
        body: Value,
    ) -> Result<A, LivekitError> {
        let unreachable = |err| unreachable(err, timeout);
        let mut url = self.api_url.clone();
        url.set_path(&format!("{}/twirp/livekit.{method}", url.path().trim_end_matches('/')));

        let answer = self
            .http
            .post(url)
            .bearer_auth(self.keys.mint_call(grants, self.clock.now()))
            .timeout(timeout)
            .json(&body)
            .send()
            .await
            .map_err(unreachable)?;

        let status = answer.status();
        let body = answer.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|err| LivekitError::Unreadable(err.to_string()));
        }
        Err(failure(status, &body))
    }
}

fn failure(status: StatusCode, body: &[u8]) -> LivekitError {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Twirp {
        code: String,
        msg: String,
    }

    match status {
        // The words are left out: a plain-text 401 echoes the token.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => LivekitError::Refused,
        StatusCode::NOT_FOUND => LivekitError::NotFound,
        status => {
            let told: Twirp = serde_json::from_slice(body).unwrap_or_default();
            LivekitError::Failed { status: status.as_u16(), code: told.code, message: told.msg }
        }
    }
}

fn unreachable(err: reqwest::Error, timeout: Duration) -> LivekitError {
    // Without the address, which the settings know.
    let timed_out = err.is_timeout() && !err.is_connect();
    let reason = telemetry::chain(&err.without_url());
    LivekitError::Unreachable(if timed_out { format!("no answer within {timeout:?}") } else { reason })
}
