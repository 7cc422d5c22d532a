//! One world, told from its beginning to its end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta};
use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    post::Post,
    script::{self, Act, Who},
};
use crate::{
    attendance::{Ledger, Record},
    house::TestHouse,
    livekit_model::world::{DEPARTURE_TIMEOUT_MS, Event, Presence},
};

/// The worlds begin on a round second in November 2026.
const BEGINNING_MS: i64 = 1_795_000_000_000;
/// How finely time passes: what happens within such a span is dealt with together.
const SPAN_MS: i64 = 1_000;
const RECONCILE_EVERY_MS: i64 = 30_000;
/// Within this time the record is right again, whatever was lost.
const SETTLED_AFTER_MS: i64 = 45_000;
const CHECK_EVERY_MS: i64 = 15_000;
/// After this time even a room that a killed LiveKit left in its list is over.
const LEFTOVERS_END_MS: i64 = 600_000;

/// How much was told.
pub struct Told {
    pub events: usize,
    pub deliveries: usize,
}

enum Happening {
    Act(Act),
    Delivery(Event),
}

/// A world under way.
pub struct Run {
    rng: StdRng,
    house: TestHouse,
    post: Post,
    ledger: Ledger,
    queue: BTreeMap<(i64, usize), Happening>,
    queued: usize,
    now: i64,
    next_reconcile: i64,
    next_check: i64,
    livekit_is_up: bool,
    /// When LiveKit or its Redis was last seen to be away.
    last_trouble: i64,
    /// When something about a participant was last delivered.
    last_heard: BTreeMap<String, i64>,
    told: Told,
}

impl Run {
    /// Tells the world of this seed, and fails when the record is not what happened in it.
    pub async fn tell(seed: u64, rooms: usize) -> Told {
        let mut run = Self::begin(seed, rooms).await;
        run.pass_until_nothing_is_planned().await;
        run.everybody_leaves();
        // Rooms whose last one has left end some seconds later, and tell so.
        run.pass_until(run.now + DEPARTURE_TIMEOUT_MS + SPAN_MS).await;
        run.pass_until_nothing_is_planned().await;

        run.pass_until(run.now + SETTLED_AFTER_MS).await;
        run.check_everything().await;
        run.check_that_nothing_lasts().await;
        run.told
    }

    async fn begin(seed: u64, rooms: usize) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let beginning = DateTime::from_timestamp_millis(BEGINNING_MS).expect("a date of this era");
        let house = TestHouse::open(beginning).await;
        house.livekit.world().name = format!("w{seed}x");
        for number in 0..rooms {
            house.meeting(&format!("room-{number}")).await;
        }

        let acts = script::write(&mut rng, rooms);
        let post = Post::new(&mut rng);
        let next_reconcile = BEGINNING_MS + rng.random_range(0..RECONCILE_EVERY_MS);
        let mut run = Self {
            rng,
            house,
            post,
            ledger: Ledger::default(),
            queue: BTreeMap::new(),
            queued: 0,
            now: BEGINNING_MS,
            next_reconcile,
            next_check: BEGINNING_MS + CHECK_EVERY_MS,
            livekit_is_up: true,
            last_trouble: 0,
            last_heard: BTreeMap::new(),
            told: Told { events: 0, deliveries: 0 },
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

    async fn pass_until_nothing_is_planned(&mut self) {
        while let Some((&(at, _), _)) = self.queue.first_key_value() {
            self.pass_until(at).await;
        }
    }

    /// Whoever had to wait for LiveKit may have come after they were to leave.
    fn everybody_leaves(&mut self) {
        let now = self.now;
        let still_there: Vec<Who> = self.who(|it| it.left_ms.is_none());
        for Who { room, identity } in still_there {
            self.house.livekit.world().leave(&room, &identity, "CLIENT_INITIATED", now);
        }
        self.send();
    }

    fn who(&self, chosen: impl Fn(&Presence) -> bool) -> Vec<Who> {
        let world = self.house.livekit.world();
        let chosen = world.presences.iter().filter(|it| chosen(it));
        chosen.map(|it| Who { room: it.room.clone(), identity: it.identity.clone() }).collect()
    }

    /// What happened within the span is dealt with at its end.
    async fn pass_span(&mut self) {
        let mut deliveries = Vec::new();
        while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let at = entry.key().0;
            match entry.remove() {
                Happening::Act(act) => self.act(at, act).await,
                Happening::Delivery(event) => deliveries.push(event),
            }
        }
        self.house.livekit.world().tick(self.now);
        self.send();

        self.house.advance_to(DateTime::from_timestamp_millis(self.now).expect("a date of this era"));
        self.deliver(deliveries).await;
        if self.next_reconcile <= self.now {
            self.next_reconcile += RECONCILE_EVERY_MS;
            self.reconcile().await;
        }
        if self.next_check <= self.now {
            self.next_check += CHECK_EVERY_MS;
            self.check_who_is_there().await;
        }
    }

    async fn act(&mut self, at: i64, act: Act) {
        match act {
            Act::Join(_) if !self.is_reachable() => self.plan(at + 1_000, Happening::Act(act)),
            Act::Join(Who { room, identity }) => self.house.livekit.world().join(&room, &identity, at),
            Act::Leave(Who { room, identity }, reason) => {
                self.house.livekit.world().leave(&room, &identity, reason, at);
            }
            Act::Publish(who) => self.tell_track("track_published", &who, at),
            Act::Unpublish(who) => self.tell_track("track_unpublished", &who, at),
            Act::Delete { room } if self.is_reachable() => self.house.livekit.world().delete(&room, at),
            Act::Delete { .. } => {}
            Act::Kill => {
                self.house.livekit.world().kill(at);
                self.go_down(at, 0.7).await;
            }
            Act::Terminate => {
                self.house.livekit.world().terminate(at);
                self.go_down(at, 0.7).await;
            }
            Act::Start => {
                self.house.livekit.come_back().await;
                self.livekit_is_up = true;
            }
            Act::RedisGoes => self.house.livekit.world().redis_is_down = true,
            Act::RedisReturns => {
                self.house.livekit.world().lose_redis(at);
                self.come_back(at, 1.0);
            }
        }
        self.send();
    }

    /// Joins wait for as long as LiveKit cannot take anybody in.
    fn is_reachable(&self) -> bool {
        self.livekit_is_up && !self.house.livekit.world().redis_is_down
    }

    fn tell_track(&self, name: &'static str, who: &Who, at: i64) {
        self.house.livekit.world().tell_track(name, &who.room, &who.identity, at);
    }

    /// The process is gone, and with it what it had not delivered; of its clients, so many come back later.
    async fn go_down(&mut self, at: i64, returning: f64) {
        self.send();
        self.house.livekit.go_away().await;
        self.livekit_is_up = false;
        // What was about to arrive within this span is on its way already.
        let now = self.now;
        self.queue.retain(|(due, _), happening| *due <= now || matches!(happening, Happening::Act(_)));
        self.come_back(at, returning);
    }

    /// Everybody who was cut off at this moment tries again soon, or never.
    fn come_back(&mut self, at: i64, returning: f64) {
        let cut_off = self.who(|it| it.left_ms.is_none_or(|left| left == at));
        for who in cut_off {
            if self.rng.random_bool(returning) {
                let tries = at + self.rng.random_range(2_000..4_000);
                let goes = tries + self.rng.random_range(5_000..60_000);
                self.plan(tries, Happening::Act(Act::Join(who.clone())));
                self.plan(goes, Happening::Act(Act::Leave(who, "CLIENT_INITIATED")));
            }
        }
    }

    /// Gives what LiveKit has to tell to the post.
    fn send(&mut self) {
        let events = self.house.livekit.world().take_events();
        self.told.events += events.len();
        for event in events {
            for arrival in self.post.arrivals(&mut self.rng, &event) {
                // A room may have ended, or a recorder begun, within the span that has just passed.
                self.plan(arrival.max(self.now + 1), Happening::Delivery(event.clone()));
            }
        }
    }

    async fn deliver(&mut self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let signed: Vec<_> = events.iter().map(|event| self.house.livekit.sign(&event.body)).collect();
        let answers = join_all(signed.iter().map(|webhook| self.house.deliver(webhook))).await;
        for (event, answer) in events.iter().zip(answers) {
            answer.unwrap_or_else(|err| panic!("{} is refused: {err}", event.id));
            self.ledger.note_delivery(&event.body);
            self.last_heard.extend(event.participant_sid.clone().map(|sid| (sid, self.now)));
        }
        self.told.deliveries += events.len();
        self.house.apply_all().await;
    }

    async fn reconcile(&mut self) {
        let reachable = self.is_reachable();
        let outcome = self.house.reconcile().await;
        if reachable {
            outcome.expect("LiveKit answers");
            self.ledger.note_listing(&self.house.livekit.world());
        } else {
            outcome.expect_err("nobody answers");
        }
    }

    /// While the world goes on: whoever came or went long enough ago is recorded so.
    async fn check_who_is_there(&mut self) {
        if !self.is_reachable() {
            self.last_trouble = self.now;
        }
        let settled = self.now - SETTLED_AFTER_MS;
        if self.last_trouble > settled {
            return;
        }
        let record = Record::read(&self.house.pool).await;
        let present = record.present();
        let world = self.house.livekit.world();
        for presence in &world.presences {
            let sid = presence.sid.as_str();
            let is_recorded_as_there = present.contains(&sid);
            match presence.left_ms {
                None if presence.joined_ms < settled => {
                    assert!(is_recorded_as_there, "{sid} is not recorded as there: {presence:?}");
                }
                Some(left) if left < settled && self.last_heard.get(sid).is_none_or(|heard| *heard < settled) => {
                    assert!(!is_recorded_as_there, "{sid} is still recorded as there: {presence:?}");
                }
                _ => {}
            }
        }
    }

    async fn check_everything(&self) {
        self.house.check_inbox().await;
        let record = Record::read(&self.house.pool).await;
        let differences = record.differences(&self.house.livekit.world(), &self.ledger);
        assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
        assert_eq!(record.present(), Vec::<&str>::new(), "somebody is there for ever");

        let noted: Vec<Option<String>> = sqlx::query_scalar("select livekit_event_id from analytics")
            .fetch_all(&self.house.pool)
            .await
            .expect("analytics can be read");
        let count = noted.len();
        let noted: BTreeSet<String> = noted.into_iter().flatten().collect();
        let apart: Vec<&String> = noted.symmetric_difference(&self.ledger.events).collect();
        assert!(apart.is_empty() && noted.len() == count, "analytics and deliveries differ in {apart:?}, {count} rows");
    }

    async fn check_that_nothing_lasts(&mut self) {
        self.house.clock.advance(TimeDelta::milliseconds(LEFTOVERS_END_MS));
        self.house.reconcile().await.expect("LiveKit answers");

        let record = Record::read(&self.house.pool).await;
        assert_eq!(record.open(), Vec::<&str>::new(), "a room is open for ever");
    }
}
