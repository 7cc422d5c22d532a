//! Recorded deliveries of a real LiveKit, byte for byte, against our check of their signatures.

use chrono::{DateTime, TimeDelta, Utc};
use meetbox::livekit::{
    token::{Keys, TokenError},
    webhook::{WebhookError, receive},
};
use secrecy::SecretString;
use serde_json::Value;

use crate::livekit_model::{API_KEY, API_SECRET, TURN_PASSWORD, jwt, trace};

struct Recorded {
    authorization: String,
    body: Vec<u8>,
    at: DateTime<Utc>,
}

fn recorded() -> Vec<Recorded> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let read = |line: &Value| {
        let authorization = text(&line["authorization"]);
        let at = jwt::read(&authorization).unwrap()["iat"].as_i64().unwrap();
        Recorded { authorization, body: text(&line["raw"]).into_bytes(), at: DateTime::from_timestamp(at, 0).unwrap() }
    };
    let recorded: Vec<Recorded> = trace::load("participant-vanishes").of_kind("raw").map(read).collect();
    assert!(!recorded.is_empty());
    recorded
}

fn keys() -> Keys {
    Keys::new(API_KEY, &SecretString::from(API_SECRET))
}

#[test]
fn recorded_deliveries_are_taken_as_they_came() {
    for delivery in recorded() {
        let taken = receive(&keys(), Some(&delivery.authorization), &delivery.body, delivery.at).unwrap();
        assert!(!taken.payload.contains("turnPassword") && !taken.payload.contains(TURN_PASSWORD));
    }
}

#[test]
fn a_delivery_with_any_one_byte_changed_is_refused() {
    for delivery in recorded() {
        for place in 0..delivery.body.len() {
            let mut changed = delivery.body.clone();
            changed[place] ^= 1;
            let refused = receive(&keys(), Some(&delivery.authorization), &changed, delivery.at).unwrap_err();
            assert_eq!(refused, WebhookError::Body, "byte {place}");
        }
    }
}

#[test]
fn a_delivery_signed_with_another_key_or_secret_or_long_ago_is_refused() {
    let other_key = Keys::new("other", &SecretString::from(API_SECRET));
    let other_secret = Keys::new(API_KEY, &SecretString::from("anothersecretanothersecretanothersecret"));

    for Recorded { authorization, body, at } in recorded() {
        let refusal = |keys: &Keys, at| receive(keys, Some(&authorization), &body, at).unwrap_err();
        assert_eq!(refusal(&other_key, at), WebhookError::Token(TokenError::Issuer));
        assert_eq!(refusal(&other_secret, at), WebhookError::Token(TokenError::Signature));
        // Five minutes of validity and a minute of leeway.
        assert_eq!(refusal(&keys(), at + TimeDelta::minutes(7)), WebhookError::Token(TokenError::Time));
        assert_eq!(refusal(&keys(), at - TimeDelta::minutes(2)), WebhookError::Token(TokenError::Time));
    }
}
