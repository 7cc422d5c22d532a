//! A place for real calls: a livekit-server with a Redis of its own, and the binary that hears from it.

use std::time::{Duration, Instant};

use meetbox::{clock::Clock, livekit::Client};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    chaos::Proxy,
    house::settings,
    services::{LiveKit, LiveKitConfig, Redis, postgres, redis_url},
    serving::{Ground, Serving, http_client},
};

/// How long LiveKit's retries and the reconciler may need; LiveKit takes 15 s for its last try.
const SETTLED: Duration = Duration::from_secs(60);

pub struct Place {
    pub house: Serving,
    pub livekit: LiveKit,
    /// The way of LiveKit's webhooks.
    pub webhooks: Proxy,
    _redis: Redis,
}

impl Place {
    pub async fn open() -> Self {
        let redis = Redis::start();
        let mut ground = Ground::new(&postgres().database().await.url(), &redis_url(), "");
        let webhooks = Proxy::to(ground.port).await;
        // Long enough for a test to look at an empty room, and short enough to see it end.
        let config = LiveKitConfig { redis_port: redis.port, webhook_port: webhooks.port, empty_timeout: 5 };
        let livekit = LiveKit::start(config);
        ground.livekit_url = livekit.url();
        Self { house: Serving::start(ground).await, livekit, webhooks, _redis: redis }
    }

    /// A pass for somebody, and the id of the meeting.
    pub async fn pass(&self, identity: &str) -> (Value, String) {
        let pass = self.house.token("blue-heron", identity).await;
        let meeting_id = pass["meeting_id"].as_str().unwrap().to_owned();
        (pass, meeting_id)
    }

    /// A meeting of the asker's, in which nobody waits unless the wish says so; its id.
    pub async fn meeting(&self, credential: &str, mut wish: Value) -> String {
        let lobby = wish["lobby"].take();
        wish["lobby"] = if lobby.is_null() { json!("off") } else { lobby };
        let (status, meeting) = self.house.ask(Some(credential), "POST /meetings", &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{meeting}");
        meeting["id"].as_str().unwrap().to_owned()
    }

    /// A pass into a meeting for whoever has that credential.
    pub async fn pass_for(&self, credential: Option<&str>, wish: &Value) -> Value {
        let (status, pass) = self.house.ask(credential, "POST /token", wish).await;
        assert_eq!(status, StatusCode::OK, "{pass}");
        pass
    }

    /// Does what a host may do, and fails if it is refused.
    pub async fn does(&self, credential: &str, operation: &str, body: Value) {
        let (status, answer) = self.house.ask(Some(credential), operation, &body).await;
        assert!(status.is_success(), "{operation}: {status} {answer}");
    }

    /// Waits until somebody is recorded as present, or as gone.
    pub async fn wait_until(&self, meeting_id: &str, (identity, present): (&str, bool)) {
        let stands =
            |all: &[Value]| all.iter().any(|it| it["identity"] == identity && it["present"] == true) == present;
        self.participants_when(meeting_id, stands).await;
    }

    /// Waits until LiveKit lets somebody publish everything.
    pub async fn wait_until_may_publish_all(&self, room_name: &str, identity: &str) {
        let settings = settings(&self.house.ground.database_url, &redis_url(), &self.livekit.url()).livekit;
        let livekit = Client::new(http_client(), &settings, Clock::System);
        let asked = Instant::now();
        loop {
            let present = livekit.list_present(room_name).await.expect("LiveKit answers");
            if present.iter().any(|one| one.identity == identity && one.may_publish.is_all()) {
                return;
            }
            assert!(asked.elapsed() < SETTLED, "{identity} may not publish everything: {present:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The participants of a meeting, once `settled` says that they are as they should be.
    pub async fn participants_when(&self, meeting_id: &str, settled: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let asked = Instant::now();
        loop {
            let participants = self.house.participants(meeting_id).await;
            if settled(&participants) {
                return participants;
            }
            assert!(asked.elapsed() < SETTLED, "the record does not settle: {participants:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends the process in the midst of everything and starts it again; a start begins with a comparison.
    pub async fn restart_house(&mut self) {
        self.house.kill();
        self.house.start_again().await;
    }
}
