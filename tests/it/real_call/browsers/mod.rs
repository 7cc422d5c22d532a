//! Browser windows meet through our pages: they sign in, wait in the lobby, and decode each other's frames.

use std::{path::Path, process::Stdio};

use serde_json::json;
use tokio::process::Command;

use super::place::Place;
use crate::{
    oidc::provider::{CLIENT_ID, CLIENT_SECRET, OidcProvider},
    serving::Ground,
};

/// What the provider is called on the sign-in page.
const PROVIDER: &str = "the tests' provider";

#[tokio::test(flavor = "multi_thread")]
async fn browser_windows_meet_through_our_pages() {
    if let Some(missing) = missing() {
        // A developer may have no browser; the gate has one, and must not pass without this.
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        println!("skipped: {missing}");
        return;
    }
    let _turn = crate::alone::take_turn().await;
    let mut provider = None;
    let with_provider = |ground: Ground| {
        let way_back = format!("http://127.0.0.1:{}/oidc/callback", ground.port);
        let issuer = provider.insert(OidcProvider::start(&way_back)).issuer();
        let ground = ground.with("OIDC_ISSUER", &issuer).with("OIDC_NAME", PROVIDER);
        ground.with("OIDC_CLIENT_ID", CLIENT_ID).with("OIDC_CLIENT_SECRET", CLIENT_SECRET)
    };
    let place = Place::on(with_provider).await;
    let olga = json!({ "sub": "olga", "email": "olga@example.org", "email_verified": true, "name": "Olga" });
    let provider = provider.expect("it was started");
    provider.is_asked_by(olga).await;
    let output = Command::new("node")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e"))
        .arg("call.mjs")
        .env("BASE_URL", format!("http://127.0.0.1:{}", place.house.ground.port))
        .env("HOST_EMAIL", "ada@example.org")
        .env("HOST_PASSWORD", "correct horse battery staple")
        .env("SETUP_LINK", setup_link(&place).await)
        .env("OIDC_NAME", PROVIDER)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("`node` is there");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

/// The link with which the script makes the first account.
async fn setup_link(place: &Place) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_meetbox"))
        .args(["account", "setup-link"])
        .current_dir(std::env::temp_dir())
        .env_clear()
        .envs(place.house.ground.environment())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What this needs and is not there, and how to get it.
fn missing() -> Option<&'static str> {
    let is_there = |path: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists();
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).exists() {
        return Some("Chromium is missing: install Debian's `chromium`, or set CHROMIUM");
    }
    if !is_there("tests/e2e/node_modules/playwright-core") {
        return Some("Playwright is missing: run `npm --prefix tests/e2e ci`");
    }
    if !is_there("tests/oidc-provider/node_modules/oidc-provider") {
        return Some("the provider is missing: run `npm --prefix tests/oidc-provider ci`");
    }
    if !is_there("web/out/index.html") {
        return Some("the web app is not built: run `make web`");
    }
    None
}
