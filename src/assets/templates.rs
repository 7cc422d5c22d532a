//! The default configurations of LiveKit and its egress: texts with places to fill in.
//!
//! Neither program expands variables in its file, so whoever starts them renders it first. A place is
//! `{{name}}`; what fills it is written as JSON, which every YAML parser reads, so that no value can
//! change the shape of the file around it. Files that are no YAML get words, of which none can mean anything to them.

use std::collections::BTreeMap;

use serde_json::Value;

/// The livekit-server that livekit.yaml is written for, and that everything here is tried with.
pub const LIVEKIT_VERSION: &str = "1.13.5";
/// The egress that egress.yaml is written for.
pub const EGRESS_VERSION: &str = "1.14.1";

/// livekit.yaml.
pub const LIVEKIT: &str = include_str!("../../assets/livekit.yaml");
/// egress.yaml without what it says of storage, which follows it: an S3-compatible store, or a folder.
pub const EGRESS: &str = include_str!("../../assets/egress.yaml");
pub const EGRESS_S3: &str = include_str!("../../assets/egress-s3.yaml");
pub const EGRESS_FOLDER: &str = include_str!("../../assets/egress-folder.yaml");
/// What stands beside Meetbox in containers, and what ends TLS in front of it.
pub const COMPOSE: &str = include_str!("../../assets/appliance/compose.yaml");
pub const CADDYFILE: &str = include_str!("../../assets/appliance/Caddyfile");

/// What to fill in, by name.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<&'static str, Filling>);

#[derive(Clone, Debug)]
enum Filling {
    Json(Value),
    Words(String),
}

/// Template and values do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("the template wants `{0}`, which was not given")]
    Missing(String),
    #[error("`{0}` was given, and the template has no place for it")]
    Unused(&'static str),
    #[error("a `{{{{` is never closed")]
    Unclosed,
    #[error("`{0}` holds a character that may mean something to the file that it goes into")]
    Unsafe(&'static str),
}

impl Values {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.insert(name, Filling::Json(value.into()));
        self
    }

    /// The same with words that stand as they are, such as a host name: letters, digits, `.`, `-`, `+`, `_`, `@`, `:` and single
    /// spaces; or nothing.
    #[must_use]
    pub fn with_words(mut self, name: &'static str, words: impl Into<String>) -> Self {
        self.0.insert(name, Filling::Words(words.into()));
        self
    }
}

/// Fills every place of `template`; every value must have one.
pub fn render(template: &str, values: &Values) -> Result<String, RenderError> {
    let mut unused: Vec<_> = values.0.keys().copied().collect();
    let mut text = String::new();
    let mut rest = template;

    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").ok_or(RenderError::Unclosed)?;
        let (known, filling) = values.0.get_key_value(name).ok_or_else(|| RenderError::Missing(name.to_owned()))?;
        text.push_str(before);
        match filling {
            Filling::Json(value) => text.push_str(&value.to_string()),
            Filling::Words(words) if are_harmless(words) => text.push_str(words),
            Filling::Words(_) => return Err(RenderError::Unsafe(known)),
        }
        unused.retain(|left| *left != name);
        rest = after;
    }
    text.push_str(rest);
    unused.first().map_or(Ok(text), |name| Err(RenderError::Unused(name)))
}

fn are_harmless(words: &str) -> bool {
    let is_harmless = |char: char| char.is_ascii_alphanumeric() || "._@:+-".contains(char);
    words.is_empty() || words.split(' ').all(|word| !word.is_empty() && word.chars().all(is_harmless))
}

#[cfg(test)]
mod tests {
    use super::{RenderError, Values, render};

    #[test]
    fn words_stand_as_they_are_and_cannot_mean_anything() {
        let with = |words: &str| render("{{site}} {", &Values::new().with_words("site", words));

        assert_eq!(with("meet.example.org"), Ok("meet.example.org {".to_owned()));
        for bad in ["a {", "a\nb", "a  b", "${HOME}", "a;b", "a\"b", "a#b"] {
            assert_eq!(with(bad), Err(RenderError::Unsafe("site")), "{bad}");
        }
    }

    #[test]
    fn a_value_cannot_break_out_of_its_place() {
        let values = Values::new().with("secret", "a\"b: {c}\n#d").with("port", 7880).with("hosts", ["a", "b"]);

        let text = render("secret: {{secret}}\nport: {{port}}\nhosts: {{hosts}}\n", &values).unwrap();

        assert_eq!(text, "secret: \"a\\\"b: {c}\\n#d\"\nport: 7880\nhosts: [\"a\",\"b\"]\n");
    }

    #[test]
    fn template_and_values_must_fit_together() {
        let values = Values::new().with("port", 1);

        assert_eq!(render("{{host}}", &values), Err(RenderError::Missing("host".to_owned())));
        assert_eq!(render("port", &values), Err(RenderError::Unused("port")));
        assert_eq!(render("{{port", &values), Err(RenderError::Unclosed));
    }
}
