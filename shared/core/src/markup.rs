//! One text, many markups: what is written once in Telegram's HTML is rendered for wherever it goes.
//!
//! HTML is read into runs of characters that look alike (`read`), cut where people would cut it (`cut`), and each piece
//! is written line by line in the markup of its sink. Each run is marked by itself and no mark goes past the end of a
//! line, so marks never overlap and never depend on each other.

mod check;
mod cut;
mod lines;
mod mail;
mod markdown;
mod mrkdwn;
mod native;
mod plain;
mod read;
mod url;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::telegram::{html, split, split_plain, units};
use crate::template::Escape;

pub use check::check;
pub use mail::mail_html;

/// The markup that a text is written in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Markup {
    /// Telegram's subset of HTML.
    Html,
    /// Slack's mrkdwn.
    Mrkdwn,
    /// Discord's Markdown.
    Markdown,
    /// Nothing but text.
    Plain,
}

/// How long a part of a text may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Length {
    /// So many of the unit at most; what is less than [`SHORTEST`] counts as that.
    pub most: usize,
    /// What is counted.
    pub unit: Unit,
}

/// What the length of a text is counted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Units of UTF-16.
    Utf16,
    /// Code points.
    Chars,
    /// Bytes of UTF-8.
    Bytes,
}

/// The shortest part that can be kept to: one character may take that much with its escapes.
pub const SHORTEST: usize = 32;

/// How many times longer a text may be once it is escaped and marked, whatever the markup: a `*` has a word joiner on both
/// sides, a `"` becomes `&quot;`.
pub(crate) const MOST_ESCAPED: usize = 8;

/// Joins two words without a space or a line break: beside a character, it keeps it from being read as markup.
const WORD_JOINER: char = '\u{2060}';

/// Parts two words without being seen: a mark beside it is read as if it stood at the edge of a word.
const ZERO_WIDTH_SPACE: char = '\u{200b}';

/// Cuts a text written in one markup into parts in another, none longer than `length` there and none blank.
///
/// HTML and plain text can be written in any markup, other markups stay what they are. A cut comes after a line break where
/// it can, else after a space, else between two characters; marks that are open at a cut are closed and opened again. The
/// parts add up to the text. Of HTML for Telegram only what is seen counts, in UTF-16 units, as it does there.
pub fn parts(text: &str, from: Markup, to: Markup, length: Length) -> Vec<String> {
    let length = Length { most: length.most.max(SHORTEST), ..length };
    match (from, to) {
        (Markup::Html, Markup::Html) => split(text, length.most),
        (_, Markup::Html) => {
            split_plain(text, length.most).iter().map(|part| html::escape(part).into_owned()).collect()
        }
        (Markup::Html, _) => cut::parts(&read::html(text), to, length),
        (Markup::Mrkdwn, Markup::Mrkdwn) | (Markup::Markdown, Markup::Markdown) => native::parts(text, to, length),
        (_, _) => cut::parts(&read::plain(text), to, length),
    }
}

impl Markup {
    /// The word for it in configurations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Mrkdwn => "mrkdwn",
            Self::Markdown => "markdown",
            Self::Plain => "plain",
        }
    }

    /// How the values of a template in this markup are escaped.
    pub const fn escape(self) -> Escape {
        match self {
            Self::Html => Escape::Html,
            Self::Mrkdwn => Escape::Mrkdwn,
            Self::Markdown => Escape::Markdown,
            Self::Plain => Escape::None,
        }
    }

    /// A value as text that shows exactly it, wherever in a text of this markup it stands.
    pub(crate) fn escaped(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::Html => html::escape(value),
            Self::Mrkdwn => mrkdwn::escaped(value),
            Self::Markdown => markdown::escaped(value),
            Self::Plain => Cow::Borrowed(value),
        }
    }

    /// What is seen of a text that filters of ours have marked up.
    pub(crate) fn unmarked(self, text: &str) -> String {
        match self {
            Self::Html | Self::Plain => html::plain(text),
            Self::Mrkdwn => mrkdwn::unmarked(text),
            Self::Markdown => markdown::unmarked(text),
        }
    }

    /// A text in bold, in HTML, mrkdwn or Markdown already; in plain text it is as it was.
    pub(crate) fn bold(self, text: &str) -> String {
        match self {
            Self::Html => format!("<b>{text}</b>"),
            Self::Mrkdwn => native::each_line(text, mrkdwn::bold),
            Self::Markdown => native::each_line(text, |line| format!("**{line}**")),
            Self::Plain => text.to_owned(),
        }
    }

    /// A value as code within a line.
    pub(crate) fn code(self, value: &str) -> String {
        match self {
            Self::Html => format!("<code>{}</code>", html::escape(value)),
            Self::Mrkdwn => native::each_line(value, mrkdwn::code),
            Self::Markdown => native::each_line(value, markdown::code),
            Self::Plain => value.to_owned(),
        }
    }

    /// A link around a label that is written in this markup already.
    pub(crate) fn link(self, address: &str, label: &str) -> String {
        match self {
            Self::Html => format!("<a href=\"{}\">{label}</a>", html::escape(address)),
            Self::Mrkdwn => mrkdwn::linked(address, &label.replace(lines::ends_line, " ")),
            Self::Markdown => markdown::linked(address, &label.replace(lines::ends_line, " ")),
            Self::Plain => label.to_owned(),
        }
    }

    /// A value as a quotation on lines of its own.
    pub(crate) fn quote(self, value: &str) -> String {
        match self {
            Self::Html => format!("<blockquote>{}</blockquote>", html::escape(value)),
            Self::Mrkdwn | Self::Markdown => {
                let lines = native::lines_of(value).map(|line| format!("> {}", self.escaped(line)));
                lines.collect::<Vec<_>>().join("\n")
            }
            Self::Plain => value.to_owned(),
        }
    }
}

impl Length {
    /// How long a text is.
    fn of(self, text: &str) -> usize {
        match self.unit {
            Unit::Utf16 => units(text),
            Unit::Chars => text.chars().count(),
            Unit::Bytes => text.len(),
        }
    }

    /// Whether a text is short enough.
    fn fits(self, text: &str) -> bool {
        // No unit is shorter than a byte.
        text.len() <= self.most || self.of(text) <= self.most
    }
}

#[cfg(test)]
pub(crate) mod tests;
