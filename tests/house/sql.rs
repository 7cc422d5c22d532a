//! SQL text stands only in `src/db`, and a function there never opens a transaction: the use case does.

use crate::{
    source::{Piece, Source},
    tree::{self, File},
};

/// What sends SQL to Postgres.
const SENDERS: [&str; 9] = [
    "query!",
    "query_as!",
    "query_scalar!",
    "query_file!",
    "query_file_as!",
    "sqlx::query",
    "sqlx::query_as",
    "sqlx::raw_sql",
    "QueryBuilder",
];

/// What opens or ends a transaction.
const TRANSACTIONS: [&str; 5] = [".begin(", ".begin_with(", ".commit(", ".rollback(", ".transaction("];

#[test]
fn sql_stands_only_in_db() {
    let found: Vec<_> = tree::files("src", &[".rs"]).iter().flat_map(outside_db).collect();
    assert!(found.is_empty(), "SQL belongs into src/db:\n{}", found.join("\n"));
}

#[test]
fn a_db_function_never_opens_a_transaction() {
    let found: Vec<_> = tree::files("src/db", &[".rs"]).iter().flat_map(transactions).collect();
    assert!(found.is_empty(), "the use case in src/app opens and commits:\n{}", found.join("\n"));
}

#[test]
fn planted_sql_is_found() {
    for text in [
        "let a = sqlx::query!(\"…\");",
        "let a = query_as::<_, Row>(TEXT); use sqlx::query_as;",
        "const A: &str = \"select id from meetings\";",
        "const A: &str = \"SELECT 1\";",
        "const A: &str = r#\"\n  Insert into meetings (id) values ($1)\"#;",
        "const A: &str = \"update meetings set title = 'x'\";",
        "const A: &str = \"delete from meetings\";",
        "const A: &str = \"with late as (select 1) select 2\";",
        "const A: &str = \"create database meetbox\";",
    ] {
        assert_eq!(outside_db(&File::planted("src/app/meetings.rs", text)).len(), 1, "{text}");
        assert!(outside_db(&File::planted("src/db/meetings.rs", text)).is_empty(), "{text}");
    }
}

#[test]
fn plain_english_and_comments_are_not_sql() {
    let text = "// select id from meetings\n\
        const A: [&str; 4] = [\"select a device\", \"update the page\", \"delete it\", \"with care\"];";
    assert_eq!(outside_db(&File::planted("src/app/meetings.rs", text)), Vec::<String>::new());
}

#[test]
fn a_planted_transaction_is_found() {
    let planted = File::planted("src/db/meetings.rs", "async fn a(db: &PgPool) {\n    let tx = db.begin().await?;\n}");
    assert_eq!(transactions(&planted), ["src/db/meetings.rs:2: `.begin(`"]);

    let said = File::planted("src/db/meetings.rs", "query!(\"begin\"); query!(\"select 1; commit\");");
    assert_eq!(transactions(&said).len(), 2);
}

fn outside_db(file: &File) -> Vec<String> {
    if file.path.starts_with("src/db/") {
        return Vec::new();
    }
    let source = Source::parse(&file.text);
    let sent = SENDERS.iter().flat_map(|sender| source.places(sender)).map(|at| source.line_of(at));
    let said = source.strings.iter().filter(|piece| looks_like_sql(piece)).map(|piece| piece.line);

    let mut lines: Vec<_> = sent.chain(said).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.into_iter().map(|line| format!("{}:{line}", file.path)).collect()
}

fn transactions(file: &File) -> Vec<String> {
    let source = Source::parse(&file.text);
    let mut found = Vec::new();
    for word in TRANSACTIONS {
        found.extend(source.places(word).into_iter().map(|at| (source.line_of(at), word)));
    }
    for piece in &source.strings {
        let ends = piece.text.split(';').any(|part| matches!(part.trim(), "begin" | "commit" | "rollback"));
        found.extend(ends.then_some((piece.line, "a transaction in SQL")));
    }
    found.into_iter().map(|(line, word)| format!("{}:{line}: `{word}`", file.path)).collect()
}

fn looks_like_sql(piece: &Piece) -> bool {
    let text = piece.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |word: &str| text.contains(word);
    let begins = |word: &str| text.starts_with(word);

    let reads = begins("select ") && (has(" from ") || text[7..].starts_with(|c: char| c.is_ascii_digit()) || has("("));
    let writes = begins("insert into ") || begins("delete from ") || (begins("update ") && has(" set "));
    let names = begins("with ") && has(" as (");
    let things = [" table ", " index ", " database ", " role ", " schema ", " type "];
    let shapes = ["create", "alter", "drop"]
        .iter()
        .any(|verb| begins(verb) && things.iter().any(|thing| has(&format!("{verb}{thing}"))));
    let others =
        begins("truncate ") || begins("listen ") && !text[7..].contains(' ') || has("pg_advisory") || has("pg_notify(");
    reads || writes || names || shapes || others
}
