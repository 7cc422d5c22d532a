//! Recorded histories of a real LiveKit, played to the house: attendance is right in every one.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use sqlx::Row;

use crate::{
    attendance::{Ledger, Record},
    house::TestHouse,
    livekit_model::trace::{self, Step, Trace, What},
};

const RECONCILE_EVERY: TimeDelta = TimeDelta::seconds(30);

/// A trace under way.
struct Play {
    house: TestHouse,
    ledger: Ledger,
    next_reconcile: DateTime<Utc>,
    livekit_is_up: bool,
}

impl Play {
    /// Opens a house at the trace's beginning; the first comparison comes `phase` later.
    async fn open(trace: &Trace, phase: TimeDelta) -> Self {
        let house = TestHouse::open(trace.epoch()).await;
        let mut names: Vec<String> = trace
            .of_kind("webhook")
            .filter_map(|line| line["body"]["room"]["name"].as_str().map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        // One was opened without a name, which is nobody's meeting.
        for name in names.iter().filter(|name| !name.is_empty()) {
            house.meeting(name).await;
        }
        trace.prepare(&mut house.livekit.world());
        let next_reconcile = trace.epoch() + phase;
        Self { house, ledger: Ledger::default(), next_reconcile, livekit_is_up: true }
    }

    async fn run(&mut self, steps: Vec<Step>) {
        for step in steps {
            self.wait_until(step.at).await;
            self.take(step.what).await;
        }
    }

    /// Lets time pass, with the comparisons that fall into it.
    async fn wait_until(&mut self, moment: DateTime<Utc>) {
        while self.next_reconcile <= moment {
            self.house.advance_to(self.next_reconcile);
            self.reconcile().await;
            self.next_reconcile += RECONCILE_EVERY;
        }
        self.house.advance_to(moment);
    }

    async fn reconcile(&mut self) {
        let redis_is_down = self.house.livekit.world().redis_is_down;
        let outcome = self.house.reconcile().await;
        if self.livekit_is_up && !redis_is_down {
            outcome.expect("LiveKit answers");
            self.ledger.note_listing(&self.house.livekit.world());
        } else {
            outcome.expect_err("nobody answers");
        }
    }

    async fn take(&mut self, what: What) {
        let now = self.house.livekit.now();
        match what {
            What::Change(body) => trace::change(&mut self.house.livekit.world(), &body),
            What::Deliver(body) => {
                let webhook = self.house.livekit.sign(&body);
                self.house.deliver(&webhook).await.unwrap();
                self.ledger.note_delivery(&body);
                self.house.apply_all().await;
            }
            What::Killed => {
                self.house.livekit.world().kill(now);
                self.down().await;
            }
            What::Terminated => {
                self.house.livekit.world().terminate(now);
                self.down().await;
            }
            What::StartedAgain => {
                self.house.livekit.come_back().await;
                self.livekit_is_up = true;
            }
            What::RedisStopped => self.house.livekit.world().redis_is_down = true,
            What::RedisBackEmpty => self.house.livekit.world().lose_redis(now),
        }
    }

    async fn down(&mut self) {
        self.house.livekit.go_away().await;
        self.livekit_is_up = false;
    }

    /// What differs from the truth, told with the trace's name.
    async fn check(&self, name: &str) {
        let record = Record::read(&self.house.pool).await;
        let differences = record.differences(&self.house.livekit.world(), &self.ledger);
        assert!(differences.is_empty(), "{name}:\n{}", differences.join("\n"));
    }

    /// Everybody goes without a word; the comparisons must find out.
    async fn end(mut self, name: &str) {
        let now = self.house.clock.now();
        self.house.livekit.world().vanish_silently(now.timestamp_millis());
        self.wait_until(now + TimeDelta::seconds(60)).await;

        let record = Record::read(&self.house.pool).await;
        assert_eq!(record.present(), Vec::<&str>::new(), "{name}: somebody is there for ever");
        assert_eq!(record.open(), Vec::<&str>::new(), "{name}: a room is open for ever");
        self.check(name).await;
        no_secret_is_kept(&self.house, name).await;
        self.house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_history_leads_to_the_right_attendance() {
    let _turn = crate::alone::take_turn().await;
    let traces = trace::all();
    assert_eq!(traces.len(), 21);
    // Where the comparisons fall must not matter.
    let plays = traces.iter().flat_map(|trace| [0, 9, 18, 27].map(|phase| play(trace, phase)));
    stream::iter(plays).buffer_unordered(4).collect::<Vec<()>>().await;
}

/// Plays one trace; the first comparison comes `phase` seconds after its beginning.
async fn play(trace: &Trace, phase: i64) {
    let name = format!("{}, compared from second {phase}", trace.name);
    let mut play = Play::open(trace, TimeDelta::seconds(phase)).await;
    play.run(trace.steps()).await;

    let settled = play.house.clock.now() + TimeDelta::seconds(45);
    play.wait_until(settled).await;
    play.check(&name).await;
    play.end(&name).await;
}

/// Whatever LiveKit calls a password, in a webhook or a listing, is nowhere in the database.
async fn no_secret_is_kept(house: &TestHouse, name: &str) {
    let tables: Vec<String> =
        sqlx::query_scalar("select table_name::text from information_schema.tables where table_schema = 'public'")
            .fetch_all(&house.pool)
            .await
            .unwrap();
    for table in tables {
        let question = sqlx::AssertSqlSafe(format!(
            "select count(*) as found from {table} as row where row::text ilike '%turn%password%'"
        ));
        let found: i64 = sqlx::query(question).fetch_one(&house.pool).await.unwrap().get("found");
        assert_eq!(found, 0, "{name}: `{table}` keeps a TURN password");
    }
}
