//! A real OpenID Connect provider: the certified `oidc-provider`, which does what the test tells it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    services::{
        free_port,
        process::{Guarded, Program, find_program, folder_for},
    },
    serving::http_client,
};

pub const CLIENT_ID: &str = "meetbox";
pub const CLIENT_SECRET: &str = "the-secret-of-the-tests-client";

/// A provider on loopback that ends with the test process.
pub struct OidcProvider {
    pub port: u16,
    process: Guarded,
    redirect_url: String,
    folder: TempDir,
}

impl OidcProvider {
    /// Starts one on a free port, which sends people back to `redirect_url` and to nowhere else.
    pub fn start(redirect_url: &str) -> Self {
        let (port, folder) = (free_port(), folder_for(None));
        let process = launch(port, redirect_url, folder.path());
        process.wait_for_port(port);
        Self { port, process, redirect_url: redirect_url.to_owned(), folder }
    }

    /// What it calls itself.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Changes what it does; `tests/oidc-provider/provider.mjs` says what can be told.
    pub async fn tell(&self, what: Value) {
        let answer = http_client().post(self.control()).body(what.to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{}", self.process.printed());
    }

    /// Lets the next who signs in be this person.
    pub async fn is_asked_by(&self, person: Value) {
        self.tell(json!({ "person": person })).await;
    }

    /// How often it was asked for its description, and for its keys.
    pub async fn asked(&self) -> (u64, u64) {
        let answer = http_client().get(self.control()).send().await.expect("an answer");
        let asked: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
        (asked["description"].as_u64().unwrap(), asked["keys"].as_u64().unwrap())
    }

    /// Ends it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was, with new keys and without a memory.
    pub fn start_again(&mut self) {
        self.process = launch(self.port, &self.redirect_url, self.folder.path());
        self.process.wait_for_port(self.port);
    }

    fn control(&self) -> String {
        format!("{}/control", self.issuer())
    }
}

fn launch(port: u16, redirect_url: &str, folder: &Path) -> Guarded {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oidc-provider/provider.mjs");
    let installed = script.with_file_name("node_modules").is_dir();
    assert!(installed, "the provider is not installed: `make test` does it, or `npm --prefix tests/oidc-provider ci`");
    let arguments = [&script.display().to_string(), &port.to_string(), CLIENT_ID, CLIENT_SECRET, redirect_url];
    let program = Program {
        binary: &find_program("node", &[]).expect("`node` is on the PATH"),
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: vec![],
        run_as: None,
        end_signal: "KILL",
    };
    Guarded::start(&program, folder, false)
}
