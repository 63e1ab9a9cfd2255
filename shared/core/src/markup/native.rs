//! Texts that somebody wrote in the markup of their sink.

mod marks;

use super::lines::ends_line;
use super::{Length, Markup};
use crate::telegram::{part_length, shows_nothing};

/// What begins and ends code on lines of its own.
pub(super) const FENCE: &str = "```";

/// The most bytes that marks within each other take, each of Discord's once.
const MOST_MARKS: usize = 13;

/// How far around a cut the ends of a link are looked for, in bytes.
const LONGEST_LINK: usize = 2_048;

/// The length of the longest escaped character, `&amp;`, in bytes.
const LONGEST_ESCAPE: usize = 5;

/// Cuts a text into parts. Marks and code that are open at a cut are closed and opened again; no link and no escape is cut.
pub(super) fn parts(text: &str, markup: Markup, length: Length) -> Vec<String> {
    let (mut parts, mut rest, mut is_code) = (Vec::new(), text, false);
    let mut open: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        let begin = if is_code { FENCE.len() + 1 } else { open.concat().len() };
        // Each part has room for a fence on a line of its own.
        let room = Length { most: length.most - begin - FENCE.len() - 1, ..length };
        // No unit is longer than four bytes.
        let is_whole = rest.len() <= 4 * length.most && length.of(rest) + begin <= length.most;
        let mut end = if is_whole { rest.len() } else { part_end(rest, markup, room, is_code) };
        let mut marks = open_behind(rest, end, markup, is_code, &open);
        if marks.concat().len() > FENCE.len() + 1 {
            let most = room.most + FENCE.len() + 1 - MOST_MARKS;
            end = part_end(rest, markup, Length { most, ..room }, is_code);
            marks = open_behind(rest, end, markup, is_code, &open);
        }
        let (part, after) = rest.split_at(end);
        let opens = part.matches(FENCE).count() % 2 == 1;
        let was_code = is_code;
        is_code = was_code != opens;
        if !shows_nothing(part) {
            // Marks neither begin before space nor end behind it.
            let (before, shown) = part.split_at(part.len() - part.trim_start().len());
            let (shown, behind) = shown.split_at(shown.trim_end().len());
            let close = marks.iter().rev().copied().collect::<String>();
            parts.push(match (was_code, is_code && !after.is_empty(), part.ends_with('\n')) {
                (true, false, _) => format!("{FENCE}\n{part}"),
                (was_code, true, ends_line) => {
                    let (begin, end) = (if was_code { "```\n" } else { "" }, if ends_line { "" } else { "\n" });
                    format!("{begin}{part}{end}{FENCE}")
                }
                (false, false, _) => format!("{before}{}{shown}{close}{behind}", open.concat()),
            });
        }
        (rest, open) = (after, marks);
    }
    parts
}

/// The marks that are to be closed at a cut and opened again behind it.
fn open_behind(text: &str, cut: usize, markup: Markup, is_code: bool, open: &[&'static str]) -> Vec<&'static str> {
    let has_fence = is_code || text[..cut].contains(FENCE);
    if has_fence { Vec::new() } else { marks::open_at(text, cut, markup, open) }
}

/// Where the first part of a text ends.
fn part_end(text: &str, markup: Markup, room: Length, is_code: bool) -> usize {
    let mut limit = room.most;
    let mut end = part_length(text, limit);
    while !room.fits(&text[..end]) && limit > 2 {
        limit = (limit.saturating_mul(room.most) / room.of(&text[..end])).clamp(2, limit - 1);
        end = part_length(text, limit);
    }
    let within = if is_code { None } else { begin_of_link(text, end, markup) };
    let begin = within.or_else(|| begin_of_escape(text, end, markup)).or_else(|| begin_of_fence(text, end));
    begin.filter(|begin| *begin > 0).unwrap_or(end)
}

/// Where the link begins that a cut would part.
fn begin_of_link(text: &str, cut: usize, markup: Markup) -> Option<usize> {
    let near = text[..cut].char_indices().rev().take(LONGEST_LINK).take_while(|(_, c)| !ends_line(*c));
    let line = &text[near.last().map_or(cut, |(at, _)| at)..];
    let cut_in_line = cut - (text.len() - line.len());
    let ahead: usize =
        line[cut_in_line..].chars().take(LONGEST_LINK).take_while(|c| !ends_line(*c)).map(char::len_utf8).sum();
    let line_text = &line[..cut_in_line + ahead];
    let pair = |open: char, close: &str| {
        let begin = line_text[..cut_in_line].rfind(open)?;
        let end = begin + line_text[begin..].find(close)? + close.len();
        (end > cut_in_line).then_some(begin)
    };
    let masked = || {
        let begin = line_text[..cut_in_line].rfind('[')?;
        let turn = begin + line_text[begin..].find("](")?;
        let end = turn + line_text[turn..].find(')')? + 1;
        (end > cut_in_line).then_some(begin)
    };
    let begin = if markup == Markup::Markdown { masked().or_else(|| pair('<', ">")) } else { pair('<', ">") };
    begin.map(|begin| text.len() - line.len() + begin)
}

/// Where the escaped character begins that a cut would part.
fn begin_of_escape(text: &str, cut: usize, markup: Markup) -> Option<usize> {
    if markup == Markup::Markdown {
        let slashes = text[..cut].bytes().rev().take_while(|byte| *byte == b'\\').count();
        return (slashes % 2 == 1).then(|| cut - 1);
    }
    let from = text.floor_char_boundary(cut.saturating_sub(LONGEST_ESCAPE));
    let begin = from + text[from..cut].rfind('&')?;
    let end = begin + text[begin..].bytes().take(LONGEST_ESCAPE).position(|byte| byte == b';')?;
    (end >= cut).then_some(begin)
}

/// Where the backticks begin that a cut would part.
fn begin_of_fence(text: &str, cut: usize) -> Option<usize> {
    let before = text[..cut].bytes().rev().take_while(|byte| *byte == b'`').count();
    (before > 0 && text[cut..].starts_with('`')).then(|| cut - before)
}

/// The lines of a text, whatever ends them.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    // What follows a carriage return is no line of its own if it is the other half of a line break.
    text.split_inclusive(ends_line)
        .scan(false, |after_return, line| {
            let is_half = std::mem::replace(after_return, line.ends_with('\r')) && line == "\n";
            Some((!is_half).then_some(line.trim_end_matches(ends_line)))
        })
        .flatten()
}

/// Each line of a text made into another, without the space around it; blank lines stay.
pub(super) fn each_line(text: &str, make: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (at, line) in lines_of(text).enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let inner = line.trim();
        if shows_nothing(inner) {
            out.push_str(line);
            continue;
        }
        let (before, rest) = line.split_at(line.len() - line.trim_start().len());
        out.push_str(before);
        out.push_str(&make(inner));
        out.push_str(&rest[inner.len()..]);
    }
    out
}
