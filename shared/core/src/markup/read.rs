//! A text as runs of characters that look alike.

use std::ops::Range;

use super::url;
use crate::telegram::html::{self, Tag};

/// The longest address of a link, in bytes; a longer one is left out, for no sink has room for it.
pub(super) const LONGEST_ADDRESS: usize = 1_024;

/// How characters are set apart: a bit for each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style(u8);

/// A text with its marks.
#[derive(Debug, Default)]
pub(super) struct Marked {
    /// What is seen.
    pub text: String,
    /// All of it, in order.
    runs: Vec<Run>,
    /// The addresses of links.
    addresses: Vec<String>,
    /// The languages of blocks of code.
    languages: Vec<String>,
}

/// Characters that look alike.
#[derive(Debug, Clone, Copy)]
struct Run {
    end: usize,
    look: Look,
}

/// What characters look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// How they are set apart.
    pub style: Style,
    /// The number of the link that they belong to.
    pub link: Option<usize>,
    /// The block that they stand in.
    pub block: Block,
}

/// A block of a text, numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Block {
    /// None.
    #[default]
    Text,
    /// A quotation.
    Quote(usize),
    /// Code on lines of its own.
    Code(usize),
}

impl Style {
    /// `<b>`
    pub(super) const BOLD: Self = Self(1);
    /// `<i>`
    pub(super) const ITALIC: Self = Self(2);
    /// `<u>`
    pub(super) const UNDERLINE: Self = Self(4);
    /// `<s>`
    pub(super) const STRIKE: Self = Self(8);
    /// `<tg-spoiler>`
    pub(super) const SPOILER: Self = Self(16);
    /// `<code>`
    pub(super) const CODE: Self = Self(32);

    /// All of them at once.
    #[cfg(test)]
    pub(super) const EVERY: Self = Self(63);

    /// Each of them.
    const ALL: [Self; 6] = [Self::BOLD, Self::ITALIC, Self::UNDERLINE, Self::STRIKE, Self::SPOILER, Self::CODE];

    /// Whether nothing is set apart.
    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether all of another is in it.
    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// It without another.
    #[cfg(test)]
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// What a tag of this name stands for; `None` where it sets nothing apart.
    fn of(name: &str) -> Option<Self> {
        match name {
            "b" | "strong" => Some(Self::BOLD),
            "i" | "em" => Some(Self::ITALIC),
            "u" | "ins" => Some(Self::UNDERLINE),
            "s" | "strike" | "del" => Some(Self::STRIKE),
            "span" | "tg-spoiler" => Some(Self::SPOILER),
            "code" => Some(Self::CODE),
            _ => None,
        }
    }
}

/// What is open at a place: how often each style is, which links are, and how deep quotations and code nest.
#[derive(Default)]
struct Open {
    styles: [u32; Style::ALL.len()],
    links: Vec<Option<usize>>,
    quotes: (u32, usize),
    code: (u32, usize),
}

/// Reads HTML; what Telegram would refuse is the text that it shows.
pub(super) fn html(source: &str) -> Marked {
    let Ok(parsed) = html::parse(source) else { return plain(&html::plain(source)) };
    let (mut marked, mut open) = (Marked { text: parsed.text, ..Marked::default() }, Open::default());
    for mark in &parsed.tags {
        marked.push(mark.at, &open);
        match &mark.tag {
            Tag::Open { name, source } => open.begin(name, source, &mut marked),
            Tag::Close { name } => open.end(name),
        }
    }
    marked.push(marked.text.len(), &open);
    marked
}

/// Takes a text without marks.
pub(super) fn plain(text: &str) -> Marked {
    let mut marked = Marked { text: text.to_owned(), ..Marked::default() };
    marked.push(text.len(), &Open::default());
    marked
}

impl Marked {
    /// Notes how everything up to a place looks.
    fn push(&mut self, end: usize, open: &Open) {
        if end > self.runs.last().map_or(0, |run| run.end) {
            self.runs.push(Run { end, look: open.look() });
        }
    }

    /// What a stretch of it looks like, piece by piece.
    pub(super) fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, Look)> {
        let first = self.runs.partition_point(|run| run.end <= range.start);
        let mut at = range.start;
        self.runs[first..].iter().map_while(move |run| {
            let piece = at..run.end.min(range.end);
            at = piece.end;
            (!piece.is_empty()).then_some((piece, run.look))
        })
    }

    /// The address of a link.
    pub(super) fn address(&self, link: usize) -> &str {
        self.addresses.get(link).map_or("", String::as_str)
    }

    /// The language of a block of code, empty where it is unknown.
    pub(super) fn language(&self, block: usize) -> &str {
        self.languages.get(block).map_or("", String::as_str)
    }
}

impl Open {
    /// How characters look here.
    fn look(&self) -> Look {
        let open = Style::ALL.iter().zip(self.styles).filter(|(_, times)| *times > 0);
        let style = Style(open.fold(0, |bits, (style, _)| bits | style.0));
        let block = match (self.code, self.quotes) {
            ((1.., code), _) => Block::Code(code),
            (_, (1.., quote)) => Block::Quote(quote),
            _ => Block::Text,
        };
        Look { style, link: self.links.last().copied().flatten(), block }
    }

    /// Takes an opening tag into account.
    fn begin(&mut self, name: &str, tag: &str, marked: &mut Marked) {
        match name {
            "a" => {
                let address = html::attribute(tag, "href")
                    .filter(|address| address.len() <= LONGEST_ADDRESS && url::target(address).is_some());
                self.links.push(address.map(|address| {
                    marked.addresses.push(address);
                    marked.addresses.len() - 1
                }));
            }
            "blockquote" => {
                self.quotes.1 += usize::from(self.quotes.0 == 0);
                self.quotes.0 += 1;
            }
            "pre" => {
                if self.code.0 == 0 {
                    marked.languages.push(html::attribute(tag, "language").unwrap_or_default());
                    self.code.1 = marked.languages.len() - 1;
                }
                self.code.0 += 1;
            }
            "code" if self.code.0 > 0 => {
                let class = html::attribute(tag, "class").unwrap_or_default();
                if let (Some(language), Some(known)) = (class.strip_prefix("language-"), marked.languages.last_mut()) {
                    language.clone_into(known);
                }
            }
            _ => self.count(name, 1),
        }
    }

    /// Takes a closing tag into account.
    fn end(&mut self, name: &str) {
        match name {
            "a" => drop(self.links.pop()),
            "blockquote" => self.quotes.0 = self.quotes.0.saturating_sub(1),
            "pre" => self.code.0 = self.code.0.saturating_sub(1),
            "code" if self.code.0 > 0 => {}
            _ => self.count(name, -1),
        }
    }

    /// Counts a style that is opened or closed.
    fn count(&mut self, name: &str, by: i32) {
        let style = Style::of(name);
        if let Some(at) = Style::ALL.iter().position(|known| Some(*known) == style) {
            self.styles[at] = self.styles[at].saturating_add_signed(by);
        }
    }
}
