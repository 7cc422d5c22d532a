//! `docs/properties.md` tells the truth: the thirty properties, and the tests that prove each of them.

use crate::tree::{self, File};

const PAGE: &str = "docs/properties.md";
const TAG: &str = "Feature: infrastructure-local-dev, Property ";
const HOW_MANY: usize = 30;

/// The fewest cases a generated test may run.
const FEWEST_CASES: u32 = 100;

/// How far a property is proved.
const STATES: [&str; 3] = ["proved", "in part", "not yet"];

#[test]
fn the_page_and_the_tests_agree() {
    let tests = test_files();
    let found = disagreements(&tree::read(PAGE), &tests);
    assert!(found.is_empty(), "{PAGE}:\n{}", found.join("\n"));
}

#[test]
fn generated_tests_run_a_hundred_cases_at_least() {
    let found: Vec<_> = test_files().iter().flat_map(too_few_cases).collect();
    assert!(found.is_empty(), "fewer than {FEWEST_CASES} cases:\n{}", found.join("\n"));
}

#[test]
fn planted_disagreements_are_found() {
    let tests = [File::planted(
        "tests/it/health.rs",
        &format!("// {TAG}2: all answer\n#[test]\nfn it_answers() {{}}\n// {TAG}3: more\n"),
    )];
    let page = |one: &str, two: &str| format!("| 1 | {one} |\n| 2 | {two} |\n{}", filler(3));

    let fine = page(
        "All start | proved | `tests/it/health.rs::it_answers` | |",
        "Both answer | in part | `tests/it/health.rs::it_answers` | later |",
    );
    assert_eq!(
        disagreements(&fine, &tests),
        ["a test is tagged with property 3, which does not name tests/it/health.rs"]
    );

    for (one, complaint) in [
        ("All start | proved | | |", "property 1 is proved, but names no test"),
        ("All start | not yet | | |", "property 1 is not proved and gives no reason"),
        ("All start | maybe | | why |", "property 1: `maybe` is none of proved, in part, not yet"),
        (
            "All start | proved | `tests/it/health.rs::gone` | |",
            "property 1: there is no test `tests/it/health.rs::gone`",
        ),
        (
            "All start | proved | `tests/it/gone.rs::it_answers` | |",
            "property 1: there is no test `tests/it/gone.rs::it_answers`",
        ),
        ("| proved | `tests/it/health.rs::it_answers` | |", "property 1 says nothing"),
    ] {
        let page = page(one, "Both answer | in part | `tests/it/health.rs::it_answers` | later |");
        assert!(
            disagreements(&page, &tests).contains(&complaint.to_owned()),
            "{one}: {:?}",
            disagreements(&page, &tests)
        );
    }
    assert!(disagreements(&filler(3), &tests).contains(&"property 1 is not on the page".to_owned()));
    let twice = format!("{}{}", filler(1), filler(30));
    assert!(disagreements(&twice, &tests).contains(&"property 30 stands on the page 2 times".to_owned()));
}

#[test]
fn a_planted_small_run_is_found() {
    let planted = File::planted("tests/it/a.rs", "ProptestConfig::with_cases(99)\nwith_cases(100)\ncases: 10,");
    assert_eq!(too_few_cases(&planted), ["tests/it/a.rs:1: 99", "tests/it/a.rs:3: 10"]);
}

/// Rows for the properties from `first` on that nothing is said against.
fn filler(first: usize) -> String {
    (first..=HOW_MANY).map(|number| format!("| {number} | Something | not yet | | a later step |\n")).collect()
}

/// Where tests stand; the rules' own planted tags are left out.
fn test_files() -> Vec<File> {
    let mut files = tree::files("src", &[".rs"]);
    files.extend(tree::files("tests", &[".rs", ".mjs", ".ts", ".py", ".sh"]));
    files.extend(tree::files("web", &[".mjs", ".ts", ".tsx"]));
    files.extend(tree::files("packaging", &[".sh"]));
    files.retain(|file| file.path != "tests/house/properties.rs");
    files
}

struct Row<'a> {
    number: usize,
    wording: &'a str,
    state: &'a str,
    tests: Vec<&'a str>,
    reason: &'a str,
}

fn rows(page: &str) -> Vec<Row<'_>> {
    page.lines().filter_map(row).collect()
}

/// Reads `| number | wording | state | tests | reason |`; any other line is none of ours.
fn row(line: &str) -> Option<Row<'_>> {
    let mut cells = line.trim().strip_prefix('|')?.split('|').map(str::trim);
    let number = cells.next()?.parse().ok()?;
    let (wording, state, tests) = (cells.next()?, cells.next()?, cells.next()?);
    let tests = tests.split('`').skip(1).step_by(2).collect();
    Some(Row { number, wording, state, tests, reason: cells.next().unwrap_or_default() })
}

fn disagreements(page: &str, files: &[File]) -> Vec<String> {
    let rows = rows(page);
    let mut found = Vec::new();
    for number in 1..=HOW_MANY {
        match rows.iter().filter(|row| row.number == number).count() {
            0 => found.push(format!("property {number} is not on the page")),
            1 => {}
            times => found.push(format!("property {number} stands on the page {times} times")),
        }
    }
    found.extend(rows.iter().flat_map(|row| in_row(row, files)));
    found.extend(files.iter().flat_map(|file| untold_tags(file, &rows)));
    found
}

fn in_row(row: &Row<'_>, files: &[File]) -> Vec<String> {
    let number = row.number;
    let mut found = Vec::new();
    if row.wording.is_empty() {
        found.push(format!("property {number} says nothing"));
    }
    if !STATES.contains(&row.state) {
        found.push(format!("property {number}: `{}` is none of {}", row.state, STATES.join(", ")));
    }
    if row.state != "not yet" && row.tests.is_empty() {
        found.push(format!("property {number} is {}, but names no test", row.state));
    }
    if row.state != "proved" && row.reason.is_empty() {
        found.push(format!("property {number} is not proved and gives no reason"));
    }
    let missing = row.tests.iter().filter(|test| !exists(test, files));
    found.extend(missing.map(|test| format!("property {number}: there is no test `{test}`")));
    found
}

/// Whether `path::function` or, for what is not Rust, `path#title` stands in the tree.
fn exists(test: &str, files: &[File]) -> bool {
    let in_file = |path: &str, words: &str| files.iter().any(|file| file.path == path && file.text.contains(words));
    match (test.split_once("::"), test.split_once('#')) {
        (Some((path, function)), _) => in_file(path, &format!("fn {function}(")),
        (None, Some((path, title))) => in_file(path, title),
        (None, None) => false,
    }
}

/// The tags in a file whose properties do not name that file.
fn untold_tags(file: &File, rows: &[Row<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in file.text.match_indices(TAG) {
        let digits: String = file.text[at + TAG.len()..].chars().take_while(char::is_ascii_digit).collect();
        let told = rows.iter().any(|row| {
            row.number.to_string() == digits && row.tests.iter().any(|test| test.starts_with(file.path.as_str()))
        });
        if !told {
            found.push(format!("a test is tagged with property {digits}, which does not name {}", file.path));
        }
    }
    found
}

fn too_few_cases(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for sign in ["with_cases(", "cases: "] {
            let Some((_, after)) = line.split_once(sign) else { continue };
            let digits: String =
                after.chars().take_while(|c| c.is_ascii_digit() || *c == '_').filter(|c| *c != '_').collect();
            if digits.parse::<u32>().is_ok_and(|cases| cases < FEWEST_CASES) {
                found.push(format!("{}:{}: {digits}", file.path, number + 1));
            }
        }
    }
    found
}
