//! Which text bytes are.

use std::borrow::Cow;

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How many bytes make a unit of an encoding of Unicode, and whether the first of them is the lowest.
type Units = (usize, bool);

/// The text that JSON's bytes are, and how many bytes of them were passed over.
///
/// Which encoding of Unicode it is, is told by a byte order mark or by where the zeros are among the first four bytes,
/// since JSON begins with ASCII (RFC 4627, section 3; Python's `json.detect_encoding`).
pub(super) fn decoded(bytes: &[u8]) -> (Cow<'_, str>, usize) {
    if let Some(rest) = bytes.strip_prefix(MARK) {
        return (String::from_utf8_lossy(rest), MARK.len());
    }
    match units(bytes) {
        Some((2, low_first)) => (from_utf16(bytes, low_first).into(), 0),
        Some((_, low_first)) => (from_utf32(bytes, low_first).into(), 0),
        None => (String::from_utf8_lossy(bytes), 0),
    }
}

/// The units of UTF-16 or UTF-32; `None` for UTF-8.
fn units(bytes: &[u8]) -> Option<Units> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] => Some((4, true)),
        [0, 0, 0xfe, 0xff, ..] => Some((4, false)),
        [0xff, 0xfe, ..] => Some((2, true)),
        [0xfe, 0xff, ..] => Some((2, false)),
        [0, 0, _, _, ..] => Some((4, false)),
        [0, _, _, _, ..] => Some((2, false)),
        [_, 0, 0, 0, ..] => Some((4, true)),
        [_, 0, _, _, ..] => Some((2, true)),
        [0, _] => Some((2, false)),
        [_, 0] => Some((2, true)),
        _ => None,
    }
}

/// Text of UTF-16 without its mark; what is no character is U+FFFD.
fn from_utf16(bytes: &[u8], low_first: bool) -> String {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| if low_first { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) });
    let text = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    without_mark(text.chain(broken(rest)))
}

/// Text of UTF-32 without its mark; what is no character is U+FFFD.
fn from_utf32(bytes: &[u8], low_first: bool) -> String {
    let (fours, rest) = bytes.as_chunks::<4>();
    let units = fours.iter().map(|four| if low_first { u32::from_le_bytes(*four) } else { u32::from_be_bytes(*four) });
    let text = units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    without_mark(text.chain(broken(rest)))
}

/// U+FFFD for bytes that are left over.
fn broken(rest: &[u8]) -> Option<char> {
    (!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER)
}

/// A text without the mark that it may begin with.
fn without_mark(text: impl Iterator<Item = char>) -> String {
    let mut text = text.peekable();
    text.next_if_eq(&'\u{feff}');
    text.collect()
}
