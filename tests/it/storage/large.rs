//! Objects that are sent in parts.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::Path,
    sync::Mutex,
};

use futures_util::TryStreamExt as _;
use md5::{Digest as _, Md5};
use meetbox::storage::{ByteRange, Storage, StorageError};
use tempfile::NamedTempFile;
use tokio_util::sync::CancellationToken;

use super::{
    Strict, folder, gateway, other,
    strict::Trouble::{Damages, Hangs, Says, Swallows},
    strict_store,
};
use crate::services::{S3, Store};

const MIB: u64 = 1024 * 1024;
/// More than goes into one request, and no multiple of a part.
const LARGE: u64 = 101 * MIB + 12_345;

/// A file in which every part is different.
fn file(size: u64) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    let mut left = size;
    let mut number = 0_u64;
    while left > 0 {
        let block: Vec<u8> = number.to_be_bytes().repeat(512);
        let length = left.min(block.len() as u64) as usize;
        file.write_all(&block[..length]).unwrap();
        (left, number) = (left - length as u64, number + 1);
    }
    file.flush().unwrap();
    file
}

fn md5_of_file(path: &Path) -> [u8; 16] {
    let mut md5 = Md5::new();
    let mut bytes = Vec::new();
    File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    md5.update(&bytes);
    md5.finalize().into()
}

async fn md5_of_object(storage: &Storage, key: &str) -> [u8; 16] {
    let download = storage.get(key, None).await.unwrap().unwrap();
    let md5 = download.body.try_fold(Md5::new(), |mut md5, chunk| async move {
        md5.update(&chunk);
        Ok(md5)
    });
    md5.await.unwrap().finalize().into()
}

/// Sends a large file, reads it again, as a whole and in part, and looks at what was told on the way.
async fn goes_there_and_back(storage: &Storage) {
    let file = file(LARGE);
    let told = Mutex::new(Vec::new());
    let key = "blue-heron/large file+1.mp4";
    storage.upload_file(key, file.path(), "video/mp4", |bytes| told.lock().unwrap().push(bytes)).await.unwrap();

    assert_eq!(storage.head(key).await.unwrap().unwrap().size, LARGE);
    assert_eq!(md5_of_object(storage, key).await, md5_of_file(file.path()));
    // Across the border of two parts.
    let part = storage.get(key, Some(ByteRange::Within(16 * MIB - 2, 16 * MIB + 5))).await.unwrap().unwrap();
    let bytes: Vec<_> = part.body.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), fs::read(file.path()).unwrap()[16 * MIB as usize - 2..16 * MIB as usize + 6]);

    let told = told.into_inner().unwrap();
    assert_eq!(told.last(), Some(&LARGE), "all of it was told");
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "it never goes back: {told:?}");
}

#[tokio::test]
async fn a_large_file_arrives_at_a_gateway_to_files() {
    let s3 = S3::start();
    let storage = gateway(&s3);
    storage.prove().await.unwrap();
    goes_there_and_back(&storage).await;
}

#[tokio::test]
async fn a_large_file_arrives_at_moto() {
    let moto = Store::moto();
    let storage = other(&moto);
    storage.prove().await.unwrap();
    goes_there_and_back(&storage).await;
}

#[tokio::test]
async fn a_large_file_arrives_at_garage() {
    let Some(garage) = Store::garage() else {
        println!("skipped: there is no `garage` on the PATH or in .meetbox/bin");
        return;
    };
    let storage = other(&garage);
    storage.prove().await.unwrap();
    goes_there_and_back(&storage).await;
}

#[tokio::test]
async fn a_large_file_arrives_at_a_store_as_strict_as_oracles() {
    let strict = Strict::start().await;
    goes_there_and_back(&strict_store(&strict)).await;
    assert_eq!(strict.asked("PUT object"), 0, "it went in parts");
    assert!(strict.world().objects.values().all(|object| object.content_type == "video/mp4"));
}

#[tokio::test]
async fn a_large_file_arrives_in_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let storage = folder(dir.path());
    goes_there_and_back(&storage).await;
}

#[tokio::test]
async fn parts_that_fail_are_sent_again_and_those_before_them_are_not() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    storage.prove().await.unwrap();
    let file = file(LARGE);
    strict.fail("PUT part 2", Says(503, "SlowDown"));
    strict.fail("PUT part 3", Says(400, "BadDigest"));
    strict.fail("PUT part 4", Swallows);
    // It is done, and the answer is lost: asked again, the store knows of no such upload.
    strict.fail("POST upload", Swallows);
    storage.upload_file("large.mp4", file.path(), "video/mp4", |_| {}).await.unwrap();

    let asked = |what| strict.asked(what);
    assert_eq!(["PUT part 1", "PUT part 2", "PUT part 3", "PUT part 4", "PUT part 5"].map(asked), [1, 2, 2, 2, 1]);
    assert_eq!((asked("POST upload"), asked("DELETE upload")), (2, 0));
    assert_eq!(md5_of_object(&storage, "large.mp4").await, md5_of_file(file.path()));
}

#[tokio::test]
async fn an_upload_that_fails_in_its_midst_is_taken_back() {
    let file = file(LARGE);
    for (on, trouble) in [
        ("PUT part 4", Says(403, "AccessDenied")),
        ("PUT part 7", Says(507, "InsufficientStorage")),
        ("POST upload", Says(400, "InvalidPart")),
    ] {
        let strict = Strict::start().await;
        let storage = strict_store(&strict);
        storage.prove().await.unwrap();
        strict.fail(on, trouble);
        // The first try to take it back fails, too.
        strict.fail("DELETE upload", Says(500, "InternalError"));
        storage.upload_file("large.mp4", file.path(), "video/mp4", |_| {}).await.unwrap_err();
        assert_eq!(strict.asked("DELETE upload"), 2, "{on}");
        assert!(strict.world().uploads.is_empty(), "{on}: nothing is left over");
        assert_eq!(storage.head("large.mp4").await.unwrap(), None);
    }
}

#[tokio::test]
async fn an_upload_that_is_stopped_in_its_midst_is_taken_back() {
    let file = file(LARGE);
    for on in ["PUT part 4", "POST upload"] {
        let strict = Strict::start().await;
        let storage = strict_store(&strict);
        storage.prove().await.unwrap();
        strict.fail(on, Hangs);
        let stop = CancellationToken::new();
        let stopping = async {
            while strict.asked(on) == 0 {
                tokio::task::yield_now().await;
            }
            stop.cancel();
        };
        let upload = storage.upload_file_until(&stop, "large.mp4", file.path(), "video/mp4");
        let (outcome, ()) = tokio::join!(upload, stopping);
        assert!(matches!(outcome, Err(StorageError::Stopped)), "{on}: {outcome:?}");
        assert_eq!(strict.asked("DELETE upload"), 1, "{on}");
        assert!(strict.world().uploads.is_empty(), "{on}: no part is left over");
    }
}

#[tokio::test]
async fn a_part_that_was_damaged_on_its_way_is_noticed() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    storage.prove().await.unwrap();
    let file = file(LARGE);
    strict.fail("PUT part 1", Damages);
    strict.fail("PUT part 2", Damages);
    storage.upload_file("large.mp4", file.path(), "video/mp4", |_| {}).await.unwrap();
    assert_eq!((strict.asked("PUT part 1"), strict.asked("PUT part 2")), (2, 2));
    assert_eq!(md5_of_object(&storage, "large.mp4").await, md5_of_file(file.path()));
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_sent_or_is_not_there_is_no_outage_of_the_store() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    storage.prove().await.unwrap();
    let err = storage.upload_file("a", Path::new("/nowhere/at/all"), "video/mp4", |_| {}).await.unwrap_err();
    assert!(matches!(err, StorageError::File(_)) && !err.is_outage(), "{err}");

    let file = file(LARGE);
    let shrink = |bytes| {
        if bytes > 40 * MIB {
            File::options().write(true).open(file.path()).unwrap().set_len(50 * MIB).unwrap();
        }
    };
    let err = storage.upload_file("large.mp4", file.path(), "video/mp4", shrink).await.unwrap_err();
    assert!(!matches!(err, StorageError::Refused(_)), "{err}");
    assert!(strict.world().uploads.is_empty());
    assert_eq!(storage.head("large.mp4").await.unwrap(), None);
}
