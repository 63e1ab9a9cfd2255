//! Forms, `application/x-www-form-urlencoded`.

use std::borrow::Cow;

use super::fields::Fields;
use super::media::within;
use crate::json::Value;
use crate::percent;

/// The byte order mark in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The field with which browsers say the charset of a form (HTML, section 4.10.18.5).
pub(super) const CHARSET: &str = "_charset_";

/// A form's fields, one that stands there several times as a list; or the JSON in its field `payload`.
pub(super) fn read(body: &[u8], charset: Option<&str>) -> Option<Value> {
    let body = body.strip_prefix(MARK).unwrap_or(body);
    let pairs = || body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(pair);
    let own = || pairs().find(|(name, _)| name.as_ref() == CHARSET.as_bytes());
    let own =
        if charset.is_none() { own().map(|(_, value)| String::from_utf8_lossy(&value).into_owned()) } else { None };
    let charset = charset.or(own.as_deref());
    let mut fields = Fields::default();
    for (name, value) in pairs() {
        fields.add(within(&name, charset).into_owned(), within(&value, charset).into_owned().into());
    }
    fields.into_payload()
}

/// The name and the value of a field, decoded.
fn pair(pair: &[u8]) -> (Cow<'_, [u8]>, Cow<'_, [u8]>) {
    let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, b""));
    (plain(name), plain(value.get(1..).unwrap_or_default()))
}

/// A name or a value without its escapes.
fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent::decoded(text);
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent::decoded(&spaced).into_owned())
}
