//! One run of the recorder, from its worker's yes to its end.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::model::recording::{Format, Phase};

use super::{
    egresses::Room,
    file::SEGMENT_LENGTH,
    info::{About, Info, told},
    upload::{Piece, Place, Trouble, Upload, What, Write},
};

/// From the request until the recorder is in the room.
const JOINS_AFTER: TimeDelta = TimeDelta::milliseconds(1_600);
/// From there, and from the first who comes later, until it records.
const BEGINS_AFTER: TimeDelta = TimeDelta::milliseconds(1_400);
/// From the end of a recording until its file is uploaded.
const UPLOADS_AFTER: TimeDelta = TimeDelta::milliseconds(200);
/// From the end of what came to nothing until it is told.
const ABORTED_AFTER: TimeDelta = TimeDelta::milliseconds(80);
/// Its browser does not say goodbye: LiveKit finds out.
const NOTICED_AFTER: TimeDelta = TimeDelta::milliseconds(21_200);
/// When the browser tries to be back in the room of a LiveKit that went away: first, and then every so often.
const BACK_AFTER: TimeDelta = TimeDelta::milliseconds(14_300);
const BACK_EVERY: TimeDelta = TimeDelta::seconds(7);
/// After so long it takes the room for closed.
const BACK_UNTIL: TimeDelta = TimeDelta::seconds(60);

/// What the caller has to do.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a webhook: the event's name, and what stands in it as `egressInfo`.
    Tell { name: &'static str, info: Value, at: DateTime<Utc> },
    /// The recorder comes into the room: as a hidden participant of the kind EGRESS, whose identity is the run's id.
    Join { room_name: String, egress_id: String, at: DateTime<Utc> },
    /// LiveKit finds the recorder gone from the room, if it still is there: `CONNECTION_TIMEOUT`.
    Leave { room_name: String, egress_id: String, at: DateTime<Utc> },
    /// Write this, and say how it went.
    Write(Write),
}

/// What happens to a run by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Join,
    Begin,
    Segment,
    Limit,
    Upload,
    GiveUp(String),
    Abort,
    Leave,
}

/// Why a recording ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Asked,
    SourceClosed,
    Killed,
    Limit,
}

impl Ending {
    fn details(self) -> &'static str {
        match self {
            Self::Asked => "End reason: StopEgress API",
            Self::SourceClosed => "End reason: Source closed",
            Self::Killed => "End reason: Process killed",
            Self::Limit => "End reason: Session limit reached",
        }
    }
}

/// Where the recorder's browser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    Coming,
    There,
    /// LiveKit is gone, since then.
    CutOff(DateTime<Utc>),
    Closed,
}

/// What all runs share: what is to be done when, and what is true of the world around them.
pub struct Desk {
    agenda: BTreeMap<(DateTime<Utc>, u64), (String, Step)>,
    next: u64,
    pub effects: Vec<Effect>,
    pub rooms: BTreeMap<String, Room>,
    /// Where files go that storage does not take.
    pub backup: Option<String>,
    /// The longest recording.
    pub limit: Option<TimeDelta>,
    /// What stands before the key in a `location`.
    pub site: String,
    pub redis_is_down: bool,
    pub livekit_is_down: bool,
}

impl Desk {
    /// With nothing to do.
    pub fn new() -> Self {
        Self {
            agenda: BTreeMap::new(),
            next: 0,
            effects: Vec::new(),
            rooms: BTreeMap::new(),
            backup: None,
            limit: None,
            site: "https://127.0.0.1:5000/recordings/".to_owned(),
            redis_is_down: false,
            livekit_is_down: false,
        }
    }

    /// Has something happen then.
    pub fn plan(&mut self, egress_id: &str, step: Step, at: DateTime<Utc>) {
        self.next += 1;
        self.agenda.insert((at, self.next), (egress_id.to_owned(), step));
    }

    /// The next thing that is due by `now`.
    pub fn due(&mut self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, String, Step)> {
        let entry = self.agenda.first_entry().filter(|entry| entry.key().0 <= now)?;
        let at = entry.key().0;
        let (egress_id, step) = entry.remove();
        Some((at, egress_id, step))
    }

    /// Whether nobody takes what a worker wants to say.
    fn is_deaf(&self) -> bool {
        self.redis_is_down || self.livekit_is_down
    }

    fn somebody_in(&self, room_name: &str) -> bool {
        self.rooms.get(room_name).is_some_and(|room| room.somebody)
    }
}

/// One run.
pub struct Run {
    pub about: About,
    /// As its worker wrote it down.
    first: Info,
    /// As its handler has it; that is what a stop is answered with.
    pub mine: Info,
    /// As LiveKit's Redis has it.
    pub stored: Option<Info>,
    /// Whether Redis finds it by its room.
    pub indexed: bool,
    /// Whether there is a process that runs it.
    pub alive: bool,
    pub browser: Browser,
    begins: bool,
    ending: Option<Ending>,
    upload: Upload,
    /// What could not be said yet.
    unsaid: Vec<Info>,
}

impl Run {
    /// A worker has taken it on.
    pub fn start(about: About, desk: &mut Desk, now: DateTime<Utc>) -> Self {
        let first = Info::starting(now);
        let listed = first.listed(&about);
        desk.effects.push(Effect::Tell { name: "egress_started", info: told(&listed), at: now });
        desk.plan(&about.egress_id, Step::Join, now + JOINS_AFTER);
        let mut mine = first.clone();
        // The handler starts its own clock.
        mine.started = Some(now + TimeDelta::milliseconds(60));
        Self {
            about,
            stored: Some(first.clone()),
            first,
            mine,
            indexed: true,
            alive: true,
            browser: Browser::Coming,
            begins: false,
            ending: None,
            upload: Upload::new(),
            unsaid: Vec::new(),
        }
    }

    /// Something happens by itself.
    pub fn step(&mut self, step: Step, desk: &mut Desk, at: DateTime<Utc>) {
        match step {
            Step::Leave => self.is_found_gone(desk, at),
            Step::Join if self.alive => self.join(desk, at),
            Step::Begin if self.alive => self.begin(desk, at),
            Step::Segment if self.alive && self.mine.phase == Phase::Active => {
                self.upload.segment(&self.about, &self.mine, at);
                self.write_next(desk, at);
                desk.plan(&self.about.egress_id, Step::Segment, at + SEGMENT_LENGTH);
            }
            Step::Limit if self.alive && self.mine.phase == Phase::Active => self.end(Ending::Limit, desk, at),
            Step::Upload if self.alive => self.write_next(desk, at),
            Step::GiveUp(error) if self.alive => self.fail(&error, 400, desk, at),
            Step::Abort if self.alive => {
                let phase = self.mine.phase;
                self.mine.fail(phase, "Start signal not received", 412, at);
                self.finish(desk, at);
            }
            Step::Join | Step::Begin | Step::Segment | Step::Limit | Step::Upload | Step::GiveUp(_) | Step::Abort => {}
        }
    }

    fn is_found_gone(&self, desk: &mut Desk, at: DateTime<Utc>) {
        let (room_name, egress_id) = (self.about.request.room_name.clone(), self.about.egress_id.clone());
        desk.effects.push(Effect::Leave { room_name, egress_id, at });
    }

    fn join(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        match self.browser {
            Browser::There | Browser::Closed => return,
            Browser::CutOff(since) if desk.livekit_is_down && at - since >= BACK_UNTIL => {
                return self.end(Ending::SourceClosed, desk, at);
            }
            Browser::Coming | Browser::CutOff(_) => {}
        }
        if desk.livekit_is_down {
            return desk.plan(&self.about.egress_id, Step::Join, at + BACK_EVERY);
        }
        self.browser = Browser::There;
        let (room_name, egress_id) = (self.about.request.room_name.clone(), self.about.egress_id.clone());
        // Joining opens a room that is not open.
        desk.rooms.entry(room_name.clone()).or_default().open = true;
        desk.effects.push(Effect::Join { room_name, egress_id, at });
        self.look(desk, at);
    }

    /// The room may have changed.
    pub fn look(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if !self.alive || self.browser != Browser::There {
            return;
        }
        let room_name = &self.about.request.room_name;
        if !desk.rooms.get(room_name).is_some_and(|room| room.open) {
            self.end(Ending::SourceClosed, desk, at);
        } else if self.mine.phase == Phase::Starting && desk.somebody_in(room_name) && !self.begins {
            self.begins = true;
            desk.plan(&self.about.egress_id, Step::Begin, at + BEGINS_AFTER);
        }
    }

    fn begin(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if self.mine.phase != Phase::Starting {
            return;
        }
        self.mine.phase = Phase::Active;
        self.mine.updated = at;
        self.mine.outcome.started = Some(at);
        self.say(desk, at);
        if let Some(limit) = desk.limit {
            desk.plan(&self.about.egress_id, Step::Limit, at + limit);
        }
        if self.about.request.output.format == Format::Hls {
            desk.plan(&self.about.egress_id, Step::Segment, at + SEGMENT_LENGTH);
        }
    }

    /// It is to end; the first reason counts.
    pub fn end(&mut self, ending: Ending, desk: &mut Desk, at: DateTime<Utc>) {
        if self.ending.is_some() || !self.alive || self.mine.is_over() {
            return;
        }
        self.ending = Some(ending);
        ending.details().clone_into(&mut self.mine.details);
        self.close_browser(desk, at);
        let began = self.mine.outcome.started.is_some();
        if !began {
            self.mine.outcome.started = Some(at);
        }
        match ending {
            _ if !began => {
                self.mine.fail(Phase::Aborted, "Stop called before pipeline could start", 412, at);
                desk.plan(&self.about.egress_id, Step::Abort, at + ABORTED_AFTER);
            }
            Ending::Limit => self.mine.fail(Phase::LimitReached, "Session limit reached", 413, at),
            Ending::Asked | Ending::SourceClosed | Ending::Killed => {
                self.mine.phase = Phase::Ending;
                self.mine.updated = at;
                self.say(desk, at);
            }
        }
        self.mine.outcome.ended = Some(at);
        if began {
            self.upload.close(&self.about, &self.mine);
            desk.plan(&self.about.egress_id, Step::Upload, at + UPLOADS_AFTER);
        }
    }

    fn close_browser(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if self.browser == Browser::There {
            desk.plan(&self.about.egress_id, Step::Leave, at + NOTICED_AFTER);
        }
        self.browser = Browser::Closed;
    }

    fn write_next(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if self.upload.under_way.is_some() {
            return;
        }
        let Some(piece) = self.upload.todo.pop_front() else {
            if self.upload.closing {
                self.conclude(desk, at);
            }
            return;
        };
        desk.next += 1;
        let id = desk.next;
        let place = if self.upload.storage_failed { Place::Backup } else { Place::Storage };
        desk.effects.push(Effect::Write(Write {
            id,
            egress_id: self.about.egress_id.clone(),
            place,
            path: full_path(place, &piece, desk),
            bytes: piece.bytes.clone(),
            media_type: piece.media_type(self.about.request.output.format),
            at,
        }));
        self.upload.under_way = Some((id, piece));
    }

    /// How a write went.
    pub fn written(&mut self, id: u64, result: Result<(), Trouble>, desk: &mut Desk, at: DateTime<Utc>) {
        if !self.alive {
            return;
        }
        let Some((_, piece)) = self.upload.under_way.take_if(|(under_way, _)| *under_way == id) else { return };
        let trouble = match result {
            Ok(()) => {
                self.note_written(&piece, desk, at);
                return self.write_next(desk, at);
            }
            Err(trouble) => trouble,
        };
        if desk.backup.is_some() && !self.upload.storage_failed {
            self.upload.storage_failed = true;
            self.upload.todo.push_front(piece);
            desk.plan(&self.about.egress_id, Step::Upload, at + trouble.takes());
        } else {
            desk.plan(&self.about.egress_id, Step::GiveUp(trouble.error()), at + trouble.takes());
        }
    }

    fn note_written(&mut self, piece: &Piece, desk: &Desk, at: DateTime<Utc>) {
        let location = if self.upload.storage_failed {
            self.mine.backup_used = true;
            self.mine.updated = at;
            full_path(Place::Backup, piece, desk)
        } else {
            format!("{}{}", desk.site, piece.path)
        };
        match piece.what {
            What::File => {
                self.mine.outcome.size = piece.bytes.len();
                self.mine.outcome.location = location;
            }
            What::Segment => {
                self.mine.outcome.size += piece.bytes.len();
                self.mine.outcome.segments += 1;
            }
            What::Playlist => self.mine.outcome.location = location,
            What::Manifest => self.mine.manifest = location,
        }
    }

    /// Everything is written.
    fn conclude(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        let wanted = !self.about.request.output.disable_manifest || self.mine.backup_used;
        if wanted && self.mine.manifest.is_empty() && self.ending != Some(Ending::Killed) {
            self.upload.manifest(&self.about, &self.mine);
            return self.write_next(desk, at);
        }
        match self.ending {
            Some(Ending::Killed) => {
                let (ended, updated) = (self.mine.outcome.ended.unwrap_or(at), self.mine.updated);
                self.mine.fail(Phase::Failed, "server is shutting down", 403, ended);
                self.mine.updated = updated;
            }
            Some(Ending::Asked | Ending::SourceClosed) | None => {
                self.mine.phase = Phase::Complete;
                self.mine.ended = Some(at);
                self.mine.updated = at;
            }
            Some(Ending::Limit) => {}
        }
        self.finish(desk, at);
    }

    /// It cannot go on.
    fn fail(&mut self, error: &str, code: u16, desk: &mut Desk, at: DateTime<Utc>) {
        self.close_browser(desk, at);
        self.mine.outcome.ended = self.mine.outcome.ended.or(Some(at));
        self.mine.fail(Phase::Failed, error, code, at);
        self.finish(desk, at);
    }

    fn finish(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        self.alive = false;
        self.say(desk, at);
    }

    /// Its process was killed. Its worker, where that still is, says so; of the file it knows nothing.
    pub fn lose_handler(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if !self.alive {
            return;
        }
        self.close_browser(desk, at);
        self.mine = self.first.clone();
        self.mine.fail(Phase::Failed, "signal: killed", 500, at);
        self.finish(desk, at);
    }

    /// Its process and its worker were killed: nobody says anything about it any more.
    pub fn lose_worker(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if self.alive {
            self.close_browser(desk, at);
            self.alive = false;
        }
        self.unsaid.clear();
    }

    /// LiveKit is gone, and with it the connection to the room.
    pub fn lose_livekit(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if self.alive && self.browser == Browser::There {
            self.browser = Browser::CutOff(at);
            desk.plan(&self.about.egress_id, Step::Join, at + BACK_AFTER);
        }
    }

    fn say(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        // LiveKit is told before the handler notes where the file ends.
        let mut said = self.mine.clone();
        if !said.is_over() {
            said.outcome.ended = None;
        }
        self.unsaid.push(said);
        self.say_all(desk, at);
    }

    /// Says what could not be said before, if it can be now.
    pub fn say_all(&mut self, desk: &mut Desk, at: DateTime<Utc>) {
        if desk.is_deaf() {
            return;
        }
        for info in std::mem::take(&mut self.unsaid) {
            let name = if info.is_over() { "egress_ended" } else { "egress_updated" };
            let listed = info.listed(&self.about);
            desk.effects.push(Effect::Tell { name, info: told(&listed), at });
            self.stored = Some(info);
        }
    }

    /// As a stop is answered.
    pub fn answer(&self) -> Value {
        self.mine.listed(&self.about)
    }

    /// As a listing has it; none when Redis has lost it.
    pub fn listed(&self) -> Option<Value> {
        Some(self.stored.as_ref()?.listed(&self.about))
    }
}

fn full_path(place: Place, piece: &Piece, desk: &Desk) -> String {
    match place {
        Place::Storage => piece.path.clone(),
        Place::Backup => format!("{}/{}", desk.backup.as_deref().unwrap_or_default().trim_end_matches('/'), piece.path),
    }
}

/// An answer of a call that was not fulfilled.
pub fn refusal(code: &str, msg: &str) -> Value {
    json!({ "code": code, "msg": msg })
}
