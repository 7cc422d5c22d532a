//! What a store says when it does not do what it was asked.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Response, header::DATE};

use super::super::StorageError;

/// How much of an answer is looked at for the code.
const READ: usize = 64 * 1024;
/// How long a code may be.
const LONGEST_CODE: usize = 64;
/// From how many seconds on clocks that differ are the reason for a refusal. Stores bear with fifteen minutes at most,
/// and some with less.
const SKEW: i64 = 4 * 60;

/// Reads the refusal: its status, its code, and what the store's clock says.
pub(super) async fn refusal(answer: Response, now: DateTime<Utc>, patience: Duration) -> StorageError {
    let status = answer.status().as_u16();
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let apart =
        date.and_then(|date| DateTime::parse_from_rfc2822(date).ok()).map(|date| (now - date.to_utc()).num_seconds());
    // Without the body the status has to do.
    let body = tokio::time::timeout(patience, beginning(answer)).await.unwrap_or_default();
    judge(status, code(&body), apart.unwrap_or(0))
}

async fn beginning(mut answer: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= READ {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// The `<Code>` of an error, if it looks like one.
pub(super) fn code(body: &str) -> Option<String> {
    let (_, after) = body.split_once("<Code>")?;
    let (code, _) = after.split_once("</Code>")?;
    let code = code.trim();
    let fine = (1..=LONGEST_CODE).contains(&code.len())
        && code.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    fine.then(|| code.to_owned())
}

/// What a status and a code mean, when the clocks are `apart` seconds apart.
pub(super) fn judge(status: u16, code: Option<String>, apart: i64) -> StorageError {
    match (status, code.as_deref()) {
        (_, Some("RequestTimeTooSkewed" | "RequestExpired" | "ExpiredPresignRequest" | "RequestNotReadyYet")) => {
            StorageError::ClockSkew(apart)
        }
        (_, Some("NoSuchBucket")) => StorageError::NoBucket,
        (507, _) => StorageError::Full(code),
        (
            _,
            Some(
                "QuotaExceeded"
                | "QuotaExceededException"
                | "ServiceQuotaExceeded"
                | "InsufficientStorage"
                | "XMinioStorageFull"
                | "StorageQuotaExceeded"
                | "StorageLimitExceeded"
                | "NotEnoughSpace",
            ),
        ) => StorageError::Full(code),
        (_, Some("BadDigest")) => StorageError::Mismatch("a part was damaged on its way (BadDigest)".to_owned()),
        (301 | 307, _)
        | (
            _,
            Some(
                "AuthorizationQueryParametersError"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException",
            ),
        ) => StorageError::Elsewhere(code),
        (401 | 403, _) if apart.abs() >= SKEW => StorageError::ClockSkew(apart),
        (401 | 403, _) => StorageError::Refused(code),
        _ => StorageError::Failed { status, code },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, code: &str, apart: i64) -> String {
        judge(status, (!code.is_empty()).then(|| code.to_owned()), apart).to_string()
    }

    #[test]
    fn the_code_is_found_and_nothing_else_is_taken_for_one() {
        let body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>hush</Message></Error>";
        assert_eq!(code(body).as_deref(), Some("NoSuchKey"));
        for odd in ["", "<Code></Code>", "<Code>a b</Code>", "<Code>x", "<html>502</html>"] {
            assert_eq!(code(odd), None, "{odd}");
        }
    }

    #[test]
    fn each_kind_of_refusal_has_words_of_its_own() {
        assert!(told(403, "InvalidAccessKeyId", 3).contains("refuses S3_ACCESS_KEY and S3_SECRET_KEY"));
        assert!(told(403, "AccessDenied", 3).ends_with("(AccessDenied)"));
        assert!(told(403, "AccessDenied", -4000).contains("-4000 seconds apart"));
        assert!(told(403, "RequestTimeTooSkewed", 1000).contains("set this machine's clock"));
        assert!(told(404, "NoSuchBucket", 0).contains("no bucket"));
        assert!(told(507, "", 0).contains("full"));
        assert!(told(403, "QuotaExceeded", 0).contains("full (QuotaExceeded)"));
        assert!(told(400, "BadDigest", 0).contains("something else than was sent"));
        assert_eq!(told(503, "SlowDown", 0), "storage answered 503 (SlowDown)");
        assert_eq!(told(418, "", 0), "storage answered 418");
        assert!(told(301, "PermanentRedirect", 0).contains("(PermanentRedirect): S3_ENDPOINT and S3_REGION"));
    }
}
