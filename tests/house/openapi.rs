//! `openapi/openapi.json` is what the code says; clients are generated from it.

#![expect(clippy::unwrap_used, reason = "a description without the parts that every description has fails its test")]

use std::fs;

use crate::tree;

const COMMITTED: &str = "openapi/openapi.json";

/// It says that the process lives: when that is not so, there is no answer.
const CANNOT_FAIL: &str = "get_liveness";

#[test]
fn the_committed_description_is_what_the_code_says() {
    let spoken = meetbox::http::spec();
    if tree::blessing() {
        fs::write(tree::root().join(COMMITTED), &spoken).unwrap();
    }
    let committed = tree::read(COMMITTED);
    assert!(committed == spoken, "{COMMITTED} is stale: run `BLESS=1 cargo test --test house` and commit it");
}

#[test]
fn the_description_says_the_same_every_time() {
    assert_eq!(meetbox::http::spec(), meetbox::http::spec());
}

#[test]
fn every_operation_has_a_name_of_verb_and_noun_and_tells_its_failures() {
    let found = nameless(&meetbox::http::spec());
    assert!(found.is_empty(), "a client's functions are named after these:\n{}", found.join("\n"));
}

#[test]
fn every_parameter_in_a_path_is_described() {
    let found = undescribed(&meetbox::http::spec());
    assert!(found.is_empty(), "a client cannot fill these in: {found:?}");
}

#[test]
fn a_planted_undescribed_parameter_is_found() {
    let spec = r#"{"paths": {"/a/:id": {"get": {}}, "/a/{id}": {"get": {"parameters": [{"in": "path", "name": "id"}]}, "put": {}}}}"#;
    assert_eq!(undescribed(spec), ["get /a/:id: `:id`", "put /a/{id}: `{id}`"]);
}

#[test]
fn planted_namelessness_is_found() {
    let spec = r#"{"paths": {"/a": {
        "get": {"operationId": "get_a", "responses": {"200": {}, "500": {}}},
        "post": {"responses": {"200": {}, "500": {}}},
        "put": {"operationId": "putA", "responses": {"200": {}, "500": {}}},
        "delete": {"operationId": "get_a", "responses": {"204": {}}}
    }}}"#;
    assert_eq!(
        nameless(spec),
        [
            "delete /a: tells no failure",
            "get /a: `get_a` is taken",
            "post /a: no operation_id",
            "put /a: `putA` is not verb_noun",
        ]
    );
}

/// The parts of a path that stand for something that the operation does not describe.
fn undescribed(spec: &str) -> Vec<String> {
    let spec: serde_json::Value = serde_json::from_str(spec).unwrap();
    let mut found = Vec::new();
    for (path, methods) in spec["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let names: Vec<_> = parameters
                .filter(|it| it["in"] == "path")
                .map(|it| format!("{{{}}}", it["name"].as_str().unwrap()))
                .collect();
            let open =
                path.split('/').filter(|part| part.starts_with([':', '{']) && !names.iter().any(|name| name == part));
            found.extend(open.map(|part| format!("{method} {path}: `{part}`")));
        }
    }
    found
}

/// What is wrong with the names and the failures of a description's operations.
fn nameless(spec: &str) -> Vec<String> {
    let spec: serde_json::Value = serde_json::from_str(spec).unwrap();
    let mut found = Vec::new();
    let mut taken = Vec::new();
    let paths = spec["paths"].as_object().unwrap();
    let operations =
        paths.iter().flat_map(|(path, methods)| methods.as_object().unwrap().iter().map(move |it| (path, it)));

    for (path, (method, operation)) in operations {
        let statuses = operation["responses"].as_object().unwrap().keys();
        if operation["operationId"] != CANNOT_FAIL && !statuses.clone().any(|status| status.starts_with(['4', '5'])) {
            found.push(format!("{method} {path}: tells no failure"));
        }
        let Some(name) = operation["operationId"].as_str() else {
            found.push(format!("{method} {path}: no operation_id"));
            continue;
        };
        let words = name.split('_').all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()));
        if !words || !name.contains('_') {
            found.push(format!("{method} {path}: `{name}` is not verb_noun"));
        }
        if taken.contains(&name) {
            found.push(format!("{method} {path}: `{name}` is taken"));
        }
        taken.push(name);
    }
    found.sort();
    found
}
