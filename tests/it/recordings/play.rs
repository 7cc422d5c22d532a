//! A recorded run, played to a house that records.

use chrono::{DateTime, TimeDelta, Utc};
use meetbox::{
    app::recordings::{self, RecordingError, Which, rescue::rescue},
    model::recording::{FOLDER, Recording, Status},
};
use serde_json::Value;

use super::{
    story::{Happens, Story},
    studio::{Studio, put},
};
use crate::{
    house::program,
    livekit_model::trace::{self, Trace, What},
};

const COMPARE_EVERY: TimeDelta = TimeDelta::seconds(30);

/// Whether LiveKit's words about recorders arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    Arrive,
    Lost,
}

/// A story under way.
pub struct Play {
    pub studio: Studio,
    pub story: Story,
    words: Words,
    next_compare: DateTime<Utc>,
    livekit_is_up: bool,
    /// When the recorder was last seen to leave its room.
    pub ghost_left: Option<DateTime<Utc>>,
}

impl Play {
    /// Opens a house where the story begins; the first comparison comes `phase` seconds later.
    pub async fn open(traces: &[Trace], story: Story, words: Words, phase: i64) -> Self {
        let studio = Studio::open(story.begins).await;
        studio.house.meeting(&story.room_name).await;
        let egress = story.egress.clone();
        {
            let mut world = studio.house.livekit.world();
            for trace in traces.iter().filter(|trace| trace.epoch() == story.begins) {
                trace.prepare(&mut world);
            }
            world.script = Some(Box::new(move |method, request| egress.lock().unwrap().answer(method, request)));
        }
        let next_compare = story.begins + TimeDelta::seconds(phase);
        Self { studio, story, words, next_compare, livekit_is_up: true, ghost_left: None }
    }

    /// Plays the story, and what follows for two minutes.
    pub async fn run(&mut self) {
        for (at, happens) in std::mem::take(&mut self.story.happens) {
            self.wait_until(at).await;
            self.take(happens).await;
        }
        let settled = self.studio.house.clock.now() + TimeDelta::seconds(120);
        self.wait_until(settled).await;
    }

    async fn wait_until(&mut self, moment: DateTime<Utc>) {
        while self.next_compare <= moment {
            self.studio.house.advance_to(self.next_compare);
            self.compare().await;
            self.next_compare += COMPARE_EVERY;
        }
        self.studio.house.advance_to(moment);
    }

    async fn compare(&mut self) {
        let is_answered = self.livekit_is_up && !self.studio.house.livekit.world().redis_is_down;
        let outcome = self.studio.compare().await;
        assert_eq!(outcome.is_ok(), is_answered, "{outcome:?}");
    }

    async fn take(&mut self, happens: Happens) {
        match happens {
            Happens::Start => match self.studio.record(&self.story.room_name).await {
                Ok(_) | Err(RecordingError::NobodyFree) => {}
                Err(err) => panic!("{err}"),
            },
            Happens::Stop => {
                let which = Which::Run(self.story.egress_id.clone());
                self.story.egress.lock().unwrap().is_stopping = true;
                recordings::stop(&self.studio.house.app, &program(), &which).await.unwrap();
            }
            Happens::WorkerKilled => self.story.egress.lock().unwrap().lose_worker(),
            Happens::There(what) => self.take_what(what).await,
        }
    }

    async fn take_what(&mut self, what: What) {
        let livekit = &self.studio.house.livekit;
        let now = livekit.now();
        match what {
            What::Change(body) => self.change(&body),
            What::Deliver(body) => self.deliver(&body).await,
            What::Killed => {
                livekit.world().kill(now);
                livekit.go_away().await;
                self.livekit_is_up = false;
            }
            What::Terminated => panic!("no trace with a recording has it"),
            What::StartedAgain => {
                livekit.come_back().await;
                self.livekit_is_up = true;
            }
            What::RedisStopped => livekit.world().redis_is_down = true,
            What::RedisBackEmpty => {
                livekit.world().lose_redis(now);
                self.story.egress.lock().unwrap().listed = None;
            }
        }
    }

    fn change(&mut self, body: &Value) {
        trace::change(&mut self.studio.house.livekit.world(), body);
        if body["event"] == "participant_left" && body["participant"]["identity"] == *self.story.egress_id {
            self.ghost_left = Some(self.studio.house.clock.now());
        }
        let info = &self.story.ours(body)["egressInfo"];
        if info["egressId"] != *self.story.egress_id || self.story.egress_id.is_empty() {
            return;
        }
        self.story.egress.lock().unwrap().listed = Some(info.clone());
        let path = self.story.egress.lock().unwrap().path.clone();
        let size = info["fileResults"][0]["size"].as_str().and_then(|size| size.parse().ok());
        if let (Some(size), "egress_ended") = (size, body["event"].as_str().unwrap()) {
            let key = &path[path.rfind(FOLDER).unwrap()..];
            match info["backupStorageUsed"] == true {
                true => {
                    let file = self.studio.backup().join(key);
                    put(&file, size);
                    put(&file.with_file_name(format!("{}.json", self.story.egress_id)), 266);
                }
                false => put(&self.studio.object(key), size),
            }
        }
    }

    async fn deliver(&mut self, body: &str) {
        let body = self.story.ours(&serde_json::from_str(body).unwrap());
        if self.words == Words::Lost && body["egressInfo"].is_object() {
            return;
        }
        let webhook = self.studio.house.livekit.sign(&body.to_string());
        self.studio.house.deliver(&webhook).await.unwrap();
        self.studio.house.apply_all().await;
        // What the job does when it is rung.
        recordings::conclude::conclude_waiting(&self.studio.house.app).await.unwrap();
    }

    /// Brings home what lies in the backup folder.
    pub async fn rescue(&self) -> Recording {
        let backup = self.studio.backup();
        let before = self.studio.recording().await;
        assert_eq!(before.course.status, Status::Uploading, "{before:?}");
        assert!(backup.join(&before.key).is_file(), "the only copy stays until it is brought home");

        assert_eq!(rescue(&self.studio.house.app).await.unwrap(), 1);
        let left = std::fs::read_dir(&backup).unwrap().count();
        assert_eq!(left, 0, "the backup folder is tidied up");
        self.studio.recording().await
    }
}
