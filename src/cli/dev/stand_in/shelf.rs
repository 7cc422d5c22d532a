//! Where the stand-in leaves files: in the store of the settings, else in a folder.

use std::{
    io,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use secrecy::ExposeSecret;

use super::super::recorder::{Trouble, Write};
use crate::{
    cli::Failure,
    config::{S3Settings, Settings},
    telemetry,
};

/// How long a signed request is good for, and how long an upload may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where files are left.
pub enum Shelf {
    Store(Box<Store>),
    Folder(PathBuf),
}

/// An S3-compatible store.
pub struct Store {
    http: reqwest::Client,
    bucket: Bucket,
    credentials: Credentials,
}

impl Shelf {
    /// The shelf of these settings.
    pub fn new(http: reqwest::Client, settings: &Settings, folder: PathBuf) -> Result<Self, Failure> {
        let Some(s3) = &settings.storage else { return Ok(Self::Folder(folder)) };
        let bucket = bucket(s3).map_err(|err| Failure::input("S3_ENDPOINT makes no address").because(&err))?;
        let credentials = Credentials::new(s3.access_key.clone(), s3.secret_key.expose_secret());
        Ok(Self::Store(Box::new(Store { http, bucket, credentials })))
    }

    /// What stands before a key.
    pub fn site(&self) -> String {
        match self {
            Self::Store(store) => store.bucket.base_url().to_string(),
            Self::Folder(folder) => format!("{}/", folder.display()),
        }
    }

    /// Writes it, in place of what was there.
    pub async fn put(&self, write: &Write) -> Result<(), Trouble> {
        match self {
            Self::Store(store) => store.put(write).await,
            Self::Folder(folder) => put_file(folder, write).await.map_err(|err| Trouble::Refused(err.to_string())),
        }
    }
}

fn bucket(s3: &S3Settings) -> Result<Bucket, rusty_s3::BucketError> {
    let style = if s3.force_path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
    Bucket::new(s3.endpoint.clone(), style, s3.bucket.clone(), s3.region.clone())
}

impl Store {
    async fn put(&self, write: &Write) -> Result<(), Trouble> {
        let url = self.bucket.put_object(Some(&self.credentials), &write.path).sign(PATIENCE);
        let request = self.http.put(url).timeout(PATIENCE).header("content-type", write.media_type);
        let answer = request.body(write.bytes.clone()).send().await;
        // Without the address: its query carries the signature.
        let answer = answer.map_err(|err| Trouble::Unreachable(telemetry::chain(&err.without_url())))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status => Err(Trouble::Refused(format!("https response error StatusCode: {status}"))),
        }
    }
}

/// Under another name first, so that nobody sees half a file.
async fn put_file(folder: &Path, write: &Write) -> io::Result<()> {
    let path = folder.join(&write.path);
    let stays = path.starts_with(folder) && !path.components().any(|part| part == Component::ParentDir);
    if !stays {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} is not in {}", write.path, folder.display()),
        ));
    }
    let draft = path.with_extension("draft");
    if let Some(parent) = path.parent() {
        tokio::fs::create_dir_all(parent).await?;
    }
    tokio::fs::write(&draft, &write.bytes).await?;
    tokio::fs::rename(&draft, &path).await
}
