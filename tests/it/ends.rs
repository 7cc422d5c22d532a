//! How the process ends, and how several begin at once.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use meetbox::clock::Clock;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving, api_key, http_client},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_fails_no_request_under_way_and_takes_five_seconds_at_most() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let mut house = Serving::start(Ground::new(&database.url(), &redis_url(), &livekit.url())).await;

    let mut all_answered = 0;
    for round in 0..3 {
        let asking = join_all((0..32).map(|asker| ask_until_refused(&house, asker)));
        let stopping = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            house.terminate();
            Instant::now()
        };
        let (answered, stopped) = tokio::join!(asking, stopping);
        let code = house.wait_for_end(Duration::from_secs(5).saturating_sub(stopped.elapsed()));
        assert_eq!(code, 0, "{}", house.printed());
        all_answered += answered.iter().sum::<usize>();
        assert!(all_answered > 100 * (round + 1), "round {round}: hardly anything was asked: {answered:?}");
        let taken = house.printed().matches("POST /token 200").count();
        assert_eq!(taken, all_answered, "round {round}: what was taken on one side was not answered on the other");
        house.start_again().await;
    }
}

/// A connection on which nothing is said for this long after the end began is closed, and a client that is this slow to
/// ask again may find it so. Whoever is quicker is heard.
const FAREWELL: Duration = Duration::from_millis(250);
/// Longer than this waits only who was heard, and then dropped.
const NEVER_HEARD: Duration = Duration::from_secs(3);

/// Asks again and again, until nobody listens any more; answers how often it was answered.
///
/// A request on a connection that the house keeps open is answered in full, and the last answer on it says that it
/// closes. Whoever then knocks anew finds the door closed, or is in the kernel's queue at the moment in which it closes:
/// the house never saw that request, and the kernel resets it.
async fn ask_until_refused(house: &Serving, asker: usize) -> usize {
    // A client of one's own is a connection of one's own, on which one request follows the other.
    let client = http_client();
    let url = format!("http://127.0.0.1:{}/token", house.ground.port);
    let wish = json!({ "room_name": format!("room-{asker}"), "name": "Ada" });
    let mut answered = 0;
    let mut last_answer = Instant::now();
    let mut kept_open = false;
    loop {
        match client.post(&url).bearer_auth(api_key().expose()).json(&wish).send().await {
            Ok(answer) => {
                assert_eq!(answer.status(), StatusCode::OK);
                kept_open = answer.headers().get("connection").is_none_or(|it| it != "close");
                let text = answer.text().await.expect("an answer that begins also ends");
                assert!(text.contains("\"token\""), "{text}");
                answered += 1;
                last_answer = Instant::now();
            }
            Err(err) if err.is_connect() || !kept_open => return answered,
            Err(err) => {
                let silent = last_answer.elapsed();
                assert!((FAREWELL..NEVER_HEARD).contains(&silent), "a request failed after {silent:?}: {err:?}");
                return answered;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_that_start_at_once_on_an_empty_database_all_serve() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().empty_database().await;
    let houses =
        join_all((0..4).map(|_| Serving::start(Ground::new(&database.url(), &redis_url(), &livekit.url())))).await;

    for house in &houses {
        house.token("blue-heron", "ada").await;
    }
    let applied: Vec<(i64, bool)> = sqlx::query_as("select version, success from _sqlx_migrations order by version")
        .fetch_all(&database.pool().await)
        .await
        .unwrap();
    let versions: Vec<i64> = meetbox::db::migrate::MIGRATOR.iter().map(|it| it.version).collect();
    assert_eq!(applied, versions.into_iter().map(|version| (version, true)).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_ends_the_start_before_anything_is_served() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().empty_database().await;
    // Somebody else's table stands where one of ours belongs.
    sqlx::query("create table participants (surprise text)").execute(&database.pool().await).await.unwrap();

    let mut house = Serving::launch(Ground::new(&database.url(), &redis_url(), &livekit.url()));
    while house.is_running() {
        let answer = house.request(reqwest::Method::GET, "/livez").timeout(Duration::from_secs(1)).send().await;
        assert!(answer.is_err(), "a request was served");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let code = house.wait_for_end(Duration::from_secs(1));
    let printed = house.printed();
    assert_eq!(code, 2, "{printed}");
    for words in ["error: cannot bring the schema up to date", "participants", "hint:", "meetbox migrate"] {
        assert!(printed.contains(words), "`{words}` is not in:\n{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_killed_in_the_midst_of_migrations_is_made_good_by_the_next() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().empty_database().await;
    let ground = Ground::new(&database.url(), &redis_url(), &livekit.url());
    for _ in 0..10 {
        let mut house = Serving::launch(ground.clone());
        tokio::time::sleep(Duration::from_millis(rand::random_range(1..120))).await;
        house.kill();
    }
    let house = Serving::start(ground).await;
    house.token("blue-heron", "ada").await;
}
