//! Tells cargo what the binary embeds, so that a new migration or web export leads to a new build, and the binary what it was
//! built from.

use std::{path::Path, process::Command};

fn main() {
    describe_build();
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=openapi");

    // cargo builds again and again while a watched path is missing, and does not notice when one that it was not told
    // of appears. So a fresh clone gets the folder, empty, before the web app is built into it.
    let export = Path::new("web/out");
    println!("cargo::rerun-if-changed=web/out");
    if let Err(err) = std::fs::create_dir_all(export) {
        println!("cargo::warning=cannot make {}: {err}", export.display());
    }
    if export.join("index.html").exists() {
        return;
    }
    // A developer gets on without it; whoever installs a release would find an empty page in the midst of meetings.
    if is_release() {
        println!("cargo::error=web/out is empty, and a release has the web app in it; `make web` builds it");
    } else {
        println!(
            "cargo::warning=web/out is empty: the binary will say so in place of the web app; `make web` builds it"
        );
    }
}

/// Tells the compiler what `meetbox version --verbose` says of the build.
fn describe_build() {
    println!("cargo::rerun-if-env-changed=MEETBOX_COMMIT");
    // A debug build is of no one commit, and would be made anew after each.
    let commit = told("MEETBOX_COMMIT").or_else(|| is_release().then(commit_of_repository).flatten());
    // `rustc 1.95.0 (59807616e 2026-04-14)`
    let compiler = told("RUSTC").and_then(|rustc| output(&rustc, &["--version"]));
    let rust = compiler.as_deref().and_then(|line| line.split(' ').nth(1));

    for (name, value) in [("COMMIT", commit.as_deref()), ("TARGET", told("TARGET").as_deref()), ("RUST", rust)] {
        println!("cargo::rustc-env=MEETBOX_{name}={}", value.unwrap_or("unknown"));
    }
}

/// The commit of these sources, when they are a repository of their own: not that of one around them.
fn commit_of_repository() -> Option<String> {
    if !output("git", &["rev-parse", "--show-prefix"])?.is_empty() {
        return None;
    }
    // Grows with each commit and checkout. cargo builds again and again while a watched path is missing.
    let log = output("git", &["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    let changes = output("git", &["status", "--porcelain", "--untracked-files=no"])?;
    let modified = if changes.is_empty() { "" } else { "-modified" };
    Some(output("git", &["rev-parse", "HEAD"])? + modified)
}

/// What a program prints, when it is there and content.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn is_release() -> bool {
    told("PROFILE").is_some_and(|profile| profile == "release")
}

fn told(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script in no other way")]
    let value = std::env::var(name);
    value.ok().filter(|value| !value.is_empty())
}
