//! All runs of all workers, and the calls about them.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::model::recording::Phase;

use super::{
    info::{About, name},
    request::{Invalid, Request},
    run::{Desk, Effect, Ending, Run, refusal},
    upload::{Trouble, Write},
};

/// How long LiveKit waits for a worker to say yes, and for one to answer.
const NOBODY_AFTER: Duration = Duration::from_secs(21);
const SILENCE_AFTER: Duration = Duration::from_secs(3);
/// How long LiveKit lists a run that is over.
const LISTED_FOR: TimeDelta = TimeDelta::hours(24);

/// What the model has to know of a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Whether it is open.
    pub open: bool,
    /// Whether somebody is in it who is worth recording; recorders are not.
    pub somebody: bool,
}

/// An answer of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    /// How long LiveKit takes for it. In simulated time nobody needs to wait.
    pub after: Duration,
}

impl Reply {
    fn new(status: u16, body: Value, after: Duration) -> Self {
        Self { status, body, after }
    }

    fn ok(body: Value, after: Duration) -> Self {
        Self::new(200, body, after)
    }

    /// No worker takes it: there is none, or none has the CPU for it.
    fn nobody() -> Self {
        let body = refusal("unavailable", "twirp error unknown: no response from servers");
        Self::new(503, body, NOBODY_AFTER)
    }

    fn unknown(after: Duration) -> Self {
        Self::new(404, refusal("not_found", "twirp error unknown: egress does not exist"), after)
    }
}

/// The workers, their runs, and what LiveKit's Redis says of them.
pub struct Egresses {
    pub(super) runs: BTreeMap<String, Run>,
    pub(super) desk: Desk,
    pub(super) worker_is_up: bool,
    pub(super) slots: Option<usize>,
}

impl Default for Egresses {
    /// One worker with room for any number of runs, and no backup folder.
    fn default() -> Self {
        Self { runs: BTreeMap::new(), desk: Desk::new(), worker_is_up: true, slots: None }
    }
}

impl Egresses {
    /// `StartRoomCompositeEgress`. `room_sid` is the open room's, `egress_id` what the run will be called.
    pub fn start(&mut self, body: &Value, room_sid: Option<&str>, egress_id: &str, now: DateTime<Utc>) -> Reply {
        let room_name = body["room_name"].as_str().unwrap_or_default();
        if room_sid.is_none() && !room_name.is_empty() {
            let body = refusal("not_found", "twirp error unknown: requested room does not exist");
            return Reply::new(404, body, Duration::ZERO);
        }
        let running = self.runs.values().filter(|run| run.alive).count();
        if !self.worker_is_up || self.slots.is_some_and(|slots| running >= slots) {
            return Reply::nobody();
        }
        let request = match Request::read(body) {
            Ok(request) => request,
            Err(Invalid(field)) => {
                let msg = format!("twirp error unknown: request has missing or invalid field: {field}");
                return Reply::new(400, refusal("invalid_argument", &msg), Duration::from_millis(50));
            }
        };
        let room_sid = room_sid.unwrap_or_default().to_owned();
        let about = About { egress_id: egress_id.to_owned(), room_sid, request };
        let run = Run::start(about, &mut self.desk, now);
        let answer = run.listed().unwrap_or_default();
        self.runs.insert(egress_id.to_owned(), run);
        Reply::ok(answer, Duration::from_millis(600))
    }

    /// `StopEgress`.
    pub fn stop(&mut self, body: &Value, now: DateTime<Utc>) -> Reply {
        let egress_id = body["egress_id"].as_str().unwrap_or_default();
        let Some(run) = self.runs.get_mut(egress_id) else { return Reply::unknown(SILENCE_AFTER) };
        if run.alive {
            run.end(Ending::Asked, &mut self.desk, now);
            return Reply::ok(run.answer(), Duration::from_millis(20));
        }
        // Nobody answers; what LiveKit says then is what its Redis says.
        match run.stored.as_ref().map(|info| info.phase) {
            None => Reply::unknown(SILENCE_AFTER),
            Some(Phase::Starting | Phase::Active) => {
                let body = refusal("deadline_exceeded", "twirp error unknown: request timed out");
                Reply::new(408, body, SILENCE_AFTER)
            }
            Some(phase) => {
                let msg = format!("egress with status {} cannot be stopped", name(phase));
                Reply::new(412, refusal("failed_precondition", &msg), SILENCE_AFTER)
            }
        }
    }

    /// `ListEgress`.
    pub fn list(&mut self, body: &Value, now: DateTime<Utc>) -> Reply {
        self.sweep(now);
        let items: Vec<Value> = if let Some(egress_id) = body["egress_id"].as_str().filter(|id| !id.is_empty()) {
            match self.runs.get(egress_id).and_then(Run::listed) {
                Some(listed) => vec![listed],
                None => return Reply::unknown(Duration::ZERO),
            }
        } else {
            let room_name = body["room_name"].as_str().filter(|name| !name.is_empty());
            let wanted = |run: &&Run| {
                let over = run.stored.as_ref().is_some_and(|info| info.is_over());
                let there = room_name.is_none_or(|name| run.indexed && run.about.request.room_name == name);
                there && !(over && body["active"] == true)
            };
            self.runs.values().filter(wanted).filter_map(Run::listed).collect()
        };
        Reply::ok(json!({ "items": items, "next_page_token": null }), Duration::ZERO)
    }

    fn sweep(&mut self, now: DateTime<Utc>) {
        let old = |run: &Run| {
            let over = run.stored.as_ref().filter(|info| info.is_over());
            over.and_then(|info| info.ended).is_some_and(|ended| ended + LISTED_FOR < now)
        };
        self.runs.retain(|_, run| !old(run));
    }

    /// The names of the rooms that somebody should say how they are: those with runs that are not over.
    pub fn rooms(&self) -> Vec<String> {
        let alive = self.runs.values().filter(|run| run.alive);
        let mut names: Vec<String> = alive.map(|run| run.about.request.room_name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// How a room is.
    pub fn see(&mut self, room_name: &str, room: Room, now: DateTime<Utc>) {
        self.desk.rooms.insert(room_name.to_owned(), room);
        for run in self.runs.values_mut().filter(|run| run.about.request.room_name == room_name) {
            run.look(&mut self.desk, now);
        }
    }

    /// Lets happen what is due, up to the first thing that the caller has to do something about: call it again then.
    pub fn tick(&mut self, now: DateTime<Utc>) {
        while self.desk.effects.is_empty()
            && let Some((at, egress_id, step)) = self.desk.due(now)
        {
            if let Some(run) = self.runs.get_mut(&egress_id) {
                run.step(step, &mut self.desk, at);
            }
        }
    }

    /// How a write went.
    pub fn written(&mut self, write: &Write, result: Result<(), Trouble>, at: DateTime<Utc>) {
        if let Some(run) = self.runs.get_mut(&write.egress_id) {
            run.written(write.id, result, &mut self.desk, at);
        }
    }

    /// What the caller has to do by now, in order.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.desk.effects)
    }

    /// Whether such a run records, or waits to.
    pub fn is_alive(&self, egress_id: &str) -> bool {
        self.runs.get(egress_id).is_some_and(|run| run.alive)
    }

    /// The ids of the runs that record, or wait to.
    pub fn alive(&self) -> Vec<String> {
        self.runs.iter().filter(|(_, run)| run.alive).map(|(id, _)| id.clone()).collect()
    }
}
