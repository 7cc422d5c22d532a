//! The course of a recording: what has become known of it, and what follows from each new thing.

use chrono::{DateTime, TimeDelta, Utc};

use super::{End, Phase, Report, Status};

/// How long LiveKit may take to answer that a recorder took it on; it gives up after 23 seconds by itself.
pub const STARTED_WITHIN: TimeDelta = TimeDelta::seconds(60);
/// How long a recorder may be out of its room before it is doubted: longer than it takes to come back to a LiveKit that was
/// started again (14 seconds seen), and than one comparison.
const AWAY_AT_MOST: TimeDelta = TimeDelta::seconds(25);
/// How long a recorder may be ending before it is asked whether it still is: uploading takes its time, and asking is harmless.
const ENDING_UNASKED: TimeDelta = TimeDelta::seconds(60);

/// What is known of a recording. Each new thing only adds to it, in whatever order things come.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub status: Status,
    /// When our row was written.
    pub requested_at: DateTime<Utc>,
    pub egress_id: Option<String>,
    /// The farthest that LiveKit said.
    pub phase: Option<Phase>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Since when it is to stop.
    pub stop_asked_at: Option<DateTime<Utc>>,
    /// Since when nobody sees the recorder.
    pub doubted_since: Option<DateTime<Utc>>,
    /// How the recorder ended, once it did.
    pub end: Option<End>,
    pub told_size: Option<u64>,
    pub duration: Option<TimeDelta>,
    /// What the recorder said went wrong; empty when nothing did.
    pub error: String,
    pub backup_told: bool,
    /// Whether its file has to be looked for: it is over, or something new was said about how.
    pub to_conclude: bool,
}

/// Whether the recorder is seen where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is in its room.
    There,
    /// It is not.
    Away,
}

/// What a comparison found out about a recording that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Whether LiveKit lists the run at all. Not listed is not over: a LiveKit that lost its Redis lists nothing.
    pub listed: bool,
    pub recorder: Seen,
}

/// What to do about a recording that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// All is well, as far as can be seen.
    None,
    /// Wait: it is doubted, but not for long enough.
    Wait,
    /// Ask it to stop; the answer tells whether it is there at all.
    AskToStop,
    /// Nobody ever took it on.
    GiveUp,
}

impl Course {
    /// The course of a recording that is asked for now.
    pub fn new(requested_at: DateTime<Utc>) -> Self {
        Self {
            status: Status::Requested,
            requested_at,
            egress_id: None,
            phase: None,
            started_at: None,
            ended_at: None,
            stop_asked_at: None,
            doubted_since: None,
            end: None,
            told_size: None,
            duration: None,
            error: String::new(),
            backup_told: false,
            to_conclude: false,
        }
    }

    /// LiveKit says this of it. The same again, or something older, changes nothing.
    pub fn told(&mut self, report: &Report) {
        // Two runs may have been started for one row; the first that we hear of is the row's.
        let egress_id = self.egress_id.get_or_insert_with(|| report.egress_id.clone());
        if *egress_id != report.egress_id {
            return;
        }
        let Some(phase) = report.phase else { return };
        let known = self.phase.map_or(-1, |known| i16::from(known.rank()));
        let farther = i16::from(phase.rank()) > known;
        // LiveKit corrects the start once there is something to record: what is said later is better.
        match phase {
            Phase::Starting => {}
            // What was given up had nothing to record.
            Phase::Aborted if farther => self.started_at = None,
            Phase::Aborted => {}
            Phase::Active | Phase::Ending | Phase::Complete | Phase::Failed | Phase::LimitReached => {
                if farther || (self.phase == Some(phase) && self.ended_at.is_none()) {
                    self.started_at = report.started_at.or(self.started_at);
                }
            }
        }
        if !farther {
            return;
        }
        self.phase = Some(phase);
        self.doubted_since = None;
        self.backup_told |= report.backup_used;
        self.told_size = report.size.or(self.told_size);
        self.duration = report.duration.or(self.duration);
        if let Some(end) = phase.end() {
            self.ended_at = report.ended_at.or(self.ended_at);
            self.error = report.error.clone().unwrap_or_default();
            self.over(end);
        }
        let next = match phase {
            Phase::Starting => Status::Starting,
            Phase::Active => Status::Active,
            Phase::Ending | Phase::Complete | Phase::Failed | Phase::Aborted | Phase::LimitReached => Status::Stopping,
        };
        self.advance(next);
    }

    /// Somebody wants it to stop.
    pub fn asked_to_stop(&mut self, now: DateTime<Utc>) {
        if self.status.is_running() {
            self.stop_asked_at.get_or_insert(now);
            self.advance(Status::Stopping);
        }
    }

    /// The recorder is over in that way. What it says itself counts more than what was inferred.
    pub fn over(&mut self, end: End) {
        if self.end.is_some_and(End::is_told) || self.end == Some(end) {
            return;
        }
        self.end = Some(end);
        self.to_conclude = true;
        self.advance(Status::Stopping);
    }

    /// The recorder was seen, or not. For one that is not over.
    pub fn sighted(&mut self, sighting: Sighting, now: DateTime<Utc>) -> Doubt {
        if self.end.is_some() {
            return Doubt::None;
        }
        let Some(_egress_id) = &self.egress_id else {
            let waited = now - self.requested_at;
            return if waited >= STARTED_WITHIN { Doubt::GiveUp } else { Doubt::Wait };
        };
        if self.phase == Some(Phase::Ending) {
            // It has left its room by itself, and uploads.
            let since = *self.doubted_since.get_or_insert(now);
            return if now - since >= ENDING_UNASKED || !sighting.listed { Doubt::AskToStop } else { Doubt::Wait };
        }
        if self.stop_asked_at.is_some() {
            self.note(sighting.recorder, now);
            return Doubt::AskToStop;
        }
        match self.note(sighting.recorder, now) {
            None => Doubt::None,
            Some(since) if now - since >= AWAY_AT_MOST => Doubt::AskToStop,
            Some(_) => Doubt::Wait,
        }
    }

    /// Stopping it was answered by nobody. That alone proves nothing while the recorder is seen.
    pub fn stop_went_unheard(&mut self, recorder: Seen) {
        match recorder {
            Seen::There => {}
            Seen::Away => self.over(End::Lost),
        }
    }

    fn note(&mut self, recorder: Seen, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match recorder {
            Seen::There => self.doubted_since = None,
            Seen::Away => {
                self.doubted_since.get_or_insert(now);
            }
        }
        self.doubted_since
    }

    /// Moves to that status, if it lies ahead.
    pub fn advance(&mut self, next: Status) {
        if self.status.may_become(next) {
            self.status = next;
        }
    }
}
