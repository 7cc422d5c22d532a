//! The operations on accounts, for administrators.

use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        accounts::{self, By, Change, NewAccount},
    },
    model::{account::AccountRole, id::AccountId},
};

use super::{
    account_views::{AccountView, RoleView, read_email, read_name, read_password},
    api::Tag,
    caller::{Administer, May},
    failure::Failure,
    page,
};

/// What a new account shall be like
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct AccountRequest {
    #[oai(validator(min_length = 3, max_length = 254))]
    email: String,
    /// What others see: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
    role: RoleView,
    /// 10 to 256 characters. Left out for an account that signs in only through an identity provider.
    #[oai(validator(min_length = 10, max_length = 256))]
    password: Option<String>,
}

/// What shall be different about an account; what is left out stays as it is
#[derive(Object)]
#[oai(deny_unknown_fields)]
pub struct AccountChange {
    /// What others see: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: Option<String>,
    /// Another role signs the account out.
    role: Option<RoleView>,
    /// Whether it is kept out. Its meetings stay.
    disabled: Option<bool>,
    /// A new password, 10 to 256 characters; it signs the account out.
    #[oai(validator(min_length = 10, max_length = 256))]
    password: Option<String>,
}

/// A page of accounts
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct AccountPage {
    pub items: Vec<AccountView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// The account that was made
#[derive(ApiResponse)]
pub enum Created {
    /// The account.
    #[oai(status = 201)]
    Created(Json<AccountView>),
}

/// The operations.
pub struct AccountsApi;

#[OpenApi(prefix_path = "/accounts", tag = "Tag::Accounts")]
impl AccountsApi {
    /// List accounts, the newest first
    #[oai(path = "/", method = "get", operation_id = "list_accounts")]
    async fn list(
        &self,
        app: Data<&App>,
        _caller: May<Administer>,
        /// How many accounts a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<AccountPage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let page = accounts::list(&app, after, limit).await?;
        Ok(Json(AccountPage {
            items: page.items.into_iter().map(AccountView::from).collect(),
            next_cursor: page.next.as_ref().map(page::encode),
        }))
    }

    /// Make an account
    #[oai(path = "/", method = "post", operation_id = "create_account")]
    async fn create(
        &self,
        app: Data<&App>,
        caller: May<Administer>,
        body: Json<AccountRequest>,
    ) -> Result<Created, Failure> {
        let AccountRequest { email, name, role, password } = body.0;
        let wish = NewAccount {
            email: read_email(&email)?,
            name: read_name(&name)?,
            role: role.into(),
            password: password.as_deref().map(read_password).transpose()?,
        };
        Ok(Created::Created(Json(accounts::create(&app, By::Asker(&caller.0), wish).await?.into())))
    }

    /// Look at an account
    #[oai(path = "/:account_id", method = "get", operation_id = "get_account_by_id")]
    async fn get(
        &self,
        app: Data<&App>,
        _caller: May<Administer>,
        account_id: Path<Uuid>,
    ) -> Result<Json<AccountView>, Failure> {
        Ok(Json(accounts::get(&app, AccountId(account_id.0)).await?.into()))
    }

    /// Change an account
    #[oai(path = "/:account_id", method = "patch", operation_id = "change_account_by_id")]
    async fn change(
        &self,
        app: Data<&App>,
        caller: May<Administer>,
        account_id: Path<Uuid>,
        body: Json<AccountChange>,
    ) -> Result<Json<AccountView>, Failure> {
        let AccountChange { name, role, disabled, password } = body.0;
        let change = Change {
            name: name.as_deref().map(read_name).transpose()?,
            role: role.map(AccountRole::from),
            disabled,
            password: password.as_deref().map(read_password).transpose()?,
        };
        Ok(Json(accounts::change(&app, By::Asker(&caller.0), AccountId(account_id.0), change).await?.into()))
    }
}
