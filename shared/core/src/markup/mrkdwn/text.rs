//! Text in mrkdwn, with nothing in it that Slack might read as markup.

use std::borrow::Cow;

use super::super::lines::{ends_line, is_gap};
use super::super::{WORD_JOINER, url};

/// Stands for a character that is not known: it may be anything that makes a mark of its neighbour.
pub(super) const UNKNOWN: char = '\0';

/// What is known of the place that a text is written at.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Whether it begins a line.
    pub(super) begins_line: bool,
    /// What stands before it.
    pub(super) before: Option<char>,
    /// What stands after it.
    pub(super) after: Option<char>,
    /// Whether it stands between marks.
    pub(super) is_marked: bool,
    /// What becomes of addresses in it.
    pub(super) addresses: Addresses,
}

/// What becomes of an address in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Addresses {
    /// It is put between `<` and `>` where Slack might not see its end.
    Wrapped,
    /// It stays as it is.
    Bare,
    /// It is text: there is a link around it.
    Text,
}

impl Place {
    /// What stands after a character that this follows. Space at the end of a line may be taken off.
    fn after(self, tail: &str) -> Option<char> {
        // An address may be put between `<` and `>`.
        if url::length(tail).is_some() {
            return Some(UNKNOWN);
        }
        let is_last = tail.trim_start_matches(is_gap).is_empty() || tail.trim_start_matches(' ').starts_with(ends_line);
        if is_last { self.after } else { tail.chars().next() }
    }

    /// Whether Slack sees where an address ends that this follows.
    fn bounds(self, tail: &str) -> bool {
        let is_last = tail.trim_start_matches(url::SENTENCE).is_empty();
        let is_open = self.is_marked || self.after.is_some_and(|after| !after.is_whitespace());
        url::is_bounded(tail) && !(is_last && is_open)
    }
}

/// A value that shows as it is wherever in a text it stands.
pub(in super::super) fn escaped(value: &str) -> Cow<'_, str> {
    const SPECIAL: [char; 15] =
        ['&', '<', '>', '*', '_', '~', '`', '＊', '＿', '～', '｀', '＞', '|', '\r', '\u{2028}'];
    if !value.contains(SPECIAL) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 16);
    let edge = Some(UNKNOWN);
    let place = Place { begins_line: true, before: edge, after: edge, is_marked: false, addresses: Addresses::Bare };
    write_text(&mut out, value, place);
    Cow::Owned(out)
}

/// Whether a character can be a mark.
pub(super) const fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '`' | '＊' | '＿' | '～' | '｀')
}

/// The text with `&`, `<` and `>` escaped.
pub(super) fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    text.chars().for_each(|c| push_entity(&mut out, c));
    out
}

/// Writes a character, escaped where it is one of the three.
fn push_entity(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}

/// Writes text, with a word joiner beside what might be read as a mark.
pub(super) fn write_text(out: &mut String, text: &str, place: Place) {
    let (mut begins_line, mut before, mut rest) = (place.begins_line, place.before, text);
    while let Some(c) = rest.chars().next() {
        if let Some(length) = url::length(rest).filter(|_| place.addresses != Addresses::Text) {
            let (address, tail) = rest.split_at(length);
            let is_wrapped =
                place.addresses == Addresses::Wrapped && (address.contains(is_mark) || !place.bounds(tail));
            out.push_str(if is_wrapped { "<" } else { "" });
            out.push_str(&entities(address));
            out.push_str(if is_wrapped { ">" } else { "" });
            (begins_line, before, rest) = (false, out.chars().next_back(), tail);
            continue;
        }
        if let Some(tail) = url::scheme(rest).filter(|_| place.addresses != Addresses::Text) {
            // What is no address here might be one for Slack, whatever follows.
            out.push_str(&rest[..rest.len() - tail.len()]);
            out.push(WORD_JOINER);
            (begins_line, before, rest) = (false, Some(':'), tail);
            continue;
        }
        let tail = &rest[c.len_utf8()..];
        match c {
            '>' | '＞' if begins_line => {
                join(out);
                push_entity(out, c);
            }
            _ if is_mark(c) && may_mark(c, before, place.after(tail)) => {
                join(out);
                out.push(c);
                out.push(WORD_JOINER);
            }
            _ if ends_line(c) => out.push('\n'),
            _ => push_entity(out, c),
        }
        begins_line = ends_line(c) || (begins_line && is_gap(c));
        before = if begins_line { place.before } else { Some(c) };
        rest = tail;
    }
}

/// Writes a word joiner unless one stands there.
fn join(out: &mut String) {
    if !out.ends_with(WORD_JOINER) {
        out.push(WORD_JOINER);
    }
}

/// Whether a character between these may begin or end what is set apart.
pub(super) fn may_mark(mark: char, before: Option<char>, after: Option<char>) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let is_shown = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    matches!(mark, '`' | '｀') || (is_end(before) && is_shown(after)) || (is_end(after) && is_shown(before))
}
