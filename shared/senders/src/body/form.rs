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

/// The most fields of a form; one of more has no fields.
pub(super) const MOST_FIELDS: usize = 10_000;

/// A form's fields, one that stands there several times as a list; or the JSON in its field `payload`.
pub(super) fn read(body: &[u8], charset: Option<&str>) -> Option<Value> {
    if has_too_many(body) {
        return None;
    }
    let pairs = || written(body).map(|(name, value)| (plain(name), plain(value)));
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

/// Whether a form has more fields than are read.
pub(super) fn has_too_many(body: &[u8]) -> bool {
    written(body).nth(MOST_FIELDS).is_some()
}

/// The names and values of a form's fields, as they are written.
pub fn written(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let body = body.strip_prefix(MARK).unwrap_or(body);
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, b""));
        (name, value.get(1..).unwrap_or_default())
    })
}

/// Whether a name as it is written is this one. No byte of it takes more than three.
pub fn is_name(written: &[u8], name: &str) -> bool {
    written == name.as_bytes() || written.len() <= name.len().saturating_mul(3) && *plain(written) == *name.as_bytes()
}

/// The value of the one field of this name; `None` where there is none, or more than one.
pub fn only<'a>(body: &'a [u8], name: &str) -> Option<Cow<'a, [u8]>> {
    let mut found = written(body).filter(|(written, _)| is_name(written, name));
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(plain(value)),
        _ => None,
    }
}

/// Adds a name or a value without its escapes.
pub fn decode(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(text);
    let added = out.get_mut(start..).unwrap_or_default();
    added.iter_mut().filter(|byte| **byte == b'+').for_each(|byte| *byte = b' ');
    let kept = percent::decode_in_place(added, b'%');
    out.truncate(start + kept);
}

/// How many bytes of a written value stand for so many decoded ones.
pub fn written_length(written: &[u8], decoded: usize) -> usize {
    (0..decoded).fold(0, |at, _| {
        let rest = written.get(at..).unwrap_or_default();
        let is_escape = rest.first_chunk::<3>().is_some_and(|escape| percent::decoded(escape).len() == 1);
        at + if is_escape { 3 } else { 1 }
    })
}

/// Whether a body is a form by its content type; one without a content type is, unless it begins as JSON does.
pub fn is_taken_for_one(content_type: &str, body: &[u8]) -> bool {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    let start = body.strip_prefix(MARK).unwrap_or(body).trim_ascii_start().first();
    name.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        || name.is_empty() && !matches!(start, Some(b'{' | b'['))
}

/// A name or a value without its escapes.
pub fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent::decoded(text);
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent::decoded(&spaced).into_owned())
}
