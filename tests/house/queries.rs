//! What `.sqlx/` knows about a query is still asked by somebody. (One that is asked but not known does not compile.)

use crate::{
    source::Source,
    tree::{self, File},
};

#[test]
fn no_query_is_left_over() {
    let found = left_over(&tree::files(".sqlx", &[".json"]), &tree::files("src/db", &[".rs"]));
    assert!(found.is_empty(), "nobody in src/db asks these any more; delete them:\n{}", found.join("\n"));
}

#[test]
fn a_planted_left_over_is_found() {
    let known = |name: &str, query: &str| {
        let json = serde_json::json!({ "query": query }).to_string();
        File::planted(name, &json)
    };
    let asked = "macro_rules! b { ($tail:literal) => { query!(\"select 4 from b \" + $tail) } }\nb!(\"where c\");\nmacro_rules! d { ($e:literal) => { b!(\"where f \" $e \" limit 1\") } }\nd!(\"and e\");\nfn a() {\n    query!(\"select 1 as \\\"it!\\\"\");\n    query!(\n        \"select 2 \\\n         from b\"\n    );\n}\n";
    let known = [
        known("1.json", "select 1 as \"it!\""),
        known("2.json", "select 2 from b"),
        known("3.json", "select 3"),
        known("4.json", "select 4 from b where c"),
        known("5.json", "select 4 from b where d"),
        known("6.json", "select 4 from b where f and e limit 1"),
    ];
    let found = left_over(&known, &[File::planted("src/db/a.rs", asked)]);
    assert_eq!(found, ["3.json: select 3", "5.json: select 4 from b where d"]);
}

fn left_over(known: &[File], sources: &[File]) -> Vec<String> {
    let pieces = sources.iter().flat_map(|file| Source::parse(&file.text).strings);
    let asked: Vec<_> = pieces.map(|piece| spoken(&piece.text)).collect();

    let mut found = Vec::new();
    for file in known {
        let json: serde_json::Value = serde_json::from_str(&file.text).unwrap_or_default();
        let query = json["query"].as_str().unwrap_or_default().to_owned();
        if !is_asked(&query, &asked) {
            found.push(format!("{}: {query}", file.path));
        }
    }
    found
}

/// Whether the query stands in one literal, or is put together from several: what is read, from which rows, and in which
/// order.
fn is_asked(query: &str, asked: &[String]) -> bool {
    let pieces = asked.iter().filter(|piece| !piece.is_empty());
    let mut rests = pieces.filter_map(|piece| query.strip_prefix(piece.as_str()));
    rests.any(|rest| rest.is_empty() || is_asked(rest, asked))
}

/// What a literal says: escapes resolved, and a backslash at the end of a line takes the next one's indentation along.
fn spoken(literal: &str) -> String {
    let mut text = String::new();
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once('\\') {
        text += before;
        rest = match after.strip_prefix('\n') {
            Some(next) => next.trim_start(),
            None => {
                let escaped = after.chars().next().unwrap_or('\\');
                text.push(if escaped == 'n' { '\n' } else { escaped });
                after.get(escaped.len_utf8()..).unwrap_or_default()
            }
        };
    }
    text + rest
}
