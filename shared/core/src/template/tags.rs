//! Finds HTML in a template that Telegram would refuse, so that it is refused when the hook is saved.
//!
//! Only what the template itself says is looked at, with a hole where an expression will write. What may come out right,
//! a tag that one branch opens and another closes, is left alone.

use super::BadTemplate;
use super::names::{next_opening, tokens};
use crate::telegram::html::{HOLE, WrittenTag};

/// Words that switch escaping off; tags may then come out of expressions.
const UNESCAPED: [&str; 2] = ["safe", "autoescape"];

/// Tags of the engine with an end of their own.
const BLOCKS: [&str; 8] = ["if", "for", "filter", "macro", "call", "autoescape", "with", "block"];

/// A template's own text, with [`HOLE`]s, and what stands between its parts.
#[derive(Default)]
pub(crate) struct Literal {
    /// The text.
    pub(crate) text: String,
    /// By where in the text they stand.
    turns: Vec<(usize, Turn)>,
    /// Whether expressions may write tags.
    is_unescaped: bool,
}

/// Where the way through a template parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// `if`, `for` and the like.
    Begin,
    /// `else`, `elif`.
    Else,
    /// `endif`, `endfor` and the like.
    End,
}

/// What is known of the tags on one stretch of the way.
#[derive(Default)]
struct Stretch {
    /// The tags that are open, and their lines.
    open: Vec<(&'static str, usize)>,
    /// Whether it opens or closes tags for others.
    is_unsure: bool,
}

/// Refuses a template for Telegram that has a tag which Telegram does not know, or that is surely not closed or not opened.
///
/// The template must compile.
pub fn check(source: &str) -> Result<(), BadTemplate> {
    let literal = Literal::of(source);
    let mut turns = literal.turns.iter().peekable();
    let (mut tags, mut way) = (Vec::new(), vec![Stretch::default()]);
    let mut is_sure = !literal.is_unescaped;
    let mut at = 0;
    while let Some(begin) = literal.text[at..].find('<').map(|found| at + found) {
        while let Some((_, turn)) = turns.next_if(|(place, _)| *place <= begin) {
            take(&mut way, *turn);
        }
        let line = line_at(&literal.text, begin);
        match WrittenTag::read(&literal.text[begin..]).map_err(|what| BadTemplate { line, what })? {
            WrittenTag::Known { name, closes, length } => {
                tags.push((name, closes, line));
                if is_sure {
                    walk(&mut way, name, closes, line)?;
                }
                at = begin + length;
            }
            WrittenTag::Unsure => {
                is_sure = false;
                at = begin + 1;
            }
        }
    }
    for (_, turn) in turns {
        take(&mut way, *turn);
    }
    if is_sure { check_pairs(&tags, way.first()) } else { Ok(()) }
}

/// Refuses tags that are left open at the end, or have no partner anywhere.
fn check_pairs(tags: &[(&'static str, bool, usize)], rest: Option<&Stretch>) -> Result<(), BadTemplate> {
    let left = rest.filter(|rest| !rest.is_unsure).and_then(|rest| rest.open.last());
    if let Some((name, line)) = left {
        return Err(unclosed(name, *line));
    }
    for (name, closes, line) in tags {
        if !tags.iter().any(|(other, other_closes, _)| other == name && other_closes != closes) {
            return Err(if *closes { unopened(name, *line) } else { unclosed(name, *line) });
        }
    }
    Ok(())
}

/// Takes a tag into account; refuses a closing tag that surely closes something else than what was opened last.
fn walk(way: &mut [Stretch], name: &'static str, closes: bool, line: usize) -> Result<(), BadTemplate> {
    let is_outermost = way.len() == 1;
    let Some(here) = way.last_mut() else {
        return Ok(());
    };
    if !closes {
        here.open.push((name, line));
        return Ok(());
    }
    match here.open.last() {
        Some((last, _)) if *last == name => {
            here.open.pop();
        }
        _ if here.is_unsure => {}
        Some((last, opened)) => {
            let what =
                format!("`</{name}>` stands where `</{last}>` should: `<{last}>` was opened last, on line {opened}");
            return Err(BadTemplate { line, what });
        }
        None if is_outermost => return Err(unopened(name, line)),
        None => here.is_unsure = true,
    }
    Ok(())
}

/// Takes a turn of the way: what a stretch leaves open makes those around it unsure.
fn take(way: &mut Vec<Stretch>, turn: Turn) {
    if turn != Turn::Begin && way.len() > 1 {
        let ended = way.pop().unwrap_or_default();
        if let Some(around) = way.last_mut() {
            around.is_unsure |= ended.is_unsure || !ended.open.is_empty();
        }
    }
    if turn != Turn::End {
        way.push(Stretch::default());
    }
}

/// A tag is never closed.
fn unclosed(name: &str, line: usize) -> BadTemplate {
    BadTemplate { line, what: format!("the tag `<{name}>` is never closed: write `</{name}>` after what it marks") }
}

/// A closing tag closes nothing.
fn unopened(name: &str, line: usize) -> BadTemplate {
    BadTemplate { line, what: format!("`</{name}>` closes a tag that was never opened") }
}

/// The line of a place in a text, counted from 1.
pub(crate) fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

impl Literal {
    /// How many branches and loops a place in the text is within.
    pub(crate) fn depth_at(&self, at: usize) -> usize {
        let turns = self.turns.iter().take_while(|(place, _)| *place <= at);
        turns.fold(0, |depth, (_, turn)| match turn {
            Turn::Begin => depth + 1,
            Turn::Else => depth,
            Turn::End => depth.saturating_sub(1),
        })
    }

    /// The text of a template without its expressions, its lines kept.
    pub(crate) fn of(source: &str) -> Self {
        let mut literal = Self::default();
        let mut rest = source;
        while let Some((at, is_block)) = next_opening(rest) {
            let (before, after) = rest.split_at(at);
            literal.push_text(before);
            let mut end = after.get(2..).unwrap_or_default();
            let words = tokens(&mut end);
            let inner = &after[..after.len() - end.len()];
            literal.text.push(HOLE);
            literal.text.extend(inner.matches('\n').map(|_| '\n'));
            literal.is_unescaped |= words.iter().any(|word| UNESCAPED.contains(word));
            match words.first() {
                Some(&"raw") if is_block => {
                    let (raw, tail) = split_raw(end);
                    literal.text.push_str(raw);
                    end = tail;
                }
                Some(first) if is_block => literal.push_turn(first, &words),
                _ => {}
            }
            rest = end;
        }
        literal.push_text(rest);
        literal
    }

    /// Adds text, its comments left out.
    fn push_text(&mut self, text: &str) {
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{#") {
            self.text.push_str(before);
            let (comment, tail) = after.split_once("#}").unwrap_or((after, ""));
            self.text.extend(comment.matches('\n').map(|_| '\n'));
            rest = tail;
        }
        self.text.push_str(rest);
    }

    /// Notes where a tag of the engine parts the way.
    fn push_turn(&mut self, first: &str, words: &[&str]) {
        let turn = match first {
            "else" | "elif" => Turn::Else,
            "set" if !words.contains(&"=") => Turn::Begin,
            _ if BLOCKS.contains(&first) => Turn::Begin,
            _ if first.starts_with("end") => Turn::End,
            _ => return,
        };
        self.turns.push((self.text.len(), turn));
    }
}

/// What stands up to the `endraw` tag, and what follows that tag.
fn split_raw(rest: &str) -> (&str, &str) {
    let Some(end) = rest.find("endraw") else {
        return (rest, "");
    };
    let begin = rest[..end].rfind("{%").unwrap_or(end);
    let tail = rest[end..].split_once("%}").map_or("", |(_, tail)| tail);
    (&rest[..begin], tail)
}
