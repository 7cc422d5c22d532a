//! Pages of other sites: those on the list may ask, and no others.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::{Method, header::ORIGIN};
use serde_json::json;

use super::house::{Answer, House, PASSWORD};
use crate::livekit_model::KEYS;

/// Whose pages may ask.
const LIST: [&str; 3] = ["https://intranet.example.org", "https://crm.example.org:8443", "http://localhost:5173"];

/// A house where strangers come.
async fn online() -> House {
    let (key, secret) = KEYS[1];
    let list = LIST.join(",");
    let settings = [
        ("APP_ENV", "staging"),
        ("LIVEKIT_API_KEY", key),
        ("LIVEKIT_API_SECRET", secret),
        ("PUBLIC_URL", "https://meet.example.org"),
        ("CORS_ORIGINS", list.as_str()),
    ];
    House::with(&settings).await
}

/// One of the list, or one that is nearly on it, or none at all.
fn any_origin(rng: &mut StdRng) -> String {
    let listed = (*LIST.choose(rng).unwrap()).to_owned();
    let (scheme, rest) = listed.split_once("://").unwrap();
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    match rng.random_range(0..14) {
        0..5 => listed,
        5 => format!("{other_scheme}://{rest}"),
        6 => format!("{scheme}://evil-{rest}"),
        7 => format!("{scheme}://sub.{rest}"),
        8 => format!("{listed}.evil.example"),
        9 => format!("{scheme}://{}:{}", rest.split(':').next().unwrap(), rng.random_range(1024..5000)),
        10 => format!("{listed}/"),
        11 => "null".to_owned(),
        12 => format!("https://{}.example", rng.random_range(0..1000)),
        _ => {
            (*["https://example.org", "file://", "*", "https://intranet.example.org@evil.example"].choose(rng).unwrap())
                .to_owned()
        }
    }
}

// Feature: infrastructure-local-dev, Property 26: whatever a page asks, it is answered, and its browser lets it read the
// answer, exactly when its origin stands on the list, character for character.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_another_site_succeeds_exactly_when_it_is_on_the_list() {
    const CASES: usize = 120;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let house = online().await;
    let person = house.person("host").await;
    let session = house.session(&person).await;

    let mut let_in = 0;
    for case in 0..CASES {
        let origin = any_origin(&mut rng);
        let listed = LIST.contains(&origin.as_str());
        let deeds = [
            (Method::GET, "/meetings", None),
            (Method::POST, "/meetings", Some(json!({}))),
            (Method::PATCH, "/account", Some(json!({ "name": "Ada" }))),
            (Method::GET, "/join-info/nowhere", None),
            (Method::GET, "/sign-in", None),
            (Method::POST, "/sessions", Some(json!({ "email": person.email, "password": *PASSWORD }))),
        ];
        let (method, path, body) = deeds.choose(&mut rng).unwrap().clone();
        let what = format!("case {case}: {method} {path} from `{origin}`");

        let preflight = house.serving.request_as(None, Method::OPTIONS, path).header(ORIGIN, &origin);
        let preflight = preflight.header("access-control-request-method", method.as_str());
        let preflight = preflight.header("access-control-request-headers", "authorization,content-type");
        let preflight = house.answer(preflight).await;
        check_reading(&preflight, listed.then_some(origin.as_str()), &what);
        assert_eq!(preflight.status.is_success(), listed, "{what}: the browser may not even ask");
        if listed {
            let allows = |name: &str, word: &str| preflight.header(name).unwrap().split(", ").any(|it| it == word);
            assert!(allows("access-control-allow-methods", method.as_str()), "{what}: {:?}", preflight.headers);
            assert!(allows("access-control-allow-headers", "authorization"), "{what}: {:?}", preflight.headers);
            assert!(allows("access-control-allow-headers", "content-type"), "{what}: {:?}", preflight.headers);
        }

        let who = rng.random_bool(0.8).then_some(session.as_str());
        let request = house.serving.request_as(who, method, path).header(ORIGIN, &origin);
        let answer = house.answer(match body {
            Some(body) => request.json(&body),
            None => request,
        });
        let answer = answer.await;
        check_reading(&answer, listed.then_some(origin.as_str()), &what);
        if listed {
            assert_ne!(answer.code(), "foreign-page", "{what}: {}", answer.body);
            assert!(who.is_none() || path == "/join-info/nowhere" || answer.status.is_success(), "{what}: {answer:?}");
            let_in += 1;
        } else {
            answer.refuses(403, "foreign-page");
            assert!(answer.cookies().is_empty(), "{what}: {answer:?}");
        }
    }
    assert!((10..CASES - 10).contains(&let_in), "both kinds came up: {let_in}");
}

/// Whether a browser lets the page read the answer, with a person's cookies on the request.
fn check_reading(answer: &Answer, origin: Option<&str>, what: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), origin, "{what}");
    let credentials = answer.header("access-control-allow-credentials");
    assert_eq!(credentials, origin.map(|_| "true"), "{what}");
    let varies = answer.headers.get_all("vary").iter().any(|it| it.to_str().unwrap().contains("Origin"));
    assert!(varies, "{what}: a cache must not give one site's answer to another");
}

#[tokio::test]
async fn also_a_refusal_can_be_read_by_pages_on_the_list() {
    let house = online().await;
    for (path, status) in [("/account", 401), ("/nowhere", 404), ("/join-info/nowhere", 404)] {
        let answer = house.answer(house.serving.request_as(None, Method::GET, path).header(ORIGIN, LIST[0])).await;
        answer.is(status);
        check_reading(&answer, Some(LIST[0]), path);
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"), "{exposed}");
    }
}

#[tokio::test]
async fn our_own_pages_ask_over_https_behind_a_proxy() {
    let house = online().await;
    let session = house.session(&house.person("host").await).await;
    let from = |origin: &str| {
        let request = house.serving.request_as(Some(&session), Method::PATCH, "/account").header(ORIGIN, origin);
        house.answer(request.header("host", "meet.example.org").json(&json!({ "name": "Ada" })))
    };
    from("https://meet.example.org").await.is(200);
    for foreign in ["http://meet.example.org", "https://meet.example.org:8443", "https://example.org"] {
        from(foreign).await.refuses(403, "foreign-page");
    }
}

#[tokio::test]
async fn every_answer_of_the_api_wears_what_keeps_browsers_safe() {
    let house = online().await;
    let session = house.session(&house.person("host").await).await;
    let cases = [
        (Some(session.as_str()), Method::GET, "/meetings"),
        (None, Method::GET, "/meetings"),
        (None, Method::GET, "/sign-in"),
        (None, Method::GET, "/health"),
        (None, Method::GET, "/nowhere"),
        (None, Method::DELETE, "/health"),
        (Some("nonsense"), Method::GET, "/account"),
    ];
    for (who, method, path) in cases {
        let answer = house.ask(who, method.clone(), path, None).await;
        let what = format!("{method} {path}: {:?}", answer.headers);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, Some("default-src 'none'; frame-ancestors 'none'"), "{what}");
        assert_eq!(answer.header("x-request-id").map(str::len), Some(32), "{what}");
    }
}
