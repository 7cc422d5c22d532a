//! Webhooks: whether LiveKit really sent them, and what they say.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::event::Event;

use super::{
    egress, json,
    token::{Keys, TokenError},
};

/// The longest event id that we store; LiveKit's have 15 characters.
const LONGEST_ID: usize = 200;

/// A webhook that is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("the webhook has no Authorization header")]
    Unsigned,
    #[error("the webhook's token is refused: {0}")]
    Token(#[from] TokenError),
    #[error("the webhook's body is not the one that was signed")]
    Body,
    #[error("the webhook's body is not an event: {0}")]
    Malformed(String),
}

/// A webhook that LiveKit sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    pub event: Event,
    /// The body as JSON text, without secrets.
    pub payload: String,
}

/// Checks the signature on the raw body, and reads it.
pub fn receive(
    keys: &Keys,
    authorization: Option<&str>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Webhook, WebhookError> {
    let token = authorization.ok_or(WebhookError::Unsigned)?;
    // LiveKit sends the bare token; its own libraries also take it with the scheme.
    let token = token.strip_prefix("Bearer ").unwrap_or(token);

    let claims = keys.verify(token, now)?;
    if !bool::from(body_hash(body).as_bytes().ct_eq(claims.sha256.as_bytes())) {
        return Err(WebhookError::Body);
    }
    read(body)
}

/// The base64 of the body's SHA-256, as it stands in the token's claims.
pub fn body_hash(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}

fn read(body: &[u8]) -> Result<Webhook, WebhookError> {
    let malformed = |reason: &str| WebhookError::Malformed(reason.to_owned());

    let mut body: Value = serde_json::from_slice(body).map_err(|err| malformed(&err.to_string()))?;
    clean(&mut body);
    let event = event(&body)?;
    if event.id.is_empty() || event.id.len() > LONGEST_ID {
        return Err(malformed("its id is missing or too long"));
    }
    if event.kind.is_empty() || event.kind.len() > LONGEST_ID {
        return Err(malformed("its event name is missing or too long"));
    }
    Ok(Webhook { event, payload: body.to_string() })
}

/// What a stored payload says; it was checked when it came in.
pub fn read_stored(payload: &str) -> Result<Event, WebhookError> {
    let body = serde_json::from_str(payload).map_err(|err| WebhookError::Malformed(err.to_string()))?;
    event(&body)
}

fn event(body: &Value) -> Result<Event, WebhookError> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Body {
        id: String,
        event: String,
        #[serde(rename = "createdAt", deserialize_with = "json::number")]
        created_at: i64,
        room: Option<json::Room>,
        participant: Option<json::Participant>,
        #[serde(rename = "egressInfo")]
        egress: Option<egress::Told>,
    }

    let body = Body::deserialize(body).map_err(|err| WebhookError::Malformed(err.to_string()))?;
    let created_at = DateTime::from_timestamp(body.created_at, 0)
        .filter(|_| body.created_at > 0)
        .ok_or_else(|| WebhookError::Malformed("its createdAt is missing or no moment".to_owned()))?;
    Ok(Event {
        id: body.id,
        kind: body.event,
        created_at,
        room: body.room.and_then(|room| room.fact()),
        participant: body.participant.and_then(json::Participant::fact),
        recorder: body.egress.and_then(egress::Told::report),
    })
}

/// Takes out what must not be kept (`turnPassword`, which opens LiveKit's relay) and what Postgres cannot keep (NUL).
fn clean(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "turnPassword" && name != "turn_password" && !name.contains('\0'));
            fields.values_mut().for_each(clean);
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', ""),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    const BODY: &str = r#"{"event":"participant_joined","id":"EV_1","createdAt":"1800000000",
        "room":{"sid":"RM_1","name":"blue-heron","creationTimeMs":"1799999999500","turnPassword":"hush","future":{"turnPassword":"hush"}},
        "participant":{"sid":"PA_1","identity":"ada","name":"A\u0000da","joinedAtMs":"1800000000250"}}"#;

    fn keys() -> Keys {
        Keys::new("devkey", &SecretString::from("devsecretdevsecretdevsecretdevsecret"))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn receive_signed(body: &str) -> Result<Webhook, WebhookError> {
        let token = keys().mint_webhook(body_hash(body.as_bytes()), now());
        receive(&keys(), Some(&token), body.as_bytes(), now())
    }

    #[test]
    fn a_signed_event_is_read_and_its_secret_dropped() {
        let webhook = receive_signed(BODY).unwrap();
        let participant = webhook.event.participant.clone().unwrap();

        assert_eq!(webhook.event.room.clone().unwrap().name, "blue-heron");
        assert_eq!(participant.joined_at, DateTime::from_timestamp_millis(1_800_000_000_250));
        assert_eq!(participant.name.as_deref(), Some("Ada"), "NUL is dropped");
        assert!(!webhook.payload.contains("hush"), "{}", webhook.payload);
        assert_eq!(read_stored(&webhook.payload).unwrap(), webhook.event);
    }

    #[test]
    fn what_livekit_did_not_sign_is_refused() {
        let token = keys().mint_webhook(body_hash(BODY.as_bytes()), now());
        let tampered = BODY.replace("ada", "eve");

        assert_eq!(receive(&keys(), None, BODY.as_bytes(), now()), Err(WebhookError::Unsigned));
        assert_eq!(receive(&keys(), Some(&token), tampered.as_bytes(), now()), Err(WebhookError::Body));
        assert!(matches!(receive(&keys(), Some("x.y.z"), BODY.as_bytes(), now()), Err(WebhookError::Token(_))));
    }

    #[test]
    fn kinds_and_fields_of_tomorrow_pass() {
        let body = r#"{"event":"hologram_projected","id":"EV_2","createdAt":"1800000000","hologram":{"kind":"NEW"},"participant":{"kind":77}}"#;
        let webhook = receive_signed(body).unwrap();
        assert_eq!(webhook.event.kind, "hologram_projected");
        assert_eq!(webhook.event.participant, None);
    }

    #[test]
    fn a_body_that_is_no_event_is_refused_in_words() {
        for body in ["", "[]", "{}", r#"{"event":"x","id":"EV_1"}"#, r#"{"event":"x","createdAt":"1"}"#] {
            assert!(matches!(receive_signed(body), Err(WebhookError::Malformed(_))), "{body}");
        }
    }
}
