//! Links that open an object for a while.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use meetbox::{
    clock::Clock,
    config::{Environment, FolderSettings, S3Settings, StorageSettings},
    storage::{Disposition, LinkOptions, LinkParts, Storage},
};
use url::Url;

use super::{Strict, folder, strict_store};
use crate::serving::http_client;

fn options(ttl: Duration) -> LinkOptions {
    LinkOptions {
        ttl,
        file_name: Some("Übung 1.mp4".to_owned()),
        content_type: Some("video/mp4".to_owned()),
        disposition: Disposition::Inline,
    }
}

#[tokio::test]
async fn a_link_of_an_object_store_opens_one_object_until_it_expires() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    storage.put("a b/ü.mp4", Bytes::from_static(b"frames"), "application/octet-stream").await.unwrap();
    let link = storage.link("a b/ü.mp4", &options(Duration::from_secs(60))).unwrap();
    let apart = link.expires - Utc::now();
    assert!(apart <= TimeDelta::seconds(60) && apart > TimeDelta::seconds(50));

    let client = http_client();
    let answer = client.get(&link.address).header("range", "bytes=2-").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (206, &"video/mp4".parse().unwrap()));
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("inline; filename=\"_bung 1.mp4\""));
    assert_eq!(&answer.bytes().await.unwrap()[..], b"ames");

    for bent in [link.address.replace("mp4?", "mp3?"), link.address.replace("inline", "attachment")] {
        assert_eq!(client.get(bent).send().await.unwrap().status().as_u16(), 403);
    }
    assert_eq!(client.delete(&link.address).send().await.unwrap().status().as_u16(), 403, "it is for reading");
    strict.world().ahead = TimeDelta::seconds(61);
    assert_eq!(client.get(&link.address).send().await.unwrap().status().as_u16(), 403);
}

// Feature: infrastructure-local-dev, Property 9: address, bucket and addressing style are those that are set.
#[test]
fn in_virtual_hosted_style_the_bucket_stands_in_front_of_the_host_and_nowhere_else() {
    let settings = |force_path_style| {
        StorageSettings::S3(S3Settings {
            endpoint: Url::parse("https://store.example.org:9000").unwrap(),
            access_key: "key".to_owned(),
            secret_key: "a-secret-of-the-tests".into(),
            bucket: "meetings".to_owned(),
            region: "eu-central-1".to_owned(),
            force_path_style,
        })
    };
    let address = |force_path_style| {
        let settings = settings(force_path_style);
        let storage = Storage::new(http_client(), &settings, Environment::Production, Clock::System).unwrap();
        let link = storage.link("a/b+c.mp4", &options(Duration::from_secs(60))).unwrap();
        Url::parse(&link.address).unwrap()
    };
    let (hosted, by_path) = (address(false), address(true));
    assert_eq!((hosted.host_str().unwrap(), hosted.path()), ("meetings.store.example.org", "/a/b%2Bc.mp4"));
    assert_eq!((by_path.host_str().unwrap(), by_path.path()), ("store.example.org", "/meetings/a/b%2Bc.mp4"));
    assert_eq!(hosted.port(), Some(9000));
    // What media may come from is that very host.
    assert_eq!(settings(false).s3().unwrap().media_origin().origin(), hosted.origin());
    assert!(!hosted.as_str().contains("a-secret-of-the-tests"));
}

/// A folder's storage on a clock that stands, and the clock.
fn folder_on_a_clock(dir: &std::path::Path) -> (Storage, Clock) {
    let clock = Clock::stopped_at(Utc::now());
    let settings = FolderSettings { dir: dir.to_owned(), recorder_dir: dir.to_owned() };
    let settings = StorageSettings::Folder(settings);
    (Storage::new(http_client(), &settings, Environment::Production, clock.clone()).unwrap(), clock)
}

#[test]
fn a_link_of_a_folder_is_one_of_ours_and_opens_what_it_says_until_it_expires() {
    let dir = tempfile::tempdir().unwrap();
    let (storage, clock) = folder_on_a_clock(dir.path());
    let link = storage.link("a b/ü+1.mp4", &options(Duration::from_secs(60))).unwrap();
    assert_eq!(link.expires, clock.now() + TimeDelta::seconds(60));
    let url = Url::parse("https://meet.example.org").unwrap().join(&link.address).unwrap();
    assert_eq!(url.path(), "/storage/a%20b/%C3%BC%2B1.mp4");

    let said: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    let parts = LinkParts {
        key: "a b/ü+1.mp4",
        expires: said["expires"].parse().unwrap(),
        disposition: Disposition::parse(&said["disposition"]).unwrap(),
        file_name: Some(&said["name"]),
        content_type: Some(&said["type"]),
        signature: &said["signature"],
    };
    assert!(storage.opens(&parts, clock.now()).unwrap());
    assert!(!storage.opens(&LinkParts { key: "a b/ü+2.mp4", ..parts }, clock.now()).unwrap());
    assert!(!storage.opens(&LinkParts { expires: parts.expires + 1, ..parts }, clock.now()).unwrap());
    clock.advance(TimeDelta::seconds(60));
    assert!(!storage.opens(&parts, clock.now()).unwrap());
    assert!(storage.link("../etc/passwd", &options(Duration::from_secs(60))).is_err());
}

#[test]
fn every_process_of_a_folder_signs_with_the_same_key_and_no_other_folder_does() {
    let dir = tempfile::tempdir().unwrap();
    let expires = Utc::now() + TimeDelta::seconds(60);
    // All at once, and for the first time.
    let signatures: Vec<_> = std::thread::scope(|scope| {
        let sign = || folder(dir.path()).sign("recordings/1", expires).unwrap();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(sign)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(signatures.windows(2).all(|pair| pair[0] == pair[1]), "{signatures:?}");

    let storage = folder(dir.path());
    assert!(storage.verify("recordings/1", expires, &signatures[0], Utc::now()).unwrap());
    assert!(!storage.verify("recordings/2", expires, &signatures[0], Utc::now()).unwrap());
    assert!(!storage.verify("recordings/1", expires, &signatures[0], expires).unwrap(), "it has expired");
    assert!(!storage.verify("recordings/1", expires, "", Utc::now()).unwrap());

    let elsewhere = tempfile::tempdir().unwrap();
    assert!(!folder(elsewhere.path()).verify("recordings/1", expires, &signatures[0], Utc::now()).unwrap());

    let key = std::fs::metadata(dir.path().join(".meetbox-link-key")).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.permissions());
    assert_eq!((key.len(), mode & 0o777), (32, 0o600));
    assert_eq!(std::fs::read_dir(dir.path().join(".meetbox-drafts")).unwrap().count(), 0, "nothing is left over");
}
