//! Signatures as they are written: finding them in a header, and decoding them.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::sender::{Encoding, Shape};

/// How many signatures one header may carry: enough for any rotation, too few to make us compute for long.
pub(super) const MOST_SIGNATURES: usize = 16;

/// The longest signature, in bytes: that of the longest RSA key.
const LONGEST: usize = 512;

/// Room for one decoded signature.
pub(super) struct Room([u8; LONGEST + 3]);

impl Room {
    /// An empty room.
    pub(super) const fn new() -> Self {
        Self([0; LONGEST + 3])
    }

    /// Decodes a signature, strictly; `None` where it is not written as it should be.
    pub(super) fn decode(&mut self, encoding: Encoding, text: &str) -> Option<&[u8]> {
        let length = match encoding {
            Encoding::Hex => {
                let length = text.len() / 2;
                hex::decode_to_slice(text, self.0.get_mut(..length)?).ok()?;
                length
            }
            Encoding::Base64 => STANDARD.decode_slice(text, &mut self.0).ok()?,
            Encoding::Base64Url => URL_SAFE_NO_PAD.decode_slice(text, &mut self.0).ok()?,
        };
        self.0.get(..length).filter(|bytes| !bytes.is_empty() && bytes.len() <= LONGEST)
    }
}

/// The signatures of a header that count, still encoded; with `bare`, those without the shape's prefix too.
pub(super) fn candidates(shape: Shape, bare: bool, text: &str) -> impl Iterator<Item = &str> {
    let (separators, prefix, key) = match shape {
        Shape::Whole(prefix) => (None, prefix, None),
        Shape::List { separator, prefix } => (Some(Separators::One(separator)), prefix, None),
        Shape::Pairs { separators, signature } => (Some(Separators::Any(separators)), "", Some(signature)),
    };
    let whole = separators.is_none().then_some(text);
    let several = separators.map(|separators| text.split(move |c| separators.contain(c)).take(MOST_SIGNATURES));
    whole.into_iter().chain(several.into_iter().flatten()).filter_map(move |one| match key {
        Some(key) => pair(one).filter(|(found, _)| *found == key).map(|(_, value)| value),
        None => {
            let one = if separators.is_some() { one.trim_matches(' ') } else { one };
            one.strip_prefix(prefix).or(bare.then_some(one))
        }
    })
}

/// What stands between signatures.
#[derive(Clone, Copy)]
enum Separators {
    One(char),
    Any(&'static str),
}

impl Separators {
    /// Whether this character separates.
    fn contain(self, c: char) -> bool {
        match self {
            Self::One(separator) => c == separator,
            Self::Any(separators) => separators.contains(c),
        }
    }
}

/// The value of the one pair with this key; nothing where there is none, or more than one.
pub(super) fn single_pair<'a>(separators: &str, text: &'a str, key: &str) -> Option<&'a str> {
    let mut values = text.split(|c| separators.contains(c)).filter_map(pair).filter(|(found, _)| *found == key);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// One pair, without the spaces around it and the quotes around its value.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.trim_matches(' ').split_once('=')?;
    Some((key, value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)))
}
