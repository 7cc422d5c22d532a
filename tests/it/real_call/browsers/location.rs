//! Where browsers meet: all that a meeting needs, for real but for the recorder, and what can be done to it meanwhile.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::{
    oidc::provider::{CLIENT_ID, CLIENT_SECRET, OidcProvider},
    services::{
        LiveKit, LiveKitConfig, Redis, free_port, postgres,
        process::{Guarded, Program, folder_for},
    },
    serving::{Ground, Serving},
};

/// What the provider is called on the sign-in page.
pub const PROVIDER: &str = "the tests' provider";

/// A house with a LiveKit, one Redis for both, somebody who lets people in by OpenID Connect, and a recorder in name.
pub struct Location {
    pub house: Serving,
    livekit: LiveKit,
    redis: Redis,
    _provider: OidcProvider,
    _recorder: Guarded,
    _folders: [TempDir; 2],
}

impl Location {
    pub async fn open() -> Self {
        let redis = Redis::start();
        let mut ground = Ground::new(&postgres().database().await.url(), &redis.url(), "");
        let livekit =
            LiveKit::start(LiveKitConfig { redis_port: redis.port, webhook_port: ground.port, empty_timeout: 5 });
        ground.livekit_url = livekit.url();

        let provider = OidcProvider::start(&format!("http://127.0.0.1:{}/oidc/callback", ground.port));
        let shelf = tempfile::tempdir().expect("a folder");
        let ground = ground
            .with("OIDC_ISSUER", &provider.issuer())
            .with("OIDC_NAME", PROVIDER)
            .with("OIDC_CLIENT_ID", CLIENT_ID)
            .with("OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .with("STORAGE_DIR", &shelf.path().display().to_string())
            .with("RECORDING_SLOTS", "2");

        let (recorder, recorder_url, folder) = record_in_name(&ground);
        let public = ground.livekit_url.clone();
        let ground = Ground { livekit_url: recorder_url, ..ground }.with("LIVEKIT_PUBLIC_URL", &public);
        let olga = json!({ "sub": "olga", "email": "olga@example.org", "email_verified": true, "name": "Olga" });
        provider.is_asked_by(olga).await;
        let house = Serving::start(ground).await;
        Self { house, livekit, redis, _provider: provider, _recorder: recorder, _folders: [shelf, folder] }
    }

    /// Does to a part of it what a scene asks for: `kill livekit`, `start redis`, and so on.
    pub async fn suffer(&mut self, deed: &str) -> Result<(), String> {
        match deed {
            "kill livekit" => self.livekit.kill(),
            "start livekit" => self.livekit.start_again(),
            "kill redis" => self.redis.kill(),
            "start redis" => self.redis = Redis::start_on(self.redis.port),
            "kill api" => self.house.kill(),
            "start api" => self.house.start_again().await,
            other => return Err(format!("nobody knows how to {other}")),
        }
        Ok(())
    }
}

/// Starts the recorder of `meetbox dev --fake-egress` before the LiveKit of that ground; answers where it stands.
fn record_in_name(ground: &Ground) -> (Guarded, String, TempDir) {
    let folder = folder_for(None);
    let port = free_port();
    let program = Program {
        binary: Path::new(env!("CARGO_BIN_EXE_meetbox")),
        arguments: ["record-in-name", "--port", &port.to_string()].map(str::to_owned).into(),
        environment: ground.environment(),
        run_as: None,
        end_signal: "KILL",
    };
    let recorder = Guarded::start(&program, folder.path(), false);
    recorder.wait_for_port(port);
    (recorder, format!("ws://127.0.0.1:{port}"), folder)
}
