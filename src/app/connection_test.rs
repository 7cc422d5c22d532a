//! Connection tests: two tokens into a room of their own, for whoever wants to know what their network lets through.

use chrono::{DateTime, Utc};
use tracing::{debug, warn};

use crate::{
    livekit::rooms::ListedRoom,
    model::connection_test::{ROOM_LIFE, TOKEN_LIFE, TestEnd, is_test_room, new_room},
};

use super::App;

/// What a test connects with: one end sends what the other receives.
pub struct ConnectionTest {
    pub publisher: String,
    pub subscriber: String,
    pub expires_at: DateTime<Utc>,
}

/// Makes the tokens of a test. Each is for one identity, so that at most two are ever in its room.
pub fn begin(app: &App) -> ConnectionTest {
    let now = app.clock.now();
    let expires_at = now + TOKEN_LIFE;
    let room = new_room();
    let mint = |end| app.livekit.keys().mint_test(&room, end, now, expires_at);
    ConnectionTest { publisher: mint(TestEnd::Publisher), subscriber: mint(TestEnd::Subscriber), expires_at }
}

/// Closes the rooms of tests that are over, or that somebody stays in: they are no meetings.
pub(super) async fn sweep(app: &App, listed: &[ListedRoom]) {
    let oldest = app.clock.now() - ROOM_LIFE;
    let is_over = |room: &&ListedRoom| {
        is_test_room(&room.fact.name) && room.fact.created_at.is_some_and(|created_at| created_at < oldest)
    };
    for room in listed.iter().filter(is_over) {
        match app.livekit.delete_room(&room.fact.name).await {
            Ok(()) => debug!("closed the room of a connection test"),
            // The next comparison lists it again.
            Err(err) => warn!(error = %err, "cannot close the room of a connection test: {err}"),
        }
    }
}
