//! Ending a recording.

use tracing::{info, warn};

use crate::{
    app::{
        App,
        access::Asker,
        audit::{self, Deed},
        presence,
    },
    db::{self, DbError},
    livekit::{LivekitError, egress::Stop},
    model::{
        id::RecordingId,
        recording::{Recording, Report, Seen},
        room_name::RoomName,
    },
};

use super::{RecordingError, conclude::conclude, hear, tell_room};

/// Which recording is meant.
#[derive(Clone, Debug)]
pub enum Which {
    Id(RecordingId),
    /// LiveKit's id of the run.
    Run(String),
    /// The one that runs in the meeting.
    RoomName(RoomName),
}

/// Stops a recording. That it is to stop is kept before LiveKit is told, and LiveKit is told until it is over: an answer means
/// that it will stop. Stopping again, or what is over, changes nothing.
pub async fn stop(app: &App, asker: &Asker, which: &Which) -> Result<Recording, RecordingError> {
    let recording = find(app, which).await?;
    let by_name = matches!(which, Which::RoomName(_));
    let (meeting, _) = match presence::run_by(app, &asker.caller, recording.meeting_id).await {
        Err(presence::RunError::NotFound) if !by_name => return Err(RecordingError::NotFound),
        run => run?,
    };
    if !recording.course.status.is_running() {
        return Ok(recording);
    }
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let now = app.clock.now();
    let mut recording = db::recordings::lock(&mut *tx, recording.id).await?.ok_or(RecordingError::NotFound)?;
    let is_first = recording.course.stop_asked_at.is_none();
    recording.course.asked_to_stop(now);
    let kept = (recording.reason.as_str(), recording.size);
    db::recordings::save(&mut *tx, recording.id, &recording.course, kept, now).await?;
    if is_first {
        let deed = Deed::to("recording.stopped", "recording", recording.id, recording.room_name.as_str());
        audit::note(app, &mut *tx, asker, Deed { meeting: Some(meeting.id), ..deed }).await?;
    }
    tx.commit().await.map_err(DbError::from)?;

    if let Err(err) = ask_to_stop(app, &recording).await {
        // It is kept that it is to stop, and whoever compares tells LiveKit.
        warn!(recording.id = %recording.id, error = %err, "cannot tell LiveKit to stop a recording; trying on");
    }
    tell_room(app, recording.meeting_id).await;
    db::recordings::get(&app.db, recording.id).await?.ok_or(RecordingError::NotFound)
}

async fn find(app: &App, which: &Which) -> Result<Recording, RecordingError> {
    match which {
        Which::Id(id) => db::recordings::get(&app.db, *id).await?.ok_or(RecordingError::NotFound),
        Which::Run(id) => db::recordings::find_by_egress(&app.db, id).await?.ok_or(RecordingError::NotFound),
        Which::RoomName(name) => {
            let meeting = db::meetings::find_id(&app.db, name).await?.ok_or(RecordingError::NoMeeting)?;
            db::recordings::find_running(&app.db, meeting).await?.ok_or(RecordingError::NotRunning)
        }
    }
}

/// Tells LiveKit to stop a run, and notes what comes of it. Nothing is done for one that LiveKit has not yet given an id.
pub(super) async fn ask_to_stop(app: &App, recording: &Recording) -> Result<(), RecordingError> {
    let Some(egress_id) = &recording.course.egress_id else { return Ok(()) };
    match app.livekit.stop_recording(egress_id).await? {
        Stop::Told(report) => note(app, &report).await,
        Stop::WasOver => match app.livekit.find_recording(egress_id).await? {
            Some(report) if !report.is_going_on() => note(app, &report).await,
            // Its worker died while it ended: LiveKit calls that over, and lists it as ending for ever.
            Some(_) | None => unheard(app, recording, egress_id).await,
        },
        Stop::Unknown | Stop::Unheard => unheard(app, recording, egress_id).await,
    }
}

async fn note(app: &App, report: &Report) -> Result<(), RecordingError> {
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let heard = hear(&mut tx, report, app.clock.now()).await?;
    tx.commit().await.map_err(DbError::from)?;
    if let Some((id, _)) = heard {
        conclude(app, id).await?;
    }
    Ok(())
}

/// Nobody heard that it is to stop. Whether the recorder is still in its room decides whether it is gone.
async fn unheard(app: &App, recording: &Recording, egress_id: &str) -> Result<(), RecordingError> {
    let seen = see(app, recording.room_name.as_str(), egress_id).await?;
    let mut tx = app.begin().await.map_err(DbError::from)?;
    let Some(mut recording) = db::recordings::lock(&mut *tx, recording.id).await? else { return Ok(()) };
    recording.course.stop_went_unheard(seen);
    let kept = (recording.reason.as_str(), recording.size);
    db::recordings::save(&mut *tx, recording.id, &recording.course, kept, app.clock.now()).await?;
    tx.commit().await.map_err(DbError::from)?;
    if recording.course.to_conclude {
        info!(recording.id = %recording.id, "the recorder of `{}` is gone", recording.room_name);
        conclude(app, recording.id).await?;
    }
    Ok(())
}

/// Whether the recorder is in its room.
pub(super) async fn see(app: &App, room_name: &str, egress_id: &str) -> Result<Seen, LivekitError> {
    let served = app.livekit.is_served(room_name, egress_id).await?;
    Ok(if served { Seen::There } else { Seen::Away })
}
