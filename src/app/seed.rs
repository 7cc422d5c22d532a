//! Meetings for a development database: believable people, some weeks of history, and plans for the next days.
//!
//! They are written as the facts that LiveKit would have told, through the same functions, so that what follows from
//! facts follows here too. Chance is drawn from names, so that every database gets the same meetings.

use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    db::{
        DbError, accounts,
        analytics::{self, Entry},
        attendance::{self, InstanceFact, PresenceFact, Touched},
        meetings,
    },
    model::{
        id::{AccountId, InstanceId, MeetingId, ParticipantId},
        meeting::{Meeting, RecordingWish, Title},
        policy::{Access, Lobby, Policy},
        room_name::RoomName,
    },
};

const PEOPLE: [&str; 12] = [
    "Ada Lovelace",
    "Grace Hopper",
    "Alan Turing",
    "Katherine Johnson",
    "Donald Knuth",
    "Barbara Liskov",
    "Edsger Dijkstra",
    "Radia Perlman",
    "Tim Berners-Lee",
    "Hedy Lamarr",
    "Niklaus Wirth",
    "Margaret Hamilton",
];

/// A meeting that was held and is held again.
struct Series {
    room_name: &'static str,
    title: &'static str,
    /// How many days lie between two sittings, and how many sittings there were.
    every: i64,
    sittings: i64,
    /// Minutes after midnight, and how many minutes it takes.
    at: i64,
    takes: i64,
    /// How many of the people are expected, and who is the first of them.
    people: usize,
    first: usize,
}

const HELD: [Series; 7] = [
    Series {
        room_name: "daily-stand-up",
        title: "Daily stand-up",
        every: 1,
        sittings: 24,
        at: 555,
        takes: 14,
        people: 6,
        first: 0,
    },
    Series {
        room_name: "weekly-review",
        title: "Weekly review",
        every: 7,
        sittings: 6,
        at: 840,
        takes: 52,
        people: 7,
        first: 2,
    },
    Series {
        room_name: "design-critique",
        title: "Design critique",
        every: 7,
        sittings: 4,
        at: 660,
        takes: 43,
        people: 4,
        first: 5,
    },
    Series {
        room_name: "ada-and-grace",
        title: "Ada and Grace",
        every: 7,
        sittings: 5,
        at: 600,
        takes: 26,
        people: 2,
        first: 0,
    },
    Series {
        room_name: "all-hands",
        title: "All hands",
        every: 21,
        sittings: 2,
        at: 960,
        takes: 64,
        people: 12,
        first: 0,
    },
    Series {
        room_name: "blue-heron-onboarding",
        title: "Onboarding: Blue Heron Ltd",
        every: 9,
        sittings: 1,
        at: 780,
        takes: 71,
        people: 5,
        first: 7,
    },
    Series {
        room_name: "book-club",
        title: "Book club",
        every: 14,
        sittings: 3,
        at: 1080,
        takes: 88,
        people: 5,
        first: 4,
    },
];

/// Meetings to come: room name, title, in how many hours.
const PLANNED: [(&str, &str, i64); 4] = [
    ("candidate-interview", "Interview: site reliability", 20),
    ("quarterly-planning", "Quarterly planning", 72),
    ("release-go-no-go", "Release: go or no go", 170),
    ("board-meeting", "Board meeting", 300),
];

/// Rooms that nobody has met in yet.
const NEW: [&str; 2] = ["water-cooler", "test-call"];

/// How much was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sown {
    pub meetings: usize,
    pub instances: usize,
    pub participants: usize,
}

/// Fills the database, as of `now`. A meeting that is there already stays as it is. The first administrator is their host;
/// without one they are nobody's.
pub async fn sow(db: &PgPool, now: DateTime<Utc>) -> Result<Sown, DbError> {
    let mut sown = Sown::default();
    let host = accounts::first_admin(db).await?;
    for series in &HELD {
        let created_at = sitting_start(series, series.sittings, now) - TimeDelta::days(1);
        let mut tx = db.begin().await?;
        let Some(meeting) = meeting(&mut tx, host, (series.room_name, Some(series.title)), (created_at, None)).await?
        else {
            continue;
        };
        sown.meetings += 1;
        let mut touched = Touched { meetings: vec![meeting.0], instances: Vec::new() };
        for sitting in (1..=series.sittings).rev() {
            let start = sitting_start(series, sitting, now);
            if series.every > 1 || !matches!(start.weekday(), Weekday::Sat | Weekday::Sun) {
                let (instance, people) = hold(&mut tx, meeting, series, sitting, start).await?;
                touched.instances.push(instance.0);
                sown.instances += 1;
                sown.participants += people;
            }
        }
        attendance::settle(&mut tx, &touched).await?;
        tx.commit().await?;
    }

    let mut tx = db.begin().await?;
    for (room_name, title, hours) in PLANNED {
        let starts_at = whole_hour(now) + TimeDelta::hours(hours);
        let created = now - TimeDelta::hours(hours);
        sown.meetings +=
            usize::from(meeting(&mut tx, host, (room_name, Some(title)), (created, Some(starts_at))).await?.is_some());
    }
    for room_name in NEW {
        sown.meetings += usize::from(meeting(&mut tx, host, (room_name, None), (now, None)).await?.is_some());
    }
    tx.commit().await?;
    Ok(sown)
}

/// Adds a meeting, or nothing when its room name is taken.
async fn meeting(
    tx: &mut PgConnection,
    host: Option<AccountId>,
    (room_name, title): (&str, Option<&str>),
    (created_at, starts_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<Option<MeetingId>, DbError> {
    #[expect(clippy::expect_used, reason = "the names stand above, and a test plants them all")]
    let room_name = RoomName::parse(room_name).expect("a room name");
    if meetings::find_id(&mut *tx, &room_name).await?.is_some() {
        return Ok(None);
    }

    let title = title.and_then(|title| Title::parse(title).ok());
    let id = MeetingId(Uuid::new_v4());
    let metadata = r#"{"sown": true}"#.to_owned();
    let meeting = Meeting {
        id,
        room_name,
        title,
        host,
        policy: Policy::new(Access::Public, Lobby::Guests),
        recording: RecordingWish::default(),
        created_at,
        starts_at,
        ended_at: None,
        metadata,
        version: 1,
        live: false,
    };
    meetings::insert(tx, &meeting, None).await?;
    Ok(Some(id))
}

/// Writes one sitting with everybody in it; answers how many presences that were.
async fn hold(
    tx: &mut PgConnection,
    meeting_id: MeetingId,
    series: &Series,
    sitting: i64,
    start: DateTime<Utc>,
) -> Result<(InstanceId, usize), DbError> {
    let key = format!("{}-{sitting}", series.room_name);
    let end = start + TimeDelta::seconds(series.takes * 60 + chance(&key, 180));
    let room_sid = format!("RM_{key}");
    let instance = InstanceFact {
        meeting_id,
        room_sid: room_sid.clone(),
        started_at: start,
        alive_at: Some(end),
        ended_at: Some(end),
    };
    let instance_id = attendance::merge_instance(&mut *tx, &instance).await?;
    note(tx, meeting_id, None, "room_started", &room_sid, start).await?;

    let expected = (0..series.people).map(|n| PEOPLE[(series.first + n) % PEOPLE.len()]);
    let mut presences = 0;
    for name in expected {
        for fact in presence(meeting_id, instance_id, &key, name, start, end) {
            let participant = attendance::merge_presence(&mut *tx, &fact).await?;
            let sid = &fact.participant_sid;
            note(tx, meeting_id, Some(participant), "participant_joined", sid, fact.joined_at).await?;
            if let Some(left_at) = fact.left_at {
                note(tx, meeting_id, Some(participant), "participant_left", sid, left_at).await?;
            }
            presences += 1;
        }
    }
    note(tx, meeting_id, None, "room_finished", &room_sid, end).await?;
    Ok((instance_id, presences))
}

/// One person's presences in a sitting: none, one, or two with a gap between them; now and then without a told leave.
fn presence(
    meeting_id: MeetingId,
    instance_id: InstanceId,
    key: &str,
    name: &str,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Vec<PresenceFact> {
    let identity = name.to_lowercase().replace(' ', ".");
    let draw = |what: &str, below: i64| chance(&format!("{key}/{identity}/{what}"), below);
    let joined = start + TimeDelta::seconds(draw("late", 240));
    let left = end - TimeDelta::seconds(draw("early", 60));
    let middle = joined + (left - joined) / 2;

    let spells: Vec<(DateTime<Utc>, DateTime<Utc>, bool)> = match draw("course", 20) {
        0 | 1 => vec![],
        2 | 3 => vec![(joined, middle, true), (middle + TimeDelta::seconds(20 + draw("away", 90)), left, true)],
        4 => vec![(joined, middle, true)],
        5 => vec![(joined, middle, false)],
        _ => vec![(joined, left, true)],
    };
    let fact = |(number, (joined_at, seen_at, told)): (usize, (DateTime<Utc>, DateTime<Utc>, bool))| PresenceFact {
        meeting_id,
        instance_id,
        participant_sid: format!("PA_{key}-{identity}-{number}"),
        identity: identity.clone(),
        name: name.to_owned(),
        joined_at,
        seen_at,
        left_at: told.then_some(seen_at),
        leave_reason: told.then(|| "CLIENT_INITIATED".to_owned()),
    };
    spells.into_iter().enumerate().map(fact).collect()
}

async fn note(
    tx: &mut PgConnection,
    meeting_id: MeetingId,
    participant_id: Option<ParticipantId>,
    event_type: &str,
    sid: &str,
    created_at: DateTime<Utc>,
) -> Result<(), DbError> {
    let entry = Entry {
        meeting_id: Some(meeting_id),
        participant_id,
        event_type: event_type.to_owned(),
        event_data: format!(r#"{{"event": "{event_type}", "sid": "{sid}"}}"#),
        created_at,
        livekit_event_id: format!("EV_{event_type}-{sid}"),
    };
    analytics::insert(tx, &entry).await
}

/// When a sitting began; they are counted backwards from yesterday.
fn sitting_start(series: &Series, sitting: i64, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = whole_hour(now) - TimeDelta::hours(i64::from(chrono::Timelike::hour(&now)));
    day - TimeDelta::days(sitting * series.every) + TimeDelta::minutes(series.at)
}

fn whole_hour(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment - TimeDelta::nanoseconds(moment.timestamp_nanos_opt().unwrap_or_default().rem_euclid(3_600_000_000_000))
}

/// A number below `below` that depends on the text alone (FNV-1a).
fn chance(text: &str, below: i64) -> i64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    // The upper bits are the better mixed ones.
    i64::try_from(hash >> 33).unwrap_or_default() % below
}
