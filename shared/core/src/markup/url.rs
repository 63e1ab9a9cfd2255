//! Addresses: of links, and as they stand in texts.

use crate::telegram::is_blank;

/// Where a link leads that programs open: what has another scheme is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// An `http` or `https` URL.
    Web(&'a str),
    /// A mail address.
    Mail(&'a str),
}

/// Characters that no address has unescaped, or that would end it for a reader; RFC 3986 lists what it may have.
const STRANGE: [char; 11] = ['"', '<', '>', '\\', '^', '`', '{', '|', '}', '*', '\u{fffd}'];

/// Characters at the end of an address that rather belong to the sentence around it.
const TRAILING: [char; 13] = ['.', ',', ':', ';', '!', '?', '\'', '"', ')', ']', '_', '~', '&'];

/// Marks of a sentence that every reader leaves out at the end of an address.
pub(super) const SENTENCE: [char; 6] = ['.', ',', ':', ';', ')', ']'];

/// Where an address leads; `None` where it is nothing to click.
pub(super) fn target(address: &str) -> Option<Target<'_>> {
    let address = address.trim();
    let (scheme, rest) = address.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" if rest.strip_prefix("//").is_some_and(|host| !host.is_empty()) => Some(Target::Web(address)),
        "mailto" if rest.contains('@') => Some(Target::Mail(rest)),
        _ => None,
    }
}

/// The length of the URL that a text begins with, without the marks of the sentence that it stands in.
pub(super) fn length(text: &str) -> Option<usize> {
    let scheme = text.len() - scheme(text)?.len() + "//".len();
    let mut open = 0i32;
    let ends = |c: char| is_blank(c) || STRANGE.contains(&c);
    let whole = text.find(ends).unwrap_or(text.len());
    for c in text[..whole].chars() {
        open += i32::from(c == '(') - i32::from(c == ')');
    }
    let mut end = whole;
    while let Some(last) = text[scheme..end].chars().next_back().filter(|last| TRAILING.contains(last)) {
        // A bracket that was opened within the address belongs to it.
        if last == ')' {
            if open >= 0 {
                break;
            }
            open += 1;
        }
        end -= last.len_utf8();
    }
    (end > scheme).then_some(end)
}

/// Whether readers see that an address ends before this text: nothing but marks of a sentence stand before the next space.
pub(super) fn is_bounded(tail: &str) -> bool {
    tail.trim_start_matches(SENTENCE).chars().next().is_none_or(char::is_whitespace)
}

/// What follows the scheme that a text begins with, from `//` on. In texts, Discord knows it in lower case alone.
pub(super) fn scheme(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https:").or_else(|| text.strip_prefix("http:"))?;
    rest.starts_with("//").then_some(rest)
}

/// An address with what might end it percent-encoded, and so the second of two characters of which the markup makes marks,
/// and the bracket of a `](`, which might end a link around it.
pub(super) fn encoded(address: &str, also: &[char], doubled: &[char]) -> String {
    let mut out = String::with_capacity(address.len());
    let mut before = None;
    let mut chars = address.chars().peekable();
    while let Some(c) = chars.next() {
        let is_double = doubled.contains(&c) && before == Some(c);
        let is_end = c == ']' && chars.peek() == Some(&'(');
        if is_blank(c) || STRANGE.contains(&c) || also.contains(&c) || is_double || is_end {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
            before = None;
        } else {
            out.push(c);
            before = Some(c);
        }
    }
    out
}

impl Target<'_> {
    /// The address as people read it.
    pub(super) const fn shown(&self) -> &str {
        match self {
            Self::Web(address) | Self::Mail(address) => address,
        }
    }
}
