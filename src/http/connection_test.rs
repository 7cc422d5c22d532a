//! The operation that begins a connection test.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};

use crate::app::{App, connection_test};

use super::{
    api::Tag,
    caller::{LookAtDoor, May},
    failure::Failure,
};

/// What a connection test connects with
#[derive(Debug, Object)]
#[oai(rename = "ConnectionTest")]
pub struct ConnectionTestView {
    /// Where LiveKit's client connects to.
    url: String,
    /// The token of the end that sends.
    publisher: String,
    /// The token of the end that receives.
    subscriber: String,
    /// Until when the tokens open the room.
    expires_at: DateTime<Utc>,
}

/// A test may begin
#[derive(ApiResponse)]
pub enum TestBegun {
    /// The two ends of it.
    #[oai(status = 201)]
    Begun(Json<ConnectionTestView>),
}

/// The operations.
pub struct ConnectionTestApi;

#[OpenApi(tag = "Tag::Tokens")]
impl ConnectionTestApi {
    /// Begin a connection test
    ///
    /// For anybody who wants to know what their network lets through: two tokens into a room that is no meeting's, where
    /// one end receives what the other sends. The room is closed after five minutes.
    #[oai(path = "/connection-test", method = "post", operation_id = "create_connection_test")]
    async fn create(&self, app: Data<&App>, _caller: May<LookAtDoor>) -> Result<TestBegun, Failure> {
        let test = connection_test::begin(&app);
        Ok(TestBegun::Begun(Json(ConnectionTestView {
            url: app.livekit_public_url.to_string(),
            publisher: test.publisher,
            subscriber: test.subscriber,
            expires_at: test.expires_at,
        })))
    }
}
