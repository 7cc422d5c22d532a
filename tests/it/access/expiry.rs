//! When sessions end by themselves.

use std::time::Duration;

use super::house::House;
use crate::services::free_port;

#[tokio::test]
async fn a_session_that_nobody_uses_is_over_after_its_idle_days() {
    let house = House::with(&[("SESSION_IDLE_DAYS", "3")]).await;
    let person = house.person("host").await;
    let (used, unused) = (house.token_of(&person).await, house.token_of(&person).await);
    house.execute("update sessions set seen_at = now() - interval '71 hours' where account_id = $1", person.id).await;

    house.get(&used, "/account").await.is(200);
    let seen = "select count(*) from sessions where seen_at > now() - interval '1 minute'";
    assert_eq!(house.count(seen).await, 1, "its use is written down");

    house.execute("update sessions set seen_at = seen_at - interval '2 hours' where account_id = $1", person.id).await;
    house.get(&unused, "/account").await.refuses(401, "credential-unknown");
    let listed = house.get(&used, "/sessions").await;
    assert_eq!(listed.is(200).body["items"].as_array().unwrap().len(), 1, "{}", listed.body);
}

#[tokio::test]
async fn a_session_is_over_at_its_end_however_much_it_is_used_and_whoever_remembers_it() {
    let nowhere = format!("redis://127.0.0.1:{}", free_port());
    for settings in [&[][..], &[("REDIS_URL", nowhere.as_str())]] {
        let house = House::with(settings).await;
        let person = house.person("host").await;
        let token = house.token_of(&person).await;
        let life = "select extract(epoch from max(expires_at - created_at))::bigint from sessions";
        assert_eq!(house.count(life).await, 30 * 24 * 60 * 60);

        house
            .execute("update sessions set expires_at = now() + interval '2 seconds' where account_id = $1", person.id)
            .await;
        house.get(&token, "/account").await.is(200);
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(220)).await;
            house.get(&token, "/livez").await.is(200);
        }
        house.get(&token, "/account").await.refuses(401, "credential-unknown");
    }
}

#[tokio::test]
async fn an_account_has_fifty_sessions_at_most_and_the_oldest_go() {
    let house = House::open().await;
    let person = house.person("host").await;
    let first = house.token_of(&person).await;
    for _ in 0..49 {
        house.session(&person).await;
    }
    house.get(&first, "/account").await.is(200);
    let last = house.token_of(&person).await;
    house.get(&first, "/account").await.is(401);
    house.get(&last, "/account").await.is(200);
    assert_eq!(house.count("select count(*) from sessions").await, 50);
}
