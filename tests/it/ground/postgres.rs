//! Postgres: reached with any credentials that are valid, and migrated whatever it has seen before.

use std::time::Duration;

use futures_util::future::join_all;
use meetbox::{
    config::DatabaseSettings,
    db::{self, ConnectError, migrate::MIGRATOR},
};
use rand::{Rng, seq::IndexedRandom};
use sqlx::{AssertSqlSafe, Executor, PgPool};

use super::{CASES, password, told_rng};
use crate::{
    house::settings,
    services::{Database, postgres, redis_url},
};

fn settings_for(url: &str) -> DatabaseSettings {
    settings(url, &redis_url(), "ws://127.0.0.1:7880").database
}

// Feature: infrastructure-local-dev, Property 7: whatever user, password and database DATABASE_URL names, they are used.
#[tokio::test(flavor = "multi_thread")]
async fn valid_credentials_lead_into_the_database_and_others_do_not() {
    let mut rng = told_rng();
    let databases: Vec<Database> = join_all((0..3).map(|_| postgres().empty_database())).await;
    let admin = databases[0].pool().await;
    // Members of this role must show a password; see the cluster's pg_hba.conf.
    let guests = crate::services::WITH_PASSWORD;

    for case in 0..CASES {
        let database = databases.choose(&mut rng).unwrap();
        let user = format!("guest_{case}");
        let (password, encoded) = password(&mut rng);
        let literal = password.replace('\'', "''");
        let create = format!("create role {user} login password '{literal}' in role {guests}");
        admin.execute(AssertSqlSafe(create)).await.unwrap();

        let url = |secret: &str| format!("postgres://{user}:{secret}@127.0.0.1:{}/{}", database.port, database.name);
        let pool = db::connect(&settings_for(&url(&encoded))).await.unwrap_or_else(|err| panic!("{password}: {err}"));
        let (who, place): (String, String) =
            sqlx::query_as("select current_user::text, current_database()::text").fetch_one(&pool).await.unwrap();
        assert_eq!((who.as_str(), place.as_str()), (user.as_str(), database.name.as_str()));
        pool.close().await;

        // One wrong password waits out the whole start, so only a few are tried.
        if case % 50 == 0 {
            let mut wrong = settings_for(&url(&format!("{encoded}x")));
            wrong.start_timeout = Duration::from_millis(300);
            let refused = db::connect(&wrong).await.unwrap_err();
            assert!(matches!(refused, ConnectError::GaveUp { .. }), "{refused}");
            assert!(!refused.to_string().contains(&password), "the password is told: {refused}");
        }
    }
}

// Feature: infrastructure-local-dev, Property 8: from any state and with any number of starts at once, all migrations are applied.
#[tokio::test(flavor = "multi_thread")]
async fn from_any_earlier_schema_all_migrations_are_applied_once() {
    let mut rng = told_rng();
    let database = postgres().empty_database().await;
    let pool = database.pool().await;
    let settings = settings_for(&database.url());
    let versions: Vec<i64> = MIGRATOR.iter().map(|it| it.version).collect();

    for _ in 0..CASES {
        pool.execute("drop schema public cascade; create schema public").await.unwrap();
        if let Some(earlier) = [&[0][..], &versions].concat().choose(&mut rng) {
            MIGRATOR.run_to(*earlier, &pool).await.unwrap();
        }

        let at_once = rng.random_range(1..=3);
        let outcomes = join_all((0..at_once).map(|_| db::migrate(&settings))).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(applied(&pool).await, versions.iter().map(|version| (*version, true)).collect::<Vec<_>>());
    }
}

async fn applied(pool: &PgPool) -> Vec<(i64, bool)> {
    sqlx::query_as("select version, success from _sqlx_migrations order by version").fetch_all(pool).await.unwrap()
}
