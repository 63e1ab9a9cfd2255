//! Marks that are open where a text is cut.

use super::super::Markup;
use super::super::lines::ends_line;

/// The marks of Slack.
const OF_SLACK: [&str; 4] = ["*", "_", "~", "`"];

/// The marks of Discord, those first that begin with others.
const OF_DISCORD: [&str; 8] = ["**", "__", "~~", "||", "``", "*", "_", "`"];

/// How far behind a cut the end of a mark is looked for, in bytes.
const LONGEST_MARKED: usize = 2_048;

/// The marks that are open at a cut, from the outermost, where `open` are those that are open at the beginning.
///
/// A mark ends in its line. One that is never closed is text.
pub(super) fn open_at(text: &str, cut: usize, markup: Markup, open: &[&'static str]) -> Vec<&'static str> {
    let marks = if markup == Markup::Markdown { &OF_DISCORD[..] } else { &OF_SLACK };
    let (mut open, mut before, mut at) = (open.to_vec(), None, 0);
    while let Some(c) = text[at..cut].chars().next() {
        let rest = &text[at..];
        let mark = marks.iter().copied().find(|mark| rest.starts_with(mark));
        let mut length = c.len_utf8();
        match mark {
            _ if ends_line(c) => open.clear(),
            Some(mark) => {
                length = mark.len();
                turn(&mut open, mark, before, rest[length..].chars().next());
            }
            None if c == '\\' && markup == Markup::Markdown => {
                length += rest[1..].chars().next().map_or(0, char::len_utf8);
            }
            None => {}
        }
        before = text[at..].get(..length).and_then(|taken| taken.chars().next_back());
        at += length;
        if at >= cut {
            break;
        }
    }
    let behind = &text[cut..];
    let behind = &behind[..behind.floor_char_boundary(LONGEST_MARKED)];
    let line = behind.split(ends_line).next().unwrap_or_default();
    open.retain(|mark| line.contains(mark));
    open
}

/// Takes a mark into account that stands between two characters.
fn turn(open: &mut Vec<&'static str>, mark: &'static str, before: Option<char>, after: Option<char>) {
    let is_shown = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let is_code = open.last().is_some_and(|last| last.starts_with('`'));
    // In code nothing but its end is read.
    if is_code && open.last() != Some(&mark) {
        return;
    }
    match open.iter().position(|known| *known == mark) {
        Some(known) if is_shown(before) => open.truncate(known),
        None if is_shown(after) && !(is_word(before) && is_word(after)) => open.push(mark),
        _ => {}
    }
}
