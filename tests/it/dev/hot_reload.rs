//! The web app stands beside the API, passes calls on to it, and shows a change without anybody starting it again.

use std::{fs, path::Path, time::Duration};

use serde_json::json;

use super::running::{Place, ask_on};

/// A page may have to be compiled first, on a busy machine.
const SHOWN_TIMEOUT: Duration = Duration::from_secs(120);

// Feature: infrastructure-local-dev, Property 2: once all is up, the web app answers on its port and the API on its own, and the
// app's origin reaches the API.
// Feature: infrastructure-local-dev, Property 6: what is changed in the web app's sources is what the next request shows.
#[test]
fn the_web_app_reaches_the_api_and_shows_each_change() {
    let place = Place::with_web();
    let dev = place.up();
    let web = place.web.unwrap();
    assert!(dev.said().contains(&format!("http://localhost:{web}")), "{}", dev.said());

    let (status, page) = ask_on(web, "", ("GET", "/"), None).unwrap();
    assert_eq!(status, 200);
    assert!(page.contains("<title>Meetbox"), "{page}");
    assert_eq!(place.ask("GET", "/livez", None).unwrap().0, 200);
    let wish = json!({ "room_name": "blue-heron", "name": "Ada" });
    let (status, token) = ask_on(web, &place.api_key(), ("POST", "/token"), Some(&wish)).unwrap();
    assert_eq!(status, 200, "{token}");
    assert!(place.ask("GET", "/docs", None).unwrap().1.contains("swagger-ui"));

    let messages = place.path().join("web/messages/en.json");
    for name in ["Meetbox is red", "Meetbox is green", "Meetbox is blue"] {
        rename_app(&messages, name);
        let shown =
            || ask_on(web, "", ("GET", "/"), None).is_some_and(|(_, page)| page.contains(&format!("<title>{name}<")));
        dev.wait_until(&format!("`{name}` is shown"), SHOWN_TIMEOUT, shown);
    }
    dev.stop();
    place.wait_until_nothing_runs();
}

/// Puts another name into the texts, whole at once.
fn rename_app(messages: &Path, name: &str) {
    let text = fs::read_to_string(messages).unwrap();
    let mut texts: serde_json::Value = serde_json::from_str(&text).unwrap();
    texts["app.name"] = name.into();

    let draft = messages.with_extension("draft");
    fs::write(&draft, texts.to_string()).unwrap();
    fs::rename(draft, messages).unwrap();
}
