//! What `deny.toml` forbids is not in `Cargo.lock`, and what it lets pass has a reason.
//!
//! `cargo deny check` knows more, licences and new advisories among it; this much needs no tool and no network.

use crate::tree;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn no_forbidden_crate_is_in_the_lock_file() {
    let found = forbidden(&tree::read("deny.toml"), &tree::read("Cargo.lock"));
    assert!(found.is_empty(), "deny.toml forbids {found:?}; `cargo tree -i NAME` tells who brings it");
}

#[test]
fn every_crate_comes_from_the_public_registry() {
    let found = strangers(&tree::read("Cargo.lock"));
    assert!(found.is_empty(), "not from crates.io: {found:?}");
}

#[test]
fn every_exception_has_a_reason() {
    let found = without_reason(&tree::read("deny.toml"));
    assert!(found.is_empty(), "deny.toml lets these pass without a reason:\n{}", found.join("\n"));
}

#[test]
fn planted_dependencies_are_found() {
    let deny = "ignore = [\n    { id = \"RUSTSEC-2026-0001\" },\n]\n\
        deny = [\n    { crate = \"openssl\", reason = \"rustls speaks TLS here\" },\n    { crate = \"a\", wrappers = [\"b\"] },\n]\n";
    let lock = format!(
        "[[package]]\nname = \"openssl\"\nversion = \"0.10.0\"\nsource = \"{REGISTRY}\"\n\n\
         [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/a\"\n"
    );
    assert_eq!(forbidden(deny, &lock), ["openssl"]);
    assert_eq!(strangers(&lock), ["a"]);
    assert_eq!(without_reason(deny).len(), 2);
}

/// The names that `deny` lists outright; one with wrappers may come in through those.
fn forbidden(deny: &str, lock: &str) -> Vec<String> {
    let banned: Vec<_> = deny
        .lines()
        .filter(|line| line.contains("{ crate = ") && !line.contains("wrappers") && !line.contains("allow ="))
        .filter_map(|line| quoted(line, "crate = "))
        .collect();
    let locked = lock.lines().filter_map(|line| quoted(line, "name = "));
    locked.filter(|name| banned.contains(name)).collect()
}

fn strangers(lock: &str) -> Vec<String> {
    let foreign = |package: &&str| quoted(package, "source = ").is_some_and(|source| source != REGISTRY);
    lock.split("[[package]]").filter(foreign).filter_map(|package| quoted(package, "name = ")).collect()
}

/// The lines that ban, ignore or except something and do not say why, there or on the line above.
fn without_reason(deny: &str) -> Vec<String> {
    let lines: Vec<_> = deny.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("{ ")) {
        let beside = quoted(line, "reason = ").is_some_and(|reason| reason.len() > 15);
        let above = at > 0 && lines[at - 1].trim_start().starts_with('#');
        if !beside && !above {
            found.push(format!("{}: {}", at + 1, line.trim()));
        }
    }
    found
}

/// The text in quotes that follows `key`.
fn quoted(text: &str, key: &str) -> Option<String> {
    let (_, after) = text.split_once(key)?;
    after.strip_prefix('"')?.split('"').next().map(str::to_owned)
}
