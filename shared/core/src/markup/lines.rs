//! A stretch of a text, line by line.

use std::ops::Range;

use super::ZERO_WIDTH_SPACE;
use super::read::{Block, Look, Marked, Style};
use super::url::{self, Target};
use crate::telegram::shows_nothing;

/// A line of a text, or a block of lines.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// Text, and whether it is a quotation.
    Text(bool, Vec<Span<'a>>),
    /// Code, and its language, which may be empty.
    Code(&'a str, &'a str),
}

/// Characters of a line that look alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    /// The characters.
    pub text: &'a str,
    /// How they are set apart.
    pub style: Style,
    /// Where they lead.
    pub link: Option<Target<'a>>,
}

/// Lines in the making.
struct Lines<'a> {
    marked: &'a Marked,
    done: Vec<Line<'a>>,
    block: Block,
    /// The pieces of the line at hand.
    pieces: Vec<(Range<usize>, Look)>,
    /// The block of code at hand.
    code: Range<usize>,
    /// Whether a block has just ended, whose line break may still come.
    has_ended: bool,
}

/// The lines of a stretch of a text. Quotations and code begin and end a line, whether there is a line break or not.
pub(super) fn lines(marked: &Marked, range: Range<usize>) -> Vec<Line<'_>> {
    let mut lines = Lines {
        marked,
        done: Vec::new(),
        block: Block::Text,
        pieces: Vec::new(),
        code: range.start..range.start,
        has_ended: false,
    };
    for (piece, look) in marked.pieces(range) {
        if look.block != lines.block {
            lines.end_block();
            lines.block = look.block;
            lines.code = piece.start..piece.start;
        }
        match look.block {
            Block::Code(_) => lines.code.end = piece.end,
            _ => lines.push(piece, look),
        }
    }
    lines.end_block();
    lines.done
}

/// Writes lines: quotations with a sign before each, code by its language as a block, and else the characters.
pub(super) fn write(
    lines: &[Line<'_>],
    quoted: &str,
    block: impl Fn(&str, &str) -> String,
    spans: impl Fn(&mut String, &[Span<'_>]),
) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match line {
            Line::Code(_, code) if shows_nothing(code) => {}
            Line::Code(language, code) => out.push_str(&block(language, code)),
            Line::Text(is_quoted, text) => {
                out.push_str(if *is_quoted { quoted } else { "" });
                spans(&mut out, text);
            }
        }
    }
    out
}

/// Code in which no three backticks follow each other, which would end it: zero-width spaces stand between them.
pub(super) fn without_fences(code: &str) -> String {
    let parted = format!("`{ZERO_WIDTH_SPACE}`");
    // The second time parts those of which the first one took the neighbours.
    code.replace("``", &parted).replace("``", &parted)
}

/// Whether a character ends a line for one of the readers.
pub(super) const fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}')
}

/// Whether a character is no place for a mark to begin or to end at.
pub(super) fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

impl<'a> Lines<'a> {
    /// Adds a piece of text, which may have line breaks in it.
    fn push(&mut self, piece: Range<usize>, look: Look) {
        let (mut begin, end) = (piece.start, piece.end);
        let text = &self.marked.text[..end];
        if std::mem::take(&mut self.has_ended) {
            begin += break_length(&text[begin..]);
        }
        while let Some(at) = text[begin..].find(ends_line).map(|at| begin + at) {
            if begin < at {
                self.pieces.push((begin..at, look));
            }
            self.end_line();
            begin = at + break_length(&text[at..]);
        }
        if begin < end {
            self.pieces.push((begin..end, look));
        }
    }

    /// Ends the block at hand, and with it its last line.
    fn end_block(&mut self) {
        if let Block::Code(block) = self.block {
            let code = &self.marked.text[self.code.clone()];
            self.done.push(Line::Code(self.marked.language(block), code));
        } else if !self.pieces.is_empty() {
            self.end_line();
        }
        self.has_ended = self.block != Block::Text;
    }

    /// Ends the line at hand: pieces that look alike or are of one link become one, and space at the ends of marks stands outside of them.
    fn end_line(&mut self) {
        let mut spans: Vec<Span<'a>> = Vec::new();
        let mut pieces = self.pieces.drain(..).peekable();
        while let Some((mut range, mut look)) = pieces.next() {
            let is_alike = |next: &Look, look: Look| *next == look || (look.link.is_some() && next.link == look.link);
            while let Some((more, other)) = pieces.next_if(|(_, next)| is_alike(next, look)) {
                range.end = more.end;
                look.style = look.style.and(other.style);
            }
            let text = &self.marked.text[range];
            let link = look.link.and_then(|link| url::target(self.marked.address(link)));
            let inner = text.trim_matches(is_gap);
            if shows_nothing(inner) || (look.style.is_none() && link.is_none()) {
                push_text(&mut spans, text);
                continue;
            }
            let (before, rest) = text.split_at(text.len() - text.trim_start_matches(is_gap).len());
            push_text(&mut spans, before);
            spans.push(Span { text: inner, style: look.style, link });
            push_text(&mut spans, &rest[inner.len()..]);
        }
        drop(pieces);
        self.done.push(Line::Text(matches!(self.block, Block::Quote(_)), spans));
    }
}

/// Adds characters that nothing sets apart.
fn push_text<'a>(spans: &mut Vec<Span<'a>>, text: &'a str) {
    if !text.is_empty() {
        spans.push(Span { text, style: Style::default(), link: None });
    }
}

/// The length of the line break that a text begins with.
fn break_length(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { text.chars().next().filter(|c| ends_line(*c)).map_or(0, char::len_utf8) }
}

impl Span<'_> {
    /// Whether nothing sets it apart.
    pub(super) const fn is_bare(&self) -> bool {
        self.style.is_none() && self.link.is_none()
    }
}
