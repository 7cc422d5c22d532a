//! Sessions: begun, found again, listed, ended, and what ends them besides.

use std::time::{Duration, Instant};

use meetbox::model::credential::Credential;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{
    Method, RequestBuilder,
    header::{COOKIE, ORIGIN},
};
use serde_json::{Value, json};

use super::house::{Answer, House, PASSWORD, Person};
use crate::{livekit_model::KEYS, services::free_port, serving::Serving};

/// How a session is shown.
#[derive(Clone, Debug)]
enum Shown {
    Bearer(String),
    /// By a page of ours, or a navigation.
    Cookie(String),
}

impl Shown {
    fn of(answer: &Answer) -> Self {
        match answer.body["token"].as_str() {
            Some(token) => Self::Bearer(token.to_owned()),
            None => Self::Cookie(answer.cookie("meetbox_session")),
        }
    }

    fn on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Bearer(token) => request.bearer_auth(token),
            Self::Cookie(cookie) => request.header(COOKIE, cookie),
        }
    }

    /// Where Redis keeps it.
    fn redis_key(&self) -> String {
        let (Self::Bearer(token) | Self::Cookie(token)) = self;
        let token = token.split('=').next_back().unwrap();
        format!("meetbox:session:{}", Credential::parse(token).unwrap().hash().to_hex())
    }
}

async fn redis(url: &str) -> redis::aio::MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

// Feature: infrastructure-local-dev, Property 23: whoever signs in, however their session travels, is known to every
// process until they sign out; Redis remembers them, and whether it does, forgets them or is away makes no difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_created_is_found_again_by_later_requests() {
    const CASES: usize = 104;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let nowhere = format!("redis://127.0.0.1:{}", free_port());
    let houses = [House::open().await, House::with(&[("REDIS_URL", &nowhere)]).await];
    let others = [houses[0].second_process().await, houses[1].second_process().await];
    let mut redis = redis(&houses[0].serving.ground.redis_url).await;

    let mut kept_by_redis = 0;
    for case in 0..CASES {
        let with_redis: bool = rng.random();
        let number = usize::from(!with_redis);
        let (house, processes) = (&houses[number], [&houses[number].serving, &others[number]]);
        let person = house.person(["admin", "host"].choose(&mut rng).unwrap()).await;
        let transport = ["cookie", "bearer"].choose(&mut rng).unwrap();
        let begun = house.sign_in(&person.email, &PASSWORD, transport).await;
        begun.is(201);
        let shown = Shown::of(&begun);
        let what = format!("case {case}: {shown:?}, Redis: {with_redis}");

        for _ in 0..rng.random_range(1..=4) {
            let process: &Serving = processes.choose(&mut rng).unwrap();
            find(process, &shown, (&person, &begun), &what).await;
            if !with_redis {
                continue;
            }
            let left: i64 = redis::cmd("TTL").arg(shown.redis_key()).query_async(&mut redis).await.unwrap();
            // On a machine that is busy with other tests Redis may be too slow to be told.
            let was_away = processes.iter().any(|process| process.printed().contains("redis is away"));
            assert!(was_away || (0..=15).contains(&left), "{what}: Redis keeps it for {left} s");
            if rng.random_bool(0.15) {
                redis::cmd("DEL").arg(shown.redis_key()).exec_async(&mut redis).await.unwrap();
                // The one who has just asked still knows them; so ask the other one.
                find(processes[rng.random_range(0..2)], &shown, (&person, &begun), &what).await;
                find(processes[1], &shown, (&person, &begun), &what).await;
                redis::cmd("DEL").arg(shown.redis_key()).exec_async(&mut redis).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1050)).await;
            }
        }

        let leave = processes[0].request_as(None, Method::DELETE, "/sessions/current").header(ORIGIN, house.origin());
        Answer::to(shown.on(leave)).await.is(204);
        Answer::to(shown.on(processes[0].request_as(None, Method::GET, "/account"))).await.is(401);
        if with_redis {
            let there: bool = redis::cmd("EXISTS").arg(shown.redis_key()).query_async(&mut redis).await.unwrap();
            assert!(!there, "{what}: Redis still knows it");
            kept_by_redis += 1;
        }
    }
    assert!((1..CASES).contains(&kept_by_redis), "both kinds came up");
}

async fn find(process: &Serving, shown: &Shown, (person, begun): (&Person, &Answer), what: &str) {
    let answer = Answer::to(shown.on(process.request_as(None, Method::GET, "/account"))).await;
    assert_eq!((answer.status.as_u16(), &answer.body["id"]), (200, &json!(person.id)), "{what}: {}", answer.body);
    let answer = Answer::to(shown.on(process.request_as(None, Method::GET, "/sessions"))).await;
    let sessions = answer.body["items"].as_array().unwrap_or_else(|| panic!("{what}: {}", answer.body));
    let current = sessions.iter().find(|session| session["current"] == true).unwrap();
    assert_eq!(current["id"], begun.body["session"]["id"], "{what}");
}

#[tokio::test]
async fn a_cookie_is_for_one_host_over_https_and_for_no_script() {
    let (key, secret) = KEYS[1];
    let staging = [("APP_ENV", "staging"), ("LIVEKIT_API_KEY", key), ("LIVEKIT_API_SECRET", secret)];
    let house = House::with(&staging).await;
    let begun = house.sign_in(&house.person("host").await.email, &PASSWORD, "cookie").await;
    assert!(begun.body.get("token").is_none(), "no script sees it: {}", begun.body);
    let cookies = begun.cookies();
    assert_eq!(cookies.len(), 2, "a session, and that the browser is known: {cookies:?}");
    for (name, _, attributes) in &cookies {
        assert!(name.starts_with("__Host-meetbox_"), "{name}");
        let life = if name.ends_with("session") { 30 } else { 180 } * 24 * 60 * 60;
        assert_eq!(*attributes, format!("Max-Age={life}; Path=/; Secure; HttpOnly; SameSite=Lax"), "{name}");
    }
    let account =
        |cookie: String| house.answer(house.serving.request_as(None, Method::GET, "/account").header(COOKIE, cookie));
    let session = begun.cookie("__Host-meetbox_session");
    account(session.clone()).await.is(200);
    account(session.replace("__Host-", "")).await.is(401);

    let local = House::open().await;
    let begun = local.sign_in(&local.person("host").await.email, &PASSWORD, "cookie").await;
    let (_, _, attributes) = begun.cookies().into_iter().find(|(name, ..)| name == "meetbox_session").unwrap();
    assert_eq!(attributes, "Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax", "a developer's machine has no HTTPS");

    let program = local.sign_in(&local.person("host").await.email, &PASSWORD, "bearer").await;
    assert!(program.cookies().is_empty(), "a program keeps no cookies");
}

#[tokio::test]
async fn a_cookie_writes_only_for_pages_of_ours() {
    let house = House::open().await;
    let begun = house.sign_in(&house.person("host").await.email, &PASSWORD, "cookie").await;
    let cookie = Shown::of(&begun);
    let bearer = Shown::Bearer(house.token_of(&house.person("host").await).await);
    let (ours, evil) = (house.origin(), "https://evil.example".to_owned());
    let next = "http://localhost:3000".to_owned();

    let cases = [
        (&cookie, Method::GET, None, 200),
        (&cookie, Method::GET, Some(&evil), 403),
        (&cookie, Method::PATCH, Some(&ours), 200),
        (&cookie, Method::PATCH, Some(&next), 200),
        (&cookie, Method::PATCH, None, 403),
        (&cookie, Method::PATCH, Some(&evil), 403),
        (&cookie, Method::PATCH, Some(&"null".to_owned()), 403),
        (&bearer, Method::PATCH, None, 200),
        (&bearer, Method::PATCH, Some(&evil), 403),
    ];
    for (shown, method, origin, status) in cases {
        let what = format!("{shown:?} {method} from {origin:?}");
        let mut request = shown.on(house.serving.request_as(None, method.clone(), "/account"));
        if method == Method::PATCH {
            request = request.json(&json!({ "name": "Ada" }));
        }
        if let Some(origin) = origin {
            request = request.header(ORIGIN, origin);
        }
        let answer = house.answer(request).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
        assert!(status != 403 || answer.code() == "foreign-page", "{what}: {}", answer.body);
    }

    let person = house.person("host").await;
    let wish = json!({ "email": person.email, "password": *PASSWORD });
    let foreign = house.serving.request_as(None, Method::POST, "/sessions").header(ORIGIN, evil).json(&wish);
    let answer = house.answer(foreign).await;
    answer.refuses(403, "foreign-page");
    assert!(answer.cookies().is_empty(), "nobody is signed in from there");
}

#[tokio::test]
async fn whoever_signs_in_anew_has_a_new_session_and_the_old_one_is_over() {
    let house = House::open().await;
    let (person, other) = (house.person("host").await, house.person("host").await);
    let first = house.sign_in(&person.email, &PASSWORD, "cookie").await;
    let elsewhere = house.token_of(&person).await;

    // Somebody else signs in at the same browser, and it sends what it has.
    let cookies = format!("{}; {}", first.cookie("meetbox_session"), first.cookie("meetbox_browser"));
    let wish = json!({ "email": other.email, "password": *PASSWORD });
    let again = house.serving.request_as(None, Method::POST, "/sessions").header(COOKIE, cookies);
    let again = house.answer(again.header(ORIGIN, house.origin()).json(&wish)).await;
    again.is(201);
    assert_ne!(first.cookie("meetbox_session"), again.cookie("meetbox_session"));
    assert_eq!(first.cookie("meetbox_browser"), again.cookie("meetbox_browser"), "it is the same browser");

    let account = |shown: Shown| house.answer(shown.on(house.serving.request_as(None, Method::GET, "/account")));
    account(Shown::of(&first)).await.refuses(401, "sign-in-needed");
    assert_eq!(account(Shown::of(&again)).await.body["id"], json!(other.id));
    account(Shown::Bearer(elsewhere)).await.is(200);
}

#[tokio::test]
async fn another_password_signs_every_other_session_out() {
    let house = House::open().await;
    let person = house.person("host").await;
    let (mine, other) = (house.token_of(&person).await, house.token_of(&person).await);
    let change = |token: String, current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        let request = house.serving.request_as(Some(&token), Method::PUT, "/account/password").json(&body);
        house.answer(request)
    };
    let new = format!("{}-new", *PASSWORD);
    change(mine.clone(), "not my password", &new).await.refuses(403, "password-wrong");
    house.let_waits_pass().await;
    change(mine.clone(), &PASSWORD, "aaaaaaaaaaaa").await.refuses(422, "password-weak");
    house.get(&other, "/account").await.is(200);

    // Whoever guesses from outside does not keep the owner from changing it.
    for n in 0..3 {
        let wish = json!({ "email": person.email, "password": "guessed wrong" });
        let guess = house.serving.request_as(None, Method::POST, "/sessions").json(&wish);
        house.answer(guess.header("x-forwarded-for", format!("198.51.100.{n}"))).await;
    }
    let changed = change(mine.clone(), &PASSWORD, &new).await;
    changed.is(201);
    let renewed = changed.body["token"].as_str().unwrap().to_owned();
    assert_ne!(renewed, mine);
    house.get(&renewed, "/account").await.is(200);
    for old in [mine, other] {
        house.get(&old, "/account").await.refuses(401, "credential-unknown");
    }
    house.let_waits_pass().await;
    house.sign_in(&person.email, &PASSWORD, "bearer").await.refuses(401, "sign-in-wrong");
    house.let_waits_pass().await;
    house.sign_in(&person.email, &new, "bearer").await.is(201);
}

/// Asks until the answer has that status: another process may know for a second what this one has taken back.
async fn soon(process: &Serving, token: &str, path: &str, status: u16) {
    let asked = Instant::now();
    loop {
        let answer = Answer::to(process.request_as(Some(token), Method::GET, path)).await;
        if answer.status.as_u16() == status {
            return;
        }
        assert!(asked.elapsed() < Duration::from_secs(3), "{path} is still {}: {}", answer.status, answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_role_and_being_kept_out_count_at_once() {
    let house = House::open().await;
    let second = house.second_process().await;
    let admin = house.token_of(&house.person("admin").await).await;
    let person = house.person("admin").await;
    let (session, key) = (house.token_of(&person).await, house.key(Some(person.id), &["admin"]).await);
    for process in [&house.serving, &second] {
        for token in [&session, &key] {
            Answer::to(process.request_as(Some(token), Method::GET, "/accounts")).await.is(200);
        }
    }
    let change = |change: Value| {
        let path = format!("/accounts/{}", person.id);
        let admin = admin.clone();
        let house = &house;
        async move { house.ask(Some(&admin), Method::PATCH, &path, Some(change)).await.is(200).body.clone() }
    };

    assert_eq!(change(json!({ "role": "host" })).await["role"], "host");
    house.get(&session, "/account").await.refuses(401, "credential-unknown");
    house.get(&key, "/accounts").await.refuses(403, "admins-only");
    house.get(&key, "/meetings").await.is(200);
    soon(&second, &session, "/account", 401).await;
    soon(&second, &key, "/accounts", 403).await;
    let wish = json!({ "name": "more", "scopes": ["admin"] });
    house.ask(Some(&key), Method::POST, "/api-keys", Some(wish)).await.refuses(403, "admin-scope");

    let session = house.token_of(&person).await;
    soon(&second, &session, "/account", 200).await;
    assert!(change(json!({ "disabled": true })).await["disabled_at"].is_string());
    house.get(&session, "/account").await.refuses(401, "credential-unknown");
    house.get(&key, "/meetings").await.refuses(401, "credential-unknown");
    soon(&second, &session, "/account", 401).await;
    soon(&second, &key, "/meetings", 401).await;
    house.sign_in(&person.email, &PASSWORD, "bearer").await.refuses(401, "sign-in-wrong");

    house.let_waits_pass().await;
    change(json!({ "disabled": false })).await;
    house.get(&key, "/meetings").await.is(200);
    house.get(&session, "/account").await.is(401);
    house.sign_in(&person.email, &PASSWORD, "bearer").await.is(201);
}

#[tokio::test]
async fn ones_own_sessions_are_listed_and_signed_out_one_by_one_or_all() {
    let house = House::open().await;
    let person = house.person("host").await;
    let browser = house.sign_in(&person.email, &PASSWORD, "cookie").await;
    let (mine, other) = (house.token_of(&person).await, house.token_of(&person).await);

    let listed = house.get(&mine, "/sessions").await.body["items"].as_array().unwrap().clone();
    let transports = listed.iter().map(|session| session["transport"].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(transports, ["bearer", "bearer", "cookie"], "the newest first");
    assert!(listed.iter().all(|session| session["address"] == "127.0.0.1"), "{listed:?}");
    assert_eq!(listed.iter().filter(|session| session["current"] == true).count(), 1);

    let its_id = house.get(&other, "/sessions").await.body["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/sessions/{its_id}");
    house.ask(Some(&mine), Method::DELETE, &path, None).await.is(204);
    house.ask(Some(&mine), Method::DELETE, &path, None).await.refuses(404, "session-not-found");
    house.get(&other, "/account").await.is(401);

    let everywhere = house.ask(Some(&mine), Method::DELETE, "/sessions", None).await;
    let (name, value, attributes) = everywhere.is(204).cookies().remove(0);
    assert_eq!((name.as_str(), value.as_str()), ("meetbox_session", ""));
    assert!(attributes.contains("Max-Age=0"), "{attributes}");
    house.get(&mine, "/account").await.is(401);
    let shown = Shown::of(&browser);
    house.answer(shown.on(house.serving.request_as(None, Method::GET, "/account"))).await.is(401);
    assert_eq!(house.count("select count(*) from known_browsers").await, 0, "they prove themselves anew");
    house.nothing_secret_is_kept().await;
}

#[tokio::test]
async fn a_page_for_everybody_is_told_who_asks_and_nobody_is_refused() {
    let house = House::open().await;
    let person = house.person("host").await;
    let shown = Shown::of(&house.sign_in(&person.email, &PASSWORD, "cookie").await);
    let look = || house.serving.request_as(None, Method::GET, "/sign-in");

    let answer = house.answer(shown.on(look())).await;
    assert_eq!(answer.is(200).body["account"]["email"], person.email.as_str(), "{}", answer.body);
    let own = house.answer(shown.on(house.serving.request_as(None, Method::GET, "/account"))).await;
    assert_eq!(answer.body["account"], own.is(200).body, "the same as one's own account");

    let leave = house.serving.request_as(None, Method::DELETE, "/sessions/current").header(ORIGIN, house.origin());
    house.answer(shown.on(leave)).await.is(204);
    let strangers = [look(), shown.on(look()), look().bearer_auth("meetbox_key_guessed")];
    for stranger in strangers {
        let answer = house.answer(stranger).await;
        assert!(answer.is(200).body.get("account").is_none(), "{}", answer.body);
        assert_eq!(answer.body["setup_needed"], false);
    }
    let key = house.key(Some(person.id), &["meetings:read"]).await;
    assert!(house.get(&key, "/sign-in").await.is(200).body.get("account").is_none(), "a key is no account");
}
