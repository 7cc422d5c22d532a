//! A place for real calls: a livekit-server with a Redis of its own, and the binary that hears from it.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{
    chaos::Proxy,
    services::{LiveKit, LiveKitConfig, Redis, postgres, redis_url},
    serving::{Ground, Serving},
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
