//! What can go wrong with workers, with LiveKit and with its Redis.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    egresses::Egresses,
    run::{Browser, Ending},
};

impl Egresses {
    /// Workers have room for so many runs; none for any number.
    pub fn set_slots(&mut self, slots: Option<usize>) {
        self.slots = slots;
    }

    /// Where files go that storage does not take, as `backup.prefix` has it.
    pub fn set_backup(&mut self, prefix: Option<&str>) {
        self.desk.backup = prefix.map(str::to_owned);
    }

    /// The longest recording, as `session_limits` has it.
    pub fn set_limit(&mut self, limit: Option<TimeDelta>) {
        self.desk.limit = limit;
    }

    /// What stands before the key in a `location`.
    pub fn set_site(&mut self, site: &str) {
        site.clone_into(&mut self.desk.site);
    }

    /// There is no worker; none was there that runs would miss.
    pub fn remove_worker(&mut self) {
        self.worker_is_up = false;
    }

    /// A worker starts. It knows nothing of runs that were there before it.
    pub fn start_worker(&mut self) {
        self.worker_is_up = true;
    }

    /// `kill -9` of the worker and everything below it: its runs stay as they are listed, for ever.
    pub fn kill_worker(&mut self, now: DateTime<Utc>) {
        self.worker_is_up = false;
        for run in self.runs.values_mut() {
            run.lose_worker(&mut self.desk, now);
        }
    }

    /// `kill -9` of the process of one run: its worker says so at once.
    pub fn kill_handler(&mut self, egress_id: &str, now: DateTime<Utc>) {
        if let Some(run) = self.runs.get_mut(egress_id) {
            run.lose_handler(&mut self.desk, now);
        }
    }

    /// SIGINT to the worker: it takes nothing new, ends what runs, uploads it, and calls it failed.
    pub fn interrupt_worker(&mut self, now: DateTime<Utc>) {
        self.worker_is_up = false;
        for run in self.runs.values_mut() {
            run.end(Ending::Killed, &mut self.desk, now);
        }
    }

    /// Redis is there or is not. While it is not, workers cannot say anything, and say it later.
    pub fn set_redis_down(&mut self, down: bool, now: DateTime<Utc>) {
        self.desk.redis_is_down = down;
        self.say_all(now);
    }

    /// Redis is empty: nothing is listed until its worker says something of it, and nothing is found by its room again.
    pub fn lose_redis(&mut self) {
        for run in self.runs.values_mut() {
            run.stored = None;
            run.indexed = false;
        }
    }

    /// A recorder is put out of its room, or its room ends.
    pub fn put_out(&mut self, egress_id: &str, now: DateTime<Utc>) {
        if let Some(run) = self.runs.get_mut(egress_id) {
            run.end(Ending::SourceClosed, &mut self.desk, now);
        }
    }

    /// LiveKit was killed: browsers are cut off, and try to come back.
    pub fn lose_livekit(&mut self, now: DateTime<Utc>) {
        self.desk.livekit_is_down = true;
        for run in self.runs.values_mut() {
            run.lose_livekit(&mut self.desk, now);
        }
    }

    /// LiveKit is back.
    pub fn find_livekit(&mut self, now: DateTime<Utc>) {
        self.desk.livekit_is_down = false;
        self.say_all(now);
    }

    /// Whether this recorder was cut off from its room, and is not back.
    pub fn is_cut_off(&self, egress_id: &str) -> bool {
        self.runs.get(egress_id).is_some_and(|run| matches!(run.browser, Browser::CutOff(_)))
    }

    fn say_all(&mut self, now: DateTime<Utc>) {
        for run in self.runs.values_mut() {
            run.say_all(&mut self.desk, now);
        }
    }
}
