//! Ways into a development house: an API key for programs, and the link for the first administrator.

use std::{
    fs,
    io::IsTerminal,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    app::credentials,
    cli::{Failure, account, api_key, files, operator},
    config::{Settings, Source},
    model::credential::{Credential, CredentialKind},
};

use super::{environment::Environment, folder::Folder};

/// Where the key is kept, beside the other secrets of the folder.
const KEY: &str = "api-key";

/// What opens the house.
pub struct Access {
    pub api_key: String,
    /// `None`: there are accounts already.
    pub setup_link: Option<String>,
}

/// Makes what is missing, with the settings that the API is told.
pub async fn prepare(
    folder: &Folder,
    told: &[(&'static str, Option<String>)],
    web: Option<&str>,
) -> Result<Access, Failure> {
    let mut source = Source::from_process();
    for (name, value) in told {
        if let Some(value) = value {
            source = source.with(*name, value);
        }
    }
    let settings = Settings::load(&source)?.settings;
    let app = operator::open(&settings).await?;

    let path = folder.path(KEY);
    let api_key = match known_key(&app, &path).await {
        Some(key) => key,
        None => {
            let scopes = ["admin".to_owned()];
            let (_, key) = api_key::create(&app, ("meetbox dev", &scopes), None, None).await?;
            files::write_private(&path, &format!("{key}\n"))
                .map_err(|err| Failure::input(format!("cannot write {}", path.display())).because(&err))?;
            key
        }
    };
    let is_needed = crate::app::accounts::setup_is_needed(&app).await;
    let is_needed = is_needed.map_err(|err| Failure::ours("cannot look for accounts").because(&err))?;
    let setup_link = if is_needed { Some(account::setup_link(&app, &settings).await?) } else { None };
    app.db.close().await;
    Ok(Access { api_key, setup_link: setup_link.map(|link| at(&link, web)) })
}

/// The key of before, if this database still knows it.
async fn known_key(app: &crate::app::App, path: &PathBuf) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let key = Credential::parse_as(CredentialKind::ApiKey, text.trim())?;
    credentials::identify(app, &key).await.ok().flatten()?;
    Some(key.expose().to_owned())
}

/// The link at the web app's own address, where that stands on another port.
fn at(link: &str, web: Option<&str>) -> String {
    match (link.find("/app/setup"), web) {
        (Some(path), Some(web)) => format!("{}{}", web.trim_end_matches('/'), &link[path..]),
        _ => link.to_owned(),
    }
}

/// Opens the link in the developer's browser, where there is one to be seen.
pub fn open_in_browser(link: &str) {
    let environment = Environment::read();
    let is_seen = environment.get("DISPLAY").or(environment.get("WAYLAND_DISPLAY")).is_some();
    let Some(opener) = environment.find_program("xdg-open").filter(|_| is_seen && std::io::stderr().is_terminal())
    else {
        return;
    };
    // It opens, or the developer opens it: the link is printed as well.
    // A browser that this starts is in a group of its own: the Ctrl-C that ends what runs here must not close its windows.
    let quiet = || Stdio::null();
    let mut browser = Command::new(opener);
    let _ = browser.arg(link).stdin(quiet()).stdout(quiet()).stderr(quiet()).process_group(0).spawn();
}
