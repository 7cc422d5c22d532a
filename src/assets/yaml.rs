//! What stands in a YAML file, as paths and plain values; enough to look into the configurations that we make.

use saphyr_parser::{Event, Parser};

/// A key of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From the outermost key on, with dots between.
    pub path: String,
    /// Counted from 1.
    pub line: usize,
    /// What stands there as text: one for a plain value, more for a list of plain values, none for anything else.
    pub values: Vec<String>,
}

/// It is no YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct YamlError {
    /// Counted from 1.
    pub line: usize,
    pub message: String,
}

/// Every key of the file, in the order in which they stand there.
pub fn entries(text: &str) -> Result<Vec<Entry>, YamlError> {
    let mut found: Vec<Entry> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|err| YamlError { line: err.marker().line(), message: err.info().to_owned() })?;
        match event {
            Event::Scalar(text, ..) => match open.last_mut() {
                Some(Open::Mapping { key: key @ None, path }) => {
                    let full = if path.is_empty() { text.to_string() } else { format!("{path}.{text}") };
                    found.push(Entry { path: full.clone(), line: span.start.line(), values: Vec::new() });
                    *key = Some(full);
                }
                top => {
                    let path = top.as_deref().map(Open::inside);
                    if let Some(entry) = found.iter_mut().rev().find(|entry| Some(&entry.path) == path.as_ref()) {
                        entry.values.push(text.into_owned());
                    }
                    value_is_over(top);
                }
            },
            Event::Alias(_) => value_is_over(open.last_mut()),
            Event::MappingStart(..) => {
                let path = open.last().map_or_else(String::new, Open::inside);
                open.push(Open::Mapping { path, key: None });
            }
            Event::SequenceStart(..) => {
                let path = open.last().map_or_else(String::new, Open::inside);
                open.push(Open::Sequence { path });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                value_is_over(open.last_mut());
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
    }
    Ok(found)
}

/// The value under that path; none when there is none, or it is a list or more.
pub fn value<'a>(entries: &'a [Entry], path: &str) -> Option<&'a str> {
    let entry = entries.iter().find(|entry| entry.path == path)?;
    match entry.values.as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// What is being read.
enum Open {
    /// Below that path; the key whose value comes next.
    Mapping {
        path: String,
        key: Option<String>,
    },
    Sequence {
        path: String,
    },
}

impl Open {
    fn inside(&self) -> String {
        match self {
            Self::Mapping { path, key } => key.as_ref().unwrap_or(path).clone(),
            Self::Sequence { path } => path.clone(),
        }
    }
}

fn value_is_over(open: Option<&mut Open>) {
    if let Some(Open::Mapping { key, .. }) = open {
        *key = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{entries, value};

    #[test]
    fn values_are_found_by_their_path_however_they_are_written() {
        let text = "redis: { address: \"a:1\", db: 3 }\nwebhook:\n  urls:\n    - http://x\n    - http://y\nturn:\n  domain: ''\nx: &x 1\ny: *x\n";
        let found = entries(text).unwrap();

        assert_eq!(value(&found, "redis.address"), Some("a:1"));
        assert_eq!(value(&found, "redis.db"), Some("3"));
        assert_eq!(value(&found, "turn.domain"), Some(""));
        assert_eq!(value(&found, "redis"), None);
        assert_eq!(value(&found, "y"), None);
        let urls = found.iter().find(|entry| entry.path == "webhook.urls").unwrap();
        assert_eq!((urls.line, urls.values.as_slice()), (3, ["http://x".to_owned(), "http://y".to_owned()].as_slice()));
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_line() {
        assert!(entries("a: 1\nb: {c: \"d\n").unwrap_err().to_string().starts_with("line "));
    }
}
