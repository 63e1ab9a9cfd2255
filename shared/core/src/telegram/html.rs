//! Telegram's subset of HTML: reading it, making it safe, and doing without it.

mod reference;
mod tag;
mod written;

use std::borrow::Cow;

use self::tag::TagText;
pub(crate) use self::written::{HOLE, WrittenTag, is_tag_name};

/// A text in Telegram's HTML, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// What is seen: no tags, and characters where there were references.
    pub text: String,
    /// The tags, by where in `text` they stand.
    pub tags: Vec<Mark<'a>>,
}

/// A tag and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark<'a> {
    /// How many bytes of the text come before it.
    pub at: usize,
    /// The tag.
    pub tag: Tag<'a>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tag<'a> {
    /// `<a href="…">`
    Open {
        /// Its name, in lower case.
        name: &'static str,
        /// All of it, as it was written.
        source: &'a str,
    },
    /// `</a>`
    Close {
        /// Its name, in lower case.
        name: &'static str,
    },
}

/// Telegram would refuse this HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHtml {
    /// A `<` that begins no tag of the subset.
    #[error("at byte {0}: `<` begins no tag that Telegram knows")]
    UnknownTag(usize),
    /// A closing tag that closes something else than what was opened last.
    #[error("at byte {0}: the closing tag does not match the last opened one")]
    Unmatched(usize),
    /// A tag that is never closed.
    #[error("the tag <{0}> is never closed")]
    Unclosed(&'static str),
}

/// Takes HTML apart; what is refused here, Telegram refuses.
pub fn parse(html: &str) -> Result<Parsed<'_>, BadHtml> {
    let mut parsed = Parsed { text: String::with_capacity(html.len()), tags: Vec::new() };
    let mut open: Vec<&'static str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        parsed.text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            rest = reference::decode(rest, &mut parsed.text);
            continue;
        }
        let offset = html.len() - rest.len();
        let TagText { name, closes, length } = tag::read(rest).ok_or(BadHtml::UnknownTag(offset))?;
        let tag = if closes {
            if open.pop() != Some(name) {
                return Err(BadHtml::Unmatched(offset));
            }
            Tag::Close { name }
        } else {
            open.push(name);
            Tag::Open { name, source: &rest[..length] }
        };
        parsed.tags.push(Mark { at: parsed.text.len(), tag });
        rest = &rest[length..];
    }
    parsed.text.push_str(rest);
    match open.pop() {
        Some(name) => Err(BadHtml::Unclosed(name)),
        None => Ok(parsed),
    }
}

/// What is seen of HTML, broken or not: known tags dropped, references decoded, everything else as it stands.
pub fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with('&') {
            rest = reference::decode(rest, &mut text);
            continue;
        }
        let length = tag::read(rest).map_or(0, |tag| tag.length);
        if length == 0 {
            text.push('<');
        }
        rest = &rest[length.max(1)..];
    }
    text.push_str(rest);
    text
}

/// The text as HTML that shows exactly it: `&`, `<`, `>` and `"` become references.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return Cow::Borrowed(text);
    }
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(c),
        }
    }
    Cow::Owned(html)
}

/// An attribute of an opening tag, characters where there were references; `None` where the tag has none of that name.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, attributes) = tag::read_whole(tag)?;
    let (_, mut rest) = attributes.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    let mut value = String::with_capacity(rest.len());
    while let Some(at) = rest.find('&') {
        value.push_str(&rest[..at]);
        rest = reference::decode(&rest[at..], &mut value);
    }
    value.push_str(rest);
    Some(value)
}

/// The HTML itself where Telegram would take it, else HTML that shows its text without any formatting.
pub fn repaired(html: &str) -> Cow<'_, str> {
    match parse(html) {
        Ok(_) => Cow::Borrowed(html),
        Err(_) => Cow::Owned(escape(&plain(html)).into_owned()),
    }
}
