//! Object storage: S3-compatible, spoken in presigned requests.

use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use secrecy::ExposeSecret;

use crate::{config::S3Settings, telemetry};

/// How long a presigned request of ours is good for; it is sent at once.
const SIGNED_FOR: Duration = Duration::from_secs(60);
/// How long the probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Where recordings are kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// No object storage is set up.
    NotConfigured,
    /// An S3-compatible store.
    S3(Box<S3>),
}

/// A bucket in an S3-compatible store, and the keys to it.
#[derive(Clone)]
pub struct S3 {
    http: reqwest::Client,
    bucket: Bucket,
    credentials: Credentials,
}

/// Storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("S3_ENDPOINT and S3_BUCKET make no address: {0}")]
    Address(#[from] rusty_s3::BucketError),
    #[error("cannot reach storage: {0}")]
    Unreachable(String),
    #[error("storage has no bucket of the name in S3_BUCKET")]
    NoBucket,
    #[error("storage refuses S3_ACCESS_KEY and S3_SECRET_KEY for this bucket")]
    Refused,
    #[error("storage answered {0}")]
    Failed(u16),
}

impl Storage {
    /// The storage in the settings. Nothing is asked of it yet.
    pub fn new(http: reqwest::Client, settings: Option<&S3Settings>) -> Result<Self, StorageError> {
        let Some(settings) = settings else { return Ok(Self::NotConfigured) };
        let style = if settings.force_path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(settings.endpoint.clone(), style, settings.bucket.clone(), settings.region.clone())?;
        let credentials = Credentials::new(settings.access_key.clone(), settings.secret_key.expose_secret());
        Ok(Self::S3(Box::new(S3 { http, bucket, credentials })))
    }
}

impl S3 {
    /// Whether the bucket is there and open to our keys.
    pub async fn probe(&self) -> Result<(), StorageError> {
        let url = self.bucket.head_bucket(Some(&self.credentials)).sign(SIGNED_FOR);
        let answer = self
            .http
            .head(url)
            .timeout(PROBE_TIMEOUT)
            .send()
            .await
            // Without the address: its query carries the signature.
            .map_err(|err| StorageError::Unreachable(telemetry::chain(&err.without_url())))?;

        match answer.status().as_u16() {
            200..=299 => Ok(()),
            404 => Err(StorageError::NoBucket),
            401 | 403 => Err(StorageError::Refused),
            other => Err(StorageError::Failed(other)),
        }
    }
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
