//! Guessing at passwords: it tells nothing, and every wrong guess makes the next one wait longer.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use meetbox::{clock::Clock, db::failed_attempts, model::credential::CredentialHash};
use reqwest::{Method, header::COOKIE};
use serde_json::{Value, json};

use super::house::{Answer, House, PASSWORD, Person};

/// Nobody's password.
const WRONG: &str = "a wrong guess";

/// Somebody tries that at an address of the network.
async fn guess(house: &House, (email, password): (&str, &str), from: &str) -> Answer {
    let wish = json!({ "email": email, "password": password, "transport": "bearer" });
    let request = house.serving.request_as(None, Method::POST, "/sessions").header("x-forwarded-for", from);
    house.answer(request.json(&wish)).await
}

/// An address that nobody has guessed from.
fn fresh(n: usize) -> String {
    format!("203.0.{}.{}", n / 250, n % 250 + 1)
}

#[tokio::test]
async fn an_account_that_is_not_there_answers_like_a_wrong_password() {
    let house = House::open().await;
    let (person, disabled) = (house.person("host").await, house.person("host").await);
    house.execute("update accounts set disabled_at = now() where id = $1", disabled.id).await;

    let cases = [
        (person.email.as_str(), WRONG),
        ("nobody@example.org", WRONG),
        (disabled.email.as_str(), WRONG),
        (disabled.email.as_str(), &PASSWORD),
        ("no address at all", WRONG),
    ];
    let mut told = Vec::new();
    for (n, case) in cases.into_iter().enumerate() {
        let answer = guess(&house, case, &fresh(n)).await;
        answer.refuses(401, "sign-in-wrong");
        let mut body = answer.body.clone();
        body.as_object_mut().unwrap().remove("request_id");
        let names = answer.headers.keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
        told.push((body, names));
        house.let_waits_pass().await;
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:#?}");
    assert!(house.serving.printed().matches("POST /sessions 401").count() >= 5);
}

#[tokio::test]
async fn an_account_that_is_not_there_takes_as_long_as_a_wrong_password() {
    const TRIES: usize = 15;
    let house = House::open().await;
    let admin = house.session(&house.person("admin").await).await;
    let wish = json!({ "email": "real@example.org", "name": "Real", "role": "host", "password": *PASSWORD });
    house.ask(Some(&admin), Method::POST, "/accounts", Some(wish)).await.is(201);
    let people = join_all((0..TRIES).map(|_| house.person("host"))).await;
    // What a hash costs is what this is about.
    let as_costly = "update accounts set password_hash =
        (select password_hash from accounts where email = 'real@example.org') where role = 'host'";
    sqlx::query(as_costly).execute(&house.pool).await.unwrap();

    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (n, person) in people.iter().enumerate() {
        for (email, times) in [(person.email.clone(), &mut known), (format!("nobody-{n}@example.org"), &mut unknown)] {
            let asked = Instant::now();
            guess(&house, (&email, WRONG), &fresh(2 * n + times.len())).await.refuses(401, "sign-in-wrong");
            times.push(asked.elapsed());
        }
    }
    let [known, unknown] = [known, unknown].map(|mut times| {
        times.sort();
        times[TRIES / 2]
    });
    assert!(known > Duration::from_millis(4), "a password is hashed: {known:?}");
    // Generous, for a busy machine: without the hash it would be a fiftieth.
    assert!(unknown < known * 3 && known < unknown * 3, "{known:?} and {unknown:?}");
}

/// The wait that the latest wrong guess at an account brought, in seconds.
async fn wait_of(house: &House, email: &str) -> f64 {
    let wait = "select extract(epoch from blocked_until - failed_at)::float8 from failed_attempts where subject = $1";
    let subject = CredentialHash::of("account", email).0.to_vec();
    sqlx::query_scalar(wait).bind(subject).fetch_one(&house.pool).await.unwrap()
}

#[tokio::test]
async fn each_wrong_guess_at_an_account_doubles_the_wait_up_to_a_minute() {
    let house = House::open().await;
    let person = house.person("host").await;
    for email in [person.email.as_str(), "nobody@example.org"] {
        let mut waits = Vec::new();
        for n in 0..9 {
            // Capitals make no other account, and each guess comes from elsewhere.
            let typed = if n % 2 == 0 { email.to_owned() } else { email.to_uppercase() };
            guess(&house, (&typed, WRONG), &fresh(n)).await.refuses(401, "sign-in-wrong");
            waits.push(wait_of(&house, email).await);
            let refused = guess(&house, (email, &PASSWORD), &fresh(100 + n)).await;
            refused.refuses(429, "sign-in-delayed");
            let seconds: f64 = refused.header("retry-after").unwrap().parse().unwrap();
            let last = waits[n];
            assert!(seconds >= 1.0 && seconds <= last, "told to wait {seconds} s of {last} s");
            assert_eq!(wait_of(&house, email).await.to_bits(), last.to_bits(), "a guess that must wait adds nothing");
            house.let_waits_pass().await;
        }
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0], "{email}");
    }
    guess(&house, (&person.email, &PASSWORD), &fresh(200)).await.is(201);
    guess(&house, (&person.email, WRONG), &fresh(201)).await.is(401);
    assert_eq!(wait_of(&house, &person.email).await.to_bits(), 1.0_f64.to_bits(), "counting began anew");
}

#[tokio::test]
async fn of_many_wrong_guesses_at_the_same_moment_one_is_looked_at() {
    const AT_ONCE: usize = 32;
    let house = House::open().await;
    let person = house.person("host").await;
    for (email, first) in [(person.email.as_str(), 0), ("nobody@example.org", AT_ONCE)] {
        let places = (first..first + AT_ONCE).map(fresh).collect::<Vec<_>>();
        let answers = join_all(places.iter().map(|place| guess(&house, (email, WRONG), place))).await;
        let (looked_at, told_to_wait): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 401);
        assert_eq!(looked_at.len(), 1, "{email}: {looked_at:?}");
        looked_at[0].refuses(401, "sign-in-wrong");
        for answer in &told_to_wait {
            answer.refuses(429, "sign-in-delayed");
            assert_eq!(answer.header("retry-after"), Some("1"), "{answer:?}");
        }
        assert_eq!(wait_of(&house, email).await.to_bits(), 1.0_f64.to_bits(), "{email}: one counts");
    }
}

#[tokio::test]
async fn whoever_signs_in_several_times_at_the_same_moment_is_let_in_each_time() {
    let house = House::open().await;
    let person = house.person("host").await;
    let places = (0..8).map(fresh).collect::<Vec<_>>();
    let answers = join_all(places.iter().map(|place| guess(&house, (&person.email, &PASSWORD), place))).await;
    for answer in answers {
        answer.is(201);
    }
    assert_eq!(house.count("select count(*) from failed_attempts").await, 0, "nothing is left of it");
}

#[tokio::test]
async fn a_guess_that_nobody_looked_at_counts_for_nothing() {
    let house = House::open().await;
    let someone = CredentialHash::of("account", "ada@example.org");
    let (now, soon) = (Clock::System.now(), Clock::System.now() + TimeDelta::seconds(3));
    let before = now - TimeDelta::minutes(15);
    let reserve = |at| failed_attempts::reserve(&house.pool, someone, (at, soon), before);

    assert!(reserve(now).await.unwrap());
    assert!(!reserve(now).await.unwrap(), "one at a time");
    assert!(failed_attempts::held(&house.pool, someone, now).await.unwrap().unwrap().under_way);
    failed_attempts::withdraw(&house.pool, someone, now).await.unwrap();
    assert!(failed_attempts::held(&house.pool, someone, now).await.unwrap().is_none());

    assert!(reserve(now).await.unwrap());
    failed_attempts::settle(&house.pool, someone, TimeDelta::minutes(1), now).await.unwrap();
    assert_eq!(wait_of(&house, "ada@example.org").await.to_bits(), 1.0_f64.to_bits(), "it is the first wrong one");
    // One of which nobody says what it came to is over when its time is.
    assert!(reserve(now + TimeDelta::seconds(1)).await.unwrap());
    assert!(reserve(soon).await.unwrap());
}

#[tokio::test]
async fn whoever_guesses_at_many_accounts_waits_at_their_address() {
    let house = House::open().await;
    let people = join_all((0..8).map(|_| house.person("host"))).await;
    for person in &people[..6] {
        guess(&house, (&person.email, WRONG), "198.51.100.7").await.refuses(401, "sign-in-wrong");
    }
    let refused = guess(&house, (&people[6].email, &PASSWORD), "198.51.100.7").await;
    refused.refuses(429, "sign-in-delayed");
    assert_eq!(refused.header("retry-after"), Some("1"));
    guess(&house, (&people[6].email, &PASSWORD), "198.51.100.8").await.is(201);

    house.let_waits_pass().await;
    guess(&house, (&people[7].email, &PASSWORD), "198.51.100.7").await.is(201);
    guess(&house, (&people[0].email, WRONG), "198.51.100.7").await.refuses(401, "sign-in-wrong");
    let refused = guess(&house, (&people[6].email, &PASSWORD), "198.51.100.7").await;
    refused.refuses(429, "sign-in-delayed");
}

#[tokio::test]
async fn a_browser_that_has_signed_in_before_need_not_wait_for_others_guesses() {
    let house = House::open().await;
    let (person, other) = (house.person("host").await, house.person("host").await);
    let browser = house.sign_in(&person.email, &PASSWORD, "cookie").await.cookie("meetbox_browser");
    let others = house.sign_in(&other.email, &PASSWORD, "cookie").await.cookie("meetbox_browser");
    for n in 0..4 {
        guess(&house, (&person.email, WRONG), &fresh(n)).await;
        house.let_waits_pass().await;
    }
    guess(&house, (&person.email, WRONG), &fresh(9)).await.refuses(401, "sign-in-wrong");

    let sign_in = |cookie: Option<String>, person: &Person| {
        let wish: Value = json!({ "email": person.email, "password": *PASSWORD });
        let request = house.serving.request_as(None, Method::POST, "/sessions").json(&wish);
        house.answer(match cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        })
    };
    sign_in(None, &person).await.refuses(429, "sign-in-delayed");
    sign_in(Some(others), &person).await.refuses(429, "sign-in-delayed");
    sign_in(Some(browser.clone()), &person).await.is(201);

    // Its own it does wait for, and they are nobody else's either.
    house.let_waits_pass().await;
    let wish = json!({ "email": person.email, "password": WRONG });
    let request = house.serving.request_as(None, Method::POST, "/sessions").header(COOKIE, &browser).json(&wish);
    house.answer(request).await.refuses(401, "sign-in-wrong");
    sign_in(Some(browser), &person).await.refuses(429, "sign-in-delayed");
    sign_in(None, &person).await.is(201);
}
