//! The record in the database, and the comparison.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};

use super::Ledger;
use crate::livekit_model::world::{Presence, Sitting, World};

/// LiveKit tells whole seconds: what follows from a told time is right to one.
const SECOND_MS: i64 = 1_000;

/// Everything that the database says of who was there.
pub struct Record {
    participants: BTreeMap<String, Stay>,
    instances: BTreeMap<String, Stay>,
}

/// From when to when, in milliseconds.
#[derive(Debug)]
struct Stay {
    from: i64,
    to: Option<i64>,
    inferred: bool,
    /// For an inferred end: the first moment known to be after it.
    before: Option<i64>,
}

impl Record {
    /// Reads it all.
    pub async fn read(pool: &PgPool) -> Self {
        let participants =
            "select participant_sid as sid, joined_at as since, left_at as until, left_inferred as inferred,
                                   gone_at as before from participants";
        let instances = "select room_sid as sid, started_at as since, ended_at as until, ended_inferred as inferred,
                                gone_at as before from meeting_instances";
        Self { participants: stays(pool, participants).await, instances: stays(pool, instances).await }
    }

    /// Everything in which the record differs from the truth, as far as the house could know it.
    ///
    /// Holds once the last thing that happened is long enough ago for the reconciler to have looked.
    pub fn differences(&self, world: &World, ledger: &Ledger) -> Vec<String> {
        let mut differences = Vec::new();
        for presence in &world.presences {
            differences.extend(self.about_presence(presence, ledger).err());
        }
        for sitting in &world.sittings {
            differences.extend(self.about_sitting(sitting, ledger).err());
        }
        let known = |sid: &String| world.presences.iter().any(|it| it.sid == *sid);
        differences
            .extend(self.participants.keys().filter(|sid| !known(sid)).map(|sid| format!("{sid}: nobody was that")));
        differences
    }

    /// Who is recorded as being there now.
    pub fn present(&self) -> Vec<&str> {
        self.participants.iter().filter(|(_, stay)| stay.to.is_none()).map(|(sid, _)| sid.as_str()).collect()
    }

    /// Which rooms are recorded as being open now.
    pub fn open(&self) -> Vec<&str> {
        self.instances.iter().filter(|(_, stay)| stay.to.is_none()).map(|(sid, _)| sid.as_str()).collect()
    }

    fn about_presence(&self, truth: &Presence, ledger: &Ledger) -> Result<(), String> {
        let sid = &truth.sid;
        let says = |what: &str| Err(format!("{sid} ({} in {}): {what}; truth: {truth:?}", truth.identity, truth.room));

        let Some(stay) = self.participants.get(sid) else {
            return if ledger.participants.contains(sid) { says("nothing is recorded") } else { Ok(()) };
        };
        if !ledger.participants.contains(sid) {
            return if ledger.hinted.contains(sid) { Ok(()) } else { says("recorded, but never told or seen") };
        }
        if stay.from != truth.joined_ms {
            return says(&format!("the join is wrong: {stay:?}"));
        }
        // Whoever a listing did not show may be taken to have left then.
        let window = truth.left_ms.map(|left| (truth.unlisted_ms.unwrap_or(left).min(left), left));
        match check_end(stay, window, ledger.told_leaves.get(sid)) {
            Ok(()) => Ok(()),
            Err(what) => says(&format!("the leave {what}: {stay:?}")),
        }
    }

    fn about_sitting(&self, truth: &Sitting, ledger: &Ledger) -> Result<(), String> {
        let sid = &truth.sid;
        let says = |what: &str| Err(format!("{sid} ({}): {what}; truth: {truth:?}", truth.room));

        let Some(stay) = self.instances.get(sid) else {
            return if ledger.rooms.contains(sid) { says("nothing is recorded") } else { Ok(()) };
        };
        if !ledger.rooms.contains(sid) {
            return if ledger.hinted_rooms.contains(sid) { Ok(()) } else { says("recorded, but never told or seen") };
        }
        if stay.from != truth.started_ms {
            return says(&format!("the start is wrong: {stay:?}"));
        }
        // A killed LiveKit's room that nobody comes back to has no end of its own.
        let Some(ended) = truth.ended_ms else { return Ok(()) };
        match check_end(stay, Some((truth.unlisted_ms.unwrap_or(ended).min(ended), ended)), ledger.told_ends.get(sid)) {
            Ok(()) => Ok(()),
            Err(what) => says(&format!("the end {what}: {stay:?}")),
        }
    }
}

/// `truth` is the earliest and the latest moment at which the end may be said to have happened.
fn check_end(stay: &Stay, truth: Option<(i64, i64)>, told: Option<&i64>) -> Result<(), &'static str> {
    let Some((earliest, latest)) = truth else {
        return if stay.to.is_none() { Ok(()) } else { Err("is recorded, but did not happen") };
    };
    let Some(to) = stay.to else { return Err("is missing") };
    match told {
        Some(_) if stay.inferred => Err("was told, and is recorded as inferred"),
        Some(second) if to.div_euclid(SECOND_MS) != *second => Err("is not in the second that was told"),
        Some(_) => Ok(()),
        None if !stay.inferred => Err("was not told, and is recorded as if it were"),
        None if to > latest + SECOND_MS => Err("is put too late"),
        None if stay.before.is_some_and(|before| before < earliest - SECOND_MS) => {
            Err("has its latest moment too early")
        }
        None => Ok(()),
    }
}

async fn stays(pool: &PgPool, question: &'static str) -> BTreeMap<String, Stay> {
    let rows = sqlx::query(question).fetch_all(pool).await.expect("the record can be read");
    let read = |row: &PgRow| {
        let moment = |name: &str| row.get::<Option<DateTime<Utc>>, _>(name).map(|it| it.timestamp_millis());
        let stay = Stay {
            from: moment("since").expect("a stay begins"),
            to: moment("until"),
            inferred: row.get("inferred"),
            before: moment("before"),
        };
        (row.get("sid"), stay)
    };
    let count = rows.len();
    let stays: BTreeMap<String, Stay> = rows.iter().map(read).collect();
    assert_eq!(stays.len(), count, "somebody is recorded twice");
    stays
}
