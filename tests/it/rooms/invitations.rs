//! Invitations: whom they let in, how often, and until when.

use std::time::Duration;

use futures_util::future::join_all;
use meetbox::clock::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Porch, is_in, is_out, text};
use crate::serving::code;

/// How many come at once with the last use of an invitation, and how often that is tried.
const AT_ONCE: usize = 6;
const ROUNDS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_lets_in_as_many_as_it_says_in_its_role() {
    let porch = Porch::open(json!({ "access": "invited" })).await;
    let (secret, id) = porch.invitation(&json!({ "role": "viewer", "max_uses": 2, "label": "for Bela" })).await;
    let invited = json!({ "invitation": secret });
    is_out(&porch.knock(None, &json!({})).await, "invitation-needed");

    let first = porch.knock(None, &invited).await;
    is_in(&first, "viewer");
    let back = json!({ "invitation": secret, "ticket": first.1["ticket"] });
    for again in [&back, &json!({ "ticket": first.1["ticket"] })] {
        let again = porch.knock(None, again).await;
        is_in(&again, "viewer");
        assert_eq!(again.1["identity"], first.1["identity"], "the same person has not used it twice");
    }
    let other = porch.house.account("bela", "host").await;
    is_in(&porch.knock(Some(&other.session), &invited).await, "viewer");
    is_in(&porch.knock(Some(&other.session), &invited).await, "viewer");
    is_in(&porch.knock(Some(&other.session), &json!({})).await, "viewer");
    is_out(&porch.knock(None, &invited).await, "invitation-invalid");
    is_in(&porch.knock(None, &back).await, "viewer");

    // The host tries the link: it is not used up by that, and no obstacle when it is used up.
    is_in(&porch.knock(Some(&porch.owner.session), &invited).await, "host");
    let (_, page) = porch.owner_asks("GET", "invitations", Value::Null).await;
    let shown = &page["items"][0];
    assert_eq!((&shown["id"], &shown["uses"], &shown["label"]), (&json!(id), &json!(2), &json!("for Bela")), "{page}");
    assert!(!page.to_string().contains(&secret), "the secret is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_come_with_the_last_use_at_once_one_gets_in() {
    let porch = Porch::open(json!({ "access": "invited" })).await;
    for round in 0..ROUNDS {
        let (secret, _) = porch.invitation(&json!({ "role": "speaker", "max_uses": 1 })).await;
        let invited = json!({ "invitation": secret });
        let answers = join_all((0..AT_ONCE).map(|_| porch.knock(None, &invited))).await;
        let inside = answers.iter().filter(|(status, _)| *status == StatusCode::OK).count();
        assert_eq!(inside, 1, "round {round}: {answers:?}");
        answers.iter().filter(|(status, _)| *status != StatusCode::OK).for_each(|it| is_out(it, "invitation-invalid"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_over_opens_nothing_but_whoever_it_let_in_comes_back() {
    let porch = Porch::open(json!({ "access": "invited" })).await;
    let soon = Clock::System.now() + Duration::from_secs(2);
    let (expiring, _) = porch.invitation(&json!({ "role": "speaker", "expires_at": soon.to_rfc3339() })).await;
    let (revoked, id) = porch.invitation(&json!({ "role": "speaker" })).await;

    let mut came = Vec::new();
    for secret in [&expiring, &revoked] {
        let pass = porch.knock(None, &json!({ "invitation": secret })).await;
        is_in(&pass, "speaker");
        came.push(json!({ "invitation": secret, "ticket": text(&pass.1["ticket"]) }));
    }
    let revoke = format!("invitations/{id}");
    assert_eq!(porch.owner_asks("DELETE", &revoke, Value::Null).await.0, StatusCode::NO_CONTENT);
    let (status, problem) = porch.owner_asks("DELETE", &revoke, Value::Null).await;
    assert_eq!((status, code(&problem)), (StatusCode::NOT_FOUND, "invitation-not-found"));
    tokio::time::sleep((soon - Clock::System.now()).to_std().unwrap_or_default()).await;

    for (secret, back) in [&expiring, &revoked].into_iter().zip(came) {
        is_out(&porch.knock(None, &json!({ "invitation": secret })).await, "invitation-invalid");
        is_in(&porch.knock(None, &back).await, "speaker");
        is_in(&porch.knock(Some(&porch.owner.session), &json!({ "invitation": secret })).await, "host");
    }
    let past = json!({ "role": "speaker", "expires_at": "2001-01-01T00:00:00Z" });
    let (status, problem) = porch.owner_asks("POST", "invitations", past).await;
    assert_eq!((status, code(&problem)), (StatusCode::UNPROCESSABLE_ENTITY, "expires-in-past"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_opens_its_own_meeting_and_no_other_and_a_hosts_makes_a_host() {
    let porch = Porch::open(json!({ "access": "passcode", "passcode": "4711", "lobby": "everyone" })).await;
    super::meeting(&porch.house, &porch.owner, json!({ "room_name": "grey-seal", "access": "invited" })).await;
    let (as_host, _) = porch.invitation(&json!({ "role": "host" })).await;
    let (as_speaker, _) = porch.invitation(&json!({ "role": "speaker" })).await;

    let elsewhere = json!({ "room_name": "grey-seal", "invitation": as_host });
    is_out(&porch.knock(None, &elsewhere).await, "invitation-invalid");
    let other_end = if as_host.ends_with('A') { 'E' } else { 'A' };
    let nearly = format!("{}{other_end}", &as_host[..as_host.len() - 1]);
    for nonsense in ["x", &as_host.replace("invitation", "ticket"), &nearly] {
        is_out(&porch.knock(None, &json!({ "invitation": nonsense })).await, "invitation-invalid");
    }
    is_in(&porch.knock(None, &json!({ "invitation": as_host })).await, "host");
    let (status, waiting) = porch.knock(None, &json!({ "invitation": as_speaker })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "no passcode, but the lobby is for everyone: {waiting}");
}
