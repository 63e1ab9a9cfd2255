//! Tags as people write them in templates, judged one by one before Telegram does.

use super::tag;

/// Tags that end a line or begin a list elsewhere, and what to write instead.
const LINES: &[&str] =
    &["br", "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ul", "ol", "li", "table", "tr", "td", "th"];

/// Stands in a template's text for what an expression will write there.
pub(crate) const HOLE: char = '\u{e000}';

/// A tag that somebody wrote into a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrittenTag {
    /// One that Telegram takes, and its length in bytes up to and with the `>`.
    Known {
        /// Its name, in lower case.
        name: &'static str,
        /// Whether it is a closing tag.
        closes: bool,
        /// Its length.
        length: usize,
    },
    /// One whose name an expression makes, or that an expression ends.
    Unsure,
}

impl WrittenTag {
    /// Reads what begins with the `<` at the front of a text with [`HOLE`]s; why Telegram refuses it, where it does
    /// whatever the expressions write.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let inner = text.strip_prefix('<').unwrap_or(text);
        let inner = inner.strip_prefix('/').unwrap_or(inner);
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(inner.len());
        let (name, after) = inner.split_at(end);
        if after.starts_with(HOLE) {
            return Ok(Self::Unsure);
        }
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(format!(
                "a `<` that begins no tag is to be written as `&lt;`; Telegram knows {}",
                known_tags()
            ));
        }
        let Some(known) = tag::NAMES.iter().copied().find(|known| known.eq_ignore_ascii_case(name)) else {
            let is_line = LINES.iter().any(|line| line.eq_ignore_ascii_case(name));
            let hint = if is_line { " (a line break in the template is one in the message)" } else { "" };
            return Err(format!("Telegram does not know the tag `<{name}>`{hint}; it knows {}", known_tags()));
        };
        let (length, is_sure) = match end_of_tag(text) {
            Some(found) => found,
            None if text.contains(HOLE) => return Ok(Self::Unsure),
            None => return Err(format!("the tag `<{known}` has no `>` at its end")),
        };
        let closes = text.starts_with("</");
        if is_sure {
            check_attributes(known, &text[..length])?;
        }
        Ok(Self::Known { name: known, closes, length })
    }
}

/// Whether a tag of HTML has this name, be it one that Telegram knows or one that people write elsewhere.
pub(crate) fn is_tag_name(name: &str) -> bool {
    tag::NAMES.iter().chain(LINES).chain(&["img", "font"]).any(|known| known.eq_ignore_ascii_case(name))
}

/// All tags that Telegram knows, as a list.
fn known_tags() -> String {
    let names = tag::NAMES.iter().map(|name| match tag::ATTRIBUTES.iter().find(|(tag, _)| tag == name) {
        Some((_, attributes)) if matches!(*name, "a" | "tg-emoji" | "tg-time") => {
            format!("<{name} {}>", attributes.join(" "))
        }
        _ if *name == "span" => "<span class=\"tg-spoiler\">".to_owned(),
        _ => format!("<{name}>"),
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The length of a tag, and whether no expression stands in it outside of quotes; `None` where it does not end.
fn end_of_tag(text: &str) -> Option<(usize, bool)> {
    let mut quote = None;
    let mut is_sure = true;
    for (at, c) in text.char_indices() {
        match c {
            _ if quote == Some(c) => quote = None,
            _ if quote.is_some() => {}
            '"' | '\'' => quote = Some(c),
            HOLE => is_sure = false,
            '>' => return Some((at + 1, is_sure)),
            _ => {}
        }
    }
    None
}

/// Refuses a tag whose attributes Telegram refuses or ignores.
fn check_attributes(name: &str, tag: &str) -> Result<(), String> {
    let filled = tag.replace(HOLE, "x");
    let Some((_, attributes)) = tag::read_whole(&filled) else {
        // The class of a span may be made by an expression.
        return match name {
            "span" if tag.contains(HOLE) => Ok(()),
            "span" if !tag.starts_with("</") => Err(format!(
                "of `<span>` Telegram knows `<span class=\"tg-spoiler\">` alone, which `<tg-spoiler>` says too; it knows {}",
                known_tags()
            )),
            _ => Err(format!(
                "Telegram cannot read the tag `{filled}`: write `<{name} attribute=\"value\">`, and no `/` at its end"
            )),
        };
    };
    let heeded = tag::ATTRIBUTES.iter().find(|(tag, _)| *tag == name).map_or(&[][..], |(_, heeded)| heeded);
    let Some((strange, _)) = attributes.iter().find(|(found, _)| !heeded.iter().any(|h| h.eq_ignore_ascii_case(found)))
    else {
        return Ok(());
    };
    let takes = if heeded.is_empty() { "takes none".to_owned() } else { format!("takes `{}`", heeded.join("`, `")) };
    Err(format!("Telegram ignores the attribute `{strange}` of `<{name}>`, which {takes}"))
}
