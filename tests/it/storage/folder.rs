//! What is special about a folder: nothing leads out of it, and nothing in it is ever half an object.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use meetbox::storage::{Storage, StorageError};
use proptest::prelude::*;

use super::{folder, read};

async fn put(storage: &Storage, key: &str, bytes: &'static [u8]) -> Result<(), StorageError> {
    storage.put(key, Bytes::from_static(bytes), "video/mp4").await
}

#[tokio::test]
async fn no_key_leads_out_of_the_folder() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("recordings");
    fs::create_dir(&dir).unwrap();
    fs::write(around.path().join("secret"), "hush").unwrap();
    symlink(around.path().join("secret"), dir.join("link")).unwrap();
    symlink(around.path(), dir.join("way")).unwrap();
    let storage = folder(&dir);

    let absolute = around.path().join("secret").display().to_string();
    for key in ["../secret", "a/../../secret", &absolute, "./../secret", "link", "way/secret", "a\0b", "..", ""] {
        for outcome in
            [storage.get(key, None).await.map(drop), storage.head(key).await.map(drop), put(&storage, key, b"x").await]
        {
            let replaced_the_link = key == "link" && outcome.is_ok();
            assert!(matches!(outcome, Err(StorageError::Key(_))) || replaced_the_link, "{key}: {outcome:?}");
        }
    }
    assert!(matches!(storage.delete("way/secret").await, Err(StorageError::Key(_))));
    assert_eq!(fs::read_to_string(around.path().join("secret")).unwrap(), "hush");
    assert_eq!(fs::read_dir(around.path()).unwrap().count(), 2, "nothing was made outside");
    let listed = storage.list("", None, 100).await.unwrap();
    assert!(listed.items.iter().all(|object| !object.key.starts_with("way")), "{listed:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_for_nothing_outside_is_read_or_written(key in "(\\.\\./|/|\\./|a/|\\.\\.|%2e%2e/|\\PC){0,8}(secret|x)") {
        let around = tempfile::tempdir().unwrap();
        let dir = around.path().join("a");
        fs::create_dir(&dir).unwrap();
        fs::write(around.path().join("secret"), "hush").unwrap();
        let storage = folder(&dir);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            prop_assert!(!matches!(storage.head(&key).await, Ok(Some(_))));
            let _ = put(&storage, &key, b"mine").await;
            let _ = storage.delete(&key).await;
            Ok(())
        })?;
        prop_assert_eq!(fs::read_to_string(around.path().join("secret")).unwrap(), "hush");
        prop_assert_eq!(fs::read_dir(around.path()).unwrap().count(), 2);
    }
}

#[tokio::test]
async fn what_the_recorder_writes_is_an_object_and_what_is_put_is_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let storage = folder(dir.path());
    fs::create_dir_all(dir.path().join("blue-heron")).unwrap();
    fs::write(dir.path().join("blue-heron/one.mp4"), "frames").unwrap();
    assert_eq!(read(&storage, "blue-heron/one.mp4").await.unwrap(), b"frames");
    put(&storage, "blue-heron/two.mp4", b"more").await.unwrap();
    assert_eq!(fs::read(dir.path().join("blue-heron/two.mp4")).unwrap(), b"more");

    storage.delete("blue-heron/one.mp4").await.unwrap();
    storage.delete("blue-heron/two.mp4").await.unwrap();
    assert!(!dir.path().join("blue-heron").exists(), "an empty folder is nothing");
    storage.delete("blue-heron").await.unwrap();
}

#[tokio::test]
async fn an_object_and_a_folder_of_the_same_name_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let storage = folder(dir.path());
    put(&storage, "a/b", b"x").await.unwrap();
    assert!(matches!(put(&storage, "a", b"x").await, Err(StorageError::Key(_))));
    assert!(matches!(put(&storage, "a/b/c", b"x").await, Err(StorageError::Key(_))));
    assert_eq!(storage.head("a").await.unwrap(), None);
    assert_eq!(storage.head("a/b/c").await.unwrap(), None);
    storage.delete("a").await.unwrap();
    assert_eq!(read(&storage, "a/b").await.unwrap(), b"x");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_while_somebody_writes_reads_one_whole_object() {
    let dir = tempfile::tempdir().unwrap();
    let storage = folder(dir.path());
    let whole = |byte: u8| Bytes::from(vec![byte; 300_000]);
    storage.put("a/b.mp4", whole(0), "video/mp4").await.unwrap();
    let done = AtomicBool::new(false);

    let writes = async {
        for byte in 1..60 {
            storage.put("a/b.mp4", whole(byte), "video/mp4").await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let reads = async {
        while !done.load(Ordering::Relaxed) {
            let bytes = read(&storage, "a/b.mp4").await.unwrap();
            assert_eq!(bytes.len(), 300_000);
            assert!(bytes.iter().all(|byte| *byte == bytes[0]));
        }
    };
    // Comes and goes beside it, and takes the folder along when it is empty.
    let neighbours = async {
        while !done.load(Ordering::Relaxed) {
            put(&storage, "c/d/e", b"x").await.unwrap();
            storage.delete("c/d/e").await.unwrap();
        }
    };
    let rivals = async {
        while !done.load(Ordering::Relaxed) {
            put(&storage, "c/d/f", b"x").await.unwrap();
            storage.delete("c/d/f").await.unwrap();
        }
    };
    tokio::join!(writes, reads, neighbours, rivals);
    assert_eq!(fs::read_dir(dir.path().join(".meetbox-drafts")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_that_is_missing_or_closed_is_an_outage_and_is_mended_without_a_restart() {
    let around = tempfile::tempdir().unwrap();
    let dir = around.path().join("mounted later");
    let storage = folder(&dir);
    for outcome in [storage.probe().await, storage.head("a").await.map(drop), put(&storage, "a", b"x").await] {
        let err = outcome.unwrap_err();
        assert!(err.is_outage() && err.to_string().contains("STORAGE_DIR"), "{err}");
    }
    storage.prove().await.unwrap();
    put(&storage, "a", b"x").await.unwrap();
    storage.probe().await.unwrap();

    fs::rename(&dir, around.path().join("away")).unwrap();
    assert!(storage.get("a", None).await.unwrap_err().is_outage());
    fs::rename(around.path().join("away"), &dir).unwrap();
    assert_eq!(read(&storage, "a").await.unwrap(), b"x");

    let before = fs::metadata(&dir).unwrap().permissions();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write anywhere.
    if !rustix::process::getuid().is_root() {
        assert!(storage.probe().await.unwrap_err().is_outage());
    }
    fs::set_permissions(&dir, before).unwrap();
}

#[tokio::test]
async fn what_writers_that_were_cut_off_left_behind_is_cleared_away_and_shown_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let storage = folder(dir.path());
    storage.prove().await.unwrap();
    let drafts = dir.path().join(".meetbox-drafts");
    for (name, age) in [("old", "-3 days"), ("new", "-1 hour")] {
        fs::write(drafts.join(name), "half").unwrap();
        let touched = Command::new("touch").args(["-d", age]).arg(drafts.join(name)).status().unwrap();
        assert!(touched.success());
    }
    assert_eq!(storage.list("", None, 10).await.unwrap().items, []);
    assert!(storage.head(".meetbox-drafts/new").await.is_err());
    storage.prove().await.unwrap();
    assert!(!drafts.join("old").exists() && drafts.join("new").exists());
}

/// A file system of its own with very little room, where that can be had.
struct Tiny<'a>(&'a Path);

impl<'a> Tiny<'a> {
    fn mount(dir: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(dir).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(dir))
    }
}

impl Drop for Tiny<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half() {
    let dir = tempfile::tempdir().unwrap();
    let Some(_tiny) = Tiny::mount(dir.path()) else {
        println!("skipped: a file system of its own cannot be mounted here");
        return;
    };
    let storage = folder(dir.path());
    storage.prove().await.unwrap();
    put(&storage, "small", b"frames").await.unwrap();
    let large = Bytes::from(vec![1; 1024 * 1024]);
    let err = storage.put("large", large.clone(), "video/mp4").await.unwrap_err();
    assert!(matches!(err, StorageError::Full(_)) && err.is_outage(), "{err}");
    assert_eq!(storage.head("large").await.unwrap(), None);

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &large).unwrap();
    let err = storage.upload_file("large", file.path(), "video/mp4", |_| {}).await.unwrap_err();
    assert!(matches!(err, StorageError::Full(_)), "{err}");
    assert_eq!(fs::read_dir(dir.path().join(".meetbox-drafts")).unwrap().count(), 0, "the room is given back");
    put(&storage, "small", b"other frames").await.unwrap();

    fs::write(dir.path().join("filler"), vec![0; 1024 * 1024]).unwrap_err();
    assert!(matches!(storage.probe().await, Err(StorageError::Full(_))));
}
