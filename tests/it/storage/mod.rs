//! Storage, against every store that there is to test with: the same questions, and the same answers.

mod faults;
mod folder;
mod large;
mod links;
mod sameness;
mod start;
pub mod strict;

use std::{path::Path, time::Duration};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use meetbox::{
    clock::Clock,
    config::{Environment, FolderSettings, S3Settings, StorageSettings},
    storage::{Patience, Storage},
};
use url::Url;

use self::strict::Strict;
use crate::{
    services::{S3, Store, s3},
    serving::http_client,
};

pub const BUCKET: &str = "meetings";

/// Waits no longer than a test should.
pub const SHORT: Patience = Patience {
    answer: Duration::from_millis(500),
    whole: Duration::from_millis(1500),
    stall: Duration::from_millis(700),
    completion: Duration::from_secs(5),
};

/// A store by address, keys, region and addressing.
pub fn store(url: &str, keys: [&str; 2], region: &str, environment: Environment) -> Storage {
    let settings = S3Settings {
        endpoint: Url::parse(url).expect("an address"),
        access_key: keys[0].to_owned(),
        secret_key: keys[1].into(),
        bucket: BUCKET.to_owned(),
        region: region.to_owned(),
        force_path_style: true,
    };
    Storage::new(http_client(), &StorageSettings::S3(settings), environment, Clock::System).expect("an address")
}

/// The strict store, as a developer's machine sees it.
pub fn strict_store(strict: &Strict) -> Storage {
    store(&strict.url(), [strict::ACCESS_KEY, strict::SECRET_KEY], strict::REGION, Environment::Local)
}

/// The gateway to a folder.
pub fn gateway(s3: &S3) -> Storage {
    store(&s3.url(), [s3::ACCESS_KEY, s3::SECRET_KEY], s3::REGION, Environment::Local)
}

/// One of the others.
pub fn other(other: &Store) -> Storage {
    store(&other.url, [&other.access_key, &other.secret_key], &other.region, Environment::Local)
}

pub fn folder(dir: &Path) -> Storage {
    let settings = FolderSettings { dir: dir.to_owned(), recorder_dir: dir.to_owned() };
    let settings = StorageSettings::Folder(settings);
    Storage::new(http_client(), &settings, Environment::Production, Clock::System).expect("a folder")
}

/// Everything in an object.
pub async fn read(storage: &Storage, key: &str) -> Option<Vec<u8>> {
    let download = storage.get(key, None).await.unwrap()?;
    let chunks: Vec<Bytes> = download.body.try_collect().await.unwrap();
    Some(chunks.concat())
}
