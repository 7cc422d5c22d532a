//! Comparing the record with LiveKit, for what no webhook told.
//!
//! Webhooks are lost when we are away for longer than LiveKit tries, when LiveKit itself dies, and when its queue is full.
//! What a listing shows is a fact like any other and merges like one; what it does not show is gone, if it was there
//! before the listing began. An answer that does not come proves nothing.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use tracing::{debug, error, warn};
use uuid::Uuid;

use crate::{
    db::{
        self, DbError,
        attendance::{self, InstanceFact, PresenceFact, Touched},
        instances::OpenInstance,
        lock::{self, Work},
        standings::Which,
    },
    livekit::{LivekitError, rooms::ListedRoom},
    model::{
        event::{ParticipantFact, RoomFact},
        id::{InstanceId, MeetingId},
    },
    telemetry,
};

use super::{App, connection_test, presence};

/// How many rooms are asked about at once.
const ROOMS_AT_ONCE: usize = 8;
/// How many participants of one room are asked about at once. One that is gone takes LiveKit three seconds.
const PARTICIPANTS_AT_ONCE: usize = 16;
/// How much longer than LiveKit's own time-out an empty room is believed: LiveKit closes it a little late.
const EMPTY_ROOM_SLACK: TimeDelta = TimeDelta::seconds(60);

/// The record could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error(transparent)]
    Livekit(#[from] LivekitError),
    #[error(transparent)]
    Store(#[from] DbError),
}

/// What a comparison looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconciled {
    /// Another process is at it.
    Elsewhere,
    /// This many rooms of ours were compared; this many could not be asked about, or not be kept.
    Rooms { compared: usize, unknown: usize },
}

/// A room of ours that is open to us, to LiveKit or to both.
struct Subject {
    meeting_id: MeetingId,
    room_name: String,
    /// As LiveKit lists it.
    listed: Option<ListedRoom>,
    /// As we have it; more than one when LiveKit never told the end of an earlier one.
    open: Vec<OpenInstance>,
}

/// What LiveKit said of one room.
struct Answer {
    subject: Subject,
    /// Who is really there; empty when the room is not listed.
    there: Vec<ParticipantFact>,
    /// Somebody was there before `asked_at` and is not in the answer: gone, at the latest at `answered_at`.
    asked_at: DateTime<Utc>,
    answered_at: DateTime<Utc>,
}

/// Compares every open room of ours with LiveKit, and mends joins, leaves and ends that were missed.
pub async fn reconcile(app: &App) -> Result<Reconciled, ReconcileError> {
    let Some(lock) = lock::try_hold(&app.db, Work::Reconciliation).await? else {
        return Ok(Reconciled::Elsewhere);
    };
    let outcome = compare_all(app).await;
    lock.release().await;
    outcome
}

async fn compare_all(app: &App) -> Result<Reconciled, ReconcileError> {
    let asked_at = app.clock.now();
    let listed = app.livekit.list_rooms().await?;
    connection_test::sweep(app, &listed).await;
    let subjects = subjects(app, listed).await?;

    let total = subjects.len();
    let mut answers = stream::iter(subjects).map(|subject| ask(app, subject, asked_at)).buffer_unordered(ROOMS_AT_ONCE);

    let mut compared = 0;
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => {
                let room_name = answer.subject.room_name.clone();
                match merge(app, answer).await {
                    Ok(()) => compared += 1,
                    Err(err @ DbError::Unavailable(_)) => return Err(err.into()),
                    // What cannot be kept of one room must not cost the others their comparison.
                    Err(
                        err @ (DbError::Refused(_) | DbError::Taken(_) | DbError::Referenced(_) | DbError::Broken(_)),
                    ) => error!(
                        error = telemetry::chain(&err),
                        room.name = room_name,
                        "cannot keep what LiveKit says of room `{room_name}`; it is left as it is"
                    ),
                }
            }
            Err(err) => warn!(error = %err, "cannot ask LiveKit about a room; it is left as it is"),
        }
    }
    debug!(rooms = compared, "compared {compared} of {total} rooms with LiveKit");
    Ok(Reconciled::Rooms { compared, unknown: total - compared })
}

async fn subjects(app: &App, listed: Vec<ListedRoom>) -> Result<Vec<Subject>, DbError> {
    let names = listed.iter().map(|room| room.fact.name.clone()).collect::<Vec<_>>();
    let meetings = db::meetings::find_ids(&app.db, &names).await?.into_iter().collect::<HashMap<_, _>>();

    let mut subjects = HashMap::<MeetingId, Subject>::new();
    for room in listed {
        // A room that no meeting has is somebody else's.
        let Some(&meeting_id) = meetings.get(&room.fact.name) else { continue };
        let room_name = room.fact.name.clone();
        subjects.insert(meeting_id, Subject { meeting_id, room_name, listed: Some(room), open: Vec::new() });
    }
    for instance in db::instances::list_open(&app.db).await? {
        let (meeting_id, room_name) = (instance.meeting_id, instance.room_name.clone());
        let subject = Subject { meeting_id, room_name, listed: None, open: Vec::new() };
        subjects.entry(meeting_id).or_insert(subject).open.push(instance);
    }
    Ok(subjects.into_values().collect())
}

async fn ask(app: &App, subject: Subject, asked_at: DateTime<Utc>) -> Result<Answer, LivekitError> {
    if subject.listed.is_none() {
        return Ok(Answer { subject, there: Vec::new(), asked_at, answered_at: app.clock.now() });
    }

    let asked_at = app.clock.now();
    let listed = app.livekit.list_participants(&subject.room_name).await?;
    let room_name = subject.room_name.as_str();
    let there = stream::iter(listed.into_iter().filter(|participant| !participant.recorder))
        .map(|participant| async move {
            let served = app.livekit.is_served(room_name, &participant.identity).await?;
            Ok::<_, LivekitError>(served.then_some(participant))
        })
        .buffer_unordered(PARTICIPANTS_AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .filter_map(Result::transpose)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Answer { subject, there, asked_at, answered_at: app.clock.now() })
}

async fn merge(app: &App, answer: Answer) -> Result<(), DbError> {
    let mut tx = app.begin().await?;
    let meeting_id = answer.subject.meeting_id;
    // Also waits for whoever deletes the meeting, and finds that it is gone.
    if !db::meetings::lock(&mut *tx, meeting_id).await? {
        return Ok(());
    }
    let mut touched = Touched { meetings: vec![meeting_id.0], instances: Vec::new() };

    let living = answer.subject.listed.as_ref().filter(|room| is_believed(room, &answer)).map(|room| &room.fact);
    if let Some(room) = living {
        let instance = merge_listed(&mut tx, meeting_id, room, &answer).await?;
        touched.instances.push(instance.0);
    }

    let over = answer.subject.open.iter().filter(|open| living.is_none_or(|room| room.sid != open.room_sid));
    let over = over.map(|open| open.id.0).collect::<Vec<Uuid>>();
    attendance::mark_instances_gone(&mut *tx, &over, answer.asked_at, answer.answered_at).await?;
    touched.instances.extend(over);

    attendance::settle(&mut tx, &touched).await?;
    tx.commit().await?;
    presence::enforce(app, &touched.meetings, Which::Running).await;
    Ok(())
}

async fn merge_listed(
    tx: &mut sqlx::PgConnection,
    meeting_id: MeetingId,
    room: &RoomFact,
    answer: &Answer,
) -> Result<InstanceId, DbError> {
    let instance = InstanceFact {
        meeting_id,
        room_sid: room.sid.clone(),
        started_at: room.created_at.unwrap_or(answer.asked_at).min(answer.asked_at),
        alive_at: Some(answer.asked_at),
        ended_at: None,
    };
    let instance_id = attendance::merge_instance(&mut *tx, &instance).await?;

    for participant in &answer.there {
        let joined_at = participant.joined_at.unwrap_or(answer.asked_at);
        let fact = PresenceFact {
            meeting_id,
            instance_id,
            participant_sid: participant.sid.clone(),
            identity: participant.identity.clone(),
            name: participant.name.clone().unwrap_or_default(),
            joined_at,
            seen_at: answer.asked_at.max(joined_at),
            left_at: None,
            leave_reason: None,
        };
        attendance::merge_presence(&mut *tx, &fact).await?;
    }
    let there = answer.there.iter().map(|participant| participant.sid.clone()).collect::<Vec<_>>();
    attendance::mark_others_gone(tx, instance_id, &there, answer.asked_at, answer.answered_at).await?;
    Ok(instance_id)
}

/// Whether a listed room is really open.
///
/// A LiveKit that was killed leaves its rooms in the list, where nobody closes them. One that has been empty for longer
/// than LiveKit keeps an empty room is such a leftover.
fn is_believed(room: &ListedRoom, answer: &Answer) -> bool {
    if !answer.there.is_empty() {
        return true;
    }
    let known = answer.subject.open.iter().filter(|open| open.room_sid == room.fact.sid).map(|open| open.occupied_at);
    let occupied_at = known.max().into_iter().chain(room.fact.created_at).max().unwrap_or(answer.asked_at);
    let patience = TimeDelta::from_std(room.empty_for_at_most).unwrap_or(TimeDelta::MAX) + EMPTY_ROOM_SLACK;
    answer.asked_at.signed_duration_since(occupied_at) <= patience
}
