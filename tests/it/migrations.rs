//! Each migration is tried on rows that were there before it, step by step, on a real Postgres.

use std::path::{Path, PathBuf};

use sqlx::{Executor, PgPool, Row, migrate::Migrator};

use crate::services::postgres;

#[tokio::test]
async fn every_migration_applies_to_rows_from_before_it() {
    let pool = postgres().empty_database().await.pool().await;
    let steps = tempfile::tempdir().unwrap();
    let migrations = migrations();
    assert!(!migrations.is_empty());

    for migration in &migrations {
        let name = migration.file_name().unwrap();
        std::fs::copy(migration, steps.path().join(name)).unwrap();
        let before = row_counts(&pool).await;

        let so_far = Migrator::new(steps.path()).await.unwrap();
        so_far.run(&pool).await.unwrap_or_else(|err| panic!("{name:?} does not apply: {err}"));

        for (table, rows) in before {
            assert!(count(&pool, &table).await >= rows, "{name:?} lost rows of {table}");
        }
        let rows = std::fs::read_to_string(rows_folder().join(name)).unwrap();
        pool.execute(sqlx::AssertSqlSafe(rows)).await.unwrap_or_else(|err| panic!("the rows of {name:?}: {err}"));
    }
    assert!(row_counts(&pool).await.iter().all(|(_, rows)| *rows > 0), "a table was never tried with a row in it");
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let pool = postgres().database().await.pool().await;
    let before = schema(&pool).await;

    let all = Migrator::new(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))).await.unwrap();
    all.run(&pool).await.unwrap();

    assert!(before.contains("meetings.room_name text NO"), "{before}");
    assert_eq!(schema(&pool).await, before);
}

fn migrations() -> Vec<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"));
    let mut found: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn rows_folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/migrations"))
}

/// Every table of ours with the number of its rows.
async fn row_counts(pool: &PgPool) -> Vec<(String, i64)> {
    let tables = "select table_name::text from information_schema.tables
                  where table_schema = 'public' and table_name <> '_sqlx_migrations' order by 1";
    let mut counts = Vec::new();
    for row in pool.fetch_all(tables).await.unwrap() {
        let table: String = row.get(0);
        let rows = count(pool, &table).await;
        counts.push((table, rows));
    }
    counts
}

async fn count(pool: &PgPool, table: &str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
    pool.fetch_one(count).await.unwrap().get(0)
}

/// The columns and indexes as one text.
async fn schema(pool: &PgPool) -> String {
    let lines = "select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
                 from information_schema.columns where table_schema = 'public'
                 union all select indexdef from pg_indexes where schemaname = 'public' order by 1";
    let rows = pool.fetch_all(lines).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
}
