//! Several waiting messages as one.

use super::html;
use super::{MESSAGE_TAGS, MESSAGE_UNITS, shows_nothing, units};

/// What stands between two messages of a digest.
const BETWEEN: &str = "\n\n";

/// How many of the first messages, all HTML, fit into one, and that one; at least one, however long.
///
/// HTML that Telegram would refuse goes in as the text it shows, so that it does not spoil its neighbours.
pub fn digest(texts: &[&str]) -> (usize, String) {
    let mut whole = String::new();
    let (mut taken, mut length, mut tags) = (0, 0, 0);
    for text in texts {
        let text = html::repaired(text.trim());
        let Ok(parsed) = html::parse(&text) else {
            break;
        };
        let gap = if whole.is_empty() { 0 } else { BETWEEN.len() };
        let seen = units(&parsed.text);
        let opened = parsed.tags.len() / 2;
        if taken > 0 && (length + gap + seen > MESSAGE_UNITS || tags + opened > MESSAGE_TAGS) {
            break;
        }
        taken += 1;
        if shows_nothing(&parsed.text) {
            continue;
        }
        if gap > 0 {
            whole.push_str(BETWEEN);
        }
        whole.push_str(&text);
        length += gap + seen;
        tags += opened;
    }
    (taken, whole)
}
