//! Cutting long texts into messages.

use std::ops::Range;

use super::characters::{is_blank, is_boundary, shows_nothing};
use super::html::{self, Mark, Parsed, Tag};

/// The shortest limit that can be kept: a character may take two units.
const SHORTEST_LIMIT: usize = 2;

/// How far back from the limit a cut looks for the end of a character made of several code points.
const LONGEST_CLUSTER: usize = 64;

/// Cuts HTML into parts of at most `limit_units` seen UTF-16 units, each of them valid on its own.
///
/// A cut comes after a line break where it can, else after a space, else between two characters. Tags open at a cut are
/// closed and opened again. The parts show what the whole showed, except that a part of nothing but space is left out.
/// HTML that Telegram would refuse is cut as the text it shows.
pub fn split(html: &str, limit_units: usize) -> Vec<String> {
    match html::parse(html) {
        Ok(parsed) => split_parsed(&parsed, limit_units),
        Err(_) => {
            let parts = split_plain(&html::plain(html), limit_units);
            parts.iter().map(|part| html::escape(part).into_owned()).collect()
        }
    }
}

/// Cuts a plain text into parts of at most `limit_units` UTF-16 units, as [`split`] does.
pub fn split_plain(text: &str, limit_units: usize) -> Vec<String> {
    ranges(text, limit_units).map(|range| text[range].to_owned()).collect()
}

/// Writes the HTML of each part.
fn split_parsed(parsed: &Parsed<'_>, limit_units: usize) -> Vec<String> {
    let mut marks = parsed.tags.as_slice();
    let mut open = Vec::new();
    let mut html = Vec::new();
    for range in ranges(&parsed.text, limit_units) {
        // The tags of a part that was left out still open and close.
        while let Some((mark, rest)) = marks.split_first().filter(|(mark, _)| is_before(mark, range.start)) {
            apply(mark, &mut open);
            marks = rest;
        }
        html.push(write_part(&parsed.text, range, &mut marks, &mut open));
    }
    html
}

/// Whether a mark belongs to what ends at this place.
fn is_before(mark: &Mark<'_>, place: usize) -> bool {
    mark.at < place || (mark.at == place && matches!(mark.tag, Tag::Close { .. }))
}

/// Writes one part, moving past the marks that belong to it.
fn write_part<'a>(
    text: &str,
    range: Range<usize>,
    marks: &mut &[Mark<'a>],
    open: &mut Vec<(&'static str, &'a str)>,
) -> String {
    let mut out: String = open.iter().map(|(_, source)| *source).collect();
    let mut at = range.start;
    while let Some((mark, rest)) = marks.split_first() {
        if !is_before(mark, range.end) && range.end < text.len() {
            break;
        }
        out.push_str(&html::escape(&text[at..mark.at]));
        at = mark.at;
        match &mark.tag {
            Tag::Open { source, .. } => out.push_str(source),
            Tag::Close { name } => close(&mut out, name),
        }
        apply(mark, open);
        *marks = rest;
    }
    out.push_str(&html::escape(&text[at..range.end]));
    for (name, _) in open.iter().rev() {
        close(&mut out, name);
    }
    out
}

/// Writes a closing tag.
fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Keeps the list of open tags.
fn apply<'a>(mark: &Mark<'a>, open: &mut Vec<(&'static str, &'a str)>) {
    match mark.tag {
        Tag::Open { name, source } => open.push((name, source)),
        Tag::Close { .. } => {
            open.pop();
        }
    }
}

/// The byte ranges of the parts of a text that show something, each of at most `limit_units` UTF-16 units.
pub(crate) fn ranges(text: &str, limit_units: usize) -> impl Iterator<Item = Range<usize>> {
    let limit = limit_units.max(SHORTEST_LIMIT);
    let mut start = 0;
    let ranges = std::iter::from_fn(move || {
        let rest = &text[start..];
        let length = if rest.is_empty() { None } else { Some(part_length(rest, limit)) }?;
        start += length;
        Some(start - length..start)
    });
    ranges.filter(|range| !shows_nothing(&text[range.clone()]))
}

/// How many bytes of a text the first part takes, of at most `limit` UTF-16 units.
pub(crate) fn part_length(text: &str, limit: usize) -> usize {
    let mut units = 0;
    let fits = |c: char| {
        units += c.len_utf16();
        units <= limit
    };
    let Some(end) = char_end(text, fits) else {
        return text.len();
    };
    // A cut in the space at the front would waste a part.
    let front = text[..end].find(|c| !is_blank(c)).unwrap_or(end);
    let after = text[end..].chars().next();
    let line = if after == Some('\n') { Some(end) } else { text[..end].rfind('\n').map(|at| at + 1) };
    let space = if after.is_some_and(char::is_whitespace) { Some(end) } else { last_space(&text[..end]) };
    let useful = [line, space].map(|cut| cut.filter(|cut| *cut > front && is_boundary(text, *cut)));
    // A break in the first half would leave a short message, so a later space is better.
    let far = useful.into_iter().flatten().find(|cut| *cut > end / 2);
    far.or(useful[0]).or(useful[1]).unwrap_or_else(|| cluster_end(text, end, front))
}

/// Where the first character stands that does not fit; `None` where all fit.
fn char_end(text: &str, mut fits: impl FnMut(char) -> bool) -> Option<usize> {
    text.char_indices().find(|(_, c)| !fits(*c)).map(|(at, _)| at)
}

/// Where the text after the last space begins.
fn last_space(text: &str) -> Option<usize> {
    let (at, space) = text.char_indices().rfind(|(_, c)| c.is_whitespace() && *c != '\u{a0}' && *c != '\u{202f}')?;
    Some(at + space.len_utf8())
}

/// The last place between `front` and `end` that is not inside a character made of several code points.
fn cluster_end(text: &str, end: usize, front: usize) -> usize {
    let places = text[..end].char_indices().rev().map(|(at, _)| at).take(LONGEST_CLUSTER);
    std::iter::once(end).chain(places).find(|at| *at > front && is_boundary(text, *at)).unwrap_or(end)
}
