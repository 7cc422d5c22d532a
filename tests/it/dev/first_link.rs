//! The link for the first administrator is opened in the developer's browser, as long as somebody has to be the first.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::json;

use super::running::{Dev, Place, ask_on};

/// How long a browser may take to be asked for, once all is up.
const ASKED_TIMEOUT: Duration = Duration::from_secs(30);

/// A browser in name only, which writes down what it is asked to open, and in which group of processes it is.
struct Browser {
    folder: PathBuf,
}

impl Browser {
    fn in_folder(folder: &Path) -> Self {
        let browser = Self { folder: folder.join("browser") };
        fs::create_dir(&browser.folder).unwrap();
        let script = browser.folder.join("xdg-open");
        let line = format!("echo \"$*\" $(ps -o pgid= -p $$) >> {}", browser.opened_file().display());
        fs::write(&script, format!("#!/bin/sh\n{line}\n")).unwrap();
        fs::set_permissions(&script, Permissions::from_mode(0o755)).unwrap();
        browser
    }

    fn opened_file(&self) -> PathBuf {
        self.folder.join("opened")
    }

    /// What it was asked to open: each address, with the group.
    fn opened(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.opened_file()).unwrap_or_default();
        text.lines().filter_map(|line| line.rsplit_once(' ')).map(|(what, group)| (what.into(), group.into())).collect()
    }

    /// A start at a terminal of a desktop that has this browser.
    fn start(&self, place: &Place) -> Dev {
        let mut command = place.command();
        let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap().1.unwrap().to_owned();
        command.env("PATH", format!("{}:{}", self.folder.display(), path.display()));
        command.env("DISPLAY", ":0");
        let dev = Dev::start_at_terminal(command, place.path().join("terminal"));
        dev.wait_until_up();
        dev
    }
}

#[test]
fn the_first_link_is_opened_once_and_not_when_there_is_an_administrator() {
    let place = Place::new();
    let browser = Browser::in_folder(place.path());
    let dev = browser.start(&place);
    dev.wait_until("the browser is asked for", ASKED_TIMEOUT, || !browser.opened().is_empty());

    let (link, group) = browser.opened()[0].clone();
    let (page, secret) = link.split_once('#').unwrap();
    assert_eq!(page, format!("http://127.0.0.1:{}/app/setup", place.api));
    assert!(dev.said().contains(&link), "it is printed as well: {}", dev.said());
    // Ctrl-C ends what runs here, and no window in which a developer may have other pages.
    assert_ne!(group, dev.pid().to_string());
    let wish = json!({ "secret": secret, "email": "ada@example.org", "name": "Ada", "password": "a long password" });
    let (status, answer) = ask_on(place.api, "", ("POST", "/setup"), Some(&wish)).unwrap();
    assert_eq!(status, 201, "{answer}");
    dev.stop();
    place.wait_until_nothing_runs();
    assert_eq!(browser.opened().len(), 1, "once");

    let dev = browser.start(&place);
    assert!(!dev.said().contains("/app/setup"), "{}", dev.said());
    dev.stop();
    place.wait_until_nothing_runs();
    assert_eq!(browser.opened().len(), 1, "somebody is the first already");
}
