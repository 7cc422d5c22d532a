//! Takes Rust text apart into code, comments and string literals, so that a rule is not fooled by the wrong one.

/// A piece of text and the line it begins on, counted from one.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub line: usize,
    pub text: String,
}

/// Rust text in three views.
pub struct Source {
    /// The text with every comment and the inside of every literal turned into spaces; lines stay where they were.
    pub code: String,
    pub comments: Vec<Piece>,
    pub strings: Vec<Piece>,
}

impl Source {
    /// Reads `text`, which is assumed to compile.
    pub fn parse(text: &str) -> Self {
        let mut reader = Reader { text, at: 0, line: 1, code: String::with_capacity(text.len()) };
        let mut comments = Vec::new();
        let mut strings = Vec::new();

        while let Some(next) = reader.rest().chars().next() {
            let line = reader.line;
            let rest = reader.rest();
            if rest.starts_with("//") {
                let length = rest.find('\n').unwrap_or(rest.len());
                comments.push(Piece { line, text: reader.hide(length) });
            } else if rest.starts_with("/*") {
                let length = block_comment(rest);
                comments.push(Piece { line, text: reader.hide(length) });
            } else if let Some((open, close)) = literal(rest).filter(|_| !reader.inside_a_word()) {
                reader.show(open);
                let length = string_end(reader.rest(), &close);
                strings.push(Piece { line, text: reader.hide(length) });
                reader.show(close.len());
            } else if let Some(length) = char_literal(rest) {
                reader.hide(length);
            } else {
                reader.show(next.len_utf8());
            }
        }
        Self { code: reader.code, comments, strings }
    }

    /// The line on which byte `at` of the code stands.
    pub fn line_of(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Where `word` stands in the code with no letter, digit or underscore on either side.
    pub fn places(&self, word: &str) -> Vec<usize> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let stands_alone = |at: usize| {
            let before = self.code[..at].chars().next_back().is_some_and(is_word);
            let after = self.code[at + word.len()..].chars().next().is_some_and(is_word);
            let (starts, ends) = (word.starts_with(is_word), word.ends_with(is_word));
            !(before && starts || after && ends)
        };
        self.code.match_indices(word).map(|(at, _)| at).filter(|at| stands_alone(*at)).collect()
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    code: String,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn inside_a_word(&self) -> bool {
        self.code.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_')
    }

    fn show(&mut self, length: usize) {
        let piece = &self.rest()[..length.min(self.rest().len())];
        self.line += piece.matches('\n').count();
        self.code.push_str(piece);
        self.at += piece.len();
    }

    fn hide(&mut self, length: usize) -> String {
        let piece = &self.rest()[..length];
        self.line += piece.matches('\n').count();
        self.code.extend(piece.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' }));
        self.at += length;
        piece.to_owned()
    }
}

/// The length of the block comment, which may hold others, that `text` begins with.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// How long the opening of a string literal is and what closes it, when `text` begins with one.
fn literal(text: &str) -> Option<(usize, String)> {
    let prefix = text.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(0);
    if !["", "b", "c", "r", "br", "cr"].contains(&&text[..prefix]) {
        return None;
    }
    let raw = text[..prefix].ends_with('r');
    let hashes = if raw { text[prefix..].chars().take_while(|c| *c == '#').count() } else { 0 };
    let opened = text[prefix + hashes..].starts_with('"');
    let close = if raw { format!("\"{}", "#".repeat(hashes)) } else { "\"".to_owned() };
    opened.then_some((prefix + hashes + 1, if raw && hashes == 0 { "\"".to_owned() } else { close }))
}

/// How many bytes stand before the end of a string that `close` ends; only a plain string knows escapes.
fn string_end(text: &str, close: &str) -> usize {
    if close.len() > 1 {
        return text.find(close).unwrap_or(text.len());
    }
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return at,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// The length of the character literal that `text` begins with; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    if let Some(escape) = inside.strip_prefix('\\') {
        return escape.get(1..)?.find('\'').map(|at| at + 4);
    }
    let c = inside.chars().next()?;
    inside[c.len_utf8()..].starts_with('\'').then_some(c.len_utf8() + 2)
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let source = Source::parse(
        "let a = \"// no \\\" comment\"; // a comment \"no string\"\n/* one /* inside */ \n */ let b = r#\"raw \" text\"#;\nlet c = '\"'; fn d<'a>() {}",
    );

    let strings: Vec<_> = source.strings.iter().map(|piece| (piece.line, piece.text.as_str())).collect();
    let comments: Vec<_> = source.comments.iter().map(|piece| (piece.line, piece.text.as_str())).collect();
    assert_eq!(strings, [(1, "// no \\\" comment"), (3, "raw \" text")]);
    assert_eq!(comments, [(1, "// a comment \"no string\""), (2, "/* one /* inside */ \n */")]);
    assert!(!source.code.contains("comment") && !source.code.contains("raw"));
    assert!(source.code.contains("fn d<'a>() {}"));
    assert_eq!(source.line_of(source.code.find("let c").unwrap()), 4);
}

#[test]
fn a_word_is_found_only_where_it_stands_alone() {
    let source = Source::parse("query!(x); my_query!(x); \"query!\"; // query!");
    assert_eq!(source.places("query!").len(), 1);
}
