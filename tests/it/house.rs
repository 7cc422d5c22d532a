//! A house to test: its use cases on a real Postgres and Redis, with a LiveKit of the test's choice.

use std::time::Duration;

use chrono::{DateTime, Utc};
use meetbox::{
    app::{
        App,
        access::{Asker, Caller},
        attendance::{Applied, apply_waiting},
        inbox::{IntakeError, take_in},
        meetings::{NewMeeting, PolicyChange, RecordingChange, create_meeting},
        reconcile::{ReconcileError, Reconciled, reconcile},
    },
    clock::Clock,
    config::{Settings, Source},
    model::{
        api_key::{KeyHolder, Scopes},
        id::ApiKeyId,
        room_name::RoomName,
    },
};
use sqlx::PgPool;

use crate::{
    livekit_model::{API_KEY, API_SECRET, Model, Signed},
    services::{Database, postgres, redis_url},
};

/// The house, without its HTTP door and its jobs: a test opens the letters itself.
pub struct TestHouse {
    pub app: App,
    pub clock: Clock,
    pub database: Database,
    pub pool: PgPool,
    pub livekit: Model,
}

impl TestHouse {
    /// A house whose time stands at `now` until the test moves it, with a model of LiveKit on the same clock.
    pub async fn open(now: DateTime<Utc>) -> Self {
        Self::open_with(now, &[]).await
    }

    /// The same with these settings besides.
    pub async fn open_with(now: DateTime<Utc>, more: &[(&str, &str)]) -> Self {
        Self::open_as_set(now, more).await.0
    }

    /// The same, and the settings, for a second process.
    pub async fn open_as_set(now: DateTime<Utc>, more: &[(&str, &str)]) -> (Self, Settings) {
        let clock = Clock::stopped_at(now);
        let livekit = Model::start(clock.clone()).await;
        let database = postgres().database().await;
        let settings = load(&database.url(), &redis_url(), &livekit.url(), [API_KEY, API_SECRET], more);
        let pool = meetbox::db::connect(&settings.database).await.expect("the database answers");
        let app = App::new(&settings, pool.clone(), clock.clone()).expect("the settings are fine");
        (Self { app, clock, database, pool, livekit }, settings)
    }

    /// Makes the meeting of that room name.
    pub async fn meeting(&self, room_name: &str) {
        let room_name = Some(RoomName::parse(room_name).expect("a room name"));
        let (policy, metadata) = (PolicyChange::default(), "{}".to_owned());
        let recording = RecordingChange::default();
        let wish = NewMeeting { room_name, title: None, starts_at: None, policy, recording, metadata };
        create_meeting(&self.app, &program(), wish).await.expect("the name is free");
    }

    /// Delivers a webhook as LiveKit would.
    pub async fn deliver(&self, webhook: &Signed) -> Result<(), IntakeError> {
        // A busy machine may keep Postgres from answering in time; LiveKit tries again as often.
        for _ in 0..4 {
            match take_in(&self.app, Some(&webhook.authorization), webhook.body.as_bytes()).await {
                Err(IntakeError::Unavailable) => tokio::time::sleep(Duration::from_millis(250)).await,
                outcome => return outcome,
            }
        }
        take_in(&self.app, Some(&webhook.authorization), webhook.body.as_bytes()).await
    }

    /// Applies everything that waits in the inbox.
    pub async fn apply_all(&self) {
        while apply_waiting(&self.app).await.expect("events can be applied") != Applied::Events(0) {}
    }

    /// Compares with LiveKit once.
    pub async fn reconcile(&self) -> Result<Reconciled, ReconcileError> {
        reconcile(&self.app).await
    }

    /// Moves the clock forward to `moment`; time does not run backwards.
    pub fn advance_to(&self, moment: DateTime<Utc>) {
        let ahead = moment - self.clock.now();
        if ahead > chrono::TimeDelta::zero() {
            self.clock.advance(ahead);
        }
    }

    /// Fails when a webhook is left lying or could not be applied.
    pub async fn check_inbox(&self) {
        let left: Vec<(String, Option<String>)> =
            sqlx::query_as("select payload::text, failure from livekit_events where applied_at is null")
                .fetch_all(&self.pool)
                .await
                .expect("the inbox can be read");
        assert!(left.is_empty(), "webhooks are left in the inbox: {left:?}");
    }

    /// Closes the house, whose inbox must be empty by then.
    pub async fn close(self) {
        self.check_inbox().await;
        self.pool.close().await;
    }
}

/// A program with a key of the whole house.
pub fn program() -> Asker {
    let scopes = Scopes::parse(["admin"]).expect("there is such a scope");
    let key_id = ApiKeyId(uuid::Uuid::nil());
    let holder = KeyHolder { key_id, name: "test".to_owned(), scopes, owner: None, expires_at: None };
    Asker { caller: Caller::Key(holder), address: String::new() }
}

/// Settings of a developer's machine, as far as a test has something to say about them.
pub fn settings(database_url: &str, redis_url: &str, livekit_url: &str) -> Settings {
    load(database_url, redis_url, livekit_url, [API_KEY, API_SECRET], &[])
}

/// The settings of `house`, with another pair of keys.
pub fn settings_with_keys(house: &TestHouse, key: &str, secret: &str) -> Settings {
    load(&house.database.url(), &redis_url(), &house.livekit.url(), [key, secret], &[])
}

fn load(
    database_url: &str,
    redis_url: &str,
    livekit_url: &str,
    [key, secret]: [&str; 2],
    more: &[(&str, &str)],
) -> Settings {
    let known = [
        ("APP_ENV", "local"),
        ("DATABASE_URL", database_url),
        ("REDIS_URL", redis_url),
        ("LIVEKIT_URL", livekit_url),
        ("LIVEKIT_API_KEY", key),
        ("LIVEKIT_API_SECRET", secret),
    ];
    let source = Source::of(known.into_iter().chain(more.iter().copied()));
    Settings::load(&source).expect("the settings are fine").settings
}
