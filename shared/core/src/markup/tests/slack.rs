//! A reader of Slack's mrkdwn, written from its documentation and from what others found out.
//!
//! Slack does not say where exactly marks are read. So there are two readers: one that sees marks only where they are surely
//! read, and one that sees them wherever they might be. A text that is right is the same to both.
//!
//! Source: docs.slack.dev/messaging/formatting-message-text

use super::seen::{Block, Marks, Reading, with};
use crate::markup::lines::ends_line;
use crate::markup::read::Style;
use crate::markup::{WORD_JOINER, ZERO_WIDTH_SPACE};

/// Which of the two readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Sees marks only at what is surely the edge of a word.
    Sure,
    /// Sees marks beside everything but letters, digits and word joiners.
    Eager,
}

impl Reader {
    /// Reads a text.
    pub(super) fn read(self, text: &str) -> Reading {
        let mut reading = Reading::default();
        for (at, piece) in text.split("```").enumerate() {
            let is_code = at % 2 == 1;
            if is_code {
                let marks = Marks { block: Block::Code, ..Marks::default() };
                let code = piece.strip_prefix('\n').unwrap_or(piece);
                let code = self.entities(code, &mut reading);
                reading.push_all(&code, &marks);
                continue;
            }
            // What follows code begins no line unless there is a line break.
            let mut is_quote_open = false;
            for (number, line) in piece.split(ends_line).enumerate() {
                if number > 0 {
                    reading.push('\n', &Marks::default());
                }
                let begins = number > 0 || at == 0;
                let (line, is_quote) = if begins { self.unquoted(line, &mut is_quote_open) } else { (line, false) };
                let block = if is_quote || is_quote_open { Block::Quote } else { Block::Text };
                let chars: Vec<char> = line.chars().collect();
                self.line(&chars, 0, chars.len(), &Marks { block, ..Marks::default() }, &mut reading);
            }
        }
        if text.matches("```").count() % 2 == 1 {
            reading.leaks.push("code without an end".to_owned());
        }
        reading
    }

    /// A line without the sign of a quotation, and whether it had one.
    fn unquoted<'a>(self, line: &'a str, is_open: &mut bool) -> (&'a str, bool) {
        let trimmed = if self == Self::Eager { line.trim_start() } else { line };
        for sign in [">>>", "&gt;&gt;&gt;"] {
            if let Some(rest) = trimmed.strip_prefix(sign) {
                *is_open = true;
                return (rest, true);
            }
        }
        for sign in [">", "&gt;", "＞"] {
            if let Some(rest) = trimmed.strip_prefix(sign) {
                return (rest.strip_prefix(' ').unwrap_or(rest), true);
            }
        }
        (line, false)
    }

    /// Characters for their escapes; everything else that is not escaped is told.
    fn entities(self, text: &str, reading: &mut Reading) -> String {
        let chars: Vec<char> = text.chars().collect();
        let (mut out, mut at) = (String::new(), 0);
        while at < chars.len() {
            let (c, length) = entity(&chars[at..]);
            if length == 1 && matches!(c, '<' | '>' | '&') {
                reading.leaks.push(format!("`{c}` in {text:?}"));
            }
            out.push(c);
            at += length;
        }
        out
    }

    /// Reads a stretch of a line.
    fn line(self, line: &[char], from: usize, to: usize, marks: &Marks, reading: &mut Reading) {
        let mut at = from;
        while at < to {
            let c = line[at];
            if let Some(end) = address_end(line, at, to).filter(|_| marks.link.is_none()) {
                let text: String = line[at..end].iter().collect();
                let text = self.entities(&text, reading);
                reading.push_all(&text, marks);
                at = end;
            } else if c == '<' {
                let Some(end) = (at..to).find(|at| line[*at] == '>') else {
                    reading.leaks.push("`<` without `>`".to_owned());
                    return;
                };
                self.control(&line[at + 1..end], marks, reading);
                at = end + 1;
            } else if let Some(end) = self.end_of_mark(line, at, to) {
                let style = match c {
                    '*' | '＊' => Style::BOLD,
                    '_' | '＿' => Style::ITALIC,
                    '~' | '～' => Style::STRIKE,
                    _ => Style::CODE,
                };
                let inner = Marks { style: with(marks.style, style), ..marks.clone() };
                if style == Style::CODE {
                    self.code(&line[at + 1..end], &inner, reading);
                } else {
                    self.line(line, at + 1, end, &inner, reading);
                }
                at = end + 1;
            } else {
                let (c, length) = entity(&line[at..to]);
                if length == 1 && matches!(c, '>' | '&') {
                    reading.leaks.push(format!("`{c}` in {:?}", line.iter().collect::<String>()));
                }
                reading.push(c, marks);
                at += length;
            }
        }
    }

    /// Reads code, in which nothing but `<…>` is read.
    fn code(self, code: &[char], marks: &Marks, reading: &mut Reading) {
        let mut at = 0;
        while at < code.len() {
            if code[at] == '<' {
                let end = (at..code.len()).find(|at| code[*at] == '>').unwrap_or(code.len() - 1);
                self.control(&code[at + 1..end], marks, reading);
                at = end + 1;
                continue;
            }
            let (c, length) = entity(&code[at..]);
            reading.push(c, marks);
            at += length;
        }
    }

    /// Reads what stands between `<` and `>`.
    fn control(self, inner: &[char], marks: &Marks, reading: &mut Reading) {
        let text: String = inner.iter().collect();
        if text.starts_with(['@', '#', '!']) {
            reading.mentions.push(text);
            return;
        }
        let (target, label) = match inner.iter().position(|c| *c == '|') {
            Some(at) => (&inner[..at], Some(&inner[at + 1..])),
            None => (inner, None),
        };
        let address = self.entities(&target.iter().collect::<String>(), reading);
        if !["http://", "https://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
            || address.contains([' ', '<', '>'])
        {
            reading.leaks.push(format!("no link: {text:?}"));
        }
        match label {
            None => reading.push_all(&address, marks),
            Some(label) => {
                let shown = self
                    .entities(&label.iter().filter(|c| !is_hidden(**c)).collect::<String>(), &mut Reading::default());
                let link = Some(address.clone()).filter(|_| shown != address && format!("mailto:{shown}") != address);
                self.line(label, 0, label.len(), &Marks { link, ..marks.clone() }, reading);
            }
        }
    }

    /// Where the mark that begins here ends, if it is one.
    fn end_of_mark(self, line: &[char], at: usize, to: usize) -> Option<usize> {
        let mark = line[at];
        if !is_mark(mark) {
            return None;
        }
        let is_code = matches!(mark, '`' | '｀');
        let beside = |at: Option<usize>| at.and_then(|at| line.get(at)).copied();
        let is_shown = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != WORD_JOINER);
        let begins = self.is_edge(beside(at.checked_sub(1)), is_code, ".,([{!?-=") && is_shown(beside(Some(at + 1)));
        if !begins {
            return None;
        }
        let after = if mark == '*' { ".,)]}!?-=:" } else { ".,)]}!?-=" };
        let mut end = at + 1;
        while end < to {
            let c = line[end];
            if end > at + 1
                && c == mark
                && is_shown(beside(Some(end - 1)))
                && self.is_edge(beside(Some(end + 1)), is_code, after)
            {
                return Some(end);
            }
            // Whether Slack looks further is not known.
            if c == mark && self == Self::Sure {
                return None;
            }
            // No mark ends within a link, an address or code.
            let skipped = match c {
                '<' => (end..to).find(|at| line[*at] == '>'),
                '`' if !is_code => self.end_of_mark(line, end, to),
                _ if !is_code => address_end(line, end, to).map(|end| end - 1),
                _ => None,
            };
            end = skipped.unwrap_or(end) + 1;
        }
        None
    }

    /// Whether a mark may begin or end beside this character.
    fn is_edge(self, c: Option<char>, is_code: bool, sure: &str) -> bool {
        match (self, c) {
            (_, None) => true,
            (_, Some(WORD_JOINER)) => false,
            (Self::Sure, Some(c)) => c.is_whitespace() || c == ZERO_WIDTH_SPACE || sure.contains(c) || is_mark(c),
            (Self::Eager, Some(c)) => is_code || !c.is_alphanumeric(),
        }
    }
}

/// Whether a character can be a mark: within others, a mark stands beside one.
fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '~' | '`' | '＊' | '＿' | '～' | '｀')
}

/// Whether a character is not seen.
fn is_hidden(c: char) -> bool {
    c == WORD_JOINER || c == ZERO_WIDTH_SPACE
}

/// The character at the front, which may be escaped, and its length.
fn entity(chars: &[char]) -> (char, usize) {
    for (escape, c) in [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')] {
        if chars.len() >= escape.len() && escape.chars().zip(chars).all(|(a, b)| a == *b) {
            return (c, escape.len());
        }
    }
    (chars[0], 1)
}

/// Where the address ends that begins here.
fn address_end(line: &[char], at: usize, to: usize) -> Option<usize> {
    let begins =
        |scheme: &str| line[at..to].iter().zip(scheme.chars()).filter(|(a, b)| **a == *b).count() == scheme.len();
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins(scheme))?;
    let ends = |c: char| c.is_whitespace() || is_hidden(c) || matches!(c, '<' | '>' | '*' | '`' | '"' | '|');
    let is_escape = |at: usize| matches!(entity(&line[at..to]), ('<' | '>', 2..));
    let mut end = (at..to).find(|at| ends(line[*at]) || is_escape(*at)).unwrap_or(to);
    let ends_escape = |end: usize| end >= 5 && entity(&line[end - 5..end]).1 == 5;
    while end > at && !ends_escape(end) && matches!(line[end - 1], '.' | ',' | ':' | ';' | '!' | '?' | ')' | '_' | '~')
    {
        end -= 1;
    }
    (end > at + scheme.len()).then_some(end)
}
