//! Two processes of one house: what is done once is done once, whichever of them is asked.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use meetbox::{
    app::{
        App,
        recordings::{self, RecordingError, compare::Compared, retention::retain},
    },
    clock::Clock,
    model::recording::Status,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::studio::Studio;
use crate::{
    house::program,
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving, code},
};

const AT_ONCE: usize = 20;
const STOP: &str = "/twirp/livekit.Egress/StopEgress";
const START: &str = "/twirp/livekit.Egress/StartRoomCompositeEgress";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// Two processes that serve, and what they record with.
struct Pair {
    houses: [Serving; 2],
    livekit: Model,
    _folder: tempfile::TempDir,
}

impl Pair {
    async fn start() -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let folder = tempfile::tempdir().unwrap();
        let ground = || {
            Ground::new(&database.url(), &redis_url(), &livekit.url())
                .with("STORAGE_DIR", folder.path().to_str().unwrap())
                .with("RECORDING_SLOTS", "1000")
        };
        let houses = [Serving::start(ground()).await, Serving::start(ground()).await];
        houses[0].token("blue-heron", "host").await;
        Self { houses, livekit, _folder: folder }
    }

    /// So many start the same recording at once, at both processes in turn.
    async fn start_at_once(&self, key: Option<&str>) -> Vec<(StatusCode, Value)> {
        let requests = (0..AT_ONCE).map(|number| async move {
            let house = &self.houses[number % 2];
            let request = house.request(Method::POST, "/recordings/start").json(&json!({ "room_name": "blue-heron" }));
            let request = key.iter().fold(request, |request, key| request.header("idempotency-key", *key));
            let answer = request.send().await.unwrap();
            (answer.status(), answer.json().await.unwrap())
        });
        join_all(requests).await
    }

    fn asked(&self, method: &str) -> usize {
        self.livekit.world().calls.get(method).copied().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_start_at_once_one_does_and_the_others_learn_which() {
    let pair = Pair::start().await;
    for round in 1..=3 {
        let answers = pair.start_at_once(None).await;
        let (begun, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| *status == StatusCode::CREATED);
        assert_eq!(begun.len(), 1, "{answers:#?}");
        let id = &begun[0].1["id"];
        assert!(id.is_string(), "{begun:?}");
        for (status, problem) in refused {
            assert_eq!((*status, code(problem)), (StatusCode::CONFLICT, "recording-running"), "{problem}");
            assert_eq!(problem["recording_id"], *id, "{problem}");
        }
        assert_eq!(pair.asked(START), round, "LiveKit is asked once");

        // All stop it at once, as well.
        let stops = (0..AT_ONCE).map(|number| {
            let house = &pair.houses[number % 2];
            async move { house.post("/recordings/stop", &json!({ "recording_id": id })).await }
        });
        for (status, stopped) in join_all(stops).await {
            assert_eq!(status, StatusCode::OK, "{stopped}");
        }
        let (_, slots) = pair.houses[0].get("/recordings/slots").await;
        let mut waited = 0;
        while pair.houses[1].get("/recordings/slots").await.1["used"] != 0 {
            pair.livekit.tick();
            waited += 1;
            assert!(waited < 1000, "it does not end: {slots}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            deliver(&pair).await;
        }
    }
}

/// LiveKit tells what it has to tell.
async fn deliver(pair: &Pair) {
    let events = pair.livekit.world().take_events();
    for (number, event) in events.iter().enumerate() {
        let webhook = pair.livekit.sign(&event.body);
        let answer = pair.houses[number % 2].webhook(&webhook).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_with_one_idempotency_key_get_one_recording() {
    let pair = Pair::start().await;
    let answers = pair.start_at_once(Some("once")).await;
    let ids: BTreeSet<String> = answers.iter().map(|(_, body)| body["id"].to_string()).collect();
    assert!(ids.len() == 1 && answers[0].1["id"].is_string(), "{answers:#?}");
    let begun = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    let before = answers.iter().filter(|(status, _)| *status == StatusCode::OK).count();
    assert_eq!((begun, before), (1, AT_ONCE - 1), "{answers:#?}");
    assert_eq!(pair.asked(START), 1, "LiveKit is asked once");
}

/// A second process of the studio's house.
fn another(studio: &Studio) -> App {
    App::new(&studio.settings, studio.house.pool.clone(), studio.house.clock.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_compares_at_a_time_and_asks_each_lost_recorder_once() {
    let studio = Studio::open(now()).await;
    let other = another(&studio);
    for number in 0..30 {
        let room = format!("room-{number}");
        studio.house.meeting(&room).await;
        studio.house.livekit.world().join(&room, "ada", now().timestamp_millis());
        studio.record(&room).await.unwrap();
    }
    let mut rounds = 0;
    for _ in 0..6 {
        studio.house.clock.advance(TimeDelta::seconds(30));
        let now = studio.house.clock.now();
        studio.house.livekit.world().tick(now.timestamp_millis());
        let (one, two) =
            tokio::join!(recordings::compare::compare(&studio.house.app), recordings::compare::compare(&other));
        let at_it = [one.unwrap(), two.unwrap()].iter().filter(|it| **it != Compared::Elsewhere).count();
        assert_eq!(at_it, 1, "both compared at once");
        rounds += 1;
        if rounds == 1 {
            studio.house.livekit.world().egresses.kill_worker(now);
        }
    }
    let asked = studio.house.livekit.world().calls[STOP];
    assert_eq!(asked, 30, "each lost recorder is asked to stop once");
    for recording in studio.recordings().await {
        assert_eq!(recording.course.status, Status::Failed, "{}", recording.reason);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_delete_at_once_is_deleted_once() {
    let studio = Studio::open_with(now(), &[("RECORDING_RETENTION_DAYS", "1")]).await;
    let other = another(&studio);
    studio.house.meeting("blue-heron").await;
    for number in 0..30 {
        let recording = studio.complete("blue-heron", 10).await;
        if number % 2 == 0 {
            studio.house.clock.advance(TimeDelta::days(2));
        }
        let by_hand = (0..4).map(|number| {
            let app = if number % 2 == 0 { &studio.house.app } else { &other };
            async move {
                match recordings::delete(app, &program(), recording.id).await {
                    Ok(removed) => u64::from(removed.objects > 0),
                    Err(RecordingError::BeingDeleted | RecordingError::NotFound) => 0,
                    Err(err) => panic!("{err}"),
                }
            }
        });
        let by_age = join_all([&studio.house.app, &other].map(retain));
        let (by_hand, by_age) = tokio::join!(join_all(by_hand), by_age);
        let deleted = by_hand.iter().sum::<u64>() + by_age.into_iter().map(Result::unwrap).sum::<u64>();
        assert_eq!(deleted, 1);
        assert_eq!(studio.get(recording.id).await, None);
        assert!(!studio.object(&recording.key).exists());
    }
    let audit = studio.audit().await;
    let ids: BTreeSet<&String> = audit.iter().map(|(_, id, _)| id).collect();
    assert_eq!((audit.len(), ids.len()), (30, 30), "{audit:?}");
}
