//! Accounts over the API: made, listed, changed by administrators and by their owners.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{Answer, House, PASSWORD};

async fn create(house: &House, admin: &str, wish: Value) -> Answer {
    house.ask(Some(admin), Method::POST, "/accounts", Some(wish)).await
}

async fn change(house: &House, admin: &str, id: &str, change: Value) -> Answer {
    house.ask(Some(admin), Method::PATCH, &format!("/accounts/{id}"), Some(change)).await
}

#[tokio::test]
async fn an_account_is_made_looked_at_and_changed() {
    let house = House::open().await;
    let admin = house.session(&house.person("admin").await).await;
    let wish = json!({ "email": " Ada@Example.ORG ", "name": " Ada \u{202e}  Lovelace", "role": "host",
        "password": *PASSWORD });
    let made = create(&house, &admin, wish.clone()).await;
    made.is(201);
    assert_eq!((&made.body["email"], &made.body["name"]), (&json!("ada@example.org"), &json!("Ada Lovelace")));
    assert_eq!((&made.body["role"], &made.body["has_password"]), (&json!("host"), &json!(true)));
    create(&house, &admin, wish).await.refuses(409, "email-taken");

    let id = made.body["id"].as_str().unwrap();
    assert_eq!(house.get(&admin, &format!("/accounts/{id}")).await.is(200).body, made.body);
    let nobody = "/accounts/2f6c3d0e-6a55-4b0e-9d3b-0a8a4f1f7c11";
    house.get(&admin, nobody).await.refuses(404, "account-not-found");
    house.sign_in("ADA@example.org", &PASSWORD, "bearer").await.is(201);

    let another = format!("{}-other", *PASSWORD);
    let changed = change(&house, &admin, id, json!({ "name": "Countess", "password": another })).await;
    assert_eq!(changed.is(200).body["name"], "Countess");
    house.sign_in("ada@example.org", &PASSWORD, "bearer").await.refuses(401, "sign-in-wrong");
    house.let_waits_pass().await;
    let ada = house.sign_in("ada@example.org", &another, "bearer").await;
    let ada = ada.is(201).body["token"].as_str().unwrap().to_owned();

    let renamed = house.ask(Some(&ada), Method::PATCH, "/account", Some(json!({ "name": "Ada" }))).await;
    assert_eq!(renamed.is(200).body["name"], "Ada");
    for wish in [json!({ "role": "admin" }), json!({ "name": "A", "role": "admin" }), json!({ "disabled": false })] {
        house.ask(Some(&ada), Method::PATCH, "/account", Some(wish)).await.is(400);
    }
    house.get(&ada, "/account").await.is(200);
    house.nothing_secret_is_kept().await;
}

#[tokio::test]
async fn an_account_without_a_password_cannot_sign_in_with_one() {
    let house = House::open().await;
    let admin = house.session(&house.person("admin").await).await;
    let made = create(&house, &admin, json!({ "email": "sso@example.org", "name": "Sso", "role": "host" })).await;
    assert_eq!(made.is(201).body["has_password"], false);
    house.sign_in("sso@example.org", &PASSWORD, "bearer").await.refuses(401, "sign-in-wrong");
    house.sign_in("sso@example.org", "", "bearer").await.is(400);
    house.let_waits_pass().await;

    let changed = change(&house, &admin, made.body["id"].as_str().unwrap(), json!({ "password": *PASSWORD })).await;
    assert_eq!(changed.is(200).body["has_password"], true);
    sqlx::query("delete from failed_attempts").execute(&house.pool).await.unwrap();
    house.sign_in("sso@example.org", &PASSWORD, "bearer").await.is(201);
}

#[tokio::test]
async fn accounts_are_listed_page_by_page_the_newest_first() {
    let house = House::open().await;
    let admin = house.session(&house.person("admin").await).await;
    for n in 0..5 {
        let wish = json!({ "email": format!("n{n}@example.org"), "name": "N", "role": "host" });
        create(&house, &admin, wish).await.is(201);
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = house.get(&admin, &format!("/accounts?{query}")).await;
        let items = page.is(200).body["items"].as_array().unwrap().clone();
        assert!((1..=2).contains(&items.len()));
        seen.extend(items.iter().map(|account| account["email"].as_str().unwrap().to_owned()));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[..5], ["n4", "n3", "n2", "n1", "n0"].map(|name| format!("{name}@example.org")));
    for bad in ["limit=0", "limit=101", "cursor=nonsense"] {
        house.get(&admin, &format!("/accounts?{bad}")).await.is(400);
    }
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let house = House::open().await;
    let (ada, bob) = (house.person("admin").await, house.person("admin").await);
    let (adas, bobs) = (house.session(&ada).await, house.session(&bob).await);
    let host = json!({ "role": "host" });

    // Both give up the other's role at once: one of them comes too late, or is nobody's administrator any more.
    let (adas_path, bobs_path) = (ada.id.to_string(), bob.id.to_string());
    let both =
        tokio::join!(change(&house, &adas, &bobs_path, host.clone()), change(&house, &bobs, &adas_path, host.clone()));
    let statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    assert!(statuses.contains(&200), "{statuses:?}");
    let admins = "select count(*) from accounts where role = 'admin' and disabled_at is null";
    assert_eq!(house.count(admins).await, 1, "{statuses:?}");

    let (last, token) = if statuses[0] == 200 { (adas_path, adas) } else { (bobs_path, bobs) };
    for wish in [host, json!({ "disabled": true })] {
        change(&house, &token, &last, wish).await.refuses(409, "last-admin");
    }
    change(&house, &token, &last, json!({ "name": "Last" })).await.is(200);
    house.get(&token, "/accounts").await.is(200);
}
