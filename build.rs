//! Tells cargo what the binary embeds, so that a new migration or web export leads to a new build.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=assets");
    println!("cargo::rerun-if-changed=openapi");

    // cargo builds again and again while a watched path is missing, and does not notice when one that it was not told
    // of appears. So a fresh clone gets the folder, empty, before the web app is built into it.
    let export = std::path::Path::new("web/out");
    println!("cargo::rerun-if-changed=web/out");
    if let Err(err) = std::fs::create_dir_all(export) {
        println!("cargo::warning=cannot make {}: {err}", export.display());
    }
    if export.join("index.html").exists() {
        return;
    }
    // A developer gets on without it; whoever installs a release would find an empty page in the midst of meetings.
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script in no other way")]
    let profile = std::env::var("PROFILE");
    if profile.is_ok_and(|profile| profile == "release") {
        println!("cargo::error=web/out is empty, and a release has the web app in it; `make web` builds it");
    } else {
        println!(
            "cargo::warning=web/out is empty: the binary will say so in place of the web app; `make web` builds it"
        );
    }
}
