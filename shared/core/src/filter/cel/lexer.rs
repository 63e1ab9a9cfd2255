//! Takes a condition's text apart into words, values and marks.

use super::ast::{Literal, Span};
use super::literal;

/// What is wrong with a condition's text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::filter) struct Mistake {
    /// The part that is wrong.
    pub span: Span,
    /// What is wrong with it.
    pub what: String,
}

/// A part of the text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

/// What a part of the text is.
#[derive(Debug, Clone)]
pub(super) enum TokenKind {
    /// A name or a word of the language: `payload`, `true`, `in`.
    Name(String),
    /// A name between backticks.
    Quoted(String),
    /// A number, a text or bytes.
    Value(Literal),
    /// A mark: `(`, `&&`.
    Mark(&'static str),
    /// The end of the text.
    End,
}

/// The marks of the language, longer ones before those that they begin with.
const MARKS: [&str; 23] = [
    "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "-", "+", "*", "/", "%",
    "<",
];

/// What people write that is a mark elsewhere, with what is written here.
const FOREIGN: [(&str, &str); 7] = [
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("=", "write `==` to compare"),
    ("&", "write `&&`"),
    ("|", "write `||`"),
    ("<>", "write `!=`"),
    ("$", "`$` begins no name; write `payload.action`"),
];

impl Mistake {
    /// A mistake in a part of the text.
    pub(super) fn new(span: Span, what: impl Into<String>) -> Self {
        Self { span, what: what.into() }
    }
}

/// Takes a text apart; the last part is its end.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Mistake> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += blank(&source[at..]);
        let rest = &source[at..];
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { kind: TokenKind::End, span: Span { from: at, to: at } });
            return Ok(tokens);
        };
        let (kind, length) = token(rest, first).map_err(|(from, to, what)| {
            let span = Span { from: at + from, to: at + to };
            Mistake::new(span, what)
        })?;
        tokens.push(Token { kind, span: Span { from: at, to: at + length } });
        at += length;
    }
}

/// The length of what stands before the next part: spaces and comments.
fn blank(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
        match rest.strip_prefix("//") {
            Some(comment) => rest = comment.find('\n').map_or("", |end| &comment[end..]),
            None => return text.len() - rest.len(),
        }
    }
}

/// What is wrong, between which bytes of the rest.
pub(super) type Wrong = (usize, usize, String);

/// The part that a text begins with, and its length.
fn token(rest: &str, first: char) -> Result<(TokenKind, usize), Wrong> {
    if let Some(found) = literal::text(rest)? {
        return Ok((TokenKind::Value(found.0), found.1));
    }
    if first == '_' || first.is_ascii_alphabetic() {
        let length = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        return Ok((TokenKind::Name(rest[..length].to_owned()), length));
    }
    let second = rest.as_bytes().get(1).copied().unwrap_or_default();
    if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
        let (value, length) = literal::number(rest)?;
        return Ok((TokenKind::Value(value), length));
    }
    if first == '`' {
        let inner = &rest[1..];
        return match inner.find(['`', '\n']) {
            Some(end) if inner.as_bytes()[end] == b'`' && end > 0 => {
                Ok((TokenKind::Quoted(inner[..end].to_owned()), end + 2))
            }
            _ => Err((0, 1, "a name between backticks has no end".to_owned())),
        };
    }
    if let Some((mark, instead)) = FOREIGN.iter().find(|(mark, _)| rest.starts_with(mark))
        && !MARKS.iter().any(|known| known.len() >= mark.len() && rest.starts_with(known))
    {
        return Err((0, mark.len(), (*instead).to_owned()));
    }
    if let Some(mark) = MARKS.iter().chain(&[">"]).find(|mark| rest.starts_with(**mark)) {
        return Ok((TokenKind::Mark(mark), mark.len()));
    }
    Err((0, first.len_utf8(), format!("`{}` is no part of a condition", first.escape_debug())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Result<String, String> {
        let shown = |token: &Token| match &token.kind {
            TokenKind::Name(name) => name.clone(),
            TokenKind::Quoted(name) => format!("`{name}`"),
            TokenKind::Value(value) => format!("{value:?}"),
            TokenKind::Mark(mark) => (*mark).to_owned(),
            TokenKind::End => "END".to_owned(),
        };
        let tokens = tokens(source).map_err(|e| format!("{}-{}: {}", e.span.from, e.span.to, e.what))?;
        Ok(tokens.iter().map(shown).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_text_is_taken_apart() {
        for (source, parts) in [
            ("a.b>=c", "a . b >= c END"),
            (" a\n&& // b\n !c", "a && ! c END"),
            ("a// no end", "a END"),
            ("x.`app/name`", "x . `app/name` END"),
            ("a-1", "a - Int(1) END"),
            ("rb_x r'\\'", "rb_x Text(\"\\\\\") END"),
            ("a<b>c?d:e", "a < b > c ? d : e END"),
            ("", "END"),
        ] {
            assert_eq!(shown(source).as_deref(), Ok(parts), "{source}");
        }
    }

    #[test]
    fn what_is_no_part_is_named() {
        for (source, what) in [
            ("a = 1", "2-3: write `==` to compare"),
            ("a === 1", "2-5: write `==`"),
            ("a & b", "2-3: write `&&`"),
            ("$.a", "0-1: `$` begins no name; write `payload.action`"),
            ("a.`b", "2-3: a name between backticks has no end"),
            ("a ; b", "2-3: `;` is no part of a condition"),
            ("ä", "0-2: `ä` is no part of a condition"),
        ] {
            assert_eq!(shown(source), Err(what.to_owned()), "{source}");
        }
    }
}
