//! What Telegram allows: its HTML, the length of its messages, and its answers.

pub mod answer;
pub mod html;

mod characters;
mod digest;
mod split;

pub use answer::{Failure, Sent, read_answer};
pub use characters::{beginning, is_blank, shows_nothing};
pub use digest::digest;
pub(crate) use split::{part_length, ranges};
pub use split::{split, split_plain};

/// The longest message, in UTF-16 units of what is seen, tags and references not counted.
pub const MESSAGE_UNITS: usize = 4096;

/// The longest caption of a document, in the same units.
pub const CAPTION_UNITS: usize = 1024;

/// How many tags of a message Telegram heeds; it silently ignores the rest.
pub const MESSAGE_TAGS: usize = 100;

/// The length of a text as Telegram counts it: in UTF-16 units.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests;
