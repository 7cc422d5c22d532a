//! The audit log: who did what to what, from where and when.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, PASSWORD};

/// The entries that a query finds, page by page.
async fn entries(house: &House, admin: &str, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house.get(admin, &format!("/audit-log?limit=3&{query}{cursor}")).await;
        let items = page.is(200).body["items"].as_array().unwrap().clone();
        assert!(items.len() <= 3);
        found.extend(items);
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn told(entries: &[Value]) -> Vec<(&str, &str)> {
    entries.iter().map(|it| (it["actor_kind"].as_str().unwrap(), it["action"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn every_deed_is_told_with_who_did_it_to_what_from_where_and_when() {
    let house = House::open().await;
    let (admin, host) = (house.person("admin").await, house.person("host").await);
    let admins = house.session(&admin).await;
    let began = chrono::Utc::now();
    let from = |who: Option<&str>, method: Method, path: &str, body: Value| {
        let request = house.serving.request_as(who, method, path).header("x-forwarded-for", "203.0.113.9");
        house.answer(request.json(&body))
    };

    let wrong = json!({ "email": host.email, "password": "guessed wrong" });
    from(None, Method::POST, "/sessions", wrong).await.is(401);
    house.let_waits_pass().await;
    let right = json!({ "email": host.email, "password": *PASSWORD, "transport": "bearer" });
    let session = from(None, Method::POST, "/sessions", right).await.is(201).body["token"].as_str().unwrap().to_owned();
    let hosts = Some(session.as_str());
    let meeting = from(hosts, Method::POST, "/meetings", json!({ "room_name": "blue-heron" })).await.body["id"].clone();
    let path = format!("/meetings/{}", meeting.as_str().unwrap());
    let wish = json!({ "name": "door", "scopes": ["meetings:write"] });
    let key = from(hosts, Method::POST, "/api-keys", wish).await.is(201).body.clone();
    let keys = key["secret"].as_str();
    let invitation = from(keys, Method::POST, &format!("{path}/invitations"), json!({ "role": "host" })).await;
    invitation.is(201);
    from(keys, Method::DELETE, &path, json!({})).await.is(204);
    let demoted = json!({ "role": "admin" });
    from(Some(&admins), Method::PATCH, &format!("/accounts/{}", host.id), demoted).await.is(200);
    // What is refused is no deed.
    from(hosts, Method::POST, "/meetings", json!({})).await.is(401);
    from(keys, Method::DELETE, &path, json!({})).await.is(404);

    let all = entries(&house, &admins, "").await;
    let expected = [
        ("account", "account.role_changed"),
        ("key", "meeting.deleted"),
        ("key", "invitation.created"),
        ("account", "api_key.created"),
        ("account", "meeting.created"),
        ("account", "session.created"),
        ("nobody", "session.refused"),
    ];
    assert_eq!(told(&all), expected, "the newest first");
    for entry in &all {
        assert_eq!(entry["address"], "203.0.113.9", "{entry}");
        let at: chrono::DateTime<chrono::Utc> = entry["at"].as_str().unwrap().parse().unwrap();
        assert!(at >= began - chrono::TimeDelta::milliseconds(1) && at <= chrono::Utc::now(), "{entry}");
    }
    let role_changed = &all[0];
    assert_eq!((&role_changed["actor_id"], &role_changed["actor_name"]), (&json!(admin.id), &json!("Admin")));
    assert_eq!((&role_changed["subject_id"], &role_changed["subject_name"]), (&json!(host.id), &json!(host.email)));
    assert_eq!(role_changed["details"], json!({ "role": "admin" }));
    let deleted = &all[1];
    assert_eq!((&deleted["actor_id"], &deleted["actor_name"]), (&key["api_key"]["id"], &json!("door")));
    assert_eq!((&deleted["subject_kind"], &deleted["subject_name"]), (&json!("meeting"), &json!("blue-heron")));
    assert_eq!((&deleted["subject_id"], &deleted["meeting_id"]), (&meeting, &meeting));
    assert_eq!(all[6]["subject_name"], json!(host.email), "which account was guessed at");

    let third = all[2]["at"].as_str().unwrap().replace('+', "%2B");
    for (query, expected) in [
        (format!("actor={}", host.id), &expected[3..6]),
        (format!("actor={}", key["api_key"]["id"].as_str().unwrap()), &expected[1..3]),
        ("action=meeting.deleted".to_owned(), &expected[1..2]),
        (format!("subject={}", meeting.as_str().unwrap()), &[expected[1], expected[4]]),
        (format!("from={third}"), &expected[..3]),
        (format!("to={third}"), &expected[3..]),
        ("action=meeting.eaten".to_owned(), &[]),
    ] {
        assert_eq!(told(&entries(&house, &admins, &query).await), expected, "{query}");
    }
    for bad in ["limit=0", "limit=101", "cursor=x", "actor=me", "from=yesterday"] {
        house.get(&admins, &format!("/audit-log?{bad}")).await.is(400);
    }
    house.nothing_secret_is_kept().await;
}

#[tokio::test]
async fn what_is_older_than_it_shall_be_kept_is_deleted() {
    let mut house = House::with(&[("AUDIT_RETENTION_DAYS", "30")]).await;
    let write = "insert into audit_log (id, at, actor_kind, action)
        select gen_random_uuid(), now() - n * interval '1 day', 'operator', 'test' from generate_series(1, 100) n";
    sqlx::query(write).execute(&house.pool).await.unwrap();
    house.serving.kill();
    house.serving.start_again().await;

    let started = Instant::now();
    while house.count("select count(*) from audit_log").await != 29 {
        assert!(started.elapsed() < Duration::from_secs(20), "old entries are still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let oldest = "select extract(day from now() - min(at))::bigint from audit_log";
    assert_eq!(house.count(oldest).await, 29);
}
