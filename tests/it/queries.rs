//! What `.sqlx/` says about each query is what a Postgres with all migrations says.

use serde_json::Value;
use sqlx::{Column, Connection, Either, Executor, SqlSafeStr, TypeInfo};

use crate::services::postgres;

#[tokio::test]
async fn committed_queries_are_what_postgres_makes_of_them() {
    let database = postgres().database().await;
    let mut connection = sqlx::PgConnection::connect(&database.url()).await.unwrap();
    let mut seen = 0;

    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let known: Value = serde_json::from_str(&text).unwrap();
        let query = known["query"].as_str().unwrap().to_owned();

        let described = (&mut connection).describe(sqlx::AssertSqlSafe(query.clone()).into_sql_str()).await;
        let described = described.unwrap_or_else(|err| panic!("{query}\n{err}"));

        let columns: Vec<_> =
            described.columns.iter().map(|it| (it.name().to_owned(), it.type_info().name().to_owned())).collect();
        assert_eq!(known_columns(&known), columns, "{query}");
        let parameters: Vec<_> = match &described.parameters {
            Some(Either::Left(types)) => types.iter().map(|it| it.name().to_owned()).collect(),
            _ => Vec::new(),
        };
        assert_eq!(known_types(&known["describe"]["parameters"]["Left"]), parameters, "{query}");
        let nullable: Vec<_> = known["describe"]["nullable"].as_array().unwrap().iter().map(Value::as_bool).collect();
        assert_eq!(nullable, described.nullable, "{query}");
        seen += 1;
    }
    assert!(seen > 0, "no query is committed");
}

fn known_columns(known: &Value) -> Vec<(String, String)> {
    let columns = known["describe"]["columns"].as_array().unwrap();
    let name = |column: &Value| column["name"].as_str().unwrap().to_owned();
    columns.iter().map(|column| (name(column), type_name(&column["type_info"]))).collect()
}

fn known_types(types: &Value) -> Vec<String> {
    types.as_array().into_iter().flatten().map(type_name).collect()
}

/// The name that Postgres uses: sqlx writes `Uuid` and `TextArray` where that says `UUID` and `TEXT[]`.
fn type_name(info: &Value) -> String {
    let name = info.as_str().unwrap_or_else(|| panic!("a type of our own making needs a line here: {info}"));
    match name.strip_suffix("Array") {
        Some(element) => format!("{}[]", element.to_uppercase()),
        None => name.to_uppercase(),
    }
}
