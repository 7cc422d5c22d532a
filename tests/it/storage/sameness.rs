//! The same operations on every store, compared with a map.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use meetbox::{
    clock::Clock,
    config::{Environment, S3Settings, StorageSettings},
    storage::{ByteRange, Disposition, LinkOptions, Storage, StorageError},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{BUCKET, Strict, folder, gateway, other, read, strict_store};
use crate::{
    services::{S3, Store, s3},
    serving::http_client,
};

/// How many histories each store goes through.
const CASES: u32 = 100;

/// Under which a store has a host for each bucket.
const DOMAIN: &str = "store.test";

/// One thing that is done to a store. Keys are numbers of the case's own keys.
#[derive(Clone, Debug)]
enum Deed {
    MakeBucket,
    Put(usize, u8, usize),
    Upload(usize, u8, usize),
    Get(usize),
    GetPart(usize, ByteRange),
    Head(usize),
    Delete(usize),
    List { cut: usize, after: Option<usize>, limit: u16 },
    Fetch(usize),
}

/// Names as people and programs give them, and those that addresses and XML trip over.
fn segment() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "a b",
        "a+b",
        "100%",
        "%2F",
        "%41",
        "ü",
        "会议",
        "🎥",
        "a&b",
        "x=y",
        "q?x",
        "#1",
        "it's",
        "\"q\"",
        "(1)",
        "a;b",
        "~",
        "*",
        "@",
        ":",
        "<x>",
        "[0]",
        "{}",
        "^",
        "|",
        "$",
        ",",
        "...",
        ".dot",
        "é\u{301}",
        "A",
        "a",
    ]);
    prop_oneof![3 => odd.prop_map(str::to_owned), 2 => "[a-zA-Z0-9_.-]{1,12}".prop_map(|text| format!("m{text}"))]
}

/// Different keys, none of which is a folder of another: where objects are files, that cannot be.
fn keys() -> impl Strategy<Value = Vec<String>> {
    let key = prop::collection::vec(segment(), 1..4).prop_map(|segments| segments.join("/"));
    prop::collection::vec(key, 1..6).prop_map(|keys| {
        let keys: BTreeSet<_> = keys.into_iter().collect();
        let is_folder = |key: &String| keys.iter().any(|other| other.starts_with(&format!("{key}/")));
        keys.iter().filter(|key| !is_folder(key)).cloned().collect()
    })
}

fn range() -> impl Strategy<Value = ByteRange> {
    prop_oneof![
        (0_u64..80).prop_map(ByteRange::From),
        (0_u64..80, 0_u64..80).prop_map(|(a, b)| ByteRange::Within(a.min(b), a.max(b))),
        (1_u64..80).prop_map(ByteRange::Last),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let key = 0_usize..6;
    prop_oneof![
        1 => Just(Deed::MakeBucket),
        5 => (key.clone(), any::<u8>(), 0_usize..64).prop_map(|(key, byte, size)| Deed::Put(key, byte, size)),
        2 => (key.clone(), any::<u8>(), 0_usize..70_000).prop_map(|(key, byte, size)| Deed::Upload(key, byte, size)),
        3 => key.clone().prop_map(Deed::Get),
        2 => (key.clone(), range()).prop_map(|(key, range)| Deed::GetPart(key, range)),
        2 => key.clone().prop_map(Deed::Head),
        3 => key.clone().prop_map(Deed::Delete),
        4 => (0_usize..8, prop::option::of(key.clone()), 1_u16..5)
            .prop_map(|(cut, after, limit)| Deed::List { cut, after, limit }),
        1 => key.prop_map(Deed::Fetch),
    ]
}

/// A store beside the map that it must agree with.
struct Pair<'a> {
    storage: &'a Storage,
    /// Whoever follows links.
    client: &'a reqwest::Client,
    map: BTreeMap<String, Vec<u8>>,
    prefix: String,
    keys: &'a [String],
}

type Outcome = Result<(), TestCaseError>;

impl Pair<'_> {
    fn key(&self, number: usize) -> String {
        format!("{}{}", self.prefix, self.keys[number % self.keys.len()])
    }

    async fn does(&mut self, deed: &Deed) -> Outcome {
        let whole = |byte: u8, size| (0..size).map(|at: usize| byte.wrapping_add(at as u8)).collect::<Vec<u8>>();
        match *deed {
            Deed::MakeBucket => self.storage.prove().await.map_err(fail)?,
            Deed::Put(key, byte, size) => {
                let (key, bytes) = (self.key(key), whole(byte, size));
                self.storage.put(&key, Bytes::from(bytes.clone()), "video/mp4").await.map_err(fail)?;
                self.map.insert(key, bytes);
            }
            Deed::Upload(key, byte, size) => {
                let (key, bytes) = (self.key(key), whole(byte, size));
                let file = tempfile::NamedTempFile::new().unwrap();
                fs::write(file.path(), &bytes).unwrap();
                self.storage.upload_file(&key, file.path(), "video/mp4", |_| {}).await.map_err(fail)?;
                self.map.insert(key, bytes);
            }
            Deed::Get(key) => {
                let key = self.key(key);
                let got = read(self.storage, &key).await;
                prop_assert_eq!(got.as_ref(), self.map.get(&key), "{}", key);
            }
            Deed::GetPart(key, range) => self.gets_part(&self.key(key), range).await?,
            Deed::Head(key) => {
                let key = self.key(key);
                let size = self.storage.head(&key).await.map_err(fail)?.map(|info| info.size as usize);
                prop_assert_eq!(size, self.map.get(&key).map(Vec::len), "{}", key);
            }
            Deed::Delete(key) => {
                let key = self.key(key);
                self.storage.delete(&key).await.map_err(fail)?;
                self.map.remove(&key);
            }
            Deed::List { cut, after, limit } => self.lists(cut, after, limit).await?,
            Deed::Fetch(key) => self.fetches(&self.key(key)).await?,
        }
        Ok(())
    }

    async fn gets_part(&self, key: &str, range: ByteRange) -> Outcome {
        let got = self.storage.get(key, Some(range)).await;
        let Some(held) = self.map.get(key) else {
            prop_assert!(matches!(got, Ok(None)), "{key}: {got:?}");
            return Ok(());
        };
        let Some(part) = range.of(held.len() as u64) else {
            prop_assert!(matches!(got, Err(StorageError::Range { .. })), "{range:?} of {}: {got:?}", held.len());
            return Ok(());
        };
        let download = got.map_err(fail)?.unwrap();
        prop_assert_eq!(&download.range, &part);
        prop_assert_eq!((download.size, download.whole), (part.end - part.start, held.len() as u64));
        let bytes: Vec<Bytes> = download.body.try_collect().await.map_err(fail)?;
        prop_assert_eq!(&bytes.concat(), &held[part.start as usize..part.end as usize]);
        Ok(())
    }

    /// All pages, of what begins with the first so many characters of a key.
    async fn lists(&self, cut: usize, after: Option<usize>, limit: u16) -> Outcome {
        let beginning: String = self.keys[0].chars().take(cut).collect();
        let prefix = format!("{}{beginning}", self.prefix);
        let mut after = after.map(|key| self.key(key));
        let behind = |key: &String| after.as_ref().is_none_or(|after| key > after);
        let held = self.map.iter().filter(|(key, _)| key.starts_with(&prefix) && behind(key));
        let held: Vec<_> = held.map(|(key, bytes)| (key.clone(), bytes.len() as u64)).collect();

        let mut listed = Vec::new();
        loop {
            let page = self.storage.list(&prefix, after.as_deref(), limit).await.map_err(fail)?;
            prop_assert!(page.items.len() <= usize::from(limit));
            listed.extend(page.items.into_iter().map(|object| (object.key, object.size)));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
            prop_assert!(listed.len() <= held.len(), "it does not end: {listed:?}");
        }
        prop_assert_eq!(listed, held);
        Ok(())
    }

    /// Through a link, without keys.
    async fn fetches(&self, key: &str) -> Outcome {
        let options = LinkOptions {
            ttl: Duration::from_secs(60),
            file_name: Some("Mein Film+1.mp4".to_owned()),
            content_type: Some("video/mp4".to_owned()),
            disposition: Disposition::Attachment,
        };
        let link = self.storage.link(key, &options).map_err(fail)?;
        // What a folder's link opens is tried with its own tests: the store here is the web server there.
        if link.address.starts_with('/') {
            return Ok(());
        }
        let answer = self.client.get(&link.address).send().await.unwrap();
        let Some(held) = self.map.get(key) else {
            // Whether it is told that nothing is there, is each store's own affair.
            prop_assert!(matches!(answer.status().as_u16(), 403 | 404), "{}", answer.status());
            return Ok(());
        };
        prop_assert_eq!(answer.status().as_u16(), 200, "{}", key);
        prop_assert_eq!(&answer.headers()["content-type"], "video/mp4");
        prop_assert_eq!(
            &answer.headers()["content-disposition"],
            "attachment; filename=\"Mein Film_1.mp4\"; filename*=UTF-8''Mein%20Film%2B1.mp4"
        );
        prop_assert_eq!(&answer.bytes().await.unwrap()[..], &held[..]);
        Ok(())
    }
}

fn fail(err: StorageError) -> TestCaseError {
    TestCaseError::fail(err.to_string())
}

/// Those who follow a link come anew: a connection that is kept is one that a store closes at some time, maybe just then.
fn visitors() -> reqwest::ClientBuilder {
    // The provider of the other clients; somebody may have named it already.
    let _ = http_client();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0)
}

/// A client that finds the host on this machine.
fn found_here(host: &str, port: u16) -> reqwest::Client {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    visitors().resolve(host, address).build().unwrap()
}

/// Takes the store through histories that it has not seen yet.
fn tries(storage: &Storage, runtime: &tokio::runtime::Runtime) {
    tries_with(storage, &visitors().build().unwrap(), runtime);
}

fn tries_with(storage: &Storage, client: &reqwest::Client, runtime: &tokio::runtime::Runtime) {
    let config = Config { cases: CASES, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let case = Cell::new(0);
    let histories = (keys(), prop::collection::vec(deed(), 1..14));
    let outcome = TestRunner::new(config).run(&histories, |(keys, deeds)| {
        case.set(case.get() + 1);
        let prefix = format!("case {}/", case.get());
        let mut pair = Pair { storage, client, map: BTreeMap::new(), prefix, keys: &keys };
        runtime.block_on(async {
            for deed in &deeds {
                pair.does(deed).await?;
            }
            pair.lists(0, None, 3).await
        })
    });
    if let Err(err) = outcome {
        panic!("{err}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, a gateway to files agrees with a map.
#[test]
fn a_gateway_to_files_holds_what_was_put_there() {
    let s3 = S3::start();
    tries(&gateway(&s3), &runtime());
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, a store that knows its buckets by host
// agrees with a map.
#[test]
fn a_store_that_knows_its_buckets_by_host_holds_what_was_put_there() {
    let s3 = S3::start_under(DOMAIN);
    let client = found_here(&format!("{BUCKET}.{DOMAIN}"), s3.port);
    let settings = S3Settings {
        endpoint: format!("http://{DOMAIN}:{}", s3.port).parse().unwrap(),
        access_key: s3::ACCESS_KEY.to_owned(),
        secret_key: s3::SECRET_KEY.into(),
        bucket: BUCKET.to_owned(),
        region: s3::REGION.to_owned(),
        force_path_style: false,
    };
    let settings = StorageSettings::S3(settings);
    let storage = Storage::new(client.clone(), &settings, Environment::Local, Clock::System).unwrap();
    tries_with(&storage, &client, &runtime());
    assert!(s3.bucket(BUCKET).exists());
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, LocalStack agrees with a map.
#[test]
fn localstack_holds_what_was_put_there() {
    let localstack = Store::localstack();
    tries(&other(&localstack), &runtime());
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, moto agrees with a map.
#[test]
fn moto_holds_what_was_put_there() {
    let moto = Store::moto();
    tries(&other(&moto), &runtime());
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, Garage agrees with a map.
#[test]
fn garage_holds_what_was_put_there() {
    let Some(garage) = Store::garage() else {
        println!("skipped: there is no `garage` on the PATH or in .meetbox/bin");
        return;
    };
    tries(&other(&garage), &runtime());
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, a store as strict as Oracle's agrees
// with a map.
#[test]
fn a_store_as_strict_as_oracles_holds_what_was_put_there() {
    let runtime = runtime();
    let strict = runtime.block_on(Strict::start());
    tries(&strict_store(&strict), &runtime);
    assert_eq!(strict.world().buckets.iter().collect::<Vec<_>>(), [BUCKET], "it was made on the way");
    assert!(strict.world().uploads.is_empty());
}

// Feature: infrastructure-local-dev, Property 3: whatever is done to whichever keys, a folder agrees with a map.
#[test]
fn a_folder_holds_what_was_put_there() {
    let dir = tempfile::tempdir().unwrap();
    let storage = folder(&dir.path().join("made/on the way"));
    let runtime = runtime();
    runtime.block_on(storage.prove()).unwrap();
    tries(&storage, &runtime);
}
