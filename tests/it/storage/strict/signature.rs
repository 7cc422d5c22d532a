//! Presigned requests, checked: written down anew from what S3 says about them, not from the crate that makes them.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use poem::{Request, http::Uri};
use sha2::{Digest, Sha256};

use super::{ACCESS_KEY, REGION, SECRET_KEY};

/// How far ahead a request may be signed.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// The parameters, decoded. A `+` is a `+`.
pub fn query(uri: &Uri) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decode(n), decode(v))).collect()
}

/// Whether the request is signed with our keys, for now.
pub fn check(request: &Request, now: DateTime<Utc>) -> Result<(), &'static str> {
    let said = query(request.uri());
    let malformed = "AuthorizationQueryParametersError";
    let get = |name: &str| said.get(name).map(String::as_str).ok_or(malformed);

    if request.header("authorization").is_some() || get("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
        return Err(malformed);
    }
    let date = get("X-Amz-Date")?;
    let signed_at = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").map_err(|_| malformed)?.and_utc();
    let expires = get("X-Amz-Expires")?.parse().map_err(|_| malformed)?;
    if !(1..=7 * 24 * 3600).contains(&expires) {
        return Err(malformed);
    }
    let scope = format!("{}/{REGION}/s3/aws4_request", &date[..8]);
    match get("X-Amz-Credential")?.split_once('/') {
        Some((ACCESS_KEY, told)) if told == scope => {}
        Some((ACCESS_KEY, _)) => return Err(malformed),
        _ => return Err("InvalidAccessKeyId"),
    }
    let signature = get("X-Amz-Signature")?;
    let ours = sign(&canonical(request, get("X-Amz-SignedHeaders")?)?, date, &scope);
    if signature != ours {
        return Err("SignatureDoesNotMatch");
    }
    if signed_at > now + AHEAD {
        return Err("RequestTimeTooSkewed");
    }
    // As Oracle has it: no word about the reason.
    if signed_at + TimeDelta::seconds(expires) < now { Err("AccessDenied") } else { Ok(()) }
}

fn canonical(request: &Request, signed_headers: &str) -> Result<String, &'static str> {
    let mut text = format!("{}\n{}\n", request.method(), request.uri().path());
    let mut pairs: Vec<_> = request.uri().query().unwrap_or_default().split('&').collect();
    pairs.retain(|pair| !pair.starts_with("X-Amz-Signature="));
    pairs.sort_unstable();
    let _ = writeln!(text, "{}", pairs.join("&"));

    let names: Vec<_> = signed_headers.split(';').collect();
    // What S3 asks to be signed when it is there.
    for needed in ["host", "content-type", "content-md5"] {
        if request.header(needed).is_some() && !names.contains(&needed) {
            return Err("SignatureDoesNotMatch");
        }
    }
    for name in &names {
        let value = request.header(name).ok_or("SignatureDoesNotMatch")?;
        let _ = writeln!(text, "{name}:{}", value.trim());
    }
    let _ = write!(text, "\n{signed_headers}\nUNSIGNED-PAYLOAD");
    Ok(text)
}

fn sign(canonical: &str, date: &str, scope: &str) -> String {
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for word in scope.split('/') {
        key = mac(&key, word);
    }
    hex(&mac(&key, &text))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
