//! Slack's mrkdwn.
//!
//! `&`, `<` and `>` are escaped. For everything else Slack knows no escape, but it reads marks only at the edges of words:
//! a character that it might read as one has a word joiner on both sides. Names of emoji between colons stay, which Slack
//! shows as emoji. There is no underlining and no spoiler.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text; that `&gt;` begins a quotation too, that the full-width
//! forms are marks, and that a zero-width space makes the edge of a word: the documentation of jsx-slack; beside what marks
//! begin and end: slack-message-parser.

mod text;
mod unmarked;

use self::text::{Addresses, Place, UNKNOWN, entities, write_text};
use super::lines::{self, Line, Span, ends_line, is_gap};
use super::read::Style;
use super::url::{self, Target};
use super::{WORD_JOINER, ZERO_WIDTH_SPACE};

pub(super) use self::text::escaped;
pub(super) use self::unmarked::unmarked;

/// The styles that Slack has marks for, from the outermost, each with its full-width form.
const MARKS: [(Style, [char; 2]); 4] = [
    (Style::BOLD, ['*', '＊']),
    (Style::ITALIC, ['_', '＿']),
    (Style::STRIKE, ['~', '～']),
    (Style::CODE, ['`', '｀']),
];

/// Characters beside which a mark surely begins, and those beside which it surely ends: Slack does not list them.
const EDGES: (&[char], &[char]) = (
    &[' ', '.', ',', '(', '[', '{', '!', '?', '-', '=', ZERO_WIDTH_SPACE],
    &[' ', '.', ',', ')', ']', '}', '!', '?', '-', '=', ZERO_WIDTH_SPACE],
);

/// Writes lines.
pub(super) fn write(lines: &[Line<'_>]) -> String {
    lines::write(lines, "> ", |_, code| code_block(code), write_spans)
}

/// A link around a label that is written already.
pub(super) fn linked(address: &str, label: &str) -> String {
    format!("<{}|{label}>", entities(&url::encoded(address, &[], &[])))
}

/// A line in bold that is written already; one that holds a mark of bold text stays as it is.
pub(super) fn bold(line: &str) -> String {
    if line.contains(['*', '＊']) {
        return line.to_owned();
    }
    let space = |is_needed: bool| is_needed.then_some(ZERO_WIDTH_SPACE);
    let (begin, end) = (space(line.starts_with(WORD_JOINER)), space(line.ends_with(WORD_JOINER)));
    ['*'].into_iter().chain(begin).chain(line.chars()).chain(end).chain(['*']).collect()
}

/// A value of one line as code.
pub(super) fn code(value: &str) -> String {
    let value = value.trim_matches(is_gap);
    if value.contains(['`', '｀']) { escaped(value).into_owned() } else { format!("`{}`", entities(value)) }
}

/// Code on lines of its own.
fn code_block(code: &str) -> String {
    format!("```\n{}\n```", lines::without_fences(&entities(code.trim_matches(ends_line))))
}

/// Writes the characters of a line.
fn write_spans(out: &mut String, spans: &[Span<'_>]) {
    let (mut begins_line, mut before) = (true, None);
    for (at, span) in spans.iter().enumerate() {
        let next = spans.get(at + 1);
        let after = next.map(|next| if marks(next).next().is_some() { '*' } else { first_of(next) });
        if span.link.is_none() && marks(span).next().is_none() {
            let place = Place { begins_line, before, after, is_marked: false, addresses: Addresses::Wrapped };
            write_text(out, span.text, place);
        } else {
            write_marked(out, span, before, after);
        }
        begins_line &= span.text.chars().all(is_gap);
        before = out.chars().next_back();
    }
}

/// The marks around some characters. What holds a mark cannot be set apart by it: the first one within would end it. The
/// label of a link is marked as code within the link.
fn marks(span: &Span<'_>) -> impl DoubleEndedIterator<Item = char> + Clone {
    let is_link = span.link.is_some();
    all_marks(span).filter(move |mark| *mark != '`' || !is_link)
}

/// The marks of some characters, within a link or around it.
fn all_marks(span: &Span<'_>) -> impl DoubleEndedIterator<Item = char> + Clone {
    let Span { text, style, link } = *span;
    // Of an address, `*` and backticks are percent-encoded.
    let leads = move |mark: char| matches!(mark, '_' | '~') && link.is_some_and(|to| to.shown().contains(mark));
    let is_held = move |marks: [char; 2]| text.contains(marks) || leads(marks[0]);
    let marks = MARKS.into_iter().filter(move |(known, _)| style.has(*known));
    marks.map(|(_, marks)| marks).filter(move |marks| !is_held(*marks)).map(|[mark, _]| mark)
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
            let code = if is_code(span) { "`" } else { "" };
            inner.push_str(code);
            write_inner(&mut inner, span, Addresses::Text);
            inner.push_str(code);
            inner.push('>');
        }
        None => write_inner(&mut inner, span, Addresses::Wrapped),
    }
    let marks = marks(span);
    if marks.clone().next().is_none() {
        out.push_str(&inner);
        return;
    }
    let is_in_word = |neighbour: Option<char>, edges: &[char]| neighbour.is_some_and(|c| !edges.contains(&c));
    let space = |is_needed: bool| is_needed.then_some(ZERO_WIDTH_SPACE);
    // `*name*:` is what everybody writes.
    let is_name = after == Some(':') && marks.clone().all(|mark| mark == '*');
    let (begins, ends) = (is_in_word(before, EDGES.0), is_in_word(after, EDGES.1) && !is_name);
    out.extend(space(begins));
    out.extend(marks.clone());
    out.extend(space(begins || inner.starts_with(WORD_JOINER)));
    out.push_str(&inner);
    out.extend(space(ends || inner.ends_with(WORD_JOINER)));
    out.extend(marks.rev());
    out.extend(space(ends));
}

/// Whether some characters are marked as code.
fn is_code(span: &Span<'_>) -> bool {
    all_marks(span).any(|mark| mark == '`')
}

/// Writes what stands between marks, or as the label of a link.
fn write_inner(out: &mut String, span: &Span<'_>, addresses: Addresses) {
    if is_code(span) {
        out.push_str(&entities(span.text));
        return;
    }
    let is_marked = all_marks(span).next().is_some();
    let place = Place { begins_line: true, before: None, after: None, is_marked, addresses };
    write_text(out, span.text, place);
}
