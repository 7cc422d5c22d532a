//! Which keys an object may have: those that mean the same in every store, a folder included.

use super::StorageError;

/// As S3 has it, in bytes.
const LONGEST: usize = 1024;
/// As file systems have it, in bytes.
const LONGEST_SEGMENT: usize = 255;

/// Where [`super::Storage::prove`] puts its object.
pub(super) const PROBES: &str = ".meetbox-probe";
/// How names begin that a folder keeps for itself.
pub(super) const RESERVED: &str = ".meetbox-";

/// A key that can be used.
///
/// Invariant: segments parted by single slashes, none of them empty, `.`, `..` or too long, and no control characters.
/// Spaces, `+`, `%` and every letter of every script are as good as any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key<'a>(&'a str);

impl<'a> Key<'a> {
    pub fn parse(text: &'a str) -> Result<Self, StorageError> {
        if text.is_empty() {
            return Err(StorageError::Key("is empty"));
        }
        if text.len() > LONGEST {
            return Err(StorageError::Key("is longer than 1024 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(StorageError::Key("holds control characters"));
        }
        if text.contains('\\') {
            return Err(StorageError::Key("holds a backslash, which some stores take for a slash"));
        }
        for segment in text.split('/') {
            match segment {
                "" => return Err(StorageError::Key("begins or ends with a slash, or has two in a row")),
                "." | ".." => return Err(StorageError::Key("has `.` or `..` in its path")),
                _ if segment.len() > LONGEST_SEGMENT => {
                    return Err(StorageError::Key("has a name of more than 255 bytes in its path"));
                }
                _ => {}
            }
        }
        let first = text.split('/').next().unwrap_or_default();
        if first.starts_with(RESERVED) && first != PROBES {
            return Err(StorageError::Key("begins with `.meetbox-`, which storage keeps for itself"));
        }
        Ok(Self(text))
    }

    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The names of the folders on the way to the object, and its own.
    pub fn split(self) -> (Vec<&'a str>, &'a str) {
        match self.0.rsplit_once('/') {
            Some((folders, name)) => (folders.split('/').collect(), name),
            None => (Vec::new(), self.0),
        }
    }
}

/// Whether a listing shows the key: what storage keeps for itself is nobody's object.
pub(super) fn is_shown(key: &str) -> bool {
    !key.starts_with(RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_keys_and_ways_out_are_not() {
        for fine in ["a", "a/b.mp4", "с пробелом/ü+%20%2e%2e&=?#.mp4", "...", "a/.hidden", ".meetbox-probe/x", "~", "*"]
        {
            assert!(Key::parse(fine).is_ok(), "{fine}");
        }
        let long = "x".repeat(256);
        for wrong in [
            "",
            "/etc/passwd",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a\0b",
            "a\nb",
            r"a\..\b",
            ".meetbox-link-key",
            &long,
        ] {
            assert!(Key::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_knows_its_folders() {
        assert_eq!(Key::parse("a/b/c").unwrap().split(), (vec!["a", "b"], "c"));
        assert_eq!(Key::parse("c").unwrap().split(), (vec![], "c"));
    }
}
