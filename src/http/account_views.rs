//! What clients see of accounts, and how what they send is read.

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::model::{
    account::{Account, AccountRole, Email, NewPassword},
    participant::DisplayName,
};

use super::failure::Failure;

/// What somebody may do beyond their own meetings
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "AccountRole", rename_all = "snake_case")]
pub enum RoleView {
    /// Everything, also with what belongs to others.
    Admin,
    /// Make meetings, and run their own.
    Host,
}

/// Somebody who can sign in
#[derive(Debug, Object)]
#[oai(rename = "Account", skip_serializing_if_is_none)]
pub struct AccountView {
    pub id: Uuid,
    pub email: String,
    /// What others see.
    pub name: String,
    pub role: RoleView,
    /// Whether it can sign in with a password, and not only through an identity provider.
    pub has_password: bool,
    pub created_at: DateTime<Utc>,
    /// Since when it is kept out.
    pub disabled_at: Option<DateTime<Utc>>,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            id: account.id.0,
            email: account.email.as_str().to_owned(),
            name: account.name.as_str().to_owned(),
            role: account.role.into(),
            has_password: account.has_password,
            created_at: account.created_at,
            disabled_at: account.disabled_at,
        }
    }
}

impl From<AccountRole> for RoleView {
    fn from(role: AccountRole) -> Self {
        match role {
            AccountRole::Admin => Self::Admin,
            AccountRole::Host => Self::Host,
        }
    }
}

impl From<RoleView> for AccountRole {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::Admin => Self::Admin,
            RoleView::Host => Self::Host,
        }
    }
}

/// The text as an address to sign in with.
pub fn read_email(text: &str) -> Result<Email, Failure> {
    Email::parse(text).map_err(|err| Failure::invalid("email-malformed", err))
}

/// The text as a name that others see.
pub fn read_name(text: &str) -> Result<DisplayName, Failure> {
    DisplayName::parse(text).map_err(|err| Failure::invalid("name-malformed", err))
}

/// The text as a password to have from now on.
pub fn read_password(text: &str) -> Result<NewPassword, Failure> {
    NewPassword::parse(text).map_err(|err| Failure::invalid("password-weak", err))
}
