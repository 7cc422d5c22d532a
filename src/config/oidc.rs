//! Settings of sign-in through an OpenID Connect provider.

use secrecy::SecretString;
use url::Url;

use super::{
    Environment,
    http::PUBLIC_URL,
    kind::{Kind, UrlForm, UrlPath},
    reader::Reader,
    secrets,
    table::{Default, Required, Section, Setting},
};

/// The provider that people may sign in with, and what it decides.
#[derive(Clone, Debug)]
pub struct OidcSettings {
    /// As it was written: the provider calls itself the same, to the letter.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Where the provider sends browsers back to.
    pub redirect_url: Url,
    /// What the web app calls this way to sign in.
    pub name: String,
    /// In lower case. Empty: every domain that the provider vouches for.
    pub allowed_domains: Vec<String>,
    /// `None`: the provider has no say in roles.
    pub role: Option<RoleRule>,
    pub scopes: Vec<String>,
}

/// How the provider tells who is an admin; everybody else is a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRule {
    /// The name of a claim, or the way to it through objects, with dots between.
    pub claim: String,
    /// Those of its values that make an admin.
    pub admin_values: Vec<String>,
}

pub(super) const SECTION: Section = Section {
    title: "OpenID Connect",
    purpose: "Sign-in through an identity provider, beside local accounts; docs/openid-connect.md shows how. Issuer, \
              client id and secret go together: without them people sign in with local accounts only.",
    settings: &[
        &OIDC_ISSUER,
        &OIDC_CLIENT_ID,
        &OIDC_CLIENT_SECRET,
        &OIDC_NAME,
        &OIDC_ALLOWED_DOMAINS,
        &OIDC_ROLE_CLAIM,
        &OIDC_ADMIN_VALUES,
        &OIDC_SCOPES,
    ],
};

const OIDC_ISSUER: Setting = Setting {
    name: "OIDC_ISSUER",
    purpose: "the address under which the provider describes itself",
    example: "https://id.example.org/realms/main",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Url(UrlForm { schemes: &["https", "http"], path: UrlPath::Any, credentials: false, host: true }),
    note: "to the letter as in `issuer` of its /.well-known/openid-configuration; outside local https",
    secret: false,
};

const OIDC_CLIENT_ID: Setting = Setting {
    name: "OIDC_CLIENT_ID",
    purpose: "the name under which the provider knows Meetbox",
    example: "meetbox",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Key { shortest: 1 },
    note: "",
    secret: false,
};

const OIDC_CLIENT_SECRET: Setting = Setting {
    name: "OIDC_CLIENT_SECRET",
    purpose: "what Meetbox shows the provider to prove that it is that client",
    example: "<your-client-secret>",
    default: Default::Nothing,
    required: Required::WithItsSection,
    kind: Kind::Key { shortest: 16 },
    note: "no placeholder",
    secret: true,
};

const OIDC_NAME: Setting = Setting {
    name: "OIDC_NAME",
    purpose: "what the button calls it: \"Sign in with …\"",
    example: "Example ID",
    default: Default::Value("single sign-on"),
    required: Required::Never,
    kind: Kind::Text { longest: 60 },
    note: "",
    secret: false,
};

const OIDC_ALLOWED_DOMAINS: Setting = Setting {
    name: "OIDC_ALLOWED_DOMAINS",
    purpose: "the domains of the mail addresses that may sign in this way; when it is not set, every one that the \
              provider vouches for",
    example: "example.org,example.com",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::List(&Kind::Name { longest: 253 }),
    note: "a domain covers itself and no subdomain",
    secret: false,
};

const OIDC_ROLE_CLAIM: Setting = Setting {
    name: "OIDC_ROLE_CLAIM",
    purpose: "the claim that decides at each sign-in who is an admin; when it is not set, roles are given here",
    example: "groups",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Key { shortest: 1 },
    note: "the name of a claim, or the way to it with dots, as in realm_access.roles; goes with OIDC_ADMIN_VALUES",
    secret: false,
};

const OIDC_ADMIN_VALUES: Setting = Setting {
    name: "OIDC_ADMIN_VALUES",
    purpose: "the values of that claim that make an admin; everybody else is a host",
    example: "meetbox-admins",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::List(&Kind::Text { longest: 200 }),
    note: "goes with OIDC_ROLE_CLAIM",
    secret: false,
};

const OIDC_SCOPES: Setting = Setting {
    name: "OIDC_SCOPES",
    purpose: "what the provider is asked to tell",
    example: "openid email profile groups",
    default: Default::Value("openid email profile"),
    required: Required::Never,
    kind: Kind::Text { longest: 500 },
    note: "scopes with a space between, openid among them",
    secret: false,
};

/// Those that say that there is a provider at all.
const TELLING: &[&Setting] = &[&OIDC_ISSUER, &OIDC_CLIENT_ID, &OIDC_CLIENT_SECRET];

/// The provider's settings: `Some(None)` when there is no provider, `None` when they are wrong.
pub(super) fn read(reader: &mut Reader<'_>, public_url: Option<&Url>) -> Option<Option<OidcSettings>> {
    // What is said is looked at either way: a slip of the pen shows before the provider is there.
    let name = reader.text(&OIDC_NAME);
    let allowed_domains = read_allowed_domains(reader);
    let role = read_role(reader);
    let scopes = read_scopes(reader);

    if !TELLING.iter().any(|setting| reader.is_given(setting)) {
        return (name.is_some() && allowed_domains.is_some() && role.is_some() && scopes.is_some()).then_some(None);
    }
    let issuer = reader.strong_text(&OIDC_ISSUER, |_, text| plain(text));
    let client_id = reader.text(&OIDC_CLIENT_ID);
    let client_secret = reader.secret(&OIDC_CLIENT_SECRET, secrets::weakness);
    if reader.environment != Environment::Local && !reader.is_given(&PUBLIC_URL) {
        reader
            .refuse(&PUBLIC_URL, "is not set, while OIDC_ISSUER is: the provider must know where to send people back");
    }

    Some(Some(OidcSettings {
        issuer: issuer?,
        client_id: client_id?,
        client_secret: client_secret?,
        redirect_url: public_url?.join("/oidc/callback").ok()?,
        name: name?,
        allowed_domains: allowed_domains?,
        role: role?,
        scopes: scopes?,
    }))
}

/// What is wrong with an issuer outside local.
fn plain(issuer: &str) -> Option<String> {
    let plain = Url::parse(issuer).is_ok_and(|issuer| issuer.scheme() != "https");
    plain.then(|| "is not encrypted: outside local it begins with https://".into())
}

fn read_allowed_domains(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    if !reader.is_given(&OIDC_ALLOWED_DOMAINS) {
        return Some(Vec::new());
    }
    let domains = reader.texts(&OIDC_ALLOWED_DOMAINS)?;
    Some(domains.iter().map(|domain| domain.to_ascii_lowercase()).collect())
}

/// Half a rule would make everybody a host, or nobody an admin, without a word.
fn read_role(reader: &mut Reader<'_>) -> Option<Option<RoleRule>> {
    match (reader.is_given(&OIDC_ROLE_CLAIM), reader.is_given(&OIDC_ADMIN_VALUES)) {
        (false, false) => Some(None),
        (true, true) => {
            let (claim, admin_values) = (reader.text(&OIDC_ROLE_CLAIM), reader.texts(&OIDC_ADMIN_VALUES));
            Some(Some(RoleRule { claim: claim?, admin_values: admin_values? }))
        }
        (claim, _) => {
            let missing = if claim { &OIDC_ADMIN_VALUES } else { &OIDC_ROLE_CLAIM };
            let other = if claim { &OIDC_ROLE_CLAIM } else { &OIDC_ADMIN_VALUES };
            reader.refuse(missing, format!("is not set, while {} is: they go together", other.name));
            None
        }
    }
}

fn read_scopes(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let text = reader.text(&OIDC_SCOPES)?;
    let scopes: Vec<_> = text.split_ascii_whitespace().map(str::to_owned).collect();
    if !scopes.iter().any(|scope| scope == "openid") {
        reader.refuse(&OIDC_SCOPES, "lacks openid, without which the provider tells nobody's identity");
        return None;
    }
    Some(scopes)
}
