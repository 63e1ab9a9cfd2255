//! Discord's Markdown.
//!
//! Discord's client reads with rules of its own, grown from the library simple-markdown: a backslash before a mark takes it
//! as a character, `__` underlines, `||` hides, and there are headings, small print, lists and quotations at the beginning
//! of lines. It looks for the end of a mark before it looks what is within, so no address and no code that holds a mark may
//! stand between marks. Names of emoji between colons stay.
//!
//! Source: support.discord.com/hc/articles/210298617; discord.com/developers/docs/reference#message-formatting; the rules of
//! github.com/ariabuckles/simple-markdown as github.com/brussell98/discord-markdown adapts them.

use std::borrow::Cow;

use super::ZERO_WIDTH_SPACE;
use super::lines::{Line, Span, ends_line, is_gap};
use super::read::Style;
use super::url::{self, Target};

/// The styles that Discord has marks for, from the outermost; code has its own.
const MARKS: [(Style, &str); 5] = [
    (Style::SPOILER, "||"),
    (Style::BOLD, "**"),
    (Style::UNDERLINE, "__"),
    (Style::STRIKE, "~~"),
    (Style::ITALIC, "*"),
];

/// Marks of which two make one.
const DOUBLED: [char; 3] = ['_', '~', '|'];

/// What is known of the place that a text is written at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A line or what is left of one; whether it begins the line, and whether what follows is space or nothing.
    Line { begins: bool, ends: bool },
    /// Between marks.
    Marked,
    /// The label of a link.
    Label,
    /// Anywhere.
    Value,
}

/// Writes lines.
pub(super) fn write(lines: &[Line<'_>]) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match line {
            Line::Code(language, code) => write_code(&mut out, language, code),
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

/// A value of one line as code.
pub(super) fn code(value: &str) -> String {
    let span = Span { text: value, style: Style::CODE, link: None };
    code_marks(&span).map_or_else(|| escaped(value).into_owned(), |mark| format!("{mark}{value}{mark}"))
}

/// What is seen of a text that was written here: labels of links, no marks, no escapes.
pub(super) fn unmarked(text: &str) -> String {
    let (mut out, mut rest, mut fence) = (String::with_capacity(text.len()), text, "");
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        if !fence.is_empty() || c == '`' {
            let run = &rest[..rest.len() - rest.trim_start_matches('`').len()];
            match (run, fence) {
                ("", _) => out.push(c),
                (_, "") => fence = run,
                _ if run == fence => fence = "",
                _ => out.push_str(run),
            }
            rest = if run.is_empty() { tail } else { &rest[run.len()..] };
            continue;
        }
        rest = match (c, tail.chars().next()) {
            ('\\', Some(escaped)) if !escaped.is_ascii_alphanumeric() && !escaped.is_whitespace() => {
                out.push(escaped);
                &tail[escaped.len_utf8()..]
            }
            ('<', _) => {
                let (address, tail) = tail.split_once('>').unwrap_or((tail, ""));
                out.push_str(address);
                tail
            }
            (']', Some('(')) => tail.split_once(">)").map_or("", |(_, tail)| tail),
            ('~' | '|', after) if after != Some(c) => {
                out.push(c);
                tail
            }
            ('~' | '|', _) => &tail[1..],
            ('*' | '_' | '[' | ZERO_WIDTH_SPACE, _) => tail,
            _ => {
                out.push(c);
                tail
            }
        };
    }
    out
}

/// A link around a label that is written already.
pub(super) fn linked(address: &str, label: &str) -> String {
    if !fits_label(label) {
        return format!("{label} (<{}>)", address_of(address));
    }
    format!("[{label}](<{}>)", address_of(address))
}

/// An address as it may stand between marks and brackets.
fn address_of(address: &str) -> String {
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

/// Writes code on lines of its own.
fn write_code(out: &mut String, language: &str, code: &str) {
    let code = code.trim_matches(ends_line);
    if code.trim().is_empty() {
        return;
    }
    let is_known = language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    // A fence within would end it.
    let inner = code.replace("``", &format!("`{ZERO_WIDTH_SPACE}`"));
    let inner = inner.replace("``", &format!("`{ZERO_WIDTH_SPACE}`"));
    out.push_str(&format!("```{}\n{inner}\n```", if is_known { language } else { "" }));
}

/// Writes the characters of a line.
fn write_spans(out: &mut String, spans: &[Span<'_>]) {
    let (mut begins, mut is_after_mark) = (true, false);
    for (at, span) in spans.iter().enumerate() {
        let code = code_marks(span);
        let marks = marks(span, code.is_some());
        let is_marked = code.is_some() || span.link.is_some() || marks.clone().next().is_some();
        if !is_marked {
            let next = spans.get(at + 1);
            let ends = next.is_none_or(|next| next.is_bare() && next.text.starts_with(char::is_whitespace));
            write_text(out, span.text, Place::Line { begins, ends });
        } else {
            // Marks that touch would be read as one.
            out.extend(is_after_mark.then_some(ZERO_WIDTH_SPACE));
            marks.clone().for_each(|mark| out.push_str(mark));
            write_marked(out, span, code);
            // Where these begin a mark, Discord does not heed the backslash before them.
            out.extend(out.ends_with(['~', '|']).then_some(ZERO_WIDTH_SPACE));
            marks.rev().for_each(|mark| out.push_str(mark));
        }
        begins &= span.text.chars().all(is_gap);
        is_after_mark = is_marked;
    }
}

/// The marks of some characters: around code with a mark in it there can be none.
fn marks(span: &Span<'_>, is_code: bool) -> impl DoubleEndedIterator<Item = &'static str> + Clone + use<> {
    let style = if is_code && span.text.contains(['*', '_', '~', '|', '`']) { Style::default() } else { span.style };
    MARKS.into_iter().filter(move |(known, _)| style.has(*known)).map(|(_, mark)| mark)
}

/// The marks of code, more backticks than it has in a row; `None` where it is no code, or cannot be marked as such.
fn code_marks(span: &Span<'_>) -> Option<&'static str> {
    let is_edged = span.text.starts_with('`') || span.text.ends_with('`');
    if !span.style.has(Style::CODE) || is_edged {
        return None;
    }
    let has = |count| span.text.split(|c| c != '`').any(|run| run.len() == count);
    [(1, "`"), (2, "``")].into_iter().find(|(count, _)| !has(*count)).map(|(_, mark)| mark)
}

/// Writes what stands between marks.
fn write_marked(out: &mut String, span: &Span<'_>, code: Option<&'static str>) {
    let mut inner = String::new();
    match code {
        Some(mark) => inner = format!("{mark}{}{mark}", span.text),
        // Discord takes no label with an address in it, so it stands before the link.
        None if matches!(span.link, Some(Target::Web(_))) && !span.text.contains("://") => {
            write_text(&mut inner, span.text, Place::Label);
        }
        None => write_text(&mut inner, span.text, Place::Marked),
    }
    match span.link {
        Some(Target::Web(address)) if span.text == address => {
            out.push_str(&format!("<{}>", url::encoded(address, &[], &DOUBLED)));
        }
        Some(Target::Web(address)) => out.push_str(&linked(address, &inner)),
        Some(Target::Mail(address)) if !span.text.contains(address) => {
            out.push_str(&inner);
            out.push_str(" (");
            write_text(out, address, Place::Marked);
            out.push(')');
        }
        _ => out.push_str(&inner),
    }
}

/// Whether Discord takes a text for the label of a link: its brackets are in pairs within no others, and no address is in it.
fn fits_label(label: &str) -> bool {
    let mut is_open = false;
    let is_paired = label.chars().all(|c| match c {
        '[' => !std::mem::replace(&mut is_open, true),
        ']' => std::mem::replace(&mut is_open, false),
        _ => true,
    });
    is_paired && !is_open && !label.contains("://") && !label.contains(":\\//")
}

/// Writes text, with a backslash before what might be read as markup.
fn write_text(out: &mut String, text: &str, place: Place) {
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
        Place::Line { .. } if is_bounded => out.push_str(address),
        Place::Value if is_bounded => out.push_str(&url::encoded(address, &[], &DOUBLED)),
        _ => out.push_str(&format!("<{}>", url::encoded(address, &[], &DOUBLED))),
    }
}
