//! What everybody in a room is told about it: that it is locked, and that it is recorded. Only the server writes it.

use tracing::warn;

use crate::{
    app::App,
    db::{self, DbError},
    livekit::LivekitError,
    model::id::MeetingId,
};

/// Writes into a meeting's room whether it is locked and since when it is recorded. That the meeting is recorded does not
/// depend on it; whoever compares writes it again.
pub(in crate::app) async fn tell_room(app: &App, meeting: MeetingId) {
    let told = async {
        let Some(notice) = db::standings::notice(&app.db, meeting).await? else { return Ok(()) };
        let mut metadata = format!("{{\"locked\": {}", notice.locked);
        if let Some(since) = notice.recorded_since {
            metadata.push_str(&format!(", \"recording\": {{\"since\": \"{}\"}}", since.to_rfc3339()));
        }
        metadata.push('}');
        app.doors.forget(&notice.room_name);
        app.livekit.set_room_metadata(notice.room_name.as_str(), &metadata).await?;
        Ok::<_, Untold>(())
    };
    if let Err(err) = told.await {
        warn!(meeting.id = %meeting, error = %err, "cannot show in the room whether it is locked and recorded");
    }
}

#[derive(Debug, thiserror::Error)]
enum Untold {
    #[error(transparent)]
    Store(#[from] DbError),
    #[error(transparent)]
    Livekit(#[from] LivekitError),
}
