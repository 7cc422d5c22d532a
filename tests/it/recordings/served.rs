//! Recordings over HTTP: asked for, shown in the room, listed, played, downloaded, kept and deleted, by the real binary.

use std::{fmt::Write as _, time::Duration};

use meetbox::clock::Clock;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_RANGE, CONTENT_TYPE, RANGE},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving, code},
};

/// A house with a folder for recordings, and a LiveKit with a recorder.
struct Booth {
    serving: Serving,
    livekit: Model,
    folder: TempDir,
}

type Answer = (StatusCode, Value);

impl Booth {
    async fn open() -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let folder = tempfile::tempdir().unwrap();
        livekit.world().shelf.folder = Some(folder.path().into());
        let ground = Ground::new(&database.url(), &redis_url(), &livekit.url())
            .with("STORAGE_DIR", folder.path().to_str().unwrap())
            .with("RECORDING_SLOTS", "2");
        Self { serving: Serving::start(ground).await, livekit, folder }
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.serving.request(method, path);
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    async fn meeting(&self, room_name: &str, more: Value) -> String {
        let mut wish = json!({ "room_name": room_name });
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, meeting) = self.ask(Method::POST, "/meetings", wish).await;
        assert_eq!(status, StatusCode::CREATED, "{meeting}");
        meeting["id"].as_str().unwrap().to_owned()
    }

    async fn start(&self, wish: Value) -> Answer {
        self.ask(Method::POST, "/recordings/start", wish).await
    }

    async fn stop(&self, which: Value) -> Answer {
        self.ask(Method::POST, "/recordings/stop", which).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Value::Null).await
    }

    /// Lets LiveKit go on, and waits until the recording stands there.
    async fn until(&self, id: &str, status: &str) -> Value {
        for _ in 0..1500 {
            self.go_on().await;
            let (_, recording) = self.get(&format!("/recordings/{id}")).await;
            if recording["status"] == status {
                return recording;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {status}: {}", self.get(&format!("/recordings/{id}")).await.1);
    }

    async fn go_on(&self) {
        self.livekit.tick();
        let events = self.livekit.world().take_events();
        for event in events {
            let answer = self.serving.webhook(&self.livekit.sign(&event.body)).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        }
    }

    /// Records somebody for a moment; answers the recording when it is complete.
    async fn recorded(&self, room_name: &str, format: &str) -> Value {
        self.livekit.world().join(room_name, "ada", self.livekit.now());
        let (status, started) = self.start(json!({ "room_name": room_name, "format": format })).await;
        assert_eq!(status, StatusCode::CREATED, "{started}");
        let id = started["id"].as_str().unwrap();
        self.until(id, "active").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(self.stop(json!({ "recording_id": id })).await.0, StatusCode::OK);
        self.until(id, "complete").await
    }

    /// What everybody in the room is told.
    fn told(&self, room_name: &str) -> Value {
        let world = self.livekit.world();
        world.rooms.get(room_name).map_or(Value::Null, |room| serde_json::from_str(&room.metadata).unwrap_or_default())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_shown_while_it_runs_and_played_when_it_is_over() {
    let booth = Booth::open().await;
    let meeting = booth.meeting("blue-heron", json!({})).await;
    booth.livekit.world().join("blue-heron", "ada", booth.livekit.now());
    let (status, started) = booth.start(json!({ "room_name": "blue-heron", "layout": "speaker" })).await;
    assert_eq!((status, &started["layout"]), (StatusCode::CREATED, &json!("speaker")), "{started}");
    let id = started["id"].as_str().unwrap().to_owned();
    let active = booth.until(&id, "active").await;
    assert!(active["started_at"].is_string() && active["download_url"].is_null(), "{active}");

    for _ in 0..500 {
        if booth.told("blue-heron")["recording"]["since"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let told = booth.told("blue-heron");
    assert!(told["recording"]["since"].is_string() && told["locked"] == false, "{told}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (_, token) = booth.ask(Method::POST, "/token", json!({ "room_name": "blue-heron", "name": "Bob" })).await;
    assert!(token["recorded_since"].is_string() && token["auto_record"] == false, "{token}");
    let (status, problem) = booth.start(json!({ "room_name": "blue-heron" })).await;
    assert_eq!(
        (status, code(&problem), &problem["recording_id"]),
        (StatusCode::CONFLICT, "recording-running", &json!(id))
    );
    let (_, slots) = booth.get("/recordings/slots").await;
    assert_eq!(slots, json!({ "total": 2, "used": 1, "free": 1 }));
    assert_eq!(booth.ask(Method::DELETE, &format!("/recordings/{id}"), Value::Null).await.0, StatusCode::CONFLICT);

    assert_eq!(booth.stop(json!({ "room_name": "blue-heron" })).await.0, StatusCode::OK);
    let complete = booth.until(&id, "complete").await;
    assert_eq!(
        booth.stop(json!({ "recording_id": id })).await.1["status"],
        "complete",
        "stopping again changes nothing"
    );
    assert!(booth.told("blue-heron")["recording"].is_null(), "{}", booth.told("blue-heron"));

    let file = std::fs::read(booth.folder.path().join(complete["storage_path"].as_str().unwrap())).unwrap();
    assert_eq!(complete["size"].as_u64(), Some(file.len() as u64));
    let media = format!("/recordings/{id}/media");
    let whole = booth.serving.request(Method::GET, &media).send().await.unwrap();
    assert_eq!((whole.status(), &whole.headers()[CONTENT_TYPE]), (StatusCode::OK, &"video/mp4".parse().unwrap()));
    assert!(whole.bytes().await.unwrap() == file, "the whole file");
    let part = booth.serving.request(Method::GET, &media).header(RANGE, "bytes=10-19").send().await.unwrap();
    let range = format!("bytes 10-19/{}", file.len());
    assert_eq!(
        (part.status(), part.headers()[CONTENT_RANGE].to_str().unwrap()),
        (StatusCode::PARTIAL_CONTENT, &*range)
    );
    assert!(part.bytes().await.unwrap() == file[10..20], "a part of it");
    let all = booth.serving.request(Method::GET, &media).header(RANGE, "bytes=0-").send().await.unwrap();
    let range = format!("bytes 0-{}/{}", file.len() - 1, file.len());
    assert_eq!(
        (all.status(), all.headers()[CONTENT_RANGE].to_str().unwrap()),
        (StatusCode::PARTIAL_CONTENT, &*range),
        "as players ask first"
    );
    let beyond = booth.serving.request(Method::GET, &media).header(RANGE, "bytes=99999999-").send().await.unwrap();
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);

    let (status, refused) = booth.ask(Method::DELETE, &format!("/meetings/{meeting}"), Value::Null).await;
    assert_eq!((status, code(&refused)), (StatusCode::CONFLICT, "recordings-exist"));
    let hold = format!("/recordings/{id}/hold");
    assert_eq!(booth.ask(Method::PUT, &hold, json!({ "on_hold": true })).await.1["on_hold"], true);
    let (status, held) = booth.ask(Method::DELETE, &format!("/recordings/{id}"), Value::Null).await;
    assert_eq!((status, code(&held)), (StatusCode::CONFLICT, "recording-on-hold"));
    booth.ask(Method::PUT, &hold, json!({ "on_hold": false })).await;
    let (status, removed) = booth.ask(Method::DELETE, &format!("/recordings/{id}"), Value::Null).await;
    assert_eq!((status, removed), (StatusCode::OK, json!({ "objects": 1, "bytes": file.len(), "backup_files": 0 })));
    assert_eq!(booth.get(&format!("/recordings/{id}")).await.0, StatusCode::NOT_FOUND);
    assert!(!booth.folder.path().join(complete["storage_path"].as_str().unwrap()).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_recording_for_everybody_until_it_expires() {
    let booth = Booth::open().await;
    booth.meeting("blue-heron", json!({})).await;
    let complete = booth.recorded("blue-heron", "mp4").await;
    let link = complete["download_url"].as_str().unwrap().to_owned();
    let open = async |link: &str| booth.serving.request_as(None, Method::GET, link).send().await.unwrap();

    let opened = open(&link).await;
    assert_eq!(opened.status(), StatusCode::OK);
    let disposition = opened.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(
        disposition.starts_with("attachment; filename=\"blue-heron 20") && disposition.contains(".mp4"),
        "{disposition}"
    );
    assert_eq!(opened.bytes().await.unwrap().len() as u64, complete["size"].as_u64().unwrap());

    let expires = link.split("expires=").nth(1).unwrap().split('&').next().unwrap();
    let later = link.replace(expires, "9999999999");
    let past = link.replace(expires, "1000000000");
    let other = link.replace("blue-heron", "blue-herom");
    let shown = link.replace("disposition=attachment", "disposition=inline");
    for forged in [&later, &past, &other, &shown, link.split('?').next().unwrap(), &format!("{link}x")] {
        let answer = open(forged).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{forged}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(code(&problem), "link-invalid");
    }
    assert!(!booth.serving.printed().contains("signature="), "no link stands in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_one_recording_in_everything() {
    let booth = Booth::open().await;
    booth.meeting("blue-heron", json!({})).await;
    let complete = booth.recorded("blue-heron", "hls").await;
    let id = complete["id"].as_str().unwrap();

    let playlist = booth.serving.request(Method::GET, &format!("/recordings/{id}/media")).send().await.unwrap();
    assert_eq!(playlist.headers()[CONTENT_TYPE], "application/vnd.apple.mpegurl");
    let playlist = playlist.text().await.unwrap();
    let segments = playlist.lines().filter(|line| line.starts_with('/')).collect::<Vec<_>>();
    assert!(!segments.is_empty(), "{playlist}");
    for segment in &segments {
        let opened = booth.serving.request_as(None, Method::GET, segment).send().await.unwrap();
        assert_eq!(
            (opened.status(), &opened.headers()[CONTENT_TYPE]),
            (StatusCode::OK, &"video/mp2t".parse().unwrap())
        );
    }

    let link = complete["download_url"].as_str().unwrap();
    let archive = booth.serving.request_as(None, Method::GET, link).send().await.unwrap();
    assert_eq!(archive.status(), StatusCode::OK);
    let bytes = archive.bytes().await.unwrap();
    let (mut names, mut size) = (String::new(), 0);
    for entry in tar::Archive::new(&bytes[..]).entries().unwrap() {
        let entry = entry.unwrap();
        write!(names, "{} ", entry.path().unwrap().display()).unwrap();
        size += entry.size();
    }
    assert!(names.starts_with("index.m3u8 segment_00000.ts "), "{names}");
    assert_eq!(Some(size), complete["size"].as_u64(), "playlist and segments together");
    let forged = booth.serving.request_as(None, Method::GET, &format!("{link}x")).send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);

    let (_, removed) = booth.ask(Method::DELETE, &format!("/recordings/{id}"), Value::Null).await;
    assert_eq!((&removed["objects"], &removed["bytes"]), (&json!(segments.len() + 1), &complete["size"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_that_wishes_it_is_recorded_once_in_each_sitting() {
    let booth = Booth::open().await;
    booth.meeting("blue-heron", json!({ "auto_record": true })).await;
    let (_, token) = booth.ask(Method::POST, "/token", json!({ "room_name": "blue-heron", "name": "Ada" })).await;
    assert_eq!(token["auto_record"], true, "told before anybody connects");
    booth.livekit.world().join("blue-heron", "ada", booth.livekit.now());

    let mut id = None;
    for _ in 0..1000 {
        booth.go_on().await;
        let (_, page) = booth.get("/recordings?room_name=blue-heron").await;
        id = page["items"][0]["id"].as_str().map(str::to_owned);
        if id.is_some() {
            assert_eq!(page["items"][0]["automatic"], true);
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let id = id.expect("it is recorded by itself");
    booth.until(&id, "active").await;
    booth.stop(json!({ "room_name": "blue-heron" })).await;
    booth.until(&id, "complete").await;

    // Somebody else joins: whoever stopped it meant it.
    booth.livekit.world().join("blue-heron", "bob", booth.livekit.now());
    for _ in 0..50 {
        booth.go_on().await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (_, page) = booth.get("/recordings").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_by_meeting_status_and_time_in_both_orders() {
    let booth = Booth::open().await;
    for room in ["blue-heron", "grey-seal"] {
        booth.meeting(room, json!({})).await;
    }
    let mut ids = Vec::new();
    for room in ["blue-heron", "grey-seal", "blue-heron"] {
        ids.push(booth.recorded(room, "mp4").await);
    }
    let of = |page: &Value| {
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        items.iter().map(|item| ids.iter().position(|it| it["id"] == item["id"]).unwrap()).collect::<Vec<_>>()
    };
    let between = ids[1]["requested_at"].as_str().unwrap().replace('+', "%2B");
    let meeting = ids[0]["meeting_id"].as_str().unwrap();
    for (query, expected) in [
        (String::new(), vec![2, 1, 0]),
        ("?order=oldest_first".to_owned(), vec![0, 1, 2]),
        ("?room_name=blue-heron".to_owned(), vec![2, 0]),
        (format!("?meeting_id={meeting}&order=oldest_first"), vec![0, 2]),
        (format!("?meeting_id={meeting}&room_name=grey-seal"), vec![]),
        ("?status=complete&room_name=grey-seal".to_owned(), vec![1]),
        ("?status=failed".to_owned(), vec![]),
        (format!("?from={between}"), vec![2, 1]),
        (format!("?to={between}"), vec![0]),
        (format!("?from={between}&order=oldest_first"), vec![1, 2]),
        (format!("?to={between}&order=oldest_first"), vec![0]),
    ] {
        let (status, page) = booth.get(&format!("/recordings{query}")).await;
        assert_eq!((status, of(&page)), (StatusCode::OK, expected), "{query}");
    }

    for (order, expected) in [("newest_first", vec![2, 1, 0]), ("oldest_first", vec![0, 1, 2])] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let (_, page) = booth.get(&format!("/recordings?limit=1&order={order}{cursor}")).await;
            seen.extend(of(&page));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, expected, "{order}, page by page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_meetings_that_start_at_once_as_many_are_recorded_as_there_are_slots() {
    let booth = Booth::open().await;
    let rooms = (0..8).map(|number| format!("room-{number}")).collect::<Vec<_>>();
    for room in &rooms {
        booth.meeting(room, json!({})).await;
    }
    let starts = rooms.iter().map(|room| booth.start(json!({ "room_name": room })));
    let answers = futures_util::future::join_all(starts).await;
    let taken = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
    assert_eq!(taken, 2, "{answers:#?}");
    for (status, problem) in answers.iter().filter(|(status, _)| *status != StatusCode::CREATED) {
        assert_eq!((*status, code(problem)), (StatusCode::SERVICE_UNAVAILABLE, "no-recording-slot"), "{problem}");
    }
    assert_eq!(booth.get("/recordings/slots").await.1, json!({ "total": 2, "used": 2, "free": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sound_alone_is_recorded_too() {
    let booth = Booth::open().await;
    booth.meeting("blue-heron", json!({})).await;
    let complete = booth.recorded("blue-heron", "ogg").await;
    assert!(complete["storage_path"].as_str().unwrap().ends_with(".ogg") && complete["preset"].is_null(), "{complete}");
    let media = booth.serving.request(Method::GET, &format!("/recordings/{}/media", complete["id"].as_str().unwrap()));
    assert_eq!(media.send().await.unwrap().headers()[CONTENT_TYPE], "audio/ogg");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_told_in_words_that_help() {
    let booth = Booth::open().await;
    booth.meeting("blue-heron", json!({})).await;
    for (wish, status, why) in [
        (json!({ "room_name": "nowhere-known" }), StatusCode::NOT_FOUND, "meeting-not-found"),
        (json!({ "room_name": "blue-heron", "width": 640 }), StatusCode::UNPROCESSABLE_ENTITY, "recording-shape"),
        (
            json!({ "room_name": "blue-heron", "format": "ogg", "preset": "H264_720P_30" }),
            StatusCode::UNPROCESSABLE_ENTITY,
            "recording-shape",
        ),
    ] {
        let (answered, problem) = booth.start(wish).await;
        assert_eq!((answered, code(&problem)), (status, why), "{problem}");
    }
    let (status, problem) = booth.stop(json!({ "room_name": "blue-heron" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::CONFLICT, "not-recorded"));
    assert_eq!(booth.stop(json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    booth.livekit.world().egresses.remove_worker();
    let (status, problem) = booth.start(json!({ "room_name": "blue-heron" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::SERVICE_UNAVAILABLE, "no-recorder"));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("cpu_cost") && !detail.contains("twirp"), "{detail}");
    let (_, page) = booth.get("/recordings").await;
    assert_eq!(page["items"][0]["status"], "failed", "the meeting is free again: {page}");

    booth.livekit.go_away().await;
    let (status, problem) = booth.start(json!({ "room_name": "blue-heron" })).await;
    assert_eq!((status, code(&problem)), (StatusCode::SERVICE_UNAVAILABLE, "recording-unanswered"));
    let id = problem["recording_id"].as_str().unwrap();
    let (_, unknown) = booth.get(&format!("/recordings/{id}")).await;
    assert_eq!(unknown["status"], "requested", "{unknown}");
    let (status, stopping) = booth.stop(json!({ "recording_id": id })).await;
    assert_eq!((status, &stopping["status"]), (StatusCode::OK, &json!("stopping")), "a stop is kept");
}
