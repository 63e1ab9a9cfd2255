//! Characters as people see and count them.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// The code points that one character may have before it counts for more than one; a family of four has seven.
const CLUSTER_CHARS: usize = 10;

/// Whether a character shows nothing by itself; Telegram refuses messages of such characters alone.
///
/// Space and control characters, what Unicode lets a program draw as nothing (`Default_Ignorable_Code_Point`: joiners,
/// direction marks, fillers, variation selectors, tags), and the empty Braille cell, notehead and object.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
        || matches!(c, '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}')
        || matches!(c, '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text shows nothing, however long it is.
pub fn shows_nothing(text: &str) -> bool {
    text.chars().all(is_blank)
}

/// The first `length` characters, as people count them.
///
/// A character is an extended grapheme cluster (UAX #29): a flag, a family or a letter with its accents is one and is not
/// cut. One of very many code points counts for several, so that no text of `length` is endless.
pub fn beginning(text: &str, length: usize) -> &str {
    let mut counted = 0;
    let whole = text.grapheme_indices(true).take_while(|(_, cluster)| {
        counted += cluster.chars().count().div_ceil(CLUSTER_CHARS);
        counted <= length
    });
    let end = whole.last().map_or(0, |(at, cluster)| at + cluster.len());
    &text[..end]
}

/// Whether two characters meet at a place of a text.
pub(super) fn is_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0).unwrap_or(true)
}
