//! What it costs to sign a link to a recording's file.

use std::{hint::black_box, time::Duration};

use meetbox::{
    clock::Clock,
    config::{Environment, FolderSettings, S3Settings, StorageSettings},
    storage::{Disposition, LinkOptions, Storage},
};
use url::Url;

use crate::{
    ROUNDS, machine,
    report::{Row, median},
};

/// A store that nobody asks anything: a link is made without it.
const ENDPOINT: &str = "http://127.0.0.1:9";
const ACCESS_KEY: &str = "measured";
const SECRET_KEY: &str = "measured-measured-measured";
const BUCKET: &str = "recordings";
const REGION: &str = "us-ashburn-1";

/// How many are signed between two looks at the CPU time, which comes in steps of ten milliseconds.
const AT_ONCE: u32 = 1_000;

/// The same store in the settings of a server.
pub fn s3_variables() -> [(&'static str, &'static str); 6] {
    [
        ("S3_ENDPOINT", ENDPOINT),
        ("S3_ACCESS_KEY", ACCESS_KEY),
        ("S3_SECRET_KEY", SECRET_KEY),
        ("S3_BUCKET", BUCKET),
        ("S3_REGION", REGION),
        ("S3_FORCE_PATH_STYLE", "true"),
    ]
}

/// One row: a link into an object store against one into a folder.
pub fn measure() -> Row {
    let folder = tempfile::tempdir().expect("the temporary folder can be written to");
    let s3 = storage(&StorageSettings::S3(S3Settings {
        endpoint: Url::parse(ENDPOINT).expect("an address"),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.into(),
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        force_path_style: true,
    }));
    let folder = storage(&StorageSettings::Folder(FolderSettings {
        dir: folder.path().to_owned(),
        recorder_dir: folder.path().to_owned(),
    }));
    let rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (microseconds(&s3), microseconds(&folder))).collect();
    let (s3, folder) = (median(rounds.iter().map(|it| it.0)), median(rounds.iter().map(|it| it.1)));
    Row {
        what: "Signing a link to a recording's file".to_owned(),
        ours: format!("object store: {s3:.1} µs of CPU"),
        against: format!("folder: {folder:.1} µs of CPU"),
        result: format!("{:.1} ×", s3 / folder),
        aim: "",
    }
}

fn storage(settings: &StorageSettings) -> Storage {
    // Somebody else in this process may have been first, with the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    Storage::new(http, settings, Environment::Local, Clock::System).expect("settings that fit")
}

/// The CPU time of this process for one link, over half a second of it.
fn microseconds(storage: &Storage) -> f64 {
    let key = "recordings/2026/11/25/blue-heron/0191d5ea-7f2c-7cc1-9f6d-5f0c1b6e2d11.mp4";
    let options = LinkOptions {
        ttl: Duration::from_secs(3600),
        file_name: Some("blue-heron 2026-11-25 14.03.mp4".to_owned()),
        content_type: Some("video/mp4".to_owned()),
        disposition: Disposition::Attachment,
    };
    let begin = machine::cpu_seconds(std::process::id());
    let mut signed = 0;
    loop {
        for _ in 0..AT_ONCE {
            black_box(storage.link(black_box(key), &options).expect("a link"));
        }
        signed += AT_ONCE;
        let used = machine::cpu_seconds(std::process::id()) - begin;
        if used >= 0.5 {
            return used / f64::from(signed) * 1e6;
        }
    }
}
