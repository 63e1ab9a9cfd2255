//! Text that filters have marked up, without its marks.

use super::super::{WORD_JOINER, ZERO_WIDTH_SPACE, url};
use super::text::{is_mark, may_mark};

/// The characters that are escaped.
const ESCAPES: [(&str, char); 3] = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];

/// What is seen of a text that was written here: labels of links, no marks, no escapes.
pub(in super::super) fn unmarked(text: &str) -> String {
    let (mut out, mut before, mut rest) = (String::with_capacity(text.len()), None, text);
    // How long the rest was where the last address ended.
    let mut address_end = text.len();
    while let Some(c) = rest.chars().next() {
        if rest.len() <= address_end {
            address_end = rest.len() - url::length(rest).unwrap_or_default();
        }
        let tail = &rest[c.len_utf8()..];
        let after = tail.chars().next();
        let is_joined = [before, after].contains(&Some(WORD_JOINER));
        let escape = ESCAPES.into_iter().find(|(escape, _)| rest.starts_with(escape));
        let link = if c == '<' { tail.split_once('>') } else { None };
        rest = match (escape, link) {
            (Some((escape, c)), _) => {
                out.push(c);
                &rest[escape.len()..]
            }
            (_, Some((inner, tail))) => {
                out.push_str(&unmarked(inner.split_once('|').map_or(inner, |(_, label)| label)));
                tail
            }
            _ => {
                let is_mark = is_mark(c) && !is_joined && may_mark(c, before, after);
                let is_seen = !is_mark || rest.len() > address_end;
                out.extend(Some(c).filter(|c| is_seen && *c != WORD_JOINER && *c != ZERO_WIDTH_SPACE));
                tail
            }
        };
        before = Some(c);
    }
    out
}
