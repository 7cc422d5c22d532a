//! What a provider says of somebody, read for what Meetbox asks.

use openidconnect::{AdditionalClaims, EndUserEmail, EndUserFamilyName, EndUserGivenName, EndUserName, LocalizedClaim};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// Whatever a token says beyond the standard: groups, roles, a provider's own inventions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Extra(pub Map<String, Value>);

impl AdditionalClaims for Extra {}

/// What an ID token or userinfo says of somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub email: Option<String>,
    pub email_verified: Option<bool>,
    pub name: Option<String>,
    pub extra: Map<String, Value>,
}

/// What somebody is called, in each language.
pub struct Names<'a> {
    pub whole: Option<&'a LocalizedClaim<EndUserName>>,
    pub given: Option<&'a LocalizedClaim<EndUserGivenName>>,
    pub family: Option<&'a LocalizedClaim<EndUserFamilyName>>,
}

impl Said {
    /// What stands in the claims of an ID token or of userinfo.
    pub fn new(email: Option<&EndUserEmail>, email_verified: Option<bool>, names: &Names<'_>, extra: &Extra) -> Self {
        Self {
            email: email.map(|email| email.as_str().to_owned()),
            email_verified,
            name: names.one(),
            extra: extra.0.clone(),
        }
    }

    /// Whether a mail address is told together with whether it is this person's.
    pub fn vouches_for_email(&self) -> bool {
        self.email.is_some() && self.email_verified.is_some()
    }

    /// The same, with what is missing from `other`. Whether an address is verified is never taken over to another one.
    pub fn or(self, other: Self) -> Self {
        let same = self.email.is_none() || self.email == other.email;
        let mut extra = other.extra;
        extra.extend(self.extra);
        Self {
            email_verified: self.email_verified.or(other.email_verified.filter(|_| same)),
            email: self.email.or(other.email),
            name: self.name.or(other.name),
            extra,
        }
    }

    /// Whether `issuer` vouches that the address is this person's.
    ///
    /// Microsoft's Entra ID does not say `email_verified`; in its place an app may ask for `xms_edov`, which tells that the
    /// owner of the address's domain was verified. From anybody else that claim means nothing.
    pub fn email_is_verified(&self, issuer: &str) -> bool {
        let entra = Url::parse(issuer).is_ok_and(|issuer| issuer.host_str() == Some("login.microsoftonline.com"));
        let owner_verified = self.extra.get("xms_edov").is_some_and(|value| match value {
            Value::Bool(verified) => *verified,
            Value::Number(number) => number.as_u64() == Some(1),
            Value::String(text) => text == "1" || text == "true",
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        });
        self.email_verified.unwrap_or(entra && owner_verified)
    }

    /// The values of the claim: its own, those in its list, or the names in its object. `None` when there is no such claim.
    pub fn values(&self, claim: &str) -> Option<Vec<String>> {
        let values = match find(&self.extra, claim)? {
            Value::Array(values) => values.iter().filter_map(text).collect(),
            Value::Object(values) => values.keys().cloned().collect(),
            value => text(value).into_iter().collect(),
        };
        Some(values)
    }
}

impl Names<'_> {
    /// The one that is of no language in particular: the whole name, else what there is of its parts.
    fn one(&self) -> Option<String> {
        let whole = self.whole.and_then(|name| name.get(None)).map(|name| name.as_str());
        let given = self.given.and_then(|name| name.get(None)).map(|name| name.as_str());
        let family = self.family.and_then(|name| name.get(None)).map(|name| name.as_str());
        let parts = [given, family].into_iter().flatten().collect::<Vec<_>>().join(" ");
        whole.map(str::to_owned).or(Some(parts)).filter(|name| !name.trim().is_empty())
    }
}

/// The value under `path`. The longest name that fits comes first, because names may have dots in them themselves.
fn find<'a>(values: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = values.get(path) {
        return Some(value);
    }
    path.rmatch_indices('.').find_map(|(dot, _)| match values.get(&path[..dot]) {
        Some(Value::Object(inner)) => find(inner, &path[dot + 1..]),
        _ => None,
    })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Said;

    fn said(extra: Value) -> Said {
        Said { extra: extra.as_object().unwrap().clone(), ..Said::default() }
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_on_its_way_and_may_be_a_text_a_list_or_an_object() {
        let keycloak = said(json!({
            "groups": ["staff", "admins", 7, null],
            "realm_access": { "roles": ["host"] },
            "resource_access": { "meet.example.org": { "roles": ["admin"] } },
            "https://example.org/roles": "admin",
            "urn:zitadel:iam:org:project:roles": { "admin": { "1": "example.org" } },
            "a.b": "whole", "a": { "b": "on the way" },
            "manager": true,
        }));
        let values = |claim| keycloak.values(claim).map(|values| values.join(" "));

        assert_eq!(values("groups").as_deref(), Some("staff admins 7"));
        assert_eq!(values("realm_access.roles").as_deref(), Some("host"));
        assert_eq!(values("resource_access.meet.example.org.roles").as_deref(), Some("admin"));
        assert_eq!(values("https://example.org/roles").as_deref(), Some("admin"));
        assert_eq!(values("urn:zitadel:iam:org:project:roles").as_deref(), Some("admin"));
        assert_eq!(values("a.b").as_deref(), Some("whole"));
        assert_eq!(values("manager").as_deref(), Some("true"));
        for absent in ["roles", "groups.admins", "realm_access.groups", "", ".", "a..b"] {
            assert_eq!(values(absent), None, "{absent}");
        }
    }

    #[test]
    fn an_address_is_verified_when_the_provider_says_so_in_its_way() {
        const ENTRA: &str = "https://login.microsoftonline.com/0b1c/v2.0";
        let plainly = |verified| Said { email_verified: verified, ..Said::default() };
        assert!(plainly(Some(true)).email_is_verified("https://id.example.org"));
        assert!(!plainly(Some(false)).email_is_verified(ENTRA));
        assert!(!plainly(None).email_is_verified(ENTRA));

        for value in [json!(true), json!(1), json!("1"), json!("true")] {
            let said = said(json!({ "xms_edov": value }));
            assert!(said.email_is_verified(ENTRA));
            assert!(!said.email_is_verified("https://id.example.org"));
            assert!(!said.email_is_verified("https://login.microsoftonline.com.example.org/"));
        }
        for value in [json!(false), json!(0), json!("0"), json!(null), json!([true])] {
            assert!(!said(json!({ "xms_edov": value })).email_is_verified(ENTRA));
        }
    }

    #[test]
    fn that_an_address_is_verified_is_never_taken_over_to_another_one() {
        let told = |email: Option<&str>, email_verified| Said {
            email: email.map(str::to_owned),
            email_verified,
            ..Said::default()
        };
        let own = told(Some("ada@example.org"), None);

        let other = own.clone().or(told(Some("grace@example.org"), Some(true)));
        assert_eq!((other.email.as_deref(), other.email_verified), (Some("ada@example.org"), None));
        let same = own.or(told(Some("ada@example.org"), Some(true)));
        assert_eq!(same.email_verified, Some(true));
        let both = told(None, None).or(told(Some("grace@example.org"), Some(true)));
        assert_eq!((both.email.as_deref(), both.email_verified), (Some("grace@example.org"), Some(true)));
        let denied = told(Some("ada@example.org"), Some(false)).or(told(Some("ada@example.org"), Some(true)));
        assert_eq!(denied.email_verified, Some(false));
    }
}
