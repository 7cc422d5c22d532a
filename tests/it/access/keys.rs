//! API keys: told once, kept as a hash, and no further than their owner.

use std::time::Duration;

use meetbox::model::credential::Credential;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{Answer, House};

async fn make(house: &House, who: &str, wish: Value) -> Answer {
    house.ask(Some(who), Method::POST, "/api-keys", Some(wish)).await
}

#[tokio::test]
async fn a_key_is_told_once_and_kept_as_a_hash() {
    let house = House::open().await;
    let host = house.session(&house.person("host").await).await;
    let made = make(&house, &host, json!({ "name": " the door ", "scopes": ["meetings:read", "tokens:create"] })).await;
    let (secret, view) = (made.is(201).body["secret"].as_str().unwrap(), &made.body["api_key"]);
    let key = Credential::parse(secret).expect("a credential of ours");
    assert!(secret.starts_with("meetbox_key_") && secret.len() == "meetbox_key_".len() + 43, "scanners know it");
    assert_eq!(view["name"], "the door");
    assert_eq!(view["shown"], key.shown());
    assert_eq!(view["scopes"], json!(["tokens:create", "meetings:read"]));
    assert!(view.get("used_at").is_none() && view.get("expires_at").is_none());

    let listed = house.get(&host, "/api-keys").await;
    assert_eq!(listed.body["items"], json!([view]));
    assert!(!listed.body.to_string().contains(secret), "it is told only once");
    let hash: Vec<u8> = sqlx::query_scalar("select key_hash from api_keys where name = 'the door'")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(hash, key.hash().0);
    house.nothing_secret_is_kept().await;

    house.get(secret, "/meetings").await.is(200);
    let listed = house.get(&host, "/api-keys").await;
    assert!(listed.body["items"][0]["used_at"].is_string(), "its use is noted: {}", listed.body);

    let path = format!("/api-keys/{}", view["id"].as_str().unwrap());
    house.ask(Some(&host), Method::DELETE, &path, None).await.is(204);
    house.get(secret, "/meetings").await.refuses(401, "credential-unknown");
    house.ask(Some(&host), Method::DELETE, &path, None).await.refuses(404, "api-key-not-found");
    let listed = house.get(&host, "/api-keys").await;
    assert!(listed.body["items"][0]["revoked_at"].is_string(), "it is still known that there was one");
}

#[tokio::test]
async fn a_key_ends_when_it_says() {
    let house = House::open().await;
    let host = house.session(&house.person("host").await).await;
    let wish = |name: &str, end: chrono::DateTime<chrono::Utc>| json!({ "name": name, "scopes": ["meetings:read"], "expires_at": end });
    let now = chrono::Utc::now();
    make(&house, &host, wish("old", now - chrono::TimeDelta::seconds(1))).await.refuses(422, "expires-in-past");
    let made = make(&house, &host, wish("short", now + chrono::TimeDelta::seconds(3))).await;
    let secret = made.is(201).body["secret"].as_str().unwrap();

    house.get(secret, "/meetings").await.is(200);
    tokio::time::sleep(Duration::from_millis(3100)).await;
    house.get(secret, "/meetings").await.refuses(401, "credential-unknown");
}

#[tokio::test]
async fn a_hosts_key_reaches_the_hosts_meetings_and_no_others() {
    let house = House::open().await;
    let (ada, bob) = (house.person("host").await, house.person("host").await);
    let (adas, bobs) = (house.session(&ada).await, house.session(&bob).await);
    let scopes = json!(["meetings:write", "tokens:create"]);
    let made = make(&house, &adas, json!({ "name": "Ada's", "scopes": scopes })).await;
    let key = made.is(201).body["secret"].as_str().unwrap();

    let create = |who: &str, name: &str| {
        let (who, wish) = (who.to_owned(), json!({ "room_name": name }));
        let house = &house;
        async move { house.ask(Some(&who), Method::POST, "/meetings", Some(wish)).await.is(201).body.clone() }
    };
    create(&adas, "adas-own").await;
    create(&bobs, "bobs-own").await;
    assert_eq!(create(key, "by-the-key").await["host_account_id"], json!(ada.id), "what it makes is its owner's");

    let listed = house.get(key, "/meetings").await;
    let names = listed.body["items"].as_array().unwrap().iter().map(|it| it["room_name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["by-the-key", "adas-own"]);

    let token = |room: &str| json!({ "room_name": room, "name": "Guest", "identity": "guest-7" });
    house.ask(Some(key), Method::POST, "/token", Some(token("adas-own"))).await.is(200);
    house.ask(Some(key), Method::POST, "/token", Some(token("bobs-own"))).await.refuses(404, "meeting-not-found");
    let fresh = house.ask(Some(key), Method::POST, "/token", Some(token("made-by-asking"))).await;
    let path = format!("/meetings/{}", fresh.is(200).body["meeting_id"].as_str().unwrap());
    house.get(&adas, &path).await.is(200);
    house.get(&bobs, &path).await.refuses(404, "meeting-not-found");
}

#[tokio::test]
async fn an_administrator_can_ask_for_their_own_meetings_alone() {
    let house = House::open().await;
    let (ada, bob) = (house.person("admin").await, house.person("host").await);
    let (adas, bobs) = (house.session(&ada).await, house.session(&bob).await);
    for (who, name) in [(&adas, "adas-own"), (&bobs, "bobs-own")] {
        house.ask(Some(who), Method::POST, "/meetings", Some(json!({ "room_name": name }))).await.is(201);
    }
    let made = make(&house, &adas, json!({ "name": "everybody's", "scopes": ["admin"] })).await;
    let key = made.is(201).body["secret"].as_str().unwrap();

    for (who, path, expected) in [
        (adas.as_str(), "/meetings", vec!["bobs-own", "adas-own"]),
        (&adas, "/meetings?mine=true", vec!["adas-own"]),
        (&adas, "/meetings?mine=true&state=new", vec!["adas-own"]),
        (&bobs, "/meetings?mine=true", vec!["bobs-own"]),
        (key, "/meetings?mine=true", vec!["adas-own"]),
    ] {
        let listed = house.get(who, path).await;
        let names = listed.is(200).body["items"].as_array().unwrap().iter().map(|it| it["room_name"].as_str().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), expected, "{path}");
    }
}

#[tokio::test]
async fn only_administrators_make_keys_for_everything_and_nobody_makes_any_number() {
    let house = House::open().await;
    let (host, admin) = (house.person("host").await, house.person("admin").await);
    let (hosts, admins) = (house.session(&host).await, house.session(&admin).await);
    let wish = || json!({ "name": "everything", "scopes": ["admin"] });
    make(&house, &hosts, wish()).await.refuses(403, "admin-scope");
    let made = make(&house, &admins, wish()).await;
    let key = made.is(201).body["secret"].as_str().unwrap();
    house.get(key, "/accounts").await.is(200);
    make(&house, key, wish()).await.is(201);

    for bad in
        [json!({ "name": "x", "scopes": [] }), json!({ "name": "x", "scopes": ["root"] }), json!({ "name": "x" })]
    {
        assert!(make(&house, &hosts, bad.clone()).await.status.is_client_error(), "{bad}");
    }
    let many = "insert into api_keys (id, key_hash, name, shown, scopes, account_id, created_at)
        select gen_random_uuid(), sha256(n::text::bytea), 'many', '', '{meetings:read}', $1, now()
        from generate_series(1, 100) n";
    house.execute(many, host.id).await;
    make(&house, &hosts, json!({ "name": "x", "scopes": ["meetings:read"] })).await.refuses(409, "too-many-keys");
}
