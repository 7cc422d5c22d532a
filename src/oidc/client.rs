//! The protocol's types as we use them, and the checks of an ID token.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::{
    AccessTokenHash, AuthType, ClaimsVerificationError, ClientId, ClientSecret, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse, RedirectUrl,
    StandardErrorResponse, StandardTokenResponse, SubjectIdentifier, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken,
        CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use secrecy::ExposeSecret;

use super::{
    OidcError, Proof,
    claims::{Extra, Names, Said},
    wire::{Wire, WireError},
};
use crate::{clock::Clock, config::OidcSettings, telemetry};

/// How far the provider's clock may be ahead of ours.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// Signatures that need a private key. With a shared secret, whoever knows what we know could sign as the provider.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the provider answers to a code.
pub type Token = StandardTokenResponse<
    IdTokenFields<
        Extra,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// What it answers to the question who that is.
pub type UserInfo = UserInfoClaims<Extra, CoreGenderClaim>;

/// Us, at a provider that described itself.
pub type Client = openidconnect::Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Token,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Asks the provider to describe itself, and for its keys.
pub async fn discover(wire: &Wire, settings: &OidcSettings) -> Result<Client, OidcError> {
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|err| OidcError::Untrusted(telemetry::chain(&err)))?;
    let encrypted = issuer.url().scheme() == "https";

    let metadata = CoreProviderMetadata::discover_async(issuer, wire).await;
    let metadata = metadata.map_err(discovery_failed)?;
    if encrypted && names_a_plain_address(&metadata) {
        return Err(OidcError::Untrusted("its issuer is https, and not every address that it names".to_owned()));
    }
    let auth_type = auth_type(&metadata);
    let secret = ClientSecret::new(settings.client_secret.expose_secret().to_owned());
    let client_id = ClientId::new(settings.client_id.clone());
    Ok(Client::from_provider_metadata(metadata, client_id, Some(secret))
        .set_redirect_uri(RedirectUrl::from_url(settings.redirect_url.clone()))
        .set_auth_type(auth_type))
}

fn discovery_failed(err: DiscoveryError<WireError>) -> OidcError {
    match err {
        DiscoveryError::Request(err) => err.into(),
        DiscoveryError::Validation(reason) => OidcError::Untrusted(reason),
        err => OidcError::Unreachable(telemetry::chain(&err)),
    }
}

/// An open line would show codes and secrets to whoever listens.
fn names_a_plain_address(metadata: &CoreProviderMetadata) -> bool {
    let addresses = [
        Some(metadata.authorization_endpoint().url()),
        metadata.token_endpoint().map(|it| it.url()),
        metadata.userinfo_endpoint().map(|it| it.url()),
        Some(metadata.jwks_uri().url()),
    ];
    addresses.into_iter().flatten().any(|url| url.scheme() != "https")
}

/// How we show our secret: in a header, unless the provider takes it in the body alone.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| methods.is_some_and(|methods| methods.contains(&method));
    if takes(CoreClientAuthMethod::ClientSecretPost) && !takes(CoreClientAuthMethod::ClientSecretBasic) {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

/// Checks the ID token (issuer, audience, signature, times, nonce, and that the access token belongs to it); answers the
/// subject and what is said of them.
pub fn check(
    client: &Client,
    token: &Token,
    proof: &Proof,
    clock: &Clock,
) -> Result<(SubjectIdentifier, Said), ClaimsVerificationError> {
    let wrong = |what: &str| ClaimsVerificationError::Other(what.to_owned());
    let now = clock.now();
    let verifier =
        client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || now).set_issue_time_verifier_fn(
            move |issued: DateTime<Utc>| {
                if issued - now > CLOCKS_DIFFER { Err(format!("issued in the future, at {issued}")) } else { Ok(()) }
            },
        );

    let id_token = token.id_token().ok_or_else(|| wrong("there is no ID token"))?;
    let claims = id_token.claims(&verifier, &Nonce::new(proof.nonce.clone()))?;
    if claims.authorized_party().is_some_and(|party| party != client.client_id()) {
        return Err(wrong("the ID token was issued to somebody else"));
    }
    if let Some(expected) = claims.access_token_hash() {
        let signed = ClaimsVerificationError::SignatureVerification;
        let algorithm = id_token.signing_alg().map_err(signed)?;
        let key = id_token.signing_key(&verifier).map_err(signed)?;
        let actual = AccessTokenHash::from_token(token.access_token(), algorithm, key);
        if actual.is_ok_and(|actual| actual != *expected) {
            return Err(wrong("the access token is not the one that the ID token is for"));
        }
    }
    let names = Names { whole: claims.name(), given: claims.given_name(), family: claims.family_name() };
    let said = Said::new(claims.email(), claims.email_verified(), &names, claims.additional_claims());
    Ok((claims.subject().clone(), said))
}
