//! Tokens, signed and checked here independently of the code under test.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Signs `claims` with HS256.
pub fn sign(claims: &Value, secret: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(signature(&signed, secret));
    format!("{signed}.{signature}")
}

/// The claims of `token`, whoever signed it; `None` when it is no token.
pub fn read(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Whether `secret` signed `token`.
pub fn is_signed_with(token: &str, secret: &str) -> bool {
    token.rsplit_once('.').is_some_and(|(signed, given)| {
        URL_SAFE_NO_PAD.decode(given).is_ok_and(|given| given == signature(signed, secret))
    })
}

/// The hash of a webhook's body, as its token's `sha256` claim has it.
pub fn hash(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}

fn signature(signed: &str, secret: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
