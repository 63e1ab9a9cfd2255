//! The tags of the subset.

/// The names that Telegram knows.
pub(super) const NAMES: &[&str] = &[
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "code",
    "pre",
    "blockquote",
];

/// What stands at the front of a text, if it is a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TagText {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Whether it is a closing tag.
    pub closes: bool,
    /// How many bytes long it is.
    pub length: usize,
}

/// The attributes that Telegram heeds, and the tags they belong to; it ignores all others.
pub(super) const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href"]),
    ("span", &["class"]),
    ("code", &["class"]),
    ("pre", &["language"]),
    ("blockquote", &["expandable"]),
    ("tg-emoji", &["emoji-id"]),
    ("tg-time", &["unix", "format"]),
];

/// Reads the tag at the front of a text; `None` where Telegram would refuse it.
pub(super) fn read(html: &str) -> Option<TagText> {
    read_whole(html).map(|(tag, _)| tag)
}

/// Reads the tag at the front of a text with its attributes, each a name and a value.
pub(super) fn read_whole(html: &str) -> Option<(TagText, Vec<(&str, &str)>)> {
    let inner = html.strip_prefix('<')?;
    let (closes, inner) = match inner.strip_prefix('/') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let end = inner.bytes().take(16).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'-')?;
    let (written, mut rest) = inner.split_at(end);
    let name = NAMES.iter().copied().find(|name| name.eq_ignore_ascii_case(written))?;
    let mut attributes = Vec::new();
    loop {
        let trimmed = rest.trim_start_matches(is_space);
        if let Some(after) = trimmed.strip_prefix('>') {
            rest = after;
            break;
        }
        // An attribute needs a space before it.
        if closes || trimmed.len() == rest.len() {
            return None;
        }
        let (attribute, after) = read_attribute(trimmed)?;
        attributes.push(attribute);
        rest = after;
    }
    let is_whole = closes || name != "span" || attributes.contains(&("class", "tg-spoiler"));
    is_whole.then_some((TagText { name, closes, length: html.len() - rest.len() }, attributes))
}

/// Reads one attribute: its name, its value and what follows.
fn read_attribute(text: &str) -> Option<((&str, &str), &str)> {
    let end = text.find(|c: char| is_space(c) || matches!(c, '=' | '>' | '<' | '"' | '\'' | '/' | '&'))?;
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let Some(value) = rest.strip_prefix('=') else {
        return Some(((name, ""), rest));
    };
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (value, rest) = quoted.split_once(quote)?;
            return Some(((name, value), rest));
        }
    }
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-')?;
    if end == 0 {
        return None;
    }
    Some(((name, &value[..end]), &value[end..]))
}

/// Whether a character may stand between attributes.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\r' | '\t')
}
