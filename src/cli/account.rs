//! `meetbox account`: who can sign in, looked after from the machine itself.

use clap::{Subcommand, ValueEnum};

use crate::{
    app::{
        App,
        accounts::{self, AccountError, By, Change, NewAccount},
    },
    config::Settings,
    model::{
        account::{Account, AccountRole, Email, NewPassword},
        credential::Credential,
        page::{Cursor, Limit},
        participant::DisplayName,
    },
};

use super::{Failure, operator, print, runtime};

/// Where the first administrator makes their account; the secret stands behind it, where no server sees it.
const SETUP_PAGE: &str = "/app/setup#";

/// Look after accounts
#[derive(Subcommand)]
pub enum Command {
    /// Make an account; its password is asked for, or read from stdin
    Add {
        /// The e-mail address to sign in with
        email: String,
        /// What others see
        #[arg(long)]
        name: String,
        /// What the account may do
        #[arg(long, value_enum, default_value = "host")]
        role: Role,
        /// Make one that signs in only through an identity provider
        #[arg(long)]
        no_password: bool,
    },
    /// List accounts, the newest first
    List,
    /// Change what an account may do; signs it out
    SetRole {
        email: String,
        #[arg(value_enum)]
        role: Role,
    },
    /// Keep an account out, or let it in again; its meetings stay
    Disable {
        email: String,
        /// Let it in again
        #[arg(long)]
        undo: bool,
    },
    /// Give an account another password, asked for or read from stdin; signs it out
    ResetPassword { email: String },
    /// Make the link for the first administrator: it opens once, and for an hour
    SetupLink,
}

/// What an account may do
#[derive(Clone, Copy, ValueEnum)]
pub enum Role {
    Admin,
    Host,
}

impl From<Role> for AccountRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Host => Self::Host,
        }
    }
}

/// Runs one of them.
pub fn run(command: Command) -> Result<(), Failure> {
    let settings = Settings::from_process()?.settings;
    runtime()?.block_on(async {
        let app = operator::open(&settings).await?;
        let said = match command {
            Command::Add { email, name, role, no_password } => {
                let password = if no_password { None } else { Some(new_password()?) };
                add(&app, &email, &name, (role, password)).await?
            }
            Command::List => list(&app).await?,
            Command::SetRole { email, role } => {
                let change = Change { role: Some(role.into()), ..Change::default() };
                change_account(&app, &email, change, "changed").await?
            }
            Command::Disable { email, undo } => {
                let change = Change { disabled: Some(!undo), ..Change::default() };
                change_account(&app, &email, change, if undo { "let in again" } else { "kept out" }).await?
            }
            Command::ResetPassword { email } => {
                let change = Change { password: Some(new_password()?), ..Change::default() };
                change_account(&app, &email, change, "given another password").await?
            }
            Command::SetupLink => format!("{}\n", setup_link(&app, &settings).await?),
        };
        print(&said)
    })
}

fn new_password() -> Result<NewPassword, Failure> {
    NewPassword::parse(&operator::read_password()?).map_err(|err| Failure::input(err.to_string()))
}

fn read_email(email: &str) -> Result<Email, Failure> {
    Email::parse(email).map_err(|err| Failure::input(err.to_string()))
}

async fn add(
    app: &App,
    email: &str,
    name: &str,
    (role, password): (Role, Option<NewPassword>),
) -> Result<String, Failure> {
    let name = DisplayName::parse(name).map_err(|err| Failure::input(err.to_string()))?;
    let wish = NewAccount { email: read_email(email)?, name, role: role.into(), password };
    let account = accounts::create(app, By::Operator, wish).await.map_err(failure)?;
    Ok(format!("{} can sign in as {}\n", account.email, account.role))
}

async fn list(app: &App) -> Result<String, Failure> {
    let mut rows = vec![["address", "role", "name", "made", "state"].map(str::to_owned).to_vec()];
    let mut after: Option<Cursor> = None;
    loop {
        let page = accounts::list(app, after, Limit::default()).await.map_err(failure)?;
        rows.extend(page.items.iter().map(row));
        after = page.next;
        if after.is_none() {
            return Ok(operator::table(&rows));
        }
    }
}

fn row(account: &Account) -> Vec<String> {
    let state = match (account.disabled_at, account.has_password) {
        (Some(_), _) => "disabled",
        (None, true) => "",
        (None, false) => "no password",
    };
    vec![
        account.email.to_string(),
        account.role.to_string(),
        account.name.as_str().to_owned(),
        account.created_at.format("%Y-%m-%d").to_string(),
        state.to_owned(),
    ]
}

async fn change_account(app: &App, email: &str, change: Change, what: &str) -> Result<String, Failure> {
    let account = accounts::find(app, &read_email(email)?).await.map_err(failure)?;
    let account = accounts::change(app, By::Operator, account.id, change).await.map_err(failure)?;
    Ok(format!("{} is {what}; role {}\n", account.email, account.role))
}

/// Makes the link for the first administrator.
pub async fn setup_link(app: &App, settings: &Settings) -> Result<String, Failure> {
    let secret: Credential = accounts::make_setup_link(app).await.map_err(failure)?;
    let port = settings.http.port;
    let base = match &settings.http.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://localhost:{port}"),
    };
    Ok(format!("{base}{SETUP_PAGE}{}", secret.expose()))
}

fn failure(err: AccountError) -> Failure {
    match err {
        AccountError::Store(err) => Failure::ours("the database does not do what it was asked").because(&err),
        AccountError::Password(err) => Failure::ours("cannot work with the password").because(&err),
        AccountError::SetUpAlready => Failure::input("there are accounts already")
            .hint("`meetbox account add` makes more; `meetbox account reset-password` lets somebody in again"),
        err @ (AccountError::NotFound
        | AccountError::EmailTaken(_)
        | AccountError::LastAdmin
        | AccountError::PasswordWrong
        | AccountError::TooSoon(_)
        | AccountError::SetupLinkSpent) => Failure::input(err.to_string()),
    }
}
