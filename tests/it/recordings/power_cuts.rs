//! The process is killed at random moments while recordings start and stop and LiveKit tells of them: what was acknowledged
//! holds, and in the end rows, runs and objects say the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use meetbox::{
    clock::Clock,
    model::recording::{FOLDER, id_in},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    livekit_model::{Model, world::Event},
    power_cuts::{check_events, deliver_in_order, wait_until_applied},
    services::{postgres, redis_url},
    serving::{Ground, Serving, api_key, http_client},
};

const ROOMS: usize = 36;
const KILLS: usize = 22;
const LEAST_RECORDINGS: usize = 200;
const LEAST_WEBHOOKS: usize = 2000;
/// How long everything may take to settle when nobody kills any more.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// Recordings that were begun, and LiveKit's id of each.
    begun: Mutex<BTreeMap<String, Value>>,
    stopped: Mutex<BTreeSet<String>>,
    told: Arc<Mutex<Vec<Event>>>,
}

impl Acknowledged {
    fn are_enough(&self) -> bool {
        let (begun, told) = (self.begun.lock().unwrap().len(), self.told.lock().unwrap().len());
        begun >= LEAST_RECORDINGS && told >= LEAST_WEBHOOKS
    }
}

/// Everything that goes on around the process that is killed.
struct Around {
    livekit: Model,
    url: String,
    client: reqwest::Client,
    acknowledged: Acknowledged,
    is_over: AtomicBool,
}

impl Around {
    /// A POST; none when nobody answered.
    async fn post(&self, path: &str, body: &Value) -> Option<(StatusCode, Value)> {
        let request = self.client.request(Method::POST, format!("{}{path}", self.url)).json(body);
        let request = request.bearer_auth(api_key().expose()).timeout(Duration::from_secs(40));
        let answer = request.send().await.ok()?;
        let status = answer.status();
        Some((status, answer.json().await.ok()?))
    }

    fn now(&self) -> i64 {
        self.livekit.now()
    }

    /// Records one meeting again and again.
    async fn record(&self, number: usize, seed: u64) {
        let mut rng = StdRng::seed_from_u64(seed + number as u64);
        let room = format!("room-{number}");
        self.livekit.world().join(&room, "ada", self.now());
        while !self.is_over.load(Ordering::Relaxed) {
            let wish = json!({ "room_name": room });
            if let Some((StatusCode::CREATED, begun)) = self.post("/recordings/start", &wish).await {
                let id = begun["id"].as_str().unwrap().to_owned();
                self.acknowledged.begun.lock().unwrap().insert(id, begun["egress_id"].clone());
            }
            let who = format!("guest-{}", rng.random_range(0..3));
            self.livekit.world().join(&room, &who, self.now());
            tokio::time::sleep(Duration::from_millis(rng.random_range(100..3500))).await;
            self.livekit.world().leave(&room, &who, "CLIENT_INITIATED", self.now());
            if let Some((StatusCode::OK, stopped)) = self.post("/recordings/stop", &wish).await {
                self.acknowledged.stopped.lock().unwrap().insert(stopped["id"].as_str().unwrap().to_owned());
            }
            tokio::time::sleep(Duration::from_millis(rng.random_range(100..500))).await;
        }
        let mut free = false;
        while !free {
            let stopped = self.post("/recordings/stop", &json!({ "room_name": room })).await;
            free = stopped.is_some_and(|(status, _)| status != StatusCode::SERVICE_UNAVAILABLE);
        }
        self.livekit.world().leave(&room, "ada", "CLIENT_INITIATED", self.now());
    }

    /// LiveKit lives, and tells what happens, in each room's order, until the test is over.
    async fn tell(&self, until: &AtomicBool) {
        while !until.load(Ordering::Relaxed) {
            self.livekit.tick();
            let events = self.livekit.world().take_events();
            let mut by_room = BTreeMap::<String, Vec<Event>>::new();
            events.into_iter().for_each(|event| by_room.entry(event.room_sid.clone()).or_default().push(event));
            let url = format!("{}/livekit/webhook", self.url);
            let told = &self.acknowledged.told;
            let deliveries = by_room
                .into_values()
                .map(|events| deliver_in_order(self.client.clone(), url.clone(), events, Arc::clone(told)));
            join_all(deliveries).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_dies_recordings_that_were_acknowledged_are_there_once() {
    let _turn = crate::alone::take_turn().await;
    let seed: u64 = rand::random::<u32>().into();
    println!("seed {seed}");
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let folder = tempfile::tempdir().unwrap();
    livekit.world().shelf.folder = Some(folder.path().to_owned());
    let ground = Ground::new(&database.url(), &redis_url(), &livekit.url())
        .with("STORAGE_DIR", folder.path().to_str().unwrap())
        .with("RECORDING_SLOTS", "1000");
    let mut house = Serving::start(ground).await;
    for number in 0..ROOMS {
        house.token(&format!("room-{number}"), "host").await;
    }
    let around = Around {
        livekit,
        url: format!("http://127.0.0.1:{}", house.ground.port),
        client: http_client(),
        acknowledged: Acknowledged::default(),
        is_over: AtomicBool::new(false),
    };
    let pool = database.pool().await;
    let is_settled = AtomicBool::new(false);
    let cuts = async {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut kills = 0;
        while kills < KILLS || !around.acknowledged.are_enough() {
            tokio::time::sleep(Duration::from_millis(rng.random_range(200..1600))).await;
            house.kill();
            house.start_again().await;
            kills += 1;
        }
        around.is_over.store(true, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
        house.kill();
        // What nobody has answered for is found out after a minute, which has passed for these.
        sqlx::query("update recordings set requested_at = requested_at - interval '2 minutes' where egress_id is null")
            .execute(&pool)
            .await
            .unwrap();
        house.start_again().await;
        println!("{} kills", kills + 1);
        wait_until_settled(&pool).await;
        is_settled.store(true, Ordering::Relaxed);
    };
    let rooms = join_all((0..ROOMS).map(|number| around.record(number, seed)));
    tokio::join!(rooms, around.tell(&is_settled), cuts);

    wait_until_applied(&pool).await;
    let told = around.acknowledged.told.lock().unwrap().clone();
    println!("{} recordings, {} webhooks", around.acknowledged.begun.lock().unwrap().len(), told.len());
    check_events(&pool, &told).await;
    check(&pool, &around, folder.path()).await;
}

async fn wait_until_settled(pool: &sqlx::PgPool) {
    let deadline = Instant::now() + SETTLES_WITHIN;
    loop {
        let waiting: Vec<(String, String, Option<String>)> = sqlx::query_as(
            "select id::text, status, egress_id from recordings
             where to_conclude or status in ('requested', 'starting', 'active', 'stopping', 'uploading')",
        )
        .fetch_all(pool)
        .await
        .unwrap();
        if waiting.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "not settled: {waiting:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The ledger: acknowledgements, rows, runs and objects.
async fn check(pool: &sqlx::PgPool, around: &Around, folder: &Path) {
    type Row = (String, String, Option<String>, String, Option<i64>);
    let rows: Vec<Row> =
        sqlx::query_as("select id::text, status, egress_id, storage_path, file_size from recordings order by id")
            .fetch_all(pool)
            .await
            .unwrap();
    let rows: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.0.clone(), row)).collect();
    let begun = around.acknowledged.begun.lock().unwrap().clone();
    for (id, egress_id) in &begun {
        let row = rows.get(id).unwrap_or_else(|| panic!("{id} was begun, and has no row"));
        assert_eq!(row.2.as_deref(), egress_id.as_str(), "{row:?}");
    }
    for id in around.acknowledged.stopped.lock().unwrap().iter() {
        assert!(rows.contains_key(id), "{id} was stopped, and has no row");
    }

    let now = Clock::System.now();
    let listed = around.livekit.world().egresses.list(&json!({}), now).body;
    let mut runs = BTreeMap::<String, Vec<&Value>>::new();
    for info in listed["items"].as_array().unwrap() {
        let path = info["room_composite"]["file_outputs"][0]["filepath"].as_str().unwrap();
        runs.entry(id_in(path).unwrap().to_string()).or_default().push(info);
    }
    for (id, infos) in &runs {
        assert_eq!(infos.len(), 1, "{id} was begun twice");
        let row = rows.get(id).unwrap_or_else(|| panic!("{id} has a run and no row"));
        assert_eq!(row.2.as_deref(), infos[0]["egress_id"].as_str(), "{row:?}");
        let deserved = match infos[0]["status"].as_str().unwrap() {
            "EGRESS_COMPLETE" => "complete",
            "EGRESS_ABORTED" => "aborted",
            other => panic!("{id} is {other}"),
        };
        assert_eq!(row.1, deserved, "{row:?}");
    }
    for row in rows.values() {
        assert!(runs.contains_key(&row.0) || row.1 == "failed", "there was no run: {row:?}");
        let size = std::fs::metadata(folder.join(&row.3)).ok().map(|about| i64::try_from(about.len()).unwrap());
        assert_eq!(row.4, size, "{row:?}");
    }
    let mut folders = vec![folder.join(FOLDER)];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match id_in(path.to_str().unwrap()) {
                Some(id) => assert!(rows.contains_key(&id.to_string()), "{} has no row", path.display()),
                None => folders.push(path),
            }
        }
    }
}
