//! The story of one recorded run: everything that a real LiveKit said of it, in whichever trace, and what it answered.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::livekit_model::trace::{Step, Trace, What};

/// Something that happens in a story.
pub enum Happens {
    /// To LiveKit, or at the receiver of its webhooks.
    There(What),
    /// Somebody asks for the recording.
    Start,
    /// Somebody asks for its end.
    Stop,
    WorkerKilled,
}

/// A run as it was recorded.
pub struct Story {
    pub room_name: String,
    pub begins: DateTime<Utc>,
    pub happens: Vec<(DateTime<Utc>, Happens)>,
    pub egress: Arc<Mutex<Egress>>,
    /// What LiveKit calls the run; empty for one that nobody took on.
    pub egress_id: String,
    /// The path as the trace has it.
    filepath: String,
}

/// What LiveKit would answer about the run at the moment.
pub struct Egress {
    started: (u16, Value),
    stopped: Option<Value>,
    /// As LiveKit lists it; none while it is not listed.
    pub listed: Option<Value>,
    worker_is_gone: bool,
    /// The path that we asked for; the trace's own stands for it.
    pub path: String,
    filepath: String,
    /// Whether somebody is asking for its end.
    pub is_stopping: bool,
    /// How often a run that was to go on was asked to stop.
    pub unwanted_stops: usize,
}

impl Story {
    /// The story of the `number`th start that a trace tells of.
    pub fn of(traces: &[Trace], name: &str, number: usize) -> Self {
        let trace = traces.iter().find(|trace| trace.name == name).expect("a trace of that name");
        let starts = trace.of_kind("call").filter(|line| line["method"] == "StartRoomCompositeEgress");
        let start = starts.into_iter().nth(number).expect("so many starts");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let egress_id = text(&start["response"]["egress_id"]);
        let filepath = text(&start["request"]["file_outputs"][0]["filepath"]);

        let mut happens = vec![(asked(trace, start), Happens::Start)];
        let stop = trace.of_kind("call").find(|line| {
            line["method"] == "StopEgress" && line["status"] == 200 && line["request"]["egress_id"] == *egress_id
        });
        happens.extend(stop.map(|line| (asked(trace, line), Happens::Stop)));
        let killed = trace.of_kind("note").filter(|line| line["text"] == "worker and handlers killed");
        happens.extend(killed.map(|line| (asked(trace, line), Happens::WorkerKilled)));
        for other in traces {
            let steps = other.steps().into_iter().filter(|step| other.name == name || is_about(step, &egress_id));
            happens.extend(steps.map(|step| (step.at, Happens::There(step.what))));
        }
        happens.sort_by_key(|(at, _)| *at);

        let egress = Egress {
            started: (start["status"].as_u64().unwrap() as u16, start["response"].clone()),
            stopped: stop.map(|line| line["response"].clone()),
            listed: None,
            worker_is_gone: false,
            path: String::new(),
            filepath: filepath.clone(),
            is_stopping: false,
            unwanted_stops: 0,
        };
        let room_name = text(&start["request"]["room_name"]);
        let egress = Arc::new(Mutex::new(egress));
        Self { room_name, begins: trace.epoch(), happens, egress, egress_id, filepath }
    }

    /// The same with our path in place of the trace's, when it is about this run.
    pub fn ours(&self, body: &Value) -> Value {
        let about = body["egressInfo"]["egressId"].as_str();
        if about != Some(&self.egress_id) || self.egress_id.is_empty() {
            return body.clone();
        }
        let path = &self.egress.lock().unwrap().path;
        serde_json::from_str(&body.to_string().replace(&self.filepath, path)).unwrap()
    }
}

impl Egress {
    /// Answers a method.
    pub fn answer(&mut self, method: &str, request: &Value) -> (u16, Value) {
        match method {
            "StartRoomCompositeEgress" => {
                self.path = request["file_outputs"][0]["filepath"].as_str().unwrap().to_owned();
                let (status, body) = self.started.clone();
                let body = self.ours(&body);
                self.listed = (status == 200).then(|| body.clone());
                (status, body)
            }
            "StopEgress" => self.stop(),
            "ListEgress" if request["egress_id"].is_string() && self.listed.is_none() => {
                (404, json!({ "code": "not_found", "msg": "twirp error unknown: egress does not exist" }))
            }
            "ListEgress" => (200, json!({ "items": Vec::from_iter(&self.listed), "next_page_token": null })),
            other => panic!("nobody should ask for {other}"),
        }
    }

    fn stop(&mut self) -> (u16, Value) {
        let status = self.listed.as_ref().map(|info| info["status"].as_str().unwrap_or("EGRESS_STARTING").to_owned());
        let refused = |status, code: &str, msg: &str| (status, json!({ "code": code, "msg": msg }));
        match status.as_deref() {
            None => refused(404, "not_found", "twirp error unknown: egress does not exist"),
            Some("EGRESS_STARTING" | "EGRESS_ACTIVE") if self.worker_is_gone => {
                refused(408, "deadline_exceeded", "twirp error unknown: request timed out")
            }
            Some("EGRESS_STARTING" | "EGRESS_ACTIVE" | "EGRESS_ENDING") => match &self.stopped {
                Some(body) if self.is_stopping => (200, self.ours(body)),
                _ => {
                    self.unwanted_stops += 1;
                    (200, self.listed.clone().unwrap())
                }
            },
            Some(status) => {
                refused(412, "failed_precondition", &format!("egress with status {status} cannot be stopped"))
            }
        }
    }

    fn ours(&self, body: &Value) -> Value {
        serde_json::from_str(&body.to_string().replace(&self.filepath, &self.path)).unwrap()
    }

    /// The worker and everything below it are gone.
    pub fn lose_worker(&mut self) {
        self.worker_is_gone = true;
    }
}

/// Calls are written down when they were answered.
fn asked(trace: &Trace, line: &Value) -> DateTime<Utc> {
    let seconds = line["t"].as_f64().unwrap() - line["took"].as_f64().unwrap_or_default();
    trace.epoch() + TimeDelta::microseconds((seconds * 1e6) as i64)
}

fn is_about(step: &Step, egress_id: &str) -> bool {
    let told = match &step.what {
        What::Change(body) => body.to_string(),
        What::Deliver(body) => body.clone(),
        _ => return false,
    };
    !egress_id.is_empty() && told.contains(egress_id)
}
