//! `meetbox api-key`: keys for programs, looked after from the machine itself.

use chrono::{TimeDelta, Utc};
use clap::Subcommand;
use uuid::Uuid;

use crate::{
    app::{
        App, accounts,
        api_keys::{self, KeyError, KeyName, NewKey},
    },
    config::Settings,
    model::{
        account::Email,
        api_key::{ApiKey, Scopes},
        id::ApiKeyId,
        page::{Cursor, Limit},
    },
};

use super::{Failure, operator, print, runtime};

/// Look after API keys
#[derive(Subcommand)]
pub enum Command {
    /// Make a key and print it; it is shown only now
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do: tokens:create, meetings:read, meetings:write, recordings:read, recordings:write or admin
        #[arg(long = "scope", required = true, value_delimiter = ',')]
        scopes: Vec<String>,
        /// Whose meetings it reaches, by the account's address; all when nothing is said
        #[arg(long)]
        account: Option<String>,
        /// After how many days it ends; never when nothing is said
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
    },
    /// List keys, the newest first
    List,
    /// Take a key back, by the id that `list` shows
    Revoke { id: Uuid },
}

/// Runs one of them.
pub fn run(command: Command) -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    runtime()?.block_on(async {
        let app = operator::open(&settings).await?;
        match command {
            Command::Create { name, scopes, account, days } => {
                let (key, secret) = create(&app, (&name, &scopes), account.as_deref(), days).await?;
                eprint(&format!("key {} may {}", key.id, key.scopes.names().join(", ")));
                print(&format!("{secret}\n"))
            }
            Command::List => print(&list(&app).await?),
            Command::Revoke { id } => {
                api_keys::revoke_by_operator(&app, ApiKeyId(id)).await.map_err(failure)?;
                print("the key opens nothing any more\n")
            }
        }
    })
}

/// Beside the key itself, which alone goes to stdout so that a script can take it.
fn eprint(text: &str) {
    use std::io::Write;
    // When nobody reads it, nothing is lost: `list` says the same.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Makes a key; answers it and its secret.
pub async fn create(
    app: &App,
    (name, scopes): (&str, &[String]),
    account: Option<&str>,
    days: Option<u32>,
) -> Result<(ApiKey, String), Failure> {
    let input = |err: &dyn std::fmt::Display| Failure::input(err.to_string());
    let owner = match account {
        Some(email) => {
            let email = Email::parse(email).map_err(|err| input(&err))?;
            let account = accounts::find(app, &email).await.map_err(|err| input(&err))?;
            Some(account.id)
        }
        None => None,
    };
    let now: chrono::DateTime<Utc> = app.clock.now();
    let wish = NewKey {
        name: KeyName::parse(name).map_err(|err| input(&err))?,
        scopes: Scopes::parse(scopes.iter().map(String::as_str)).map_err(|err| input(&err))?,
        expires_at: days.map(|days| now + TimeDelta::days(i64::from(days))),
    };
    let (key, secret) = api_keys::create_by_operator(app, owner, wish).await.map_err(failure)?;
    Ok((key, secret.expose().to_owned()))
}

async fn list(app: &App) -> Result<String, Failure> {
    let mut rows = vec![["id", "name", "begins", "scopes", "used", "state"].map(str::to_owned).to_vec()];
    let mut after: Option<Cursor> = None;
    let now = app.clock.now();
    loop {
        let page = api_keys::list_all(app, after, Limit::default()).await.map_err(failure)?;
        rows.extend(page.items.iter().map(|key| {
            let day = |at: Option<chrono::DateTime<Utc>>| at.map(|at| at.format("%Y-%m-%d").to_string());
            let state = match (key.revoked_at, key.expires_at) {
                (Some(_), _) => "taken back".to_owned(),
                (None, Some(end)) if end <= now => "expired".to_owned(),
                (None, Some(end)) => format!("until {}", end.format("%Y-%m-%d")),
                (None, None) => String::new(),
            };
            let used = day(key.used_at).unwrap_or_else(|| "never".to_owned());
            vec![key.id.to_string(), key.name.clone(), key.shown.clone(), key.scopes.names().join(" "), used, state]
        }));
        after = page.next;
        if after.is_none() {
            return Ok(operator::table(&rows));
        }
    }
}

fn failure(err: KeyError) -> Failure {
    match err {
        KeyError::Store(err) => Failure::ours("the database does not do what it was asked").because(&err),
        err @ (KeyError::NotFound
        | KeyError::AdminScope
        | KeyError::ExpiresInPast
        | KeyError::TooMany
        | KeyError::Denied(_)) => Failure::input(err.to_string()),
    }
}
