//! What storage does when the store does not do what it should.

use std::{
    fs, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::{TryStreamExt as _, future::join_all};
use meetbox::{
    config::Environment,
    storage::{Patience, Storage, StorageError},
};
use tokio::time::Instant;

use super::{
    BUCKET, SHORT, Strict, read, store, strict,
    strict::Trouble::{Rots, Says, Swallows},
    strict_store,
};
use crate::chaos::Mode;

/// What the breaker gives a store that failed, and a little more.
const PAUSE: Duration = Duration::from_millis(3200);

async fn put(storage: &Storage, key: &str) -> Result<(), StorageError> {
    storage.put(key, Bytes::from_static(b"frames"), "video/mp4").await
}

fn production(strict: &Strict) -> Storage {
    let keys = [strict::ACCESS_KEY, strict::SECRET_KEY];
    store(&strict.url(), keys, strict::REGION, Environment::Production).with_patience(SHORT)
}

#[tokio::test]
async fn what_fails_for_a_moment_is_asked_again_and_what_is_refused_is_not() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    storage.prove().await.unwrap();
    for trouble in [Says(500, "InternalError"), Says(503, "SlowDown"), Says(400, "RequestTimeout"), Swallows] {
        strict.fail("PUT object", trouble);
    }
    // Four failures in a row, none of which is the last attempt, and one of which is no failure of the store.
    strict.world().faults.swap(0, 2);
    let before = strict.asked("PUT object");
    put(&storage, "a.mp4").await.unwrap();
    assert_eq!(strict.asked("PUT object") - before, 5);
    assert_eq!(read(&storage, "a.mp4").await.unwrap(), b"frames");

    for (status, code) in [(403, "AccessDenied"), (400, "InvalidRequest"), (501, "NotImplemented")] {
        strict.fail("PUT object", Says(status, code));
        let before = strict.asked("PUT object");
        let err = put(&storage, "b.mp4").await.unwrap_err();
        assert!(err.to_string().contains(code) && err.is_outage(), "{err}");
        assert_eq!(strict.asked("PUT object") - before, 1, "{code} is no passing thing");
    }
}

#[tokio::test]
async fn a_store_that_is_down_is_told_soon_left_alone_and_found_when_it_is_back() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict).with_patience(SHORT);
    storage.prove().await.unwrap();
    for away in [Mode::Refused, Mode::Reset, Mode::BlackHoled] {
        strict.door.set(away).await;
        let asked = Instant::now();
        let outcomes = join_all((0..40).map(|_| storage.head("a.mp4"))).await;
        assert!(asked.elapsed() < SHORT.whole * 2, "{away:?}: {:?}", asked.elapsed());
        for outcome in outcomes {
            let err = outcome.unwrap_err();
            assert!(matches!(err, StorageError::Unreachable(_) | StorageError::Unavailable(_)), "{away:?}: {err}");
            assert!(err.is_outage() && !err.to_string().contains("X-Amz"), "{err}");
        }

        let asked = Instant::now();
        let err = put(&storage, "b.mp4").await.unwrap_err();
        assert!(matches!(err, StorageError::Unavailable(_)), "{away:?}: {err}");
        let err = storage.get("a.mp4", None).await.unwrap_err();
        assert!(matches!(err, StorageError::Unavailable(_)), "{away:?}: {err}");
        assert!(asked.elapsed() < Duration::from_millis(50), "nobody waits for it");

        strict.door.set(Mode::Pass).await;
        tokio::time::sleep(PAUSE).await;
        assert_eq!(storage.head("a.mp4").await.unwrap(), None, "{away:?} is over");
    }
}

#[tokio::test]
async fn a_small_object_is_not_waited_for_as_a_large_one_is() {
    let strict = Strict::start().await;
    // Nobody would wait for as long as that, were it not for the small patience.
    let patience = Patience { stall: Duration::from_secs(600), ..SHORT };
    let storage = strict_store(&strict).with_patience(patience);
    storage.prove().await.unwrap();
    strict.door.set(Mode::BlackHoled).await;
    let asked = Instant::now();
    put(&storage, "a.mp4").await.unwrap_err();
    assert!(asked.elapsed() < SHORT.whole * 2, "{:?}", asked.elapsed());
}

/// Everything that is logged meanwhile on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_retry_is_logged_with_what_and_why_and_without_the_signature() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let _logged = tracing::subscriber::set_default(subscriber);

    let strict = Strict::start().await;
    let storage = strict_store(&strict).with_patience(SHORT);
    storage.prove().await.unwrap();
    strict.fail("DELETE object", Says(503, "SlowDown"));
    strict.fail("DELETE object", Says(500, "InternalError"));
    storage.delete("blue heron.mp4").await.unwrap();
    strict.door.set(Mode::Refused).await;
    storage.head("blue heron.mp4").await.unwrap_err();

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (attempt, reason) in [(1, "503 (SlowDown)"), (2, "500 (InternalError)")] {
        let line =
            logged.lines().find(|line| line.contains(reason)).unwrap_or_else(|| panic!("no {reason} in {logged}"));
        let told = format!("attempt {attempt} to delete `blue heron.mp4` failed");
        assert!(line.contains("WARN") && line.contains(&told), "{line}");
    }
    assert!(logged.contains("attempt 1 to look at `blue heron.mp4` failed") && logged.contains("refused"), "{logged}");
    for secret in ["X-Amz", strict::SECRET_KEY, strict::ACCESS_KEY] {
        assert!(!logged.contains(secret), "{logged}");
    }
}

#[tokio::test]
async fn a_look_finds_a_store_that_is_back_before_the_pause_is_over() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict).with_patience(SHORT);
    strict.door.set(Mode::Refused).await;
    for _ in 0..4 {
        storage.probe().await.unwrap_err();
    }
    assert!(matches!(storage.head("a").await, Err(StorageError::Unavailable(_))));
    strict.door.set(Mode::Pass).await;
    storage.probe().await.unwrap();
    assert_eq!(storage.head("a").await.unwrap(), None);
}

#[tokio::test]
async fn a_download_that_stands_still_ends_with_an_error_and_so_does_an_upload() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict).with_patience(SHORT);
    let large = Bytes::from(vec![7; 8 * 1024 * 1024]);
    storage.put("large.mp4", large.clone(), "video/mp4").await.unwrap();

    let download = storage.get("large.mp4", None).await.unwrap().unwrap();
    let mut body = download.body;
    body.try_next().await.unwrap().unwrap();
    strict.door.set(Mode::BlackHoled).await;
    let rest = async {
        while body.try_next().await?.is_some() {}
        Ok::<_, StorageError>(())
    };
    let err = tokio::time::timeout(Duration::from_secs(5), rest).await.expect("it ends").unwrap_err();
    assert!(matches!(err, StorageError::Unreachable(_)), "{err}");

    let upload = storage.put("another.mp4", large, "video/mp4");
    let err = tokio::time::timeout(Duration::from_secs(30), upload).await.expect("it ends").unwrap_err();
    assert!(matches!(err, StorageError::Unreachable(_) | StorageError::Unavailable(_)), "{err}");
}

#[tokio::test]
async fn a_slow_store_is_no_dead_one() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict).with_patience(SHORT);
    storage.prove().await.unwrap();
    strict.door.set(Mode::Slow(Duration::from_millis(20))).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    // Longer under way than the patience for anything small.
    fs::write(file.path(), vec![1; 1024 * 1024]).unwrap();
    storage.upload_file("slow.mp4", file.path(), "video/mp4", |_| {}).await.unwrap();
    assert_eq!(read(&storage, "slow.mp4").await.unwrap().len(), 1024 * 1024);
}

// Feature: infrastructure-local-dev, Property 9: keys and region are those that are set, and a store sees whether they are
// its own.
#[tokio::test]
async fn wrong_keys_are_refused_and_told() {
    let strict = Strict::start().await;
    strict.world().buckets.insert(BUCKET.to_owned());
    let wrong = ["not-the-secret-that-it-knows", strict::SECRET_KEY];
    for keys in [[strict::ACCESS_KEY, wrong[0]], ["nobody", wrong[1]]] {
        let storage = store(&strict.url(), keys, strict::REGION, Environment::Production);
        for err in [storage.probe().await.unwrap_err(), put(&storage, "a").await.unwrap_err()] {
            assert!(matches!(err, StorageError::Refused(_)), "{err}");
            let told = err.to_string();
            assert!(told.contains("S3_ACCESS_KEY") && !keys.iter().any(|key| told.contains(key)), "{told}");
        }
    }
    // A region that is not the store's is told as such.
    let storage = store(&strict.url(), [strict::ACCESS_KEY, strict::SECRET_KEY], "eu-frankfurt-1", Environment::Local);
    let told = put(&storage, "a").await.unwrap_err().to_string();
    assert!(told.contains("S3_REGION") && told.contains("AuthorizationQueryParametersError"), "{told}");
}

#[tokio::test]
async fn a_clock_that_goes_wrong_is_named_as_the_reason() {
    let strict = Strict::start().await;
    let storage = production(&strict);
    strict.world().buckets.insert(BUCKET.to_owned());
    // What we sign is from its future, or has long expired.
    for ahead in [TimeDelta::minutes(-20), TimeDelta::hours(3)] {
        strict.world().ahead = ahead;
        for err in [
            storage.probe().await.unwrap_err(),
            put(&storage, "a").await.unwrap_err(),
            storage.head("a").await.unwrap_err(),
        ] {
            assert!(matches!(err, StorageError::ClockSkew(apart) if (apart + ahead.num_seconds()).abs() < 60), "{err}");
            assert!(err.to_string().contains("set this machine's clock"), "{err}");
        }
    }
    // A few minutes are nothing.
    strict.world().ahead = TimeDelta::minutes(4);
    storage.probe().await.unwrap();
    put(&storage, "a").await.unwrap();
}

#[tokio::test]
async fn a_full_store_says_so_and_keeps_what_it_has() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    put(&storage, "first.mp4").await.unwrap();
    strict.world().room = Some(8);
    let err = put(&storage, "second.mp4").await.unwrap_err();
    assert!(matches!(err, StorageError::Full(_)) && err.to_string().contains("InsufficientStorage"), "{err}");
    assert_eq!(storage.head("second.mp4").await.unwrap(), None);
    assert_eq!(read(&storage, "first.mp4").await.unwrap(), b"frames");
}

#[tokio::test]
async fn a_bucket_that_vanishes_is_told_from_an_object_that_does_and_is_made_again_only_on_a_developers_machine() {
    let strict = Strict::start().await;
    let (local, production) = (strict_store(&strict), production(&strict));
    put(&local, "a.mp4").await.unwrap();
    assert_eq!(production.head("b.mp4").await.unwrap(), None);

    let vanish = || {
        let mut world = strict.world();
        world.buckets.clear();
        world.objects.clear();
    };
    vanish();
    for outcome in [
        production.head("a.mp4").await.map(drop),
        production.get("a.mp4", None).await.map(drop),
        production.list("", None, 10).await.map(drop),
        production.delete("a.mp4").await,
        put(&production, "a.mp4").await,
        production.probe().await,
        production.prove().await,
    ] {
        assert!(matches!(outcome, Err(StorageError::NoBucket)), "{outcome:?}");
    }
    assert!(strict.world().buckets.is_empty());

    put(&local, "a.mp4").await.unwrap();
    assert_eq!(read(&local, "a.mp4").await.unwrap(), b"frames");
    vanish();
    assert_eq!(local.head("a.mp4").await.unwrap(), None);
    vanish();
    local.probe().await.unwrap();
    assert!(strict.world().buckets.contains(BUCKET));
}

#[tokio::test]
async fn a_store_that_keeps_something_else_than_it_was_given_is_not_proved() {
    let strict = Strict::start().await;
    let storage = strict_store(&strict);
    storage.prove().await.unwrap();
    strict.fail("PUT object", Rots);
    let err = storage.prove().await.unwrap_err();
    assert!(matches!(err, StorageError::Mismatch(_)), "{err}");
    assert!(strict.world().objects.is_empty(), "nothing is left over");
}
