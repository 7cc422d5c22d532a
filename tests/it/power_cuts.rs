//! The process is killed at random moments while LiveKit delivers: what it acknowledged is there, and nothing twice.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use meetbox::clock::Clock;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::StatusCode;

use crate::{
    attendance::{Ledger, Record},
    livekit_model::{API_KEY, API_SECRET, Model, sign, world::Event},
    services::{postgres, redis_url},
    serving::{Ground, Serving, http_client},
};

const KILLS: usize = 20;
const ROOMS: usize = 12;
/// LiveKit's own pauses are 1, 2, 4 and 8 s; these are a tenth, as the process is back that much sooner.
const RETRY_AFTER_MS: [u64; 4] = [100, 200, 400, 800];

/// Delivers what a room has to tell, in its order and with retries, as LiveKit does; answers what was acknowledged.
pub async fn deliver_in_order(client: reqwest::Client, url: String, events: Vec<Event>, told: Arc<Mutex<Vec<Event>>>) {
    for event in events {
        let mut retries = RETRY_AFTER_MS.iter();
        loop {
            let webhook = sign(&event.body, Clock::System.now().timestamp(), API_KEY, API_SECRET);
            let request = client.post(&url).header("authorization", webhook.authorization).body(webhook.body);
            match request.timeout(Duration::from_secs(5)).send().await.map(|answer| answer.status()) {
                Ok(StatusCode::OK) => {
                    told.lock().unwrap().push(event);
                    break;
                }
                Ok(status) if status.is_client_error() => panic!("{} is refused: {status}", event.id),
                _ => {}
            }
            match retries.next() {
                Some(pause) => tokio::time::sleep(Duration::from_millis(*pause)).await,
                // Dropped, as LiveKit would; the comparison must make up for it.
                None => break,
            }
        }
    }
}

/// Somebody comes and goes in `room`; nobody is left in the end.
fn live(livekit: &Model, rng: &mut StdRng, room: &str) -> Vec<Event> {
    let mut world = livekit.world();
    let now = Clock::System.now().timestamp_millis();
    for step in 0..rng.random_range(2..5) {
        let who = format!("person-{}", rng.random_range(0..3));
        world.join(room, &who, now + step * 2);
        world.leave(room, &who, "CLIENT_INITIATED", now + step * 2 + 1);
    }
    world.take_events()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_event_is_lost_and_none_is_applied_twice() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let mut house = Serving::start(Ground::new(&database.url(), &redis_url(), &livekit.url())).await;
    let rooms: Vec<String> = (0..ROOMS).map(|number| format!("room-{number}")).collect();
    for room in &rooms {
        house.token(room, "host").await;
    }

    let url = format!("http://127.0.0.1:{}/livekit/webhook", house.ground.port);
    let told = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..KILLS {
        let lives: Vec<Vec<Event>> = rooms.iter().map(|room| live(&livekit, &mut rng, room)).collect();
        let deliveries =
            lives.into_iter().map(|events| deliver_in_order(http_client(), url.clone(), events, told.clone()));
        let everybody = stream::iter(deliveries).buffer_unordered(ROOMS).collect::<Vec<()>>();
        let cut = async {
            tokio::time::sleep(Duration::from_millis(rng.random_range(1..150))).await;
            house.kill();
            house.start_again().await;
        };
        tokio::join!(everybody, cut);
    }

    let told = Arc::into_inner(told).unwrap().into_inner().unwrap();
    assert!(told.len() > KILLS * ROOMS, "only {} events were acknowledged", told.len());
    let pool = database.pool().await;
    wait_until_applied(&pool).await;
    check_events(&pool, &told).await;

    let mut ledger = Ledger::default();
    told.iter().for_each(|event| ledger.note_delivery(&event.body));
    let record = Record::read(&pool).await;
    let doubtful: Vec<String> = record.differences(&livekit.world(), &ledger);
    // An event that was committed and never acknowledged is known all the same: that is more than was told, not less.
    let wrong: Vec<&String> = doubtful.iter().filter(|it| !it.contains("never told")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub async fn wait_until_applied(pool: &sqlx::PgPool) {
    for _ in 0..200 {
        let waiting: i64 = sqlx::query_scalar("select count(*) from livekit_events where applied_at is null")
            .fetch_one(pool)
            .await
            .unwrap();
        if waiting == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("events are left in the inbox");
}

/// Each acknowledged event is in the inbox and in analytics, and no event is in either twice.
pub async fn check_events(pool: &sqlx::PgPool, told: &[Event]) {
    for question in ["select event_id from livekit_events", "select livekit_event_id from analytics"] {
        let kept: Vec<String> = sqlx::query_scalar(question).fetch_all(pool).await.unwrap();
        let distinct: BTreeSet<&String> = kept.iter().collect();
        assert_eq!(distinct.len(), kept.len(), "{question}: an event is there twice");
        let lost: Vec<&str> = told.iter().filter(|it| !distinct.contains(&it.id)).map(|it| it.id.as_str()).collect();
        assert!(lost.is_empty(), "{question}: acknowledged and lost: {lost:?}");
    }
}
