//! One world with recordings, told from its beginning to its end.

use std::collections::{BTreeMap, BTreeSet};

use meetbox::{
    app::recordings::{self, RecordingError, Which, conclude::conclude_waiting, rescue::rescue},
    cli::dev::recorder::Trouble,
    livekit::LivekitError,
    model::{
        recording::{FOLDER, Format, Recording, Status, id_in},
        room_name::RoomName,
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::{
    super::studio::Studio,
    script::{self, Act},
};
use crate::{
    histories::post::Post,
    house::program,
    livekit_model::{recorders::moment, world::Event},
};

const BEGINNING_MS: i64 = 1_795_000_000_000;
const SPAN_MS: i64 = 1_000;
const COMPARE_EVERY_MS: i64 = 30_000;
/// Within this time each row is right again, whatever was lost.
const SETTLED_AFTER_MS: i64 = 60_000;
/// How long a room lives on when everybody has left it, and a little more.
const ROOMS_END_MS: i64 = 25_000;

/// What was told.
pub struct Told {
    pub recordings: usize,
    pub ends: Vec<&'static str>,
}

enum Happening {
    Act(Act),
    Delivery(Event),
}

/// A world under way.
pub struct Run {
    rng: StdRng,
    studio: Studio,
    post: Post,
    queue: BTreeMap<(i64, usize), Happening>,
    queued: usize,
    now: i64,
    next_compare: i64,
    livekit_is_up: bool,
    redis_was_lost: bool,
    /// When each run was last seen alive.
    last_alive: BTreeMap<String, i64>,
    rescues: bool,
}

impl Run {
    /// Tells the world of this seed, and fails when a row is not what there is.
    pub async fn tell(seed: u64, rooms: usize) -> Told {
        let mut run = Self::begin(seed, rooms).await;
        while let Some((&(at, _), _)) = run.queue.first_key_value() {
            run.pass_until(at).await;
        }
        run.pass_until(run.now + SETTLED_AFTER_MS + COMPARE_EVERY_MS).await;
        run.check("while the rest goes on").await;

        run.everybody_leaves();
        run.pass_until(run.now + ROOMS_END_MS).await;
        while let Some((&(at, _), _)) = run.queue.first_key_value() {
            run.pass_until(at).await;
        }
        run.pass_until(run.now + SETTLED_AFTER_MS + COMPARE_EVERY_MS).await;
        run.check("in the end").await;
        let recordings = run.studio.recordings().await;
        let running: Vec<&Recording> = recordings.iter().filter(|it| it.course.status.is_running()).collect();
        assert!(running.is_empty(), "recordings that run for ever: {running:#?}");
        let ends = recordings.iter().map(|it| it.course.status.as_str()).collect();
        Told { recordings: recordings.len(), ends }
    }

    async fn begin(seed: u64, rooms: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let studio = Studio::open(moment(BEGINNING_MS)).await;
        for number in 0..rooms {
            studio.house.meeting(&format!("room-{number}")).await;
        }
        let rescues = rng.random_bool(0.6);
        {
            let mut world = studio.house.livekit.world();
            world.name = format!("w{seed}x");
            world.shelf.folder = Some(studio.object(""));
            world.shelf.backup_folder = Some(studio.backup());
            world.egresses.set_backup(rescues.then_some("/rescue"));
        }
        let acts = script::write(&mut rng, rooms);
        let post = Post::new(&mut rng);
        let next_compare = BEGINNING_MS + rng.random_range(0..COMPARE_EVERY_MS);
        let (queue, queued, now) = (BTreeMap::new(), 0, BEGINNING_MS);
        let mut run = Self {
            rng,
            studio,
            post,
            queue,
            queued,
            now,
            next_compare,
            livekit_is_up: true,
            redis_was_lost: false,
            last_alive: BTreeMap::new(),
            rescues,
        };
        acts.into_iter().for_each(|(at, act)| run.plan(BEGINNING_MS + at, Happening::Act(act)));
        run
    }

    fn plan(&mut self, at: i64, happening: Happening) {
        self.queued += 1;
        self.queue.insert((at, self.queued), happening);
    }

    async fn pass_until(&mut self, moment: i64) {
        while self.now < moment {
            self.now += SPAN_MS;
            self.pass_span().await;
        }
    }

    async fn pass_span(&mut self) {
        let mut deliveries = Vec::new();
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let at = entry.key().0;
            match entry.remove() {
                Happening::Act(act) => {
                    self.studio.house.advance_to(moment(at));
                    self.studio.house.livekit.world().tick(at);
                    self.act(at, act).await;
                }
                Happening::Delivery(event) => deliveries.push(event),
            }
        }
        self.studio.house.advance_to(moment(self.now));
        self.studio.house.livekit.world().tick(self.now);
        let alive = self.studio.house.livekit.world().egresses.alive();
        self.last_alive.extend(alive.into_iter().map(|id| (id, self.now)));
        self.send();
        for event in deliveries {
            let webhook = self.studio.house.livekit.sign(&event.body);
            self.studio.house.deliver(&webhook).await.unwrap();
        }
        self.studio.house.apply_all().await;
        conclude_waiting(&self.studio.house.app).await.unwrap();
        if self.next_compare <= self.now {
            self.next_compare += COMPARE_EVERY_MS;
            let is_answered = self.livekit_is_up && !self.studio.house.livekit.world().redis_is_down;
            let outcome = self.studio.compare().await;
            assert_eq!(outcome.is_ok(), is_answered, "{outcome:?}");
            if self.rescues {
                // Storage may be away.
                let _ = rescue(&self.studio.house.app).await;
            }
        }
        self.send();
    }

    async fn act(&mut self, at: i64, act: Act) {
        let redis_is_down = self.studio.house.livekit.world().redis_is_down;
        let is_reachable = self.livekit_is_up && !redis_is_down;
        match act {
            Act::Join(_) if !is_reachable => self.plan(at + 1_000, Happening::Act(act)),
            Act::Join(room) => self.studio.house.livekit.world().join(&room, "ada", at),
            Act::Leave(room) => self.studio.house.livekit.world().leave(&room, "ada", "CLIENT_INITIATED", at),
            Act::Delete(room) if is_reachable => self.studio.house.livekit.world().delete(&room, at),
            Act::Delete(_) => {}
            Act::Record(room) => match self.studio.record(&room).await {
                Ok(_) | Err(RecordingError::Running(_) | RecordingError::NobodyFree) => {}
                Err(RecordingError::Unanswered(_) | RecordingError::Livekit(_)) if !is_reachable => {}
                // A room that Redis has lost is none to LiveKit, until somebody joins.
                Err(RecordingError::Livekit(LivekitError::NotFound)) if self.redis_was_lost => {}
                Err(err) => panic!("{err}"),
            },
            Act::RecordAndDie(room) => drop(self.only_write(&room).await),
            Act::RecordAndDieLater(room) => self.record_unheard(&room, at).await,
            Act::Stop(room) => {
                let which = Which::RoomName(RoomName::parse(&room).unwrap());
                match recordings::stop(&self.studio.house.app, &program(), &which).await {
                    Ok(_) | Err(RecordingError::NotRunning) => {}
                    Err(err) => panic!("{err}"),
                }
            }
            Act::KillHandler(room) => self.kill_handler(&room, at),
            Act::KillWorker => self.studio.house.livekit.world().egresses.kill_worker(moment(at)),
            Act::InterruptWorker => self.studio.house.livekit.world().egresses.interrupt_worker(moment(at)),
            Act::StartWorker => self.studio.house.livekit.world().egresses.start_worker(),
            Act::KillLivekit => self.kill_livekit(at).await,
            Act::StartLivekit => {
                self.studio.house.livekit.come_back().await;
                self.livekit_is_up = true;
            }
            Act::RedisGoes => self.studio.house.livekit.world().redis_is_down = true,
            Act::RedisReturns => {
                self.redis_was_lost = true;
                self.studio.house.livekit.world().lose_redis(at);
            }
            Act::StoreRefuses => {
                self.studio.house.livekit.world().shelf.trouble = Some(Trouble::Refused("no".to_owned()));
            }
            Act::StoreGoes => {
                self.studio.house.livekit.world().shelf.trouble = Some(Trouble::Unreachable("no".to_owned()));
                self.studio.hide_storage();
            }
            Act::StoreReturns => {
                self.studio.house.livekit.world().shelf.trouble = None;
                self.studio.show_storage();
            }
        }
        self.studio.house.livekit.world().settle(at);
        self.send();
    }

    /// The row of a recording for which nobody asked LiveKit; none when another runs.
    async fn only_write(&self, room: &str) -> Option<Recording> {
        self.studio.write(room, Format::Mp4).await.ok()
    }

    /// LiveKit is asked, and its answer is heard by nobody.
    async fn record_unheard(&self, room: &str, at: i64) {
        let Some(recording) = self.only_write(room).await else { return };
        let mut world = self.studio.house.livekit.world();
        if !self.livekit_is_up || world.redis_is_down {
            return;
        }
        world.create(room, at);
        let sid = world.rooms.get(room).filter(|it| it.listed).map(|it| it.sid.clone());
        let path = self.studio.object(&recording.key);
        let outputs = json!([{ "file_type": "MP4", "filepath": path, "disable_manifest": true }]);
        let body = json!({ "room_name": room, "layout": "grid", "file_outputs": outputs });
        let egress_id = world.new_id("EG");
        world.egresses.start(&body, sid.as_deref(), &egress_id, moment(at));
    }

    fn kill_handler(&self, room: &str, at: i64) {
        let mut world = self.studio.house.livekit.world();
        let present = world.rooms.get(room).into_iter().flat_map(|it| it.participants.values());
        let recorder = present.filter(|it| it.is_recorder()).map(|it| it.identity.clone()).next();
        if let Some(recorder) = recorder {
            world.egresses.kill_handler(&recorder, moment(at));
        }
    }

    /// LiveKit is gone, and with it what it had not delivered. Whoever was in comes back.
    async fn kill_livekit(&mut self, at: i64) {
        self.send();
        let rooms: Vec<String> = {
            let mut world = self.studio.house.livekit.world();
            let there = world.rooms.values().filter(|room| room.participants.contains_key("ada"));
            let rooms = there.map(|room| room.name.clone()).collect();
            world.kill(at);
            rooms
        };
        self.studio.house.livekit.go_away().await;
        self.livekit_is_up = false;
        let now = self.now;
        self.queue.retain(|(due, _), happening| *due <= now || matches!(happening, Happening::Act(_)));
        for room in rooms {
            if self.rng.random_bool(0.8) {
                let tries = at + self.rng.random_range(1_000..4_000);
                self.plan(tries, Happening::Act(Act::Join(room)));
            }
        }
    }

    fn everybody_leaves(&mut self) {
        let now = self.now;
        let rooms: Vec<String> = self.studio.house.livekit.world().rooms.keys().cloned().collect();
        for room in rooms {
            // A room that a killed LiveKit left in Redis is nobody's.
            self.studio.house.livekit.world().leave(&room, "ada", "CLIENT_INITIATED", now);
            // One that nobody ever came into would wait for five minutes.
            self.studio.house.livekit.world().delete(&room, now);
        }
        self.send();
    }

    /// Gives what LiveKit has to tell to the post.
    fn send(&mut self) {
        let events = self.studio.house.livekit.world().take_events();
        for event in events {
            for arrival in self.post.arrivals(&mut self.rng, &event) {
                self.plan(arrival.max(self.now + 1), Happening::Delivery(event.clone()));
            }
        }
    }

    /// Everything that is wrong now.
    async fn check(&self, when: &str) {
        self.studio.house.check_inbox().await;
        let recordings = self.studio.recordings().await;
        let alive: BTreeSet<String> = self.studio.house.livekit.world().egresses.alive().into_iter().collect();
        let mut wrong = Vec::new();
        for recording in &recordings {
            let Recording { course, .. } = recording;
            // What ended only now may still be found out.
            let last = course.egress_id.as_ref().and_then(|id| self.last_alive.get(id)).copied().unwrap_or_default();
            if (self.now - SETTLED_AFTER_MS - COMPARE_EVERY_MS..self.now).contains(&last) {
                continue;
            }
            let runs = course.egress_id.as_ref().is_some_and(|id| alive.contains(id));
            if runs != course.status.is_running() {
                wrong.push(format!("its run is alive: {runs}: {recording:#?}"));
            }
            if course.status == Status::Uploading || course.to_conclude {
                wrong.push(format!("storage is there, and it waits: {recording:#?}"));
            }
            let size = std::fs::metadata(self.studio.object(&recording.key)).ok().map(|about| about.len());
            if size != recording.size.filter(|_| course.status.has_file()) {
                wrong.push(format!("its object has {size:?}: {recording:#?}"));
            }
        }
        wrong.extend(self.untrue(&recordings));
        let known: BTreeSet<&String> = recordings.iter().filter_map(|it| it.course.egress_id.as_ref()).collect();
        wrong.extend(alive.iter().filter(|id| !known.contains(id)).map(|id| format!("{id} runs, and no row knows")));
        let keys: BTreeSet<&String> = recordings.iter().map(|it| &it.key).collect();
        for key in self.studio.keys(FOLDER) {
            assert!(id_in(&key).is_some(), "{key}");
            if !keys.contains(&key) {
                wrong.push(format!("{key} has no row"));
            }
        }
        assert!(wrong.is_empty(), "{when}: {} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    /// Rows that say something else than LiveKit does about how their runs ended.
    fn untrue(&self, recordings: &[Recording]) -> Vec<String> {
        let listed = self.studio.house.livekit.world().egresses.list(&json!({}), moment(self.now)).body;
        let mut untrue = Vec::new();
        for info in listed["items"].as_array().unwrap() {
            let row = recordings.iter().find(|it| it.course.egress_id.as_deref() == info["egress_id"].as_str());
            let Some(row) = row else { continue };
            let has_object = self.studio.object(&row.key).exists();
            let deserved = match info["status"].as_str().unwrap() {
                "EGRESS_COMPLETE" => Status::Complete,
                "EGRESS_ABORTED" => Status::Aborted,
                "EGRESS_FAILED" if has_object => Status::Partial,
                "EGRESS_FAILED" => Status::Failed,
                _ => continue,
            };
            let last = self.last_alive.get(row.course.egress_id.as_ref().unwrap()).copied().unwrap_or_default();
            if row.course.status != deserved && last < self.now - SETTLED_AFTER_MS - COMPARE_EVERY_MS {
                untrue.push(format!("it deserves {deserved}: {row:#?}"));
            }
        }
        untrue
    }
}
