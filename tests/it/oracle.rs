//! LiveKit's own crate as an oracle: what it mints we accept, what we mint it accepts, and what either refuses too.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use livekit_api::{
    access_token::{AccessToken, TokenVerifier, VideoGrants},
    webhooks::{WebhookError, WebhookReceiver},
};
use meetbox::{
    clock::Clock,
    livekit::{
        token::{Grants, Join, Keys},
        webhook::{self, body_hash},
    },
    model::{
        participant::{DisplayName, Identity},
        policy::{MeetingRole, Sources},
        room_name::RoomName,
    },
};
use proptest::prelude::*;
use secrecy::SecretString;

use crate::livekit_model::{self, world::World};

/// The crate asks the machine's clock, so ours must show the same time.
fn now() -> DateTime<Utc> {
    Clock::System.now()
}

fn keys(key: &str, secret: &str) -> Keys {
    Keys::new(key, &SecretString::from(secret))
}

fn api_keys() -> impl Strategy<Value = String> {
    "[A-Za-z0-9]{3,20}"
}

fn secrets() -> impl Strategy<Value = String> {
    "[ -~]{32,64}"
}

fn room_names() -> impl Strategy<Value = RoomName> {
    "[a-z0-9]{3,12}(-[a-z0-9]{1,8}){0,3}".prop_map(|text| RoomName::parse(&text).unwrap())
}

fn identities() -> impl Strategy<Value = Identity> {
    "[!-~]{1,128}".prop_filter_map("the recorder's", |text| Identity::parse(&text).ok())
}

fn display_names() -> impl Strategy<Value = DisplayName> {
    "\\PC{1,80}".prop_filter_map("too long", |text| DisplayName::parse(&text).ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn livekits_crate_accepts_the_tokens_that_we_mint(
        key in api_keys(), secret in secrets(), room in room_names(), identity in identities(), name in display_names(),
    ) {
        let expires_at = now() + TimeDelta::minutes(10);
        let join =
            Join { room: &room, identity: &identity, name: &name, role: MeetingRole::Speaker, sources: Sources::all() };
        let token = keys(&key, &secret).mint_join(&join, now(), expires_at);

        let claims = TokenVerifier::with_api_key(&key, &secret).verify(&token).unwrap();
        assert_eq!(claims.iss, key.clone());
        assert_eq!(claims.sub, identity.as_str());
        assert_eq!(claims.name, name.as_str());
        assert_eq!(i64::try_from(claims.exp).unwrap(), expires_at.timestamp());
        assert!(claims.video.room_join && claims.video.can_publish() && claims.video.can_subscribe());
        assert_eq!(claims.video.room, room.as_str());
        assert!(!claims.video.room_admin && !claims.video.room_create && !claims.video.room_list);
        assert!(!claims.video.hidden && !claims.video.recorder);

        let stranger = TokenVerifier::with_api_key(&key, &format!("{secret}x"));
        assert!(stranger.verify(&token).is_err());
    }

    #[test]
    fn we_accept_the_tokens_that_livekits_crate_mints(
        key in api_keys(), secret in secrets(), room in room_names(), identity in identities(), name in display_names(),
    ) {
        let video = VideoGrants { room_join: true, room: room.as_str().to_owned(), ..VideoGrants::default() };
        let token = AccessToken::with_api_key(&key, &secret)
            .with_identity(identity.as_str())
            .with_name(name.as_str())
            .with_grants(video)
            .with_ttl(Duration::from_secs(600))
            .to_jwt()
            .unwrap();

        let claims = keys(&key, &secret).verify(&token, now()).unwrap();
        assert_eq!(claims.sub, identity.as_str());
        assert_eq!(claims.name, name.as_str());
        let video = claims.video.unwrap();
        assert!(video.room_join);
        assert_eq!(video.room, room.as_str());

        assert!(keys(&key, &format!("{secret}x")).verify(&token, now()).is_err());
        assert!(keys(&format!("{key}x"), &secret).verify(&token, now()).is_err());
        assert!(keys(&key, &secret).verify(&token, now() + TimeDelta::minutes(12)).is_err());
    }

    #[test]
    fn livekits_crate_reads_the_grants_of_our_own_calls(key in api_keys(), secret in secrets(), room in room_names()) {
        let grants = Grants { room_admin: true, room: room.as_str().to_owned(), ..Grants::default() };
        let token = keys(&key, &secret).mint_call(grants, now());

        let claims = TokenVerifier::with_api_key(&key, &secret).verify(&token).unwrap();
        assert!(claims.video.room_admin);
        assert_eq!(claims.video.room, room.as_str());
        assert!(!claims.video.room_join && !claims.video.room_create && !claims.video.room_list);
    }

    #[test]
    fn we_accept_the_webhooks_that_livekits_crate_signs(key in api_keys(), secret in secrets(), who in identities()) {
        for body in bodies(who.as_str()) {
            let hash = body_hash(body.as_bytes());
            let token = AccessToken::with_api_key(&key, &secret).with_sha256(&hash).to_jwt().unwrap();

            let taken = webhook::receive(&keys(&key, &secret), Some(&token), body.as_bytes(), now()).unwrap();
            assert!(body.contains(&taken.event.id));
            assert!(!taken.payload.contains(livekit_model::TURN_PASSWORD));

            let tampered = format!("{body} ");
            assert!(webhook::receive(&keys(&key, &secret), Some(&token), tampered.as_bytes(), now()).is_err());
        }
    }

    #[test]
    fn livekits_crate_accepts_the_webhooks_that_we_sign(key in api_keys(), secret in secrets(), who in identities()) {
        let receiver = WebhookReceiver::new(TokenVerifier::with_api_key(&key, &secret));
        for body in bodies(who.as_str()) {
            let token = keys(&key, &secret).mint_webhook(body_hash(body.as_bytes()), now());

            let taken = receiver.receive(&body, &token).unwrap();
            assert!(body.contains(&taken.id));

            let tampered = receiver.receive(&format!("{body} "), &token);
            assert!(matches!(tampered, Err(WebhookError::InvalidSignature)));
        }
    }
}

/// A little life of a room, as LiveKit tells it.
fn bodies(who: &str) -> Vec<String> {
    let at = now().timestamp_millis();
    let mut world = World::default();
    world.join("blue-heron", who, at);
    world.leave("blue-heron", who, "CLIENT_INITIATED", at + 1_000);
    world.take_events().into_iter().map(|event| event.body).collect()
}
