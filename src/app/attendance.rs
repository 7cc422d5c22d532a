//! From events to the record of who was there.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use tracing::{debug, error};

use crate::{
    db::{
        self, DbError,
        analytics::{self, Entry},
        attendance::{self, InstanceFact, PresenceFact, Touched},
        inbox::{self, Delivery},
        lock::{self, Work},
        standings::Which,
    },
    livekit::webhook,
    model::{
        event::{Event, ParticipantFact, PresenceProof, RoomProof},
        id::{InstanceId, MeetingId, ParticipantId},
    },
};

use super::{App, presence, recordings};

/// How many events one transaction applies.
const BATCH: i64 = 100;

/// What one run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Another process is at it.
    Elsewhere,
    /// This many; zero when nothing waits.
    Events(usize),
}

/// Applies a batch of the events that wait in the inbox.
///
/// An event is applied in the transaction that notes it as applied: never half, never twice. One process at a time
/// does this, so that two do not lock the same people in different orders.
pub async fn apply_waiting(app: &App) -> Result<Applied, DbError> {
    match apply_batch(app, BATCH).await {
        // One of them holds what the schema refuses. Which one shows when each goes alone.
        Err(DbError::Refused(_) | DbError::Taken(_) | DbError::Referenced(_)) => apply_first_alone(app).await,
        outcome => outcome,
    }
}

async fn apply_batch(app: &App, most: i64) -> Result<Applied, DbError> {
    let mut tx = app.begin().await?;
    if !lock::try_lock(&mut *tx, Work::Projection).await? {
        return Ok(Applied::Elsewhere);
    }
    let deliveries = inbox::take_waiting(&mut *tx, most).await?;
    if deliveries.is_empty() {
        return Ok(Applied::Events(0));
    }

    // A room that no meeting has is somebody else's, or its meeting was deleted.
    let names = deliveries.iter().filter_map(|delivery| delivery.room_name.clone()).collect::<Vec<_>>();
    let meetings = db::meetings::find_ids(&mut *tx, &names).await?.into_iter().collect::<HashMap<_, _>>();

    let mut touched = Touched::default();
    let mut joined = HashSet::new();
    let mut recorded = HashSet::new();
    let mut applied = Vec::with_capacity(deliveries.len());
    for delivery in &deliveries {
        match webhook::read_stored(&delivery.payload) {
            Ok(event) => {
                let meeting_id = delivery.room_name.as_ref().and_then(|name| meetings.get(name)).copied();
                apply(&mut tx, delivery, &event, meeting_id, &mut touched).await?;
                joined.extend(meeting_id.filter(|_| event.kind == "participant_joined").map(|id| id.0));
                if let Some(report) = &event.recorder {
                    recorded
                        .extend(recordings::hear(&mut tx, report, app.clock.now()).await?.map(|(_, meeting)| meeting));
                }
                applied.push(delivery.event_id.clone());
            }
            Err(err) => inbox::mark_failed(&mut *tx, &delivery.event_id, &err.to_string()).await?,
        }
    }
    attendance::settle(&mut tx, &touched).await?;
    inbox::mark_applied(&mut *tx, &applied, app.clock.now()).await?;
    tx.commit().await?;

    // Whoever came in may be somebody who was sent out before. A join that LiveKit did not tell, the next comparison finds.
    presence::enforce(app, &joined.iter().copied().collect::<Vec<_>>(), Which::Narrowed).await;
    for meeting in &recorded {
        recordings::tell_room(app, *meeting).await;
    }
    if !recorded.is_empty() || !joined.is_empty() {
        app.recordings_due.notify_one();
    }
    debug!(events = deliveries.len(), "applied {} events", deliveries.len());
    Ok(Applied::Events(deliveries.len()))
}

async fn apply_first_alone(app: &App) -> Result<Applied, DbError> {
    let refused = match apply_batch(app, 1).await {
        Err(err @ (DbError::Refused(_) | DbError::Taken(_) | DbError::Referenced(_))) => err,
        outcome => return outcome,
    };

    let mut tx = app.begin().await?;
    if !lock::try_lock(&mut *tx, Work::Projection).await? {
        return Ok(Applied::Elsewhere);
    }
    let Some(first) = inbox::take_waiting(&mut *tx, 1).await?.into_iter().next() else {
        return Ok(Applied::Events(0));
    };
    let reason = crate::telemetry::chain(&refused);
    error!(
        event.id = first.event_id,
        error = reason,
        "event `{}` cannot be applied; it stays in the inbox",
        first.event_id
    );
    inbox::mark_failed(&mut *tx, &first.event_id, &reason).await?;
    tx.commit().await?;
    Ok(Applied::Events(1))
}

/// Merges what one event says, and notes the event itself.
async fn apply(
    tx: &mut PgConnection,
    delivery: &Delivery,
    event: &Event,
    meeting_id: Option<MeetingId>,
    touched: &mut Touched,
) -> Result<(), DbError> {
    let participant_id = match meeting_id {
        Some(meeting_id) => merge(tx, delivery, event, meeting_id, touched).await?,
        None => None,
    };

    let entry = Entry {
        meeting_id,
        participant_id,
        event_type: event.kind.clone(),
        event_data: delivery.payload.clone(),
        created_at: event.happened_at(delivery.received_at),
        livekit_event_id: event.id.clone(),
    };
    analytics::insert(tx, &entry).await
}

async fn merge(
    tx: &mut PgConnection,
    delivery: &Delivery,
    event: &Event,
    meeting_id: MeetingId,
    touched: &mut Touched,
) -> Result<Option<ParticipantId>, DbError> {
    let Some(room) = &event.room else { return Ok(None) };
    let happened_at = event.happened_at(delivery.received_at);
    let (room_proof, presence_proof) = (event.room_proof(), event.presence_proof());
    if room_proof == RoomProof::Nothing && presence_proof == PresenceProof::Nothing {
        return Ok(None);
    }

    let started_at = room.created_at.unwrap_or(happened_at).min(happened_at);
    let instance = InstanceFact {
        meeting_id,
        room_sid: room.sid.clone(),
        started_at,
        // The event's time is cut to its second and the start is exact: no room lives before it starts.
        alive_at: (room_proof == RoomProof::Alive).then_some(event.created_at.max(started_at)),
        ended_at: (room_proof == RoomProof::Ended).then_some(happened_at),
    };
    let instance_id = attendance::merge_instance(&mut *tx, &instance).await?;
    touched.meetings.push(meeting_id.0);
    touched.instances.push(instance_id.0);

    match &event.participant {
        Some(participant) if presence_proof != PresenceProof::Nothing && !participant.recorder => {
            let fact = presence(meeting_id, instance_id, participant, event, happened_at);
            Ok(Some(attendance::merge_presence(tx, &fact).await?))
        }
        _ => Ok(None),
    }
}

fn presence(
    meeting_id: MeetingId,
    instance_id: InstanceId,
    participant: &ParticipantFact,
    event: &Event,
    happened_at: chrono::DateTime<chrono::Utc>,
) -> PresenceFact {
    let left = event.presence_proof() == PresenceProof::Left;
    // LiveKit cuts the event's time to its second and gives the join's in milliseconds: nobody leaves before they joined.
    let joined_at = participant.joined_at.unwrap_or(happened_at);
    let left_at = left.then(|| happened_at.max(joined_at));
    PresenceFact {
        meeting_id,
        instance_id,
        participant_sid: participant.sid.clone(),
        identity: participant.identity.clone(),
        name: participant.name.clone().unwrap_or_default(),
        joined_at,
        // The beginning of the event's second: the one moment that is sure not to be after it.
        seen_at: left_at.unwrap_or_else(|| event.created_at.max(participant.joined_at.unwrap_or(event.created_at))),
        left_at,
        leave_reason: if left { participant.leave_reason.clone() } else { None },
    }
}
