//! Where somebody goes on after signing in.

use std::fmt;

/// A place of ours that somebody wanted to reach before they had to sign in.
///
/// Invariant: a path on whatever host it is opened from, and never the address of another one: one `/` at the beginning,
/// visible ASCII characters, no `\` (which browsers take for `/`) and no fragment (which may carry a secret), at most 500
/// bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath(String);

/// The text leads somewhere else, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be a path of this site, such as /app/recordings")]
pub struct ReturnPathError;

impl ReturnPath {
    /// The text as a path of ours.
    pub fn parse(text: &str) -> Result<Self, ReturnPathError> {
        // Browsers drop tabs and line ends from an address: `/<tab>/evil.example` would be another host.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
        let ours = text.starts_with('/') && !text.starts_with("//");

        if plain && ours && text.len() <= 500 { Ok(Self(text.to_owned())) } else { Err(ReturnPathError) }
    }

    /// The front page, where nothing else was wanted.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::{ReturnPath, ReturnPathError};

    #[test]
    fn paths_of_ours_are_taken_and_ways_out_are_not() {
        for fine in ["/", "/app", "/m/blue-heron", "/app/recordings?after=x&limit=5", "/a//b", "/%2f%2fevil.example"] {
            assert_eq!(ReturnPath::parse(fine).unwrap().as_str(), fine);
        }
        let ways_out = [
            "",
            "app",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            " /app",
            "/app#invitation=secret",
            "/ünlü",
            &format!("/{}", "a".repeat(500)),
        ];
        for way_out in ways_out {
            assert_eq!(ReturnPath::parse(way_out), Err(ReturnPathError), "{way_out:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn whatever_is_taken_stays_on_our_site(text in "[/\\\\.@:?&%a-z \\t]{0,12}", tail in "\\PC{0,12}") {
            let here = Url::parse("https://meet.example.org/oidc/callback").unwrap();
            if let Ok(path) = ReturnPath::parse(&format!("{text}{tail}")) {
                prop_assert_eq!(here.join(path.as_str()).unwrap().origin(), here.origin());
            }
        }
    }
}
