//! Links that open an object, or something else of ours, for a while.

use std::{fmt, fmt::Write as _, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

/// As long as S3 signs anything.
pub(super) const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What is never special, anywhere in an address or in a header.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// What kind of thing a signature is for: one never stands for another.
const OBJECTS: &str = "meetbox object 1";
const SUBJECTS: &str = "meetbox subject 1";

/// How long a link is good for, and how the browser takes what it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkOptions {
    /// At most seven days.
    pub ttl: Duration,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub disposition: Disposition,
}

/// Whether the browser shows or saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    Inline,
    Attachment,
}

/// An address that opens an object until it expires.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute where the object store itself answers; of a folder a path and a query, which stand behind our own origin.
    pub address: String,
    pub expires: DateTime<Utc>,
}

/// A link of ours, taken apart by whoever answers it.
#[derive(Clone, Copy, Debug)]
pub struct LinkParts<'a> {
    pub key: &'a str,
    /// Seconds since 1970.
    pub expires: i64,
    pub disposition: Disposition,
    pub file_name: Option<&'a str>,
    pub content_type: Option<&'a str>,
    pub signature: &'a str,
}

impl Disposition {
    /// As HTTP and our links write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Attachment => "attachment",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Inline, Self::Attachment].into_iter().find(|disposition| disposition.word() == word)
    }

    /// The header `Content-Disposition`, with the name in both forms: one that every client reads, and the true one.
    pub fn header(self, file_name: Option<&str>) -> String {
        let Some(name) = file_name else { return self.word().to_owned() };
        let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
        format!("{}; filename=\"{plain}\"; filename*=UTF-8''{}", self.word(), utf8_percent_encode(name, ENCODED))
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " -_.()".contains(c)
}

/// The key that signs links: whoever has it opens everything.
#[derive(Clone)]
pub(super) struct LinkKey([u8; 32]);

impl LinkKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key that only whoever knows `secret` can make.
    pub fn derived(secret: &str) -> Self {
        Self(mac(secret.as_bytes(), &["meetbox link key 1"]).finalize().into_bytes().into())
    }

    pub fn sign(&self, subject: &str, expires: DateTime<Utc>) -> String {
        let seconds = expires.timestamp().to_string();
        encoded(mac(&self.0, &[SUBJECTS, &seconds, subject]))
    }

    pub fn verifies(&self, subject: &str, expires: DateTime<Utc>, signature: &str) -> bool {
        let seconds = expires.timestamp().to_string();
        verifies(mac(&self.0, &[SUBJECTS, &seconds, subject]), signature)
    }

    /// The address of an object of ours: path and query.
    pub fn address(&self, key: &str, expires: DateTime<Utc>, options: &LinkOptions) -> String {
        let parts = LinkParts {
            key,
            expires: expires.timestamp(),
            disposition: options.disposition,
            file_name: options.file_name.as_deref(),
            content_type: options.content_type.as_deref(),
            signature: "",
        };
        let encode = |text| utf8_percent_encode(text, ENCODED);
        let mut address = format!("/storage/{}?expires={}", utf8_percent_encode(key, ENCODED_PATH), parts.expires);
        let _ = write!(address, "&disposition={}", parts.disposition.word());
        for (name, value) in [("name", parts.file_name), ("type", parts.content_type)] {
            if let Some(value) = value {
                let _ = write!(address, "&{name}={}", encode(value));
            }
        }
        let _ = write!(address, "&signature={}", encoded(self.object_mac(&parts)));
        address
    }

    pub fn opens(&self, parts: &LinkParts<'_>) -> bool {
        verifies(self.object_mac(parts), parts.signature)
    }

    fn object_mac(&self, parts: &LinkParts<'_>) -> Hmac<Sha256> {
        let seconds = parts.expires.to_string();
        let given = |text: Option<&str>| if text.is_some() { "given" } else { "absent" };
        let (name, kind) = (parts.file_name, parts.content_type);
        let words = [
            OBJECTS,
            &seconds,
            parts.key,
            parts.disposition.word(),
            given(name),
            name.unwrap_or_default(),
            given(kind),
            kind.unwrap_or_default(),
        ];
        mac(&self.0, &words)
    }
}

/// When a link of this moment ends.
pub(super) fn expiry(now: DateTime<Utc>, ttl: Duration) -> DateTime<Utc> {
    // Seven days are no longer than chrono can count.
    now + TimeDelta::from_std(ttl.min(LONGEST)).unwrap_or_default()
}

/// Each word goes in with its length, so that no two lists of words are one text.
fn mac(key: &[u8], words: &[&str]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for word in words {
        mac.update(&u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(word.as_bytes());
    }
    mac
}

fn encoded(mac: Hmac<Sha256>) -> String {
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// In a time that tells nothing about the right signature.
fn verifies(mac: Hmac<Sha256>, signature: &str) -> bool {
    URL_SAFE_NO_PAD.decode(signature).is_ok_and(|bytes| mac.verify_slice(&bytes).is_ok())
}

/// A link opens something, so it is not printed by chance.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_name_is_told_so_that_every_client_reads_it() {
        assert_eq!(Disposition::Inline.header(None), "inline");
        assert_eq!(
            Disposition::Attachment.header(Some("Besprechung \"Ü\".mp4")),
            "attachment; filename=\"Besprechung ___.mp4\"; filename*=UTF-8''Besprechung%20%22%C3%9C%22.mp4"
        );
        assert!(!Disposition::Inline.header(Some("a\r\nSet-Cookie: x")).contains('\n'));
    }

    #[test]
    fn a_subject_is_no_object_and_no_key_opens_what_another_signed() {
        let (key, other) = (LinkKey::derived("one secret"), LinkKey::derived("another"));
        let signature = key.sign("playlist", at(100));
        assert!(key.verifies("playlist", at(100), &signature));
        assert!(!key.verifies("playlist", at(101), &signature) && !other.verifies("playlist", at(100), &signature));
        let parts = LinkParts {
            key: "playlist",
            expires: 100,
            disposition: Disposition::Inline,
            file_name: None,
            content_type: None,
            signature: &signature,
        };
        assert!(!key.opens(&parts));
    }

    proptest! {
        #[test]
        fn a_link_opens_what_it_was_made_for_and_nothing_else(
            object in "\\PC{1,30}",
            name in proptest::option::of("\\PC{0,12}"),
            other in "\\PC{1,30}",
            seconds in 0_i64..4_000_000_000,
        ) {
            let key = LinkKey::derived("a secret");
            let options = LinkOptions {
                ttl: Duration::from_secs(1),
                file_name: name.clone(),
                content_type: Some("video/mp4".to_owned()),
                disposition: Disposition::Inline,
            };
            let address = key.address(&object, at(seconds), &options);
            let url = url::Url::parse("http://meet.example").unwrap().join(&address).unwrap();
            let said = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
            let (signature, told) = (said("signature").unwrap(), said("name"));
            let parts = LinkParts {
                key: &object,
                expires: seconds,
                disposition: Disposition::Inline,
                file_name: told.as_deref(),
                content_type: Some("video/mp4"),
                signature: &signature,
            };
            prop_assert_eq!(&told, &name);
            prop_assert!(key.opens(&parts));
            for bent in [
                LinkParts { expires: seconds + 1, ..parts },
                LinkParts { content_type: None, ..parts },
                LinkParts { disposition: Disposition::Attachment, ..parts },
                LinkParts { signature: "", ..parts },
            ] {
                prop_assert!(!key.opens(&bent), "{:?}", bent);
            }
            let another = LinkParts { key: &other, ..parts };
            prop_assert_eq!(key.opens(&another), other == object);
        }
    }
}
