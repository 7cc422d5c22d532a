//! Reads `.env`: one `NAME=value` a line, and nothing clever.
//!
//! `$` stands for itself. Shells and libraries that expand it turn a password such as `pa$$word` into another
//! one without a word, and read the environment behind the loader's back.

use std::collections::BTreeMap;

/// A line that is not `NAME=value`. What stands in it is not repeated: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Counted from 1.
    pub line: usize,
    pub reason: &'static str,
}

/// Reads every line; of a name that stands there twice the last value counts.
pub fn parse(text: &str) -> (BTreeMap<String, String>, Vec<Malformed>) {
    let mut values = BTreeMap::new();
    let mut malformed = Vec::new();

    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match parse_line(line.trim()) {
            Ok(None) => {}
            Ok(Some((name, value))) => drop(values.insert(name, value)),
            Err(reason) => malformed.push(Malformed { line: index + 1, reason }),
        }
    }
    (values, malformed)
}

fn parse_line(line: &str) -> Result<Option<(String, String)>, &'static str> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=').ok_or("there is no `=` in it")?;
    let name = name.trim();
    let well_named = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');

    if !well_named {
        return Err("what stands before `=` is not a name of letters, digits and `_`");
    }
    Ok(Some((name.to_owned(), parse_value(value.trim())?)))
}

fn parse_value(text: &str) -> Result<String, &'static str> {
    let (value, rest) = match text.chars().next() {
        Some('\'') => {
            let (value, rest) = text[1..].split_once('\'').ok_or("the `'` is never closed")?;
            (value.to_owned(), rest)
        }
        Some('"') => parse_quoted(&text[1..])?,
        _ => return Ok(before_comment(text).trim_end().to_owned()),
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') { Ok(value) } else { Err("something follows the closing quote") }
}

/// A `#` opens a comment only after white space, so that `pass#word` stays whole.
fn before_comment(text: &str) -> &str {
    if text.starts_with('#') {
        return "";
    }
    let comment =
        text.char_indices().zip(text.chars().skip(1)).find(|((_, before), at)| before.is_whitespace() && *at == '#');
    comment.map_or(text, |((index, _), _)| &text[..index])
}

fn parse_quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((index, char)) = chars.next() {
        match char {
            '"' => return Ok((value, &text[index + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, escaped @ ('"' | '\\' | '$'))) => value.push(escaped),
                _ => return Err("after `\\` only `\"`, `\\`, `$` or `n` may stand"),
            },
            other => value.push(other),
        }
    }
    Err("the `\"` is never closed")
}

#[cfg(test)]
mod tests {
    use super::{Malformed, parse};

    #[test]
    fn the_usual_forms_are_read() {
        let text =
            "# a comment\n\nPORT=3001\nexport BIND = 127.0.0.1 # loopback\nA='one # two'\nB=\"say \\\"hi\\\"\"\nC=\n";
        let (values, malformed) = parse(text);

        assert_eq!(malformed, []);
        let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let expected = [("A", "one # two"), ("B", "say \"hi\""), ("BIND", "127.0.0.1"), ("C", ""), ("PORT", "3001")];
        assert_eq!(values, expected);
    }

    #[test]
    fn a_dollar_and_an_inner_hash_stand_for_themselves() {
        let (values, _) = parse("A=pa$$w#rd${HOME}\nB=\"$HOME\"");

        assert_eq!(values["A"], "pa$$w#rd${HOME}");
        assert_eq!(values["B"], "$HOME");
    }

    #[test]
    fn a_broken_line_is_told_by_its_number_and_does_not_hide_the_others() {
        let (values, malformed) = parse("A=1\nhunter2\nB=\"open\nC=3\n1D=4\n'E'=5\nF='x'y");

        assert_eq!(values.keys().collect::<Vec<_>>(), ["A", "C"]);
        let lines: Vec<_> = malformed.iter().map(|Malformed { line, .. }| *line).collect();
        assert_eq!(lines, [2, 3, 5, 6, 7]);
    }
}
