//! The pipe to the provider: what it asks, what it checks, and what it makes of answers that are not right.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use meetbox::{
    clock::Clock,
    config::{OidcSettings, RoleRule},
    oidc::{Attempt, OidcError, Proof, Provider, Verified},
};
use serde_json::{Value, json};

use super::{
    browser::{Browser, parameter},
    provider::{CLIENT_ID, CLIENT_SECRET, OidcProvider},
};
use crate::{services::free_port, serving::http_client};

const REDIRECT_URL: &str = "http://127.0.0.1:9/oidc/callback";

/// Our side, at a provider.
struct Side {
    provider: Provider,
    clock: Clock,
}

impl Side {
    fn at(issuer: &str) -> Self {
        Self::with(settings(issuer))
    }

    fn with(settings: OidcSettings) -> Self {
        let clock = Clock::stopped_at(Utc::now());
        Self { provider: Provider::new(http_client(), settings, clock.clone()), clock }
    }

    /// Goes to the provider with a browser; answers the attempt and the code that comes back.
    async fn go(&self) -> (Attempt, String) {
        let attempt = self.provider.begin().await.expect("the provider describes itself");
        let back = Browser::new().follow(&attempt.url, REDIRECT_URL).await;
        assert_eq!(parameter(&back, "state").as_deref(), Some(attempt.state.as_str()));
        (attempt, parameter(&back, "code").expect("a code"))
    }

    async fn sign_in(&self) -> Result<Verified, OidcError> {
        let (attempt, code) = self.go().await;
        self.provider.finish(&code, &attempt.proof).await
    }
}

fn settings(issuer: &str) -> OidcSettings {
    OidcSettings {
        issuer: issuer.to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned().into(),
        redirect_url: REDIRECT_URL.parse().unwrap(),
        name: "the tests".to_owned(),
        allowed_domains: vec![],
        role: None,
        scopes: ["openid", "email", "profile", "groups"].map(str::to_owned).to_vec(),
    }
}

fn ada() -> Value {
    json!({
        "sub": "ada-1815", "email": "ada@example.org", "email_verified": true, "name": "Ada Lovelace",
        "groups": ["staff", "admins"],
    })
}

/// A provider that Ada signs in with.
async fn provider() -> OidcProvider {
    let provider = OidcProvider::start(REDIRECT_URL);
    provider.is_asked_by(ada()).await;
    provider
}

fn is_untrusted(answer: Result<Verified, OidcError>, because: &str) {
    match answer {
        Err(OidcError::Untrusted(reason)) if reason.contains(because) => {}
        other => panic!("not refused because of `{because}`: {other:?}"),
    }
}

#[tokio::test]
async fn whoever_signed_in_is_told_wherever_the_provider_puts_it_and_however_it_signs() {
    let provider = provider().await;
    let expected = Verified {
        issuer: provider.issuer(),
        subject: "ada-1815".to_owned(),
        email: "ada@example.org".to_owned(),
        email_verified: true,
        name: Some("Ada Lovelace".to_owned()),
        role_values: vec!["staff".to_owned(), "admins".to_owned()],
    };
    for place in ["userinfo", "id_token"] {
        for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
            provider.tell(json!({ "claims_in": place, "algorithm": algorithm })).await;
            let role = Some(RoleRule { claim: "groups".to_owned(), admin_values: vec![] });
            let side = Side::with(OidcSettings { role, ..settings(&provider.issuer()) });
            assert_eq!(side.sign_in().await.unwrap(), expected, "{algorithm} in {place}");
        }
    }
}

#[tokio::test]
async fn each_attempt_has_secrets_of_its_own_and_the_address_shows_only_their_hashes() {
    let provider = provider().await;
    let side = Side::at(&provider.issuer());
    let (one, two) = (side.provider.begin().await.unwrap(), side.provider.begin().await.unwrap());

    assert!(one.state != two.state && one.proof.nonce != two.proof.nonce && one.proof.verifier != two.proof.verifier);
    assert!(one.state.len() >= 43 && one.proof.nonce.len() >= 43 && one.proof.verifier.len() >= 43);
    assert!(!one.url.as_str().contains(&one.proof.verifier));
    let asked = |name| parameter(&one.url, name).unwrap();
    assert_eq!(asked("code_challenge_method"), "S256");
    assert_eq!(asked("response_type"), "code");
    assert_eq!(asked("redirect_uri"), REDIRECT_URL);
    assert_eq!(asked("scope"), "openid email profile groups");
    assert!(!format!("{one:?}").contains(&one.proof.verifier), "proofs are not printed");
}

#[tokio::test]
async fn the_provider_is_asked_to_describe_itself_once_an_hour() {
    let provider = provider().await;
    let side = Side::at(&provider.issuer());
    for _ in 0..3 {
        side.sign_in().await.unwrap();
    }
    assert_eq!(provider.asked().await, (1, 1));

    side.clock.advance(TimeDelta::minutes(61));
    side.provider.begin().await.unwrap();
    assert_eq!(provider.asked().await, (2, 2));
}

#[tokio::test]
async fn a_key_that_is_new_is_asked_for_and_one_that_is_forged_is_not_believed() {
    let provider = provider().await;
    let side = Side::at(&provider.issuer());
    side.sign_in().await.unwrap();

    let (attempt, code) = side.go().await;
    provider.tell(json!({ "rotate": true })).await;
    side.provider.finish(&code, &attempt.proof).await.expect("the key changed while the browser was away");
    assert_eq!(provider.asked().await, (2, 2));

    side.sign_in().await.unwrap();
    assert_eq!(provider.asked().await, (2, 2), "the new key is known now");

    provider.tell(json!({ "foreign_key": true })).await;
    is_untrusted(side.sign_in().await, "Signature verification failed");
}

#[tokio::test]
async fn a_code_is_worth_something_once_and_only_with_the_proof_of_its_attempt() {
    let provider = provider().await;
    let side = Side::at(&provider.issuer());

    let (attempt, code) = side.go().await;
    side.provider.finish(&code, &attempt.proof).await.unwrap();
    let again = side.provider.finish(&code, &attempt.proof).await;
    assert!(matches!(&again, Err(OidcError::Refused(code)) if code == "invalid_grant"), "{again:?}");

    let ((mine, _), (_, theirs)) = (side.go().await, side.go().await);
    let injected = side.provider.finish(&theirs, &mine.proof).await;
    assert!(matches!(&injected, Err(OidcError::Refused(code)) if code == "invalid_grant"), "{injected:?}");

    let (attempt, code) = side.go().await;
    let proof = Proof { nonce: "another".to_owned(), ..attempt.proof };
    is_untrusted(side.provider.finish(&code, &proof).await, "nonce mismatch");
}

#[tokio::test]
async fn an_id_token_for_somebody_else_or_of_another_time_is_not_believed() {
    let provider = provider().await;
    let now = Utc::now().timestamp();
    let cases = [
        (json!({ "aud": "another-app" }), "Invalid audiences"),
        (json!({ "aud": [CLIENT_ID, "another-app"] }), "not a trusted audience"),
        (json!({ "azp": "another-app" }), "issued to somebody else"),
        (json!({ "iss": "https://elsewhere.example" }), "Invalid issuer"),
        (json!({ "nonce": "another" }), "nonce mismatch"),
        (json!({ "nonce": null }), "missing nonce"),
        (json!({ "exp": now - 60 }), "expired"),
        (json!({ "iat": now + 3600 }), "issued in the future"),
        (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "access token is not the one"),
    ];
    for (tamper, because) in cases {
        provider.tell(json!({ "tamper": tamper })).await;
        is_untrusted(Side::at(&provider.issuer()).sign_in().await, because);
    }

    provider.tell(json!({ "tamper": {} })).await;
    let side = Side::at(&provider.issuer());
    let (attempt, code) = side.go().await;
    side.clock.advance(TimeDelta::days(1));
    is_untrusted(side.provider.finish(&code, &attempt.proof).await, "expired");
}

#[tokio::test]
async fn signatures_that_anybody_with_our_secret_could_make_are_not_believed() {
    let provider = provider().await;
    provider.tell(json!({ "algorithm": "HS256" })).await;

    is_untrusted(Side::at(&provider.issuer()).sign_in().await, "HS256");
}

#[tokio::test]
async fn what_is_not_said_of_the_address_is_not_made_up() {
    let provider = provider().await;
    let side = Side::at(&provider.issuer());

    for (said, verified) in [(json!(true), true), (json!(false), false), (json!("true"), true), (Value::Null, false)] {
        provider.is_asked_by(json!({ "sub": "1", "email": "ada@example.org", "email_verified": said })).await;
        assert_eq!(side.sign_in().await.unwrap().email_verified, verified, "{said}");
    }
    provider.is_asked_by(json!({ "sub": "1", "name": "Ada" })).await;
    let answer = side.sign_in().await;
    assert!(matches!(answer, Err(OidcError::Incomplete)), "{answer:?}");
}

#[tokio::test]
async fn a_provider_that_does_not_know_us_refuses_with_its_code() {
    let provider = provider().await;
    let client_secret = "another-secret-than-the-provider-knows".to_owned().into();
    let side = Side::with(OidcSettings { client_secret, ..settings(&provider.issuer()) });

    let answer = side.sign_in().await;
    assert!(matches!(&answer, Err(OidcError::Refused(code)) if code == "invalid_client"), "{answer:?}");
}

#[tokio::test]
async fn an_issuer_that_calls_itself_otherwise_is_not_believed() {
    let provider = provider().await;
    let issuer = format!("http://localhost:{}", provider.port);

    let answer = Side::at(&issuer).provider.begin().await;
    assert!(matches!(answer, Err(OidcError::Untrusted(_))), "{answer:?}");
}

#[tokio::test]
async fn a_provider_that_is_away_is_an_outage_and_is_told_quickly() {
    let mut provider = provider().await;
    let side = Side::at(&provider.issuer());
    let (attempt, code) = side.go().await;
    provider.kill();

    let asked = Instant::now();
    let answers = [
        Side::at(&provider.issuer()).provider.begin().await.map(|_| ()),
        side.provider.finish(&code, &attempt.proof).await.map(|_| ()),
        Side::at(&format!("http://127.0.0.1:{}", free_port())).provider.begin().await.map(|_| ()),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(OidcError::Unreachable(_))), "{answer:?}");
    }
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());

    provider.start_again();
    provider.is_asked_by(ada()).await;
    side.sign_in().await.expect("it is back, with other keys");
}

#[tokio::test]
async fn a_provider_that_never_answers_is_an_outage_after_five_seconds() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());

    let asked = Instant::now();
    let answer = Side::at(&issuer).provider.begin().await;
    assert!(matches!(&answer, Err(OidcError::Unreachable(reason)) if reason.contains("5s")), "{answer:?}");
    assert!(asked.elapsed() < Duration::from_secs(7));
}
