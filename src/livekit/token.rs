//! Tokens, as LiveKit reads and writes them: JWTs signed with HMAC-SHA-256.
//!
//! One minter and one verifier, for what we give to clients, for our own calls and for webhooks alike.
//! Source: docs.livekit.io, "Authentication", and the `auth` package of LiveKit's protocol repository.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::model::{
    connection_test::TestEnd,
    participant::{DisplayName, Identity, is_guest_identity},
    policy::{MeetingRole, Sources},
    room_name::RoomName,
};

/// `{"alg":"HS256","typ":"JWT"}`, encoded: the only header that we write.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
/// How far in the past a token becomes valid, for media servers whose clock is behind ours.
const NOT_BEFORE_SLACK: TimeDelta = TimeDelta::seconds(10);
/// How far clocks may differ when we check a token.
const LEEWAY: i64 = 60;

/// The API key and secret that we share with LiveKit, ready for signing.
#[derive(Clone)]
pub struct Keys {
    api_key: String,
    signer: Hmac<Sha256>,
}

/// A token that is not to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("it is not a JWT signed with HS256")]
    Malformed,
    #[error("its signature is not ours")]
    Signature,
    #[error("it was issued for another API key")]
    Issuer,
    #[error("it has expired or is not valid yet")]
    Time,
}

/// What a token says; absent fields are left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Claims {
    pub iss: String,
    /// Seconds since 1970.
    pub exp: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nbf: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sub: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// In webhooks: the base64 of the body's SHA-256.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha256: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<Grants>,
}

/// The attribute of a participant that tells everybody their role; only the server writes it.
pub const ROLE_ATTRIBUTE: &str = "meetbox.role";
/// The attribute that marks a guest, whose name nobody has checked.
const GUEST_ATTRIBUTE: &str = "meetbox.guest";

/// Whom a token lets in, and as what.
#[derive(Clone, Debug)]
pub struct Join<'a> {
    pub room: &'a RoomName,
    pub identity: &'a Identity,
    pub name: &'a DisplayName,
    pub role: MeetingRole,
    /// What they may publish.
    pub sources: Sources,
}

/// What a token allows. Only what is said is allowed, but for publishing and subscribing, which LiveKit allows to
/// whoever may join unless they are refused; so those are always said.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", default)]
pub struct Grants {
    #[serde(skip_serializing_if = "is_false")]
    pub room_join: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub room_create: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub room_list: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub room_admin: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub room_record: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// Which kinds of tracks; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
}

impl Keys {
    /// Takes the pair from the settings.
    pub fn new(api_key: &str, api_secret: &SecretString) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
        let signer = Hmac::new_from_slice(api_secret.expose_secret().as_bytes()).expect("any key length fits");
        Self { api_key: api_key.to_owned(), signer }
    }

    /// The API key, which is no secret.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// A token with which somebody joins, sends what they may and receives, until `expires_at`.
    pub fn mint_join(&self, join: &Join<'_>, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> String {
        let mut attributes = BTreeMap::from([(ROLE_ATTRIBUTE.to_owned(), join.role.as_str().to_owned())]);
        if is_guest_identity(join.identity.as_str()) {
            attributes.insert(GUEST_ATTRIBUTE.to_owned(), "true".to_owned());
        }
        self.sign(&Claims {
            sub: join.identity.as_str().to_owned(),
            name: join.name.as_str().to_owned(),
            attributes,
            video: Some(Grants {
                room_join: true,
                room: join.room.as_str().to_owned(),
                can_publish: Some(!join.sources.is_empty()),
                can_publish_sources: if join.sources.is_all() { Vec::new() } else { join.sources.names() },
                can_subscribe: Some(true),
                can_publish_data: Some(true),
                // What others rely on is written by the server; a client that may change its metadata could lie.
                can_update_own_metadata: Some(false),
                ..Grants::default()
            }),
            ..self.claims(now, expires_at)
        })
    }

    /// A token for one end of a connection test in `room`.
    pub fn mint_test(&self, room: &str, end: TestEnd, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> String {
        self.sign(&Claims {
            sub: end.as_str().to_owned(),
            video: Some(Grants {
                room_join: true,
                room: room.to_owned(),
                can_publish: Some(end == TestEnd::Publisher),
                can_subscribe: Some(end == TestEnd::Subscriber),
                can_publish_data: Some(false),
                can_update_own_metadata: Some(false),
                ..Grants::default()
            }),
            ..self.claims(now, expires_at)
        })
    }

    /// A token for one call of ours, with only what the call needs.
    pub fn mint_call(&self, grants: Grants, now: DateTime<Utc>) -> String {
        self.sign(&Claims { video: Some(grants), ..self.claims(now, now + TimeDelta::minutes(2)) })
    }

    /// A token that vouches for a webhook's body, as LiveKit makes them; `sha256` is the body's, in base64.
    pub fn mint_webhook(&self, sha256: String, now: DateTime<Utc>) -> String {
        self.sign(&Claims { sha256, ..self.claims(now, now + TimeDelta::minutes(5)) })
    }

    fn claims(&self, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> Claims {
        Claims {
            iss: self.api_key.clone(),
            nbf: (now - NOT_BEFORE_SLACK).timestamp(),
            exp: expires_at.timestamp(),
            ..Claims::default()
        }
    }

    fn sign(&self, claims: &Claims) -> String {
        #[expect(clippy::expect_used, reason = "strings, numbers and booleans always make JSON")]
        let payload = serde_json::to_vec(claims).expect("claims make JSON");

        let mut token = String::with_capacity(HEADER.len() + payload.len() * 4 / 3 + 48);
        token.push_str(HEADER);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut token);
        let signature = self.signer.clone().chain_update(token.as_bytes()).finalize().into_bytes();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// What the token says, if it was signed with our secret for our key and is valid at `now`.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);

        // The algorithm is ours to choose, not the token's: "none" and the like are refused.
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
        if header.alg != "HS256" {
            return Err(TokenError::Malformed);
        }
        // verify_slice compares in constant time.
        self.signer
            .clone()
            .chain_update(signed.as_bytes())
            .verify_slice(&decode(signature)?)
            .map_err(|_| TokenError::Signature)?;

        let claims: Claims = serde_json::from_slice(&decode(payload)?).map_err(|_| TokenError::Malformed)?;
        let now = now.timestamp();
        if claims.iss != self.api_key {
            Err(TokenError::Issuer)
        } else if now > claims.exp.saturating_add(LEEWAY) || now < claims.nbf.saturating_sub(LEEWAY) {
            Err(TokenError::Time)
        } else {
            Ok(claims)
        }
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("api_key", &self.api_key).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{id::TicketId, policy::Source};

    fn keys() -> Keys {
        Keys::new("devkey", &SecretString::from("devsecretdevsecretdevsecretdevsecret"))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn join() -> String {
        join_as("p_1", MeetingRole::Speaker, Sources::all())
    }

    fn join_as(identity: &str, role: MeetingRole, sources: Sources) -> String {
        let ticket = identity.strip_prefix("g_").map(|_| TicketId(uuid::Uuid::nil()));
        let join = Join {
            room: &RoomName::parse("blue-heron").unwrap(),
            identity: &ticket.map_or_else(|| Identity::parse(identity).unwrap(), Identity::of_guest),
            name: &DisplayName::parse("Ada").unwrap(),
            role,
            sources,
        };
        keys().mint_join(&join, now(), now() + TimeDelta::minutes(10))
    }

    #[test]
    fn a_join_token_says_what_the_role_may_and_who_is_a_guest() {
        let claims = |identity, role, sources| keys().verify(&join_as(identity, role, sources), now()).unwrap();

        let host = claims("p_1", MeetingRole::Host, Sources::all());
        assert_eq!(host.attributes, BTreeMap::from([(ROLE_ATTRIBUTE.to_owned(), "host".to_owned())]));
        assert!(host.video.unwrap().can_publish_sources.is_empty(), "everything");

        let listener = claims("g_", MeetingRole::Speaker, Sources::of(&[Source::Microphone]));
        assert_eq!(listener.attributes.get(GUEST_ATTRIBUTE).map(String::as_str), Some("true"));
        assert_eq!(listener.video.unwrap().can_publish_sources, ["microphone"]);

        let viewer = claims("p_1", MeetingRole::Viewer, Sources::none()).video.unwrap();
        assert_eq!((viewer.can_publish, viewer.can_subscribe), (Some(false), Some(true)));
    }

    #[test]
    fn a_join_token_names_one_room_and_says_what_is_allowed() {
        let claims = keys().verify(&join(), now()).unwrap();
        let video = claims.video.unwrap();

        assert_eq!((claims.sub.as_str(), claims.name.as_str()), ("p_1", "Ada"));
        assert_eq!((video.room_join, video.room.as_str()), (true, "blue-heron"));
        assert_eq!((video.can_publish, video.can_update_own_metadata), (Some(true), Some(false)));
        assert!(!video.room_admin && !video.room_create && !video.room_list);
    }

    #[test]
    fn a_token_holds_only_in_its_time() {
        let at = |seconds| keys().verify(&join(), now() + TimeDelta::seconds(seconds));
        assert!(at(-60).is_ok() && at(600).is_ok() && at(660).is_ok());
        assert_eq!(at(661), Err(TokenError::Time));
        assert_eq!(at(-71), Err(TokenError::Time));
    }

    #[test]
    fn a_token_of_another_key_or_secret_is_refused() {
        let stranger = Keys::new("devkey", &SecretString::from("another-secret-another-secret-another"));
        assert_eq!(stranger.verify(&join(), now()), Err(TokenError::Signature));

        let namesake = Keys::new("other", &SecretString::from("devsecretdevsecretdevsecretdevsecret"));
        assert_eq!(namesake.verify(&join(), now()), Err(TokenError::Issuer));
    }

    #[test]
    fn a_token_that_picks_its_own_algorithm_is_refused() {
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let payload = join().split('.').nth(1).unwrap().to_owned();
        assert_eq!(keys().verify(&format!("{none}.{payload}."), now()), Err(TokenError::Malformed));
    }

    proptest! {
        #[test]
        fn a_changed_token_is_refused(at in 0_usize..300, to in "[A-Za-z0-9_.-]") {
            let token = join();
            let at = at % token.len();
            prop_assume!(token[at..=at] != to);
            let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            // The last character of a part carries bits that are cut off; such a change is none.
            prop_assume!(changed.split('.').count() == 3);
            let same = |a: &str, b: &str| a.split('.').zip(b.split('.')).all(|(a, b)| URL_SAFE_NO_PAD.decode(a).ok() == URL_SAFE_NO_PAD.decode(b).ok());
            prop_assume!(!same(&changed, &token));

            prop_assert!(keys().verify(&changed, now()).is_err());
        }

        #[test]
        fn no_text_breaks_the_verifier(text in ".{0,200}") {
            prop_assert!(keys().verify(&text, now()).is_err());
        }
    }
}
