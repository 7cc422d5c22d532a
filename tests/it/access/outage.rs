//! Who is signed in while Postgres is away: an outage is never taken for somebody who is not.

use std::time::{Duration, Instant};

use meetbox::{clock::Clock, model::credential::CredentialKind};
use reqwest::{Method, header::COOKIE};
use serde_json::json;

use super::house::{House, PASSWORD};
use crate::{
    chaos::{Mode, Proxy},
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::Ground,
};

/// A process remembers for a second who somebody is; then it has to ask.
const FORGOTTEN: Duration = Duration::from_millis(1200);

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_postgres_is_503_and_signs_nobody_out() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let proxy = Proxy::to(database.port).await;
    let ground = Ground::new(&database.url_through(proxy.port), &redis_url(), &livekit.url());
    let house = House::on(ground, livekit, &database, &[]).await;

    let person = house.person("host").await;
    let session = house.token_of(&person).await;
    let unknown = house.credential(CredentialKind::Session).expose().to_owned();
    let key = house.key(None, &["admin"]).await;

    for mode in [Mode::Refused, Mode::BlackHoled, Mode::Reset] {
        house.get(&session, "/account").await.is(200);
        proxy.set(mode).await;
        tokio::time::sleep(FORGOTTEN).await;
        let asked = Instant::now();

        // Redis knows who they are, and what a host may not do needs nothing else.
        house.get(&session, "/accounts").await.refuses(403, "admins-only");
        house.ask(Some(&session), Method::DELETE, "/lobby-ticket", None).await.refuses(403, "tickets-only");
        // What is known in no memory is not said to be wrong.
        for who in [&session, &unknown, &key] {
            let answer = house.get(who, "/account").await;
            assert_eq!(answer.status.as_u16(), 503, "{mode:?}: {}", answer.body);
            assert!(answer.header("retry-after").is_some(), "{mode:?}: {:?}", answer.headers);
        }
        let cookie = house.serving.request_as(None, Method::GET, "/account");
        house.answer(cookie.header(COOKIE, format!("meetbox_session={unknown}"))).await.is(503);
        house.sign_in(&person.email, &PASSWORD, "bearer").await.is(503);
        house.sign_in("nobody@example.org", "whatever it was", "bearer").await.is(503);
        let setup = json!({ "secret": house.credential(CredentialKind::SetupLink).expose(), "email": "eve@example.org",
            "name": "Eve", "password": *PASSWORD });
        house.ask(None, Method::POST, "/setup", Some(setup)).await.is(503);
        assert!(asked.elapsed() < Duration::from_secs(20), "{mode:?}: {:?}", asked.elapsed());
        house.ask(None, Method::GET, "/account", None).await.refuses(401, "sign-in-needed");

        proxy.set(Mode::Pass).await;
        house.serving.wait_until_ready().await;
        house.get(&session, "/account").await.is(200);
        house.get(&unknown, "/account").await.refuses(401, "credential-unknown");
    }
    house.sign_in(&person.email, &PASSWORD, "bearer").await.is(201);
}
