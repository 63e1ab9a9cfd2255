//! Discord's Markdown.
//!
//! Discord's client reads with rules of its own, grown from the library simple-markdown: a backslash before a mark takes it
//! as a character, `__` underlines, `||` hides, and there are headings, small print, lists and quotations at the beginning
//! of lines. It looks for the end of a mark before it looks what is within, so no address and no code that holds a mark may
//! stand between marks. Names of emoji between colons stay.
//!
//! Source: support.discord.com/hc/articles/210298617; discord.com/developers/docs/reference#message-formatting; the rules of
//! github.com/ariabuckles/simple-markdown as github.com/brussell98/discord-markdown adapts them.

mod text;
mod unmarked;

use self::text::{DOUBLED, Place, address_of, write_text};
use super::ZERO_WIDTH_SPACE;
use super::lines::{self, Line, Span, ends_line, is_gap};
use super::read::Style;
use super::url::{self, Target};

pub(super) use self::text::escaped;
pub(super) use self::unmarked::unmarked;

/// The styles that Discord has marks for, from the outermost; code has its own.
const MARKS: [(Style, &str); 5] = [
    (Style::SPOILER, "||"),
    (Style::BOLD, "**"),
    (Style::UNDERLINE, "__"),
    (Style::STRIKE, "~~"),
    (Style::ITALIC, "*"),
];

/// Writes lines.
pub(super) fn write(lines: &[Line<'_>]) -> String {
    lines::write(lines, "> ", code_block, write_spans)
}

/// A value of one line as code.
pub(super) fn code(value: &str) -> String {
    let span = Span { text: value, style: Style::CODE, link: None };
    code_marks(&span).map_or_else(|| escaped(value).into_owned(), |mark| format!("{mark}{}{mark}", without_ends(value)))
}

/// A link around a label that is written already.
pub(super) fn linked(address: &str, label: &str) -> String {
    if !fits_label(label) {
        return format!("{label} (<{}>)", address_of(address));
    }
    format!("[{label}](<{}>)", address_of(address))
}

/// Code on lines of its own.
fn code_block(language: &str, code: &str) -> String {
    let is_known = language.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let language = if is_known { language } else { "" };
    format!("```{language}\n{}\n```", without_ends(&lines::without_fences(code.trim_matches(ends_line))))
}

/// Code with a zero-width space in each `](` whose bracket was not opened there: Discord might take it for the end of a link
/// that began before the code.
fn without_ends(code: &str) -> String {
    let (mut out, mut depth, mut before) = (String::with_capacity(code.len()), 0usize, None);
    for c in code.chars() {
        out.extend((c == '(' && before == Some((']', 0))).then_some(ZERO_WIDTH_SPACE));
        out.push(c);
        before = Some((c, depth));
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    out
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
        Some(mark) => inner = format!("{mark}{}{mark}", without_ends(span.text)),
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
