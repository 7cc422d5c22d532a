//! Browser windows meet through our pages: they sign in, wait in the lobby, decode each other's frames, and go through outages.

mod location;

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

use self::location::{Location, PROVIDER};

/// How a scene asks for something to happen to the house: `@ kill livekit`, on a line of its own.
const WISH: &str = "@ ";

#[tokio::test(flavor = "multi_thread")]
async fn browser_windows_meet_through_our_pages() {
    play("call.mjs").await;
}

// Its marks depend on what else the machine does: `make test` runs it when the others are over.
#[tokio::test(flavor = "multi_thread")]
async fn lighthouse_is_content_with_the_pages_that_people_meet_first() {
    play("lighthouse.mjs").await;
}

/// Plays a script of `tests/e2e` at a location of its own; it must end well.
async fn play(script: &str) {
    if let Some(missing) = missing() {
        // A developer may have no browser; the gate has one, and must not pass without this.
        assert!(std::env::var_os("CI").is_none(), "{missing}");
        println!("skipped: {missing}");
        return;
    }
    let _turn = crate::alone::take_turn().await;
    let mut location = Location::open().await;
    let mut scenes = launch(script, &location).await;
    attend(&mut scenes, &mut location).await;
    let status = scenes.wait().await.expect("it ends");
    assert!(status.success(), "{script}: {status}; what it said stands above");
}

async fn launch(script: &str, location: &Location) -> Child {
    let mut command = Command::new("node");
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e"))
        .arg(script)
        .env("BASE_URL", format!("http://127.0.0.1:{}", location.house.ground.port))
        .env("HOST_EMAIL", "ada@example.org")
        .env("HOST_PASSWORD", "correct horse battery staple")
        .env("SETUP_LINK", setup_link(location).await)
        .env("OIDC_NAME", PROVIDER)
        .env("RECORDER", "yes")
        .env("OUTAGES", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("`node` is there")
}

/// Does what the scenes ask for until they are over, and passes on what they say.
async fn attend(scenes: &mut Child, location: &mut Location) {
    let mut lines = BufReader::new(scenes.stdout.take().expect("stdout is a pipe")).lines();
    let mut answers = scenes.stdin.take().expect("stdin is a pipe");
    while let Some(line) = lines.next_line().await.expect("lines of text") {
        let Some(deed) = line.strip_prefix(WISH) else {
            println!("{line}");
            continue;
        };
        let answer = location.suffer(deed).await.map_or_else(|why| why, |()| "done".to_owned());
        answers.write_all(format!("{answer}\n").as_bytes()).await.expect("the scenes listen");
    }
}

/// The link with which the script makes the first account.
async fn setup_link(location: &Location) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_meetbox"))
        .args(["account", "setup-link"])
        .current_dir(std::env::temp_dir())
        .env_clear()
        .envs(location.house.ground.environment())
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
