//! Text in Markdown, with a backslash before all that Discord might read as markup.

use std::borrow::Cow;

use super::super::lines::{ends_line, is_gap};
use super::super::{ZERO_WIDTH_SPACE, url};

/// Marks of which two make one.
pub(super) const DOUBLED: [char; 3] = ['_', '~', '|'];

/// What is known of the place that a text is written at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A line or what is left of one; whether it begins the line, and whether what follows is space or nothing.
    Line { begins: bool, ends: bool },
    /// Between marks.
    Marked,
    /// The label of a link.
    Label,
    /// Anywhere.
    Value,
}

/// A value that shows as it is wherever in a text it stands.
pub(in super::super) fn escaped(value: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | ',' | ';' | '!' | '?' | '/' | '\'' | '"' | '%');
    if value.chars().all(is_plain) && !names_all(value) {
        return Cow::Borrowed(value);
    }
    // Somebody may have written `[label](` before an address.
    if url::length(value) == Some(value.len()) {
        return Cow::Owned(address_of(value));
    }
    let mut out = String::with_capacity(value.len() + 16);
    // Whoever wrote an `@` before it would call everyone.
    if names_all(value) {
        out.push(ZERO_WIDTH_SPACE);
    }
    write_text(&mut out, value, Place::Value);
    Cow::Owned(out)
}

/// An address as it may stand between marks and brackets.
pub(super) fn address_of(address: &str) -> String {
    url::encoded(address, &['(', ')'], &DOUBLED)
}

/// Whether a text begins with a word that calls everyone.
fn names_all(text: &str) -> bool {
    text.starts_with("everyone") || text.starts_with("here")
}

/// Whether a text begins with such a word, or with what may become one with what follows the text.
fn may_name_all(text: &str) -> bool {
    names_all(text) || ["everyone", "here"].iter().any(|name| name.starts_with(text))
}

/// Writes text, with a backslash before what might be read as markup.
pub(super) fn write_text(out: &mut String, text: &str, place: Place) {
    let mut begins_line = !matches!(place, Place::Line { begins: false, .. });
    let (mut before, mut rest) = (None, text);
    while let Some(c) = rest.chars().next() {
        if let Some(length) = url::length(rest).filter(|_| place != Place::Label) {
            let (address, tail) = rest.split_at(length);
            write_address(out, address, tail, place);
            (begins_line, before, rest) = (false, address.chars().next_back(), tail);
            continue;
        }
        if let Some(tail) = url::scheme(rest) {
            // What is no address here would be one for Discord, whatever follows.
            out.push_str(&rest[..rest.len() - tail.len()]);
            out.push('\\');
            (begins_line, before, rest) = (false, Some(':'), tail);
            continue;
        }
        let tail = &rest[c.len_utf8()..];
        if is_mark(c, before, tail, place) || (begins_line && begins_block(rest)) {
            out.push('\\');
        }
        out.push(if ends_line(c) { '\n' } else { c });
        if c == '@' && (may_name_all(tail) || before == Some('<')) {
            out.push(ZERO_WIDTH_SPACE);
        }
        rest = tail;
        if begins_line && c.is_ascii_digit() {
            rest = write_number(out, tail);
        }
        begins_line = ends_line(c) || (begins_line && is_gap(c));
        before = Some(c);
    }
}

/// Whether a character may be read as a mark where it stands.
fn is_mark(c: char, before: Option<char>, tail: &str, place: Place) -> bool {
    let after = tail.chars().next();
    match c {
        '*' | '_' | '`' | '<' | '[' | '\\' => true,
        ']' => place == Place::Label,
        // A link may end here that began long before.
        '(' => before.is_none_or(|before| before == ']'),
        '~' | '|' => [before, after].into_iter().any(|beside| beside.is_none_or(|beside| beside == c)),
        _ => false,
    }
}

/// Whether what begins a line begins a heading, small print, an entry of a list or a quotation.
fn begins_block(line: &str) -> bool {
    let ends = |rest: &str| rest.chars().next().is_none_or(char::is_whitespace);
    match line.chars().next() {
        Some('#') => ends(line.trim_start_matches('#')),
        Some('-') => line.starts_with("-#") || ends(&line[1..]),
        Some('+') => ends(&line[1..]),
        first => first == Some('>'),
    }
}

/// Writes the rest of a number at the beginning of a line, which might number an entry of a list; returns what follows.
fn write_number<'a>(out: &mut String, text: &'a str) -> &'a str {
    let tail = text.trim_start_matches(|c: char| c.is_ascii_digit());
    out.push_str(&text[..text.len() - tail.len()]);
    if tail.strip_prefix('.').is_some_and(|after| after.chars().next().is_none_or(char::is_whitespace)) {
        out.push('\\');
    }
    tail
}

/// Writes an address in a text. Where Discord might take more for it than belongs to it, it stands between `<` and `>`.
fn write_address(out: &mut String, address: &str, tail: &str, place: Place) {
    let is_last = tail.trim_start_matches(url::SENTENCE).is_empty();
    let is_bounded = url::is_bounded(tail) && (!is_last || matches!(place, Place::Line { ends: true, .. }));
    match place {
        Place::Line { .. } if is_bounded => out.push_str(&url::encoded(address, &[], &[])),
        Place::Value if is_bounded => out.push_str(&url::encoded(address, &[], &DOUBLED)),
        _ => out.push_str(&format!("<{}>", url::encoded(address, &[], &DOUBLED))),
    }
}
