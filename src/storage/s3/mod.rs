//! An S3-compatible store, spoken to in presigned requests: a plain HTTP request each, which every store understands.

mod answer;
mod cargo;
mod objects;
mod upload;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable as _};
use chrono::{DateTime, Utc};
use reqwest::{RequestBuilder, Response, header::CONTENT_LENGTH};
use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use secrecy::ExposeSecret;
use tracing::{info, warn};
use url::Url;

use super::{
    Patience, StorageError,
    breaker::Breaker,
    key::Key,
    link::{self, Link, LinkKey, LinkOptions},
};
use crate::{
    clock::Clock,
    config::{Environment, S3Settings},
    telemetry,
};

/// How long a presigned request of ours is good for. It is sent at once; the rest is for a clock that goes wrong.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);

/// The pauses between retries double from here, each lengthened by chance …
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// … to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How often a question is asked again.
const RETRIES: usize = 4;

/// A bucket in an S3-compatible store, and the keys to it.
#[derive(Clone)]
pub struct S3 {
    http: reqwest::Client,
    bucket: Bucket,
    credentials: Credentials,
    clock: Clock,
    breaker: Arc<Breaker>,
    link_key: LinkKey,
    pub(super) patience: Patience,
    buckets: Buckets,
}

/// Whose affair the bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Buckets {
    /// On a developer's machine ours: a store that forgets everything when it starts again is no trouble.
    Made,
    /// The operator's.
    Given,
}

/// What is asked, for the log.
#[derive(Clone, Copy)]
struct Question<'a> {
    operation: &'static str,
    key: &'a str,
}

impl S3 {
    pub(super) fn new(
        http: reqwest::Client,
        settings: &S3Settings,
        environment: Environment,
        clock: Clock,
    ) -> Result<Self, StorageError> {
        let style = if settings.force_path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(settings.endpoint.clone(), style, settings.bucket.clone(), settings.region.clone())?;
        let secret = settings.secret_key.expose_secret();
        let buckets = match environment {
            Environment::Local => Buckets::Made,
            Environment::Staging | Environment::Production => Buckets::Given,
        };
        Ok(Self {
            http,
            bucket,
            credentials: Credentials::new(settings.access_key.clone(), secret),
            clock,
            breaker: Arc::default(),
            link_key: LinkKey::derived(secret),
            patience: Patience::default(),
            buckets,
        })
    }

    /// Whether the bucket is there and open to our keys. Goes past the breaker, and what it finds counts.
    pub(super) async fn probe(&self) -> Result<(), StorageError> {
        let outcome = match self.head_bucket().await {
            Err(StorageError::NoBucket) if self.buckets == Buckets::Made => self.make_bucket().await,
            outcome => outcome,
        };
        self.breaker.note(&outcome);
        outcome
    }

    async fn head_bucket(&self) -> Result<(), StorageError> {
        let url = self.sign(&self.bucket.head_bucket(Some(&self.credentials)));
        let answer = self.ask(self.http.head(url)).await?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            404 => Err(StorageError::NoBucket),
            _ => Err(self.refusal(answer).await),
        }
    }

    /// Makes the bucket; one that is there already and ours is as good.
    async fn make_bucket(&self) -> Result<(), StorageError> {
        let action = self.bucket.create_bucket(&self.credentials);
        let url = self.sign(&action);
        let body = action.body();
        // The length is told even when there is nothing: some stores insist.
        let request = self.http.put(url).header(CONTENT_LENGTH, body.len()).body(body);
        let answer = self.ask(request).await?;
        if answer.status().is_success() {
            info!(bucket = self.bucket.name(), "made the bucket `{}`, which was missing", self.bucket.name());
            return Ok(());
        }
        match self.refusal(answer).await {
            StorageError::Failed { status: 409, .. } => self.head_bucket().await,
            err => Err(err),
        }
    }

    pub(super) fn link(&self, key: Key<'_>, options: &LinkOptions) -> Link {
        let now = self.clock.now();
        let mut action = self.bucket.get_object(Some(&self.credentials), key.as_str());
        let disposition = options.disposition.header(options.file_name.as_deref());
        action.query_mut().insert("response-content-disposition", disposition);
        if let Some(content_type) = &options.content_type {
            action.query_mut().insert("response-content-type", content_type.clone());
        }
        let ttl = options.ttl.clamp(Duration::from_secs(1), link::LONGEST);
        let url = action.sign_with_time(ttl, &timestamp(now));
        Link { address: url.into(), expires: link::expiry(now, ttl) }
    }

    pub(super) fn link_key(&self) -> &LinkKey {
        &self.link_key
    }

    /// The address of a request that is sent now.
    fn sign<'a>(&self, action: &impl S3Action<'a>) -> Url {
        action.sign_with_time(SIGNED_FOR, &timestamp(self.clock.now()))
    }

    /// Sends something small, and waits for the head of the answer.
    async fn ask(&self, request: RequestBuilder) -> Result<Response, StorageError> {
        let sent = tokio::time::timeout(self.patience.answer, request.send()).await;
        sent.map_err(|_| self.silence())?.map_err(unreachable)
    }

    /// Reads an answer that is small.
    async fn text(&self, answer: Response) -> Result<String, StorageError> {
        let text = tokio::time::timeout(self.patience.answer, answer.text()).await;
        text.map_err(|_| self.silence())?.map_err(unreachable)
    }

    fn silence(&self) -> StorageError {
        StorageError::Unreachable(format!("no answer within {:?}", self.patience.answer))
    }

    async fn refusal(&self, answer: Response) -> StorageError {
        answer::refusal(answer, self.clock.now(), self.patience.answer).await
    }

    /// Asks a question that is small, again and again if need be, and for no longer than the whole patience.
    async fn asking<T, F>(&self, question: Question<'_>, attempt: impl Fn() -> F) -> Result<T, StorageError>
    where
        F: Future<Output = Result<T, StorageError>>,
    {
        let whole = self.patience.whole;
        match tokio::time::timeout(whole, self.retrying(question, attempt)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let err = Err(StorageError::Unreachable(format!("no answer within {whole:?}")));
                self.breaker.note(&err);
                err
            }
        }
    }

    /// Tries until it works, it makes no sense any more, or nobody would wait any longer; makes the bucket on the way
    /// where that is ours to do.
    async fn retrying<T, F>(&self, question: Question<'_>, attempt: impl Fn() -> F) -> Result<T, StorageError>
    where
        F: Future<Output = Result<T, StorageError>>,
    {
        match self.retrying_as_it_is(question, &attempt).await {
            Err(StorageError::NoBucket) if self.buckets == Buckets::Made => {
                self.make_bucket().await?;
                self.retrying_as_it_is(question, &attempt).await
            }
            outcome => outcome,
        }
    }

    async fn retrying_as_it_is<T, F>(&self, question: Question<'_>, attempt: &impl Fn() -> F) -> Result<T, StorageError>
    where
        F: Future<Output = Result<T, StorageError>>,
    {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .with_max_times(RETRIES)
            .with_jitter();
        let guarded = || async {
            self.breaker.enter()?;
            let outcome = attempt().await;
            self.breaker.note(&outcome);
            outcome
        };
        let mut attempts = 0_u32;
        let tell = |err: &StorageError, pause: Duration| {
            attempts += 1;
            let Question { operation, key } = question;
            warn!(
                storage.operation = operation, storage.key = key, attempt = attempts, error = %err,
                "storage: attempt {attempts} to {operation} `{key}` failed; trying again in {pause:?}"
            );
        };
        guarded.retry(pauses).when(StorageError::passes).notify(tell).await
    }
}

/// What kept an answer from coming, without the address: its query carries the signature.
fn unreachable(err: reqwest::Error) -> StorageError {
    StorageError::Unreachable(telemetry::chain(&err.without_url()))
}

/// The same moment in the words of the crate that signs.
fn timestamp(now: DateTime<Utc>) -> jiff::Timestamp {
    jiff::Timestamp::from_second(now.timestamp()).unwrap_or(jiff::Timestamp::MAX)
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
