//! Slack's mrkdwn.
//!
//! `&`, `<` and `>` are escaped. For everything else Slack knows no escape, but it reads marks only at the edges of words:
//! a character that it might read as one has a word joiner on both sides. Names of emoji between colons stay, which Slack
//! shows as emoji. There is no underlining and no spoiler.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text; that `&gt;` begins a quotation too, that the full-width
//! forms are marks, and that a zero-width space makes the edge of a word: the documentation of jsx-slack.

use std::borrow::Cow;

use super::lines::{Line, Span, ends_line, is_gap};
use super::read::Style;
use super::url::{self, Target};
use super::{WORD_JOINER, ZERO_WIDTH_SPACE};

/// The styles that Slack has marks for, from the outermost.
const MARKS: [(Style, char); 4] = [(Style::BOLD, '*'), (Style::ITALIC, '_'), (Style::STRIKE, '~'), (Style::CODE, '`')];

/// The characters that are escaped.
const ESCAPES: [(&str, char); 3] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];

/// Stands for a character that is not known: it may be anything that makes a mark of its neighbour.
const UNKNOWN: char = '\0';

/// What is known of the place that a text is written at.
#[derive(Clone, Copy)]
struct Place {
    /// Whether it begins a line.
    begins_line: bool,
    /// What stands before it.
    before: Option<char>,
    /// What stands after it.
    after: Option<char>,
    /// Whether it stands between marks, which any of its own could end.
    is_marked: bool,
    /// What becomes of addresses in it.
    addresses: Addresses,
}

/// What becomes of an address in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Addresses {
    /// It is put between `<` and `>` where Slack might not see its end.
    Wrapped,
    /// It stays as it is.
    Bare,
    /// It is text: there is a link around it.
    Text,
}

impl Place {
    /// Whether Slack sees where an address ends that this follows.
    fn bounds(self, tail: &str) -> bool {
        let is_last = tail.trim_start_matches(url::SENTENCE).is_empty();
        let is_open = self.is_marked || self.after.is_some_and(|after| !after.is_whitespace());
        url::is_bounded(tail) && !(is_last && is_open)
    }
}

/// Writes lines.
pub(super) fn write(lines: &[Line<'_>]) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match line {
            Line::Code(_, code) => write_code(&mut out, code),
            Line::Text(is_quoted, spans) => {
                out.push_str(if *is_quoted { "> " } else { "" });
                write_spans(&mut out, spans);
            }
        }
    }
    out
}

/// A value that shows as it is wherever in a text it stands.
pub(super) fn escaped(value: &str) -> Cow<'_, str> {
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

/// A link around a label that is written already.
pub(super) fn linked(address: &str, label: &str) -> String {
    format!("<{}|{label}>", entities(&url::encoded(address, &[], &[])))
}

/// A line in bold that is written already.
pub(super) fn bold(line: &str) -> String {
    let space = |is_needed: bool| if is_needed { "\u{200b}" } else { "" };
    format!("*{}{line}{}*", space(line.starts_with(WORD_JOINER)), space(line.ends_with(WORD_JOINER)))
}

/// A value of one line as code.
pub(super) fn code(value: &str) -> String {
    if value.contains(['`', '｀']) { escaped(value).into_owned() } else { format!("`{}`", entities(value)) }
}

/// What is seen of a text that was written here: labels of links, no marks, no escapes.
pub(super) fn unmarked(text: &str) -> String {
    let (mut out, mut before, mut rest) = (String::with_capacity(text.len()), None, text);
    // How long the rest was where the last address ended.
    let mut address_end = text.len();
    while let Some(c) = rest.chars().next() {
        if rest.len() <= address_end {
            address_end = rest.len() - url::length(rest).unwrap_or_default();
        }
        let tail = &rest[c.len_utf8()..];
        let after = tail.chars().next();
        let is_joined = [before, after].contains(&Some(WORD_JOINER));
        let escape = ESCAPES.into_iter().find(|(escape, _)| rest.starts_with(escape));
        let link = if c == '<' { tail.split_once('>') } else { None };
        rest = match (escape, link) {
            (Some((escape, c)), _) => {
                out.push(c);
                &rest[escape.len()..]
            }
            (_, Some((inner, tail))) => {
                out.push_str(&unmarked(inner.split_once('|').map_or(inner, |(_, label)| label)));
                tail
            }
            _ => {
                let is_mark = is_mark(c) && !is_joined && may_mark(c, before, after);
                let is_seen = !is_mark || rest.len() > address_end;
                out.extend(Some(c).filter(|c| is_seen && *c != WORD_JOINER && *c != ZERO_WIDTH_SPACE));
                tail
            }
        };
        before = Some(c);
    }
    out
}

/// Whether a character can be a mark.
const fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '`' | '＊' | '＿' | '～' | '｀')
}

/// Whether Slack surely takes a character for the edge of a word.
const fn is_edge(c: char) -> bool {
    c == ZERO_WIDTH_SPACE || c == ' ' || (c.is_ascii_punctuation() && !is_mark(c))
}

/// The text with `&`, `<` and `>` escaped.
fn entities(text: &str) -> String {
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

/// Writes code on lines of its own.
fn write_code(out: &mut String, code: &str) {
    let code = code.trim_matches(ends_line);
    if code.trim().is_empty() {
        return;
    }
    // A fence within would end it.
    let mut inner = entities(code).replace("``", &format!("`{ZERO_WIDTH_SPACE}`"));
    inner = inner.replace("``", &format!("`{ZERO_WIDTH_SPACE}`"));
    out.push_str(&format!("```\n{inner}\n```"));
}

/// Writes the characters of a line.
fn write_spans(out: &mut String, spans: &[Span<'_>]) {
    let (mut begins_line, mut before) = (true, None);
    for (at, span) in spans.iter().enumerate() {
        let next = spans.get(at + 1);
        let after = next.map(|next| if marks(next).next().is_some() { '*' } else { first_of(next) });
        if span.is_bare() || (span.link.is_none() && marks(span).next().is_none()) {
            let place = Place { begins_line, before, after, is_marked: false, addresses: Addresses::Wrapped };
            write_text(out, span.text, place);
        } else {
            write_marked(out, span, before, after);
        }
        begins_line &= span.text.chars().all(is_gap);
        before = out.chars().next_back();
    }
}

/// The marks of some characters. Code with a backtick in it cannot be marked as such.
fn marks(span: &Span<'_>) -> impl DoubleEndedIterator<Item = char> + Clone {
    let style = if span.text.contains(['`', '｀']) { span.style.without(Style::CODE) } else { span.style };
    MARKS.into_iter().filter(move |(known, _)| style.has(*known)).map(|(_, mark)| mark)
}

/// What is written first of some characters without marks.
fn first_of(span: &Span<'_>) -> char {
    if span.link.is_some() { '<' } else { span.text.chars().next().unwrap_or(UNKNOWN) }
}

/// Writes characters that are set apart. Within a word, a zero-width space on both sides makes marks of them; so does one
/// between a mark and a word joiner.
fn write_marked(out: &mut String, span: &Span<'_>, before: Option<char>, after: Option<char>) {
    let mut inner = String::new();
    match span.link {
        Some(target) => {
            let scheme = if matches!(target, Target::Mail(_)) { "mailto:" } else { "" };
            inner.push_str(&format!("<{scheme}{}|", entities(&url::encoded(target.shown(), &[], &[]))));
            write_inner(&mut inner, span, Addresses::Text);
            inner.push('>');
        }
        None => write_inner(&mut inner, span, Addresses::Wrapped),
    }
    let marks = marks(span);
    if marks.clone().next().is_none() {
        out.push_str(&inner);
        return;
    }
    let is_in_word = |neighbour: Option<char>| neighbour.is_some_and(|c| !is_edge(c));
    let space = |is_needed: bool| is_needed.then_some(ZERO_WIDTH_SPACE);
    let (begins, ends) = (is_in_word(before), is_in_word(after));
    out.extend(space(begins));
    out.extend(marks.clone());
    out.extend(space(begins || inner.starts_with(WORD_JOINER)));
    out.push_str(&inner);
    out.extend(space(ends || inner.ends_with(WORD_JOINER)));
    out.extend(marks.rev());
    out.extend(space(ends));
}

/// Writes what stands between marks, or as the label of a link.
fn write_inner(out: &mut String, span: &Span<'_>, addresses: Addresses) {
    let is_code = marks(span).any(|mark| mark == '`');
    if is_code && span.link.is_none() {
        out.push_str(&entities(span.text));
        return;
    }
    // Slack does not say whether it reads marks in a label that is code.
    let is_marked = marks(span).any(|mark| mark != '`');
    let place = Place { begins_line: false, before: None, after: None, is_marked, addresses };
    write_text(out, span.text, place);
}

/// Writes text, with a word joiner beside what might be read as a mark.
fn write_text(out: &mut String, text: &str, place: Place) {
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
        // An address may be put between `<` and `>`.
        let after = if url::length(tail).is_some() {
            Some(UNKNOWN)
        } else {
            tail.chars().next().filter(|c| !ends_line(*c)).or(place.after)
        };
        match c {
            '>' | '＞' if begins_line => {
                join(out);
                push_entity(out, c);
            }
            _ if is_mark(c) && (place.is_marked || may_mark(c, before, after)) => {
                join(out);
                out.push(c);
                out.push(WORD_JOINER);
            }
            _ if ends_line(c) => out.push('\n'),
            _ => push_entity(out, c),
        }
        begins_line = ends_line(c) || (begins_line && is_gap(c));
        before = if ends_line(c) { place.before } else { Some(c) };
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
fn may_mark(mark: char, before: Option<char>, after: Option<char>) -> bool {
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    let is_shown = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    matches!(mark, '`' | '｀') || (is_end(before) && is_shown(after)) || (is_end(after) && is_shown(before))
}
