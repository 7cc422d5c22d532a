//! Signing in from a browser's point of view: the real binary, a real provider, and whoever comes back.

use std::time::{Duration, Instant};

use meetbox::clock::Clock;
use reqwest::{Method, StatusCode, Url, header::COOKIE};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    browser::{Answer, Browser, parameter},
    provider::{CLIENT_ID, CLIENT_SECRET, OidcProvider},
};
use crate::{
    livekit_model::Model,
    services::{postgres, redis_url},
    serving::{Ground, Serving},
};

/// A house with a provider, where `admins` are admins.
struct House {
    serving: Serving,
    provider: OidcProvider,
    pool: PgPool,
    _livekit: Model,
}

/// Where a sign-in ended, and with which account.
struct Ended {
    answer: Answer,
    browser: Browser,
}

impl House {
    async fn open() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&'static str, &str)]) -> Self {
        let livekit = Model::start(Clock::System).await;
        let database = postgres().database().await;
        let ground = Ground::new(&database.url(), &redis_url(), &livekit.url());
        let provider = OidcProvider::start(&format!("http://127.0.0.1:{}/oidc/callback", ground.port));
        let ground = ground
            .with("OIDC_ISSUER", &provider.issuer())
            .with("OIDC_CLIENT_ID", CLIENT_ID)
            .with("OIDC_CLIENT_SECRET", CLIENT_SECRET)
            .with("OIDC_NAME", "the tests")
            .with("OIDC_SCOPES", "openid email profile groups")
            .with("RATE_LIMIT_SIGN_IN", "1000");
        let ground = settings.iter().fold(ground, |ground, (name, value)| ground.with(name, value));
        Self { serving: Serving::start(ground).await, provider, pool: database.pool().await, _livekit: livekit }
    }

    /// A house in which the provider decides about roles, and Ada is its admin.
    async fn with_roles(settings: &[(&'static str, &str)]) -> Self {
        let roles = [("OIDC_ROLE_CLAIM", "groups"), ("OIDC_ADMIN_VALUES", "admins")];
        let house = Self::with(&[&roles, settings].concat()).await;
        house.sign_in(ada()).await.lands_on("/");
        house
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://127.0.0.1:{}{path}", self.serving.ground.port)).unwrap()
    }

    /// Goes to the provider and back, up to the door.
    async fn go(&self, browser: &mut Browser, start: &str) -> Url {
        let callback = self.url("/oidc/callback");
        browser.follow(&self.url(start), callback.as_str()).await
    }

    /// Signs somebody in with a browser of their own.
    async fn sign_in(&self, person: Value) -> Ended {
        self.provider.is_asked_by(person).await;
        let mut browser = Browser::new();
        let back = self.go(&mut browser, "/oidc/start").await;
        let answer = browser.open(&back).await;
        Ended { answer, browser }
    }

    /// What the API says about whoever is signed in with that browser.
    async fn account(&self, browser: &Browser) -> Value {
        let cookies = browser.cookies(&self.url("/"));
        let answer =
            self.serving.request_as(None, Method::GET, "/account").header(COOKIE, cookies).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

impl Ended {
    #[track_caller]
    fn lands_on(&self, path: &str) {
        self.answer.lands_on(path);
    }

    #[track_caller]
    fn is_refused(&self, problem: &str) {
        self.answer.is_refused(problem);
    }
}

impl Answer {
    #[track_caller]
    fn lands_on(&self, path: &str) {
        let location = self.location.as_ref().expect("it leads on");
        assert_eq!((self.status, &location[url::Position::BeforePath..]), (StatusCode::SEE_OTHER, path));
        assert_eq!(location.host_str(), Some("127.0.0.1"));
    }

    #[track_caller]
    fn is_refused(&self, problem: &str) {
        self.lands_on(&format!("/app/sign-in?problem={problem}"));
        assert!(!self.cookies.iter().any(|cookie| cookie.contains("session")), "{:?}", self.cookies);
    }
}

fn person(name: &str, groups: &[&str]) -> Value {
    json!({
        "sub": format!("{name}-at-the-provider"), "email": format!("{name}@example.org"), "email_verified": true,
        "name": name.to_uppercase(), "groups": groups,
    })
}

fn ada() -> Value {
    person("ada", &["staff", "admins"])
}

fn grace() -> Value {
    person("grace", &["staff"])
}

#[tokio::test]
async fn the_first_sign_in_makes_an_account_with_its_role_and_the_next_one_finds_it() {
    let house = House::with_roles(&[]).await;
    let first = house.sign_in(grace()).await;
    first.lands_on("/");
    let session = first.answer.cookies.iter().find(|cookie| cookie.starts_with("meetbox_session=")).expect("a session");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(session.contains(attribute), "{session}");
    }
    let grace_made = house.account(&first.browser).await;
    assert_eq!(grace_made["email"], "grace@example.org");
    assert_eq!((&grace_made["name"], &grace_made["role"]), (&json!("GRACE"), &json!("host")));

    house.provider.tell(json!({ "rotate": true })).await;
    let moved = json!({ "sub": "grace-at-the-provider", "email": "grace.hopper@example.org", "email_verified": true });
    let again = house.sign_in(moved).await;
    again.lands_on("/");
    assert_eq!(house.account(&again.browser).await["id"], grace_made["id"], "also under another address and key");
    assert_eq!(house.count("select count(*) from accounts").await, 2);

    let promoted = house.sign_in(person("grace", &["admins"])).await;
    assert_eq!(house.account(&promoted.browser).await["role"], "admin");
    let old = house.serving.request_as(None, Method::GET, "/account");
    let old = old.header(COOKIE, again.browser.cookies(&house.url("/"))).send().await.unwrap();
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED, "with another role the older sessions are over");
    let deeds = "select count(*) from audit_log where action in ('account.created', 'account.role_changed')";
    assert_eq!(house.count(deeds).await, 3);
}

#[tokio::test]
async fn the_last_administrator_stays_one_whatever_the_provider_says() {
    let house = House::with_roles(&[]).await;
    let demoted = house.sign_in(person("ada", &["staff"])).await;
    assert_eq!(house.account(&demoted.browser).await["role"], "admin");

    house.sign_in(person("grace", &["admins"])).await.lands_on("/");
    let demoted = house.sign_in(person("ada", &["staff"])).await;
    assert_eq!(house.account(&demoted.browser).await["role"], "host");
}

#[tokio::test]
async fn people_land_where_they_wanted_to_go_and_never_on_another_site() {
    let house = House::with_roles(&[]).await;
    house.provider.is_asked_by(grace()).await;
    let cases = [
        ("%2Fapp%2Frecordings%3Flimit%3D5", "/app/recordings?limit=5"),
        ("%2Fm%2Fblue-heron", "/m/blue-heron"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("%2F%09%2Fevil.example", "/"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("evil.example", "/"),
        ("", "/"),
    ];
    for (wanted, landed) in cases {
        let mut browser = Browser::new();
        let back = house.go(&mut browser, &format!("/oidc/start?return_to={wanted}")).await;
        browser.open(&back).await.lands_on(landed);
    }
}

#[tokio::test]
async fn only_verified_addresses_of_allowed_domains_come_in() {
    let house = House::with_roles(&[("OIDC_ALLOWED_DOMAINS", "example.org,example.net")]).await;
    house.sign_in(grace()).await.lands_on("/");

    let stranger = json!({ "sub": "3", "email": "eve@example.com", "email_verified": true });
    house.sign_in(stranger).await.is_refused("oidc-domain-not-allowed");
    let unverified = json!({ "sub": "4", "email": "ada@example.org", "email_verified": false, "groups": ["admins"] });
    house.sign_in(unverified).await.is_refused("oidc-email-not-verified");
    let silent = json!({ "sub": "5", "email": "ada@example.org", "groups": ["admins"] });
    house.sign_in(silent).await.is_refused("oidc-email-not-verified");
    house.sign_in(json!({ "sub": "6" })).await.is_refused("oidc-email-missing");
    let moved = json!({ "sub": "grace-at-the-provider", "email": "grace@example.com", "email_verified": true });
    house.sign_in(moved).await.is_refused("oidc-domain-not-allowed");
    assert_eq!(house.count("select count(*) from accounts").await, 2);
    assert_eq!(house.count("select count(*) from audit_log where action = 'session.refused'").await, 4);
}

#[tokio::test]
async fn a_verified_address_leads_to_the_account_that_has_it_once() {
    let house = House::with_roles(&[]).await;
    house
        .execute(
            "insert into accounts (id, email, name, role, created_at)
             values ('01900000-0000-7000-8000-000000000001', 'grace@example.org', 'Grace', 'host', now())",
        )
        .await;

    let linked = house.sign_in(grace()).await;
    assert_eq!(house.account(&linked.browser).await["id"], "01900000-0000-7000-8000-000000000001");
    assert_eq!(house.account(&linked.browser).await["name"], "Grace", "the name here stays");

    let successor = json!({ "sub": "another-grace", "email": "grace@example.org", "email_verified": true });
    house.sign_in(successor).await.is_refused("oidc-address-taken");
    house.sign_in(grace()).await.lands_on("/");
    assert_eq!(house.count("select count(*) from audit_log where action = 'account.linked'").await, 1);
}

#[tokio::test]
async fn whoever_is_disabled_stays_out() {
    let house = House::with_roles(&[]).await;
    house.sign_in(grace()).await.lands_on("/");
    house.execute("update accounts set disabled_at = now() where email = 'grace@example.org'").await;
    house.sign_in(grace()).await.is_refused("oidc-account-disabled");

    house.execute("delete from account_identities where subject = 'grace-at-the-provider'").await;
    house.sign_in(grace()).await.is_refused("oidc-account-disabled");
    assert_eq!(house.count("select count(*) from account_identities").await, 1, "nothing is linked to it either");
}

#[tokio::test]
async fn an_attempt_is_good_once_for_ten_minutes_in_the_browser_that_began_it() {
    let house = House::with_roles(&[]).await;
    house.provider.is_asked_by(grace()).await;
    let (mut own, mut foreign) = (Browser::new(), Browser::new());

    let back = house.go(&mut own, "/oidc/start").await;
    foreign.open(&back).await.is_refused("oidc-expired");
    house.go(&mut foreign, "/oidc/start").await;
    foreign.open(&back).await.is_refused("oidc-expired");
    own.open(&back).await.lands_on("/");
    own.open(&back).await.is_refused("oidc-expired");

    let back = house.go(&mut own, "/oidc/start").await;
    house.execute("update oidc_attempts set created_at = created_at - interval '10 minutes'").await;
    own.open(&back).await.is_refused("oidc-expired");

    let (one, two) = (house.go(&mut own, "/oidc/start").await, house.go(&mut own, "/oidc/start").await);
    own.open(&two).await.lands_on("/");
    own.open(&one).await.lands_on("/");

    for nonsense in ["/oidc/callback", "/oidc/callback?state=x&code=y", "/oidc/callback?error=access_denied"] {
        own.open(&house.url(nonsense)).await.is_refused("oidc-expired");
    }
}

#[tokio::test]
async fn what_the_provider_says_is_not_shown_and_its_no_is_a_no() {
    let house = House::with_roles(&[]).await;
    house.provider.tell(json!({ "deny": true })).await;
    house.sign_in(grace()).await.is_refused("oidc-denied");
    house.provider.tell(json!({ "deny": false, "tamper": { "aud": "another-app" } })).await;
    house.sign_in(grace()).await.is_refused("oidc-untrusted");
    house.provider.tell(json!({ "tamper": {} })).await;

    house.provider.is_asked_by(grace()).await;
    let mut browser = Browser::new();
    let mut back = house.go(&mut browser, "/oidc/start").await;
    let kept: Vec<_> =
        back.query_pairs().filter(|(name, _)| name != "iss").map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    back.query_pairs_mut().clear().extend_pairs(kept).append_pair("iss", "https://elsewhere.example");
    browser.open(&back).await.is_refused("oidc-untrusted");

    let log = house.serving.printed();
    assert!(log.contains("Invalid audiences") && !log.contains("grace@example.org"), "the operator reads why");
    let code = parameter(&back, "code").unwrap();
    assert!(!log.contains(&code) && !log.contains(CLIENT_SECRET));
}

#[tokio::test]
async fn while_the_provider_is_away_the_sign_in_page_says_so_and_everything_else_goes_on() {
    let mut house = House::with_roles(&[]).await;
    house.provider.is_asked_by(grace()).await;
    let mut browser = Browser::new();
    let back = house.go(&mut browser, "/oidc/start").await;
    house.provider.kill();

    let asked = Instant::now();
    browser.open(&back).await.is_refused("oidc-unavailable");
    assert!(asked.elapsed() < Duration::from_secs(2));
    let (status, options) = house.serving.get("/sign-in").await;
    assert_eq!((status, &options["oidc"]["name"]), (StatusCode::OK, &json!("the tests")));

    let body = json!({ "email": "ada@example.org", "password": "not her password" });
    let (status, problem) = house.serving.post("/sessions", &body).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "local sign-in answers: {problem}");

    house.provider.start_again();
    house.sign_in(grace()).await.lands_on("/");
}

#[tokio::test]
async fn a_provider_that_is_slow_is_waited_for() {
    let house = House::with_roles(&[]).await;
    house.provider.is_asked_by(grace()).await;
    let mut browser = Browser::new();
    let back = house.go(&mut browser, "/oidc/start").await;

    // The code and userinfo take as long each; together it is more than any other answer may take.
    house.provider.tell(json!({ "delay": 1500 })).await;
    browser.open(&back).await.lands_on("/");
}

#[tokio::test]
async fn nobody_but_an_administrator_is_the_first() {
    let house = House::with(&[("OIDC_ROLE_CLAIM", "groups"), ("OIDC_ADMIN_VALUES", "admins")]).await;
    house.sign_in(grace()).await.is_refused("oidc-setup-needed");
    house.sign_in(ada()).await.lands_on("/");
    house.sign_in(grace()).await.lands_on("/");
}

#[tokio::test]
async fn without_a_provider_there_is_no_way_to_one() {
    let livekit = Model::start(Clock::System).await;
    let database = postgres().database().await;
    let serving = Serving::start(Ground::new(&database.url(), &redis_url(), &livekit.url())).await;

    for path in ["/oidc/start", "/oidc/callback?code=x&state=y"] {
        let (status, problem) = serving.get(path).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("oidc-not-set-up")), "{path}");
    }
    let (_, options) = serving.get("/sign-in").await;
    assert!(options.get("oidc").is_none(), "{options}");
}

#[tokio::test]
async fn two_tabs_that_come_back_at_once_make_one_account() {
    let house = House::with_roles(&[]).await;
    house.provider.is_asked_by(grace()).await;
    let mut browsers: Vec<_> = (0..6).map(|_| Browser::new()).collect();
    let mut backs = Vec::new();
    for browser in &mut browsers {
        backs.push(house.go(browser, "/oidc/start").await);
    }

    let answers = browsers.iter_mut().zip(&backs).map(|(browser, back)| browser.open(back));
    for answer in futures_util::future::join_all(answers).await {
        answer.lands_on("/");
    }
    assert_eq!(house.count("select count(*) from accounts where email = 'grace@example.org'").await, 1);
}

#[tokio::test]
async fn roles_are_given_here_when_the_provider_has_no_say() {
    let house = House::open().await;
    house
        .execute(
            "insert into accounts (id, email, name, role, created_at)
             values ('01900000-0000-7000-8000-000000000001', 'root@example.org', 'Root', 'admin', now())",
        )
        .await;
    let first = house.sign_in(ada()).await;
    assert_eq!(house.account(&first.browser).await["role"], "host");

    house.execute("update accounts set role = 'admin' where email = 'ada@example.org'").await;
    let again = house.sign_in(ada()).await;
    assert_eq!(house.account(&again.browser).await["role"], "admin");
}
