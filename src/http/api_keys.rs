//! The operations on API keys.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    app::{
        App,
        api_keys::{self, KeyName, NewKey},
    },
    model::{
        api_key::{ApiKey, Scopes},
        id::ApiKeyId,
    },
};

use super::{
    api::Tag,
    caller::{KeepKeys, May},
    failure::Failure,
    page,
};

/// One thing that a key may do
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "Scope")]
pub enum ScopeView {
    /// Let people into meetings.
    #[oai(rename = "tokens:create")]
    TokensCreate,
    /// Read meetings and who was there.
    #[oai(rename = "meetings:read")]
    MeetingsRead,
    /// Make, change, run and delete meetings, and read them.
    #[oai(rename = "meetings:write")]
    MeetingsWrite,
    /// Read recordings.
    #[oai(rename = "recordings:read")]
    RecordingsRead,
    /// Record, and read recordings.
    #[oai(rename = "recordings:write")]
    RecordingsWrite,
    /// Everything.
    #[oai(rename = "admin")]
    Admin,
}

/// What a new key shall be like
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
pub struct ApiKeyRequest {
    /// What it is for, in your words: 1 to 80 characters.
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
    /// What it may do; it reaches the meetings that its maker reaches.
    #[oai(validator(min_items = 1, max_items = 6))]
    scopes: Vec<ScopeView>,
    /// When it ends; never when nothing is said.
    expires_at: Option<DateTime<Utc>>,
}

/// A key, without its secret
#[derive(Debug, Object)]
#[oai(rename = "ApiKey", skip_serializing_if_is_none)]
pub struct ApiKeyView {
    pub id: Uuid,
    pub name: String,
    /// Its beginning, to tell keys apart.
    pub shown: String,
    pub scopes: Vec<ScopeView>,
    /// Whose meetings it reaches; absent for a key of the whole house.
    pub account_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key that was just made
#[derive(Debug, Object)]
pub struct NewApiKey {
    pub api_key: ApiKeyView,
    /// The key itself, which is told only now.
    pub secret: String,
}

/// A page of keys
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ApiKeyPage {
    pub items: Vec<ApiKeyView>,
    /// Pass it as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// The key that was made
#[derive(ApiResponse)]
pub enum Created {
    /// The key.
    #[oai(status = 201)]
    Created(Json<NewApiKey>),
}

/// A key opens nothing any more
#[derive(ApiResponse)]
pub enum Revoked {
    /// It was taken back.
    #[oai(status = 204)]
    Revoked,
}

/// The operations.
pub struct ApiKeysApi;

#[OpenApi(prefix_path = "/api-keys", tag = "Tag::Accounts")]
impl ApiKeysApi {
    /// List API keys, the newest first
    ///
    /// A host's own; administrators see all.
    #[oai(path = "/", method = "get", operation_id = "list_api_keys")]
    async fn list(
        &self,
        app: Data<&App>,
        caller: May<KeepKeys>,
        /// How many keys a page has: 1 to 100, 50 when nothing is said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u16>>,
        /// The `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ApiKeyPage>, Failure> {
        let (after, limit) = (page::cursor(cursor.0)?, page::limit(limit.0)?);
        let page = api_keys::list(&app, &caller.0.caller, after, limit).await?;
        Ok(Json(ApiKeyPage {
            items: page.items.into_iter().map(view).collect(),
            next_cursor: page.next.as_ref().map(page::encode),
        }))
    }

    /// Make an API key
    #[oai(path = "/", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        app: Data<&App>,
        caller: May<KeepKeys>,
        body: Json<ApiKeyRequest>,
    ) -> Result<Created, Failure> {
        let ApiKeyRequest { name, scopes, expires_at } = body.0;
        let names = scopes.iter().map(|scope| scope_name(*scope));
        let wish = NewKey {
            name: KeyName::parse(&name).map_err(|err| Failure::invalid("name-malformed", err))?,
            scopes: Scopes::parse(names).map_err(|err| Failure::invalid("scopes-malformed", err))?,
            expires_at,
        };
        let (key, secret) = api_keys::create(&app, &caller.0, wish).await?;
        Ok(Created::Created(Json(NewApiKey { api_key: view(key), secret: secret.expose().to_owned() })))
    }

    /// Take an API key back
    #[oai(path = "/:api_key_id", method = "delete", operation_id = "revoke_api_key")]
    async fn revoke(&self, app: Data<&App>, caller: May<KeepKeys>, api_key_id: Path<Uuid>) -> Result<Revoked, Failure> {
        api_keys::revoke(&app, &caller.0, ApiKeyId(api_key_id.0)).await?;
        Ok(Revoked::Revoked)
    }
}

fn scope_name(scope: ScopeView) -> &'static str {
    use crate::model::api_key::Scope;
    match scope {
        ScopeView::TokensCreate => Scope::TokensCreate.as_str(),
        ScopeView::MeetingsRead => Scope::MeetingsRead.as_str(),
        ScopeView::MeetingsWrite => Scope::MeetingsWrite.as_str(),
        ScopeView::RecordingsRead => Scope::RecordingsRead.as_str(),
        ScopeView::RecordingsWrite => Scope::RecordingsWrite.as_str(),
        ScopeView::Admin => Scope::Admin.as_str(),
    }
}

fn view(key: ApiKey) -> ApiKeyView {
    let all = [
        ScopeView::TokensCreate,
        ScopeView::MeetingsRead,
        ScopeView::MeetingsWrite,
        ScopeView::RecordingsRead,
        ScopeView::RecordingsWrite,
        ScopeView::Admin,
    ];
    let names = key.scopes.names();
    ApiKeyView {
        id: key.id.0,
        name: key.name,
        shown: key.shown,
        scopes: all.into_iter().filter(|scope| names.iter().any(|name| name == scope_name(*scope))).collect(),
        account_id: key.owner.map(|owner| owner.0),
        created_at: key.created_at,
        expires_at: key.expires_at,
        used_at: key.used_at,
        revoked_at: key.revoked_at,
    }
}
