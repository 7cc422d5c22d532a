//! Ten thousand histories against the rules alone: LiveKit and its recorders are the model, the row is a [`Course`], and the
//! house is [`Keeper`], which does in a few lines what `app/recordings` does: it hears, compares, asks to stop, concludes and
//! brings home. What stands between those lines and the real ones is proved through the whole house beside this.

use std::collections::BTreeSet;

use meetbox::{
    cli::dev::recorder::{Trouble, told},
    livekit::webhook::read_stored,
    model::{
        id::RecordingId,
        recording::{Backup, Course, Doubt, End, Evidence, Object, Report, Seen, Sighting, Status, conclude},
    },
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::livekit_model::{
    recorders::moment,
    world::{Event, World},
};

const HISTORIES: u64 = 10_000;
const BEGINNING_MS: i64 = 1_795_000_000_000;
const SPAN_MS: i64 = 1_000;
const COMPARE_EVERY_MS: i64 = 30_000;
/// When nothing happens any more, and how long it takes until each row is right.
const OVER_MS: i64 = 150_000;
const SETTLED_MS: i64 = OVER_MS + 30_000 + 60_000 + COMPARE_EVERY_MS;
const ROOM: &str = "blue-heron";

#[test]
fn ten_thousand_histories_obey_the_rules() {
    let seeds: Vec<u64> = match std::env::var("HISTORY_SEED") {
        Ok(seed) => vec![seed.parse().expect("HISTORY_SEED is a number")],
        Err(_) => (0..HISTORIES).collect(),
    };
    let mut ends = std::collections::BTreeMap::<&str, usize>::new();
    for seed in seeds {
        let told = std::panic::catch_unwind(|| Keeper::tell(seed));
        let status = told.unwrap_or_else(|_| panic!("HISTORY_SEED={seed}"));
        *ends.entry(status.as_str()).or_default() += 1;
    }
    println!("{ends:?}");
    assert!(std::env::var_os("HISTORY_SEED").is_some() || ends.len() >= 4, "some ends never came: {ends:?}");
}

/// One recording, its world, and what is done about it.
struct Keeper {
    rng: StdRng,
    world: World,
    id: RecordingId,
    course: Course,
    size: Option<u64>,
    post: Vec<(i64, Event)>,
    livekit_is_up: bool,
    store_is_up: bool,
    rescues: bool,
    /// How it seemed to have ended at first; the end that LiveKit tells later may be worth no more.
    first_end: Option<Status>,
    /// In how many comparisons its run was told to go on, though it should not.
    unwanted: usize,
    now: i64,
}

/// What may befall a history, and how likely in a hundred each is in one.
const MISFORTUNES: [(&str, u32); 8] = [
    ("handler", 15),
    ("worker", 15),
    ("interrupt", 10),
    ("livekit", 15),
    ("redis", 15),
    ("refuses", 15),
    ("store", 15),
    ("delete", 8),
];

impl Keeper {
    /// Tells the history of this seed; answers how the recording ended.
    fn tell(seed: u64) -> Status {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut acts = Self::script(&mut rng);
        let mut keeper = Self::begin(rng, seed);
        let mut next_compare = BEGINNING_MS + keeper.rng.random_range(0..COMPARE_EVERY_MS);
        while keeper.now < BEGINNING_MS + SETTLED_MS {
            keeper.now += SPAN_MS;
            acts.sort_by_key(|(at, _)| *at);
            while acts.first().is_some_and(|(at, _)| BEGINNING_MS + at <= keeper.now) {
                let (_, act) = acts.remove(0);
                keeper.act(act);
            }
            keeper.world.tick(keeper.now);
            keeper.deliver();
            if next_compare <= keeper.now {
                next_compare += COMPARE_EVERY_MS;
                keeper.compare();
                keeper.rescue();
            }
        }
        keeper.check();
        keeper.course.status
    }

    fn begin(mut rng: StdRng, seed: u64) -> Self {
        let mut world = World::default();
        world.name = format!("h{seed}x");
        let rescues = rng.random_bool(0.5);
        world.egresses.set_backup(rescues.then_some("/rescue"));
        if rng.random_bool(0.05) {
            world.egresses.remove_worker();
        }
        Self {
            world,
            id: RecordingId(uuid::Uuid::from_u64_pair(seed, rng.random())),
            rng,
            course: Course::new(moment(BEGINNING_MS)),
            size: None,
            post: Vec::new(),
            livekit_is_up: true,
            store_is_up: true,
            rescues,
            first_end: None,
            unwanted: 0,
            now: BEGINNING_MS,
        }
    }

    fn script(rng: &mut StdRng) -> Vec<(i64, &'static str)> {
        let mut acts = Vec::new();
        if rng.random_bool(0.9) {
            acts.push((rng.random_range(0..4_000), "join"));
        }
        acts.push((
            rng.random_range(500..5_000),
            ["start", "start", "start", "start-unheard", "never"][rng.random_range(0..5)],
        ));
        if rng.random_bool(0.6) {
            acts.push((rng.random_range(5_000..90_000), "stop"));
        }
        for (what, chance) in MISFORTUNES {
            if rng.random_ratio(chance, 100) {
                let strikes = rng.random_range(1_000..100_000);
                let over = strikes + rng.random_range(1_000..15_000);
                acts.push((strikes, what));
                match what {
                    "livekit" => acts.extend([(over, "livekit-back"), (over + 1_500, "join")]),
                    "redis" => acts.push((over, "redis-back")),
                    "worker" | "interrupt" => acts.push((over, "worker-back")),
                    "refuses" | "store" => acts.push((over + 20_000, "store-back")),
                    _ => {}
                }
            }
        }
        acts.push((rng.random_range(90_000..OVER_MS - 30_000), "leave"));
        // A room that nobody ever came into would wait for five minutes.
        acts.push((OVER_MS - 25_000, "delete"));
        acts
    }

    fn path(&self) -> String {
        format!("recordings/2026/11/18/{ROOM}/{}.mp4", self.id)
    }

    fn is_reachable(&self) -> bool {
        self.livekit_is_up && !self.world.redis_is_down
    }

    fn act(&mut self, act: &str) {
        let (now, at) = (self.now, moment(self.now));
        match act {
            "join" if self.is_reachable() => self.world.join(ROOM, "ada", now),
            "leave" => self.world.leave(ROOM, "ada", "CLIENT_INITIATED", now),
            "delete" if self.is_reachable() => self.world.delete(ROOM, now),
            "start" => self.start(true),
            "start-unheard" => self.start(false),
            "stop" => {
                self.course.asked_to_stop(at);
                self.ask_to_stop();
            }
            "handler" => self.world.egresses.alive().iter().for_each(|id| self.world.egresses.kill_handler(id, at)),
            "worker" => self.world.egresses.kill_worker(at),
            "interrupt" => self.world.egresses.interrupt_worker(at),
            "worker-back" => self.world.egresses.start_worker(),
            "livekit" => {
                self.world.kill(now);
                self.post.clear();
                self.livekit_is_up = false;
            }
            "livekit-back" => {
                self.livekit_is_up = true;
                self.world.start_again(now);
            }
            "redis" => self.world.redis_is_down = true,
            "redis-back" => self.world.lose_redis(now),
            "refuses" => self.world.shelf.trouble = Some(Trouble::Refused("no".to_owned())),
            "store" => {
                self.world.shelf.trouble = Some(Trouble::Unreachable("no".to_owned()));
                self.store_is_up = false;
            }
            "store-back" => {
                self.world.shelf.trouble = None;
                self.store_is_up = true;
            }
            _ => {}
        }
        self.world.settle(now);
    }

    fn start(&mut self, is_heard: bool) {
        if !self.is_reachable() {
            return;
        }
        self.world.create(ROOM, self.now);
        let sid = self.world.rooms.get(ROOM).filter(|it| it.listed).map(|it| it.sid.clone());
        let outputs = json!([{ "file_type": "MP4", "filepath": self.path(), "disable_manifest": true }]);
        let body = json!({ "room_name": ROOM, "layout": "grid", "file_outputs": outputs });
        let egress_id = self.world.new_id("EG");
        let reply = self.world.egresses.start(&body, sid.as_deref(), &egress_id, moment(self.now));
        match reply.status {
            _ if !is_heard => {}
            200 => self.hear(&report(&told(&reply.body))),
            _ => {
                self.course.over(End::NeverTaken);
                self.conclude();
            }
        }
    }

    fn hear(&mut self, report: &Report) {
        if report.recording_id() == Some(self.id) {
            self.course.told(report);
        }
    }

    /// Webhooks come late, twice, in any order, or never.
    fn deliver(&mut self) {
        for event in self.world.take_events().into_iter().filter(|it| it.name.starts_with("egress")) {
            for _ in 0..[0, 0, 1, 1, 1, 2][self.rng.random_range(0..6)] {
                let late = if self.rng.random_bool(0.2) { 28_000 } else { 2_000 };
                self.post.push((self.now + self.rng.random_range(0..late), event.clone()));
            }
        }
        let now = self.now;
        let (due, waiting) = std::mem::take(&mut self.post).into_iter().partition(|(at, _)| *at <= now);
        self.post = waiting;
        let due: Vec<(i64, Event)> = due;
        for (_, event) in due {
            if let Some(report) = read_stored(&event.body).unwrap().recorder {
                self.hear(&report);
            }
        }
        if self.course.to_conclude {
            self.conclude();
        }
    }

    fn compare(&mut self) {
        if self.is_reachable() {
            let listed = self.list(&json!({}));
            listed.iter().for_each(|report| self.hear(report));
            let is_told_alive = listed.iter().any(|it| it.recording_id() == Some(self.id) && it.is_going_on());
            if is_told_alive && self.course.end == Some(End::NeverTaken) {
                self.ask_to_stop();
            }
            self.check_unwanted(is_told_alive);
            if self.course.end.is_none() {
                let ids: BTreeSet<&str> = listed.iter().map(|report| report.egress_id.as_str()).collect();
                let is_listed = self.course.egress_id.as_deref().is_some_and(|id| ids.contains(id));
                let sighting = Sighting { listed: is_listed, recorder: self.see() };
                match self.course.sighted(sighting, moment(self.now)) {
                    Doubt::None | Doubt::Wait => {}
                    Doubt::GiveUp => self.course.over(End::NeverTaken),
                    Doubt::AskToStop => self.ask_to_stop(),
                }
            }
        }
        if self.course.to_conclude || self.course.status == Status::Uploading {
            self.conclude();
        }
    }

    /// A run that LiveKit tells of does not go on while its row says that it is over.
    fn check_unwanted(&mut self, is_told_alive: bool) {
        let is_alive = self.course.egress_id.as_ref().is_some_and(|id| self.world.egresses.is_alive(id));
        let is_unwanted = is_told_alive && is_alive && self.course.status.is_final();
        self.unwanted = if is_unwanted { self.unwanted + 1 } else { 0 };
        assert!(self.unwanted < 3, "it goes on, and nobody knows: {:#?}", self.course);
    }

    fn list(&mut self, request: &Value) -> Vec<Report> {
        let reply = self.world.egresses.list(request, moment(self.now));
        reply.body["items"].as_array().into_iter().flatten().map(|info| report(&told(info))).collect()
    }

    fn see(&self) -> Seen {
        let recorder = self.course.egress_id.as_ref().and_then(|id| self.world.rooms.get(ROOM)?.participants.get(id));
        if recorder.is_some_and(|it| it.served) { Seen::There } else { Seen::Away }
    }

    fn ask_to_stop(&mut self) {
        let Some(egress_id) = self.course.egress_id.clone().filter(|_| self.is_reachable()) else { return };
        let about = json!({ "egress_id": egress_id });
        let reply = self.world.egresses.stop(&about, moment(self.now));
        let found = match reply.status {
            200 => Some(report(&told(&reply.body))),
            412 => self.list(&about).pop().filter(|report| !report.is_going_on()),
            _ => None,
        };
        match found {
            Some(report) => self.hear(&report),
            None => self.course.stop_went_unheard(self.see()),
        }
        if self.course.to_conclude {
            self.conclude();
        }
    }

    fn conclude(&mut self) {
        let Some(end) = self.course.end else { return };
        let object = self.world.shelf.objects.get(&self.path());
        let object = match (self.store_is_up, object) {
            (false, _) => Object::Unknown,
            (true, None) => Object::Absent,
            (true, Some(bytes)) => Object::There(bytes.len() as u64),
        };
        let backup = self.world.shelf.rescued.get(&format!("/rescue/{}", self.path()));
        let backup = backup.map_or(Backup::Empty, |bytes| Backup::Holds(bytes.len() as u64));
        let (backup_told, told_size) = (self.course.backup_told, self.course.told_size);
        let conclusion = conclude(end, Evidence { object, backup, backup_told, told_size }, &self.course.error);
        self.course.to_conclude = false;
        if self.course.status.may_become(conclusion.status) {
            self.course.advance(conclusion.status);
            self.size = conclusion.size;
            let status = self.course.status;
            self.first_end = self.first_end.or(Some(status).filter(|status| status.is_final()));
        }
    }

    fn rescue(&mut self) {
        let (path, copy) = (self.path(), format!("/rescue/{}", self.path()));
        if !self.rescues || self.world.shelf.trouble.is_some() || self.course.end.is_none() {
            return;
        }
        let Some(bytes) = self.world.shelf.rescued.get(&copy).cloned() else { return };
        self.world.shelf.objects.insert(path, bytes);
        self.conclude();
        if self.course.status.has_file() {
            self.world.shelf.rescued.remove(&copy);
        }
    }

    /// What is wrong in the end.
    fn check(&self) {
        let (course, status) = (&self.course, self.course.status);
        assert!(self.world.egresses.alive().is_empty(), "the script ends every run");
        assert!(status.is_final() && !course.to_conclude, "it holds its meeting, or waits for nothing: {course:#?}");
        let object = self.world.shelf.objects.get(&self.path()).map(|bytes| bytes.len() as u64);
        assert_eq!(object, self.size.filter(|_| status.has_file()), "{course:#?}");
        assert!(
            self.world.shelf.rescued.keys().all(|path| !path.ends_with(".mp4")),
            "a file is left behind: {course:#?}"
        );
        if let Some(end) = course.end.filter(|end| end.is_told()) {
            let deserved = match (end, object) {
                (End::Complete, _) => Status::Complete,
                (End::Aborted, None) => Status::Aborted,
                (_, Some(_)) => Status::Partial,
                (_, None) => Status::Failed,
            };
            let is_stuck = self.first_end.is_some_and(|first| first == status && !first.may_become(deserved));
            assert!(status == deserved || is_stuck, "it deserves {deserved}: {course:#?}");
        }
    }
}

/// What LiveKit says, read as the house reads it.
fn report(info: &Value) -> Report {
    let body = json!({ "id": "EV_1", "event": "egress_updated", "createdAt": "1795000000", "egressInfo": info });
    read_stored(&body.to_string()).unwrap().recorder.unwrap()
}
