//! The API over HTTP: meetings from their making to their deletion.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    livekit_model::Model,
    services::{Database, postgres, redis_url},
    serving::{Ground, Serving},
};

/// A served house with a database to itself and a LiveKit that nobody is in.
struct Served {
    serving: Serving,
    database: Database,
    _livekit: Model,
}

impl Served {
    async fn open() -> Self {
        let livekit = Model::start(meetbox::clock::Clock::System).await;
        let database = postgres().database().await;
        let ground = Ground::new(&database.url(), &redis_url(), &livekit.url());
        Self { serving: Serving::start(ground).await, database, _livekit: livekit }
    }

    async fn create(&self, wish: Value) -> Value {
        let (status, meeting) = self.serving.post("/meetings", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{meeting}");
        meeting
    }

    async fn change(&self, id: &str, version: Option<&str>, change: Value) -> (StatusCode, Value) {
        let mut request = self.serving.request(Method::PATCH, &format!("/meetings/{id}")).json(&change);
        if let Some(version) = version {
            request = request.header("if-match", version);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn names(&self, query: &str) -> Vec<String> {
        let (status, page) = self.serving.get(&format!("/meetings?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let items = page["items"].as_array().unwrap();
        items.iter().map(|meeting| meeting["room_name"].as_str().unwrap().to_owned()).collect()
    }
}

fn id(meeting: &Value) -> &str {
    meeting["id"].as_str().unwrap()
}

fn code(problem: &Value) -> &str {
    problem["code"].as_str().unwrap_or_else(|| panic!("no problem: {problem}"))
}

#[tokio::test]
async fn a_room_name_is_one_meetings_and_made_up_when_nobody_chose_one() {
    let house = Served::open().await;
    let meeting = house.create(json!({ "room_name": "blue-heron", "title": "  Stand-up " })).await;
    assert_eq!((&meeting["title"], &meeting["state"]), (&json!("Stand-up"), &json!("new")));
    assert!(meeting.get("starts_at").is_none(), "what is absent is left out: {meeting}");

    let (status, problem) = house.serving.post("/meetings", &json!({ "room_name": "blue-heron" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::CONFLICT, "room-name-taken"));

    let (first, second) = (house.create(json!({})).await, house.create(json!({})).await);
    assert_ne!(first["room_name"], second["room_name"]);
}

#[tokio::test]
async fn a_change_names_the_version_that_it_changes() {
    let house = Served::open().await;
    let meeting = house.create(json!({ "title": "One", "metadata": { "team": 7 } })).await;
    let id = id(&meeting);

    let (status, problem) = house.change(id, None, json!({ "title": "Two" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::PRECONDITION_REQUIRED, "if-match-missing"));

    let (status, changed) = house.change(id, Some("\"1\""), json!({ "title": "Two" })).await;
    assert_eq!((status, &changed["title"]), (StatusCode::OK, &json!("Two")));
    assert_eq!(changed["metadata"], json!({ "team": 7 }), "what is not named stays");

    let (status, problem) = house.change(id, Some("\"1\""), json!({ "title": "Late" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::PRECONDITION_FAILED, "changed-meanwhile"));

    let (_, changed) = house.change(id, Some("\"2\""), json!({ "title": null })).await;
    assert!(changed.get("title").is_none(), "null takes it away: {changed}");
}

#[tokio::test]
async fn of_many_changes_at_once_one_wins() {
    let house = Served::open().await;
    let meeting = house.create(json!({})).await;
    let changes = (0..8).map(|n| house.change(id(&meeting), Some("\"1\""), json!({ "title": format!("Title {n}") })));
    let outcomes = futures_util::future::join_all(changes).await;

    let won = outcomes.iter().filter(|(status, _)| *status == StatusCode::OK).count();
    let lost = outcomes.iter().filter(|(status, _)| *status == StatusCode::PRECONDITION_FAILED).count();
    assert_eq!((won, lost), (1, 7), "{outcomes:?}");
}

#[tokio::test]
async fn lists_go_page_by_page_and_by_state() {
    let house = Served::open().await;
    for name in ["first-one", "second-one", "third-one"] {
        house.create(json!({ "room_name": name })).await;
    }
    house.create(json!({ "room_name": "planned-one", "starts_at": "2999-01-01T00:00:00Z" })).await;
    house.create(json!({ "room_name": "missed-one", "starts_at": "2001-01-01T00:00:00Z" })).await;

    let mut seen = Vec::new();
    let mut query = "limit=2".to_owned();
    loop {
        let (_, page) = house.serving.get(&format!("/meetings?{query}")).await;
        let items = page["items"].as_array().unwrap();
        assert!(!items.is_empty() && items.len() <= 2);
        seen.extend(items.iter().map(|meeting| meeting["room_name"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["missed-one", "planned-one", "third-one", "second-one", "first-one"], "the newest first");

    assert_eq!(house.names("state=upcoming").await, ["planned-one"]);
    assert_eq!(house.names("state=past").await, ["missed-one"]);
    assert_eq!(house.names("state=new").await, ["third-one", "second-one", "first-one"]);
    assert!(house.names("state=live").await.is_empty());

    for bad in ["limit=0", "limit=101", "cursor=nonsense", "state=asleep"] {
        let (status, problem) = house.serving.get(&format!("/meetings?{bad}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}: {problem}");
    }
}

#[tokio::test]
async fn recordings_keep_their_meeting_from_being_deleted() {
    let house = Served::open().await;
    let meeting = house.create(json!({})).await;
    let path = format!("/meetings/{}", id(&meeting));
    let pool = house.database.pool().await;
    let recorded = "insert into recordings (id, meeting_id, storage_path, status, started_at)
                    select gen_random_uuid(), id, 'recordings/x.mp4', 'complete', now() from meetings";
    sqlx::query(recorded).execute(&pool).await.unwrap();

    let answer = house.serving.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(code(&answer.json().await.unwrap()), "recordings-exist");

    sqlx::query("delete from recordings").execute(&pool).await.unwrap();
    let answer = house.serving.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(house.serving.get(&path).await.0, StatusCode::NOT_FOUND);
    pool.close().await;
}
