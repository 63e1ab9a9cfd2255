//! Bodies that something on the way changed.

use super::json::{Style, restyled};
use super::{Case, Finding};
use crate::inbound::Inbound;
use crate::sender::Scheme;
use crate::verify::Key;

/// How compressed data begins.
const COMPRESSED: [(&[u8], &str); 3] = [(b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bzip2")];

/// The byte order mark that some editors write.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Fields of a form that senders put a whole document into.
const FIELDS: [&str; 4] = ["payload", "body", "data", "json"];

/// What is odd about the body, whatever the signature says.
pub(super) fn odd(case: Case<'_>) -> Vec<Finding> {
    let Inbound { body, headers, .. } = case.inbound;
    let found = body.len() as u64;
    let promised = headers.text("content-length").and_then(|length| length.trim().parse().ok());
    let length = promised.filter(|promised| *promised != found).map(|promised| Finding::Length { promised, found });
    let signed = case.schemes().any(|scheme| {
        matches!(scheme, Scheme::Signed(_)) || matches!(scheme, Scheme::Jwt(jwt) if jwt.body_hash.is_some())
    });
    let empty = (found == 0 && signed && length.is_none()).then_some(Finding::Empty);
    let compressed = COMPRESSED.iter().find(|(start, _)| body.starts_with(start));
    length.into_iter().chain(empty).chain(compressed.map(|(_, format)| Finding::Compressed(format))).collect()
}

/// Whether a body that was changed on its way, in one of the common ways, matches.
pub(super) fn other_body(case: Case<'_>, keys: &[Key]) -> Option<Finding> {
    let body = case.inbound.body;
    TRIES.iter().find_map(|(how, change)| {
        let changed = change(body).filter(|changed| changed != body)?;
        case.proves(keys, Inbound { body: &changed, ..case.inbound }).then_some(Finding::Body(how))
    })
}

/// What a body may have been, if that can be told from what it is.
type Change = fn(&[u8]) -> Option<Vec<u8>>;

const TRIES: [(&str, Change); 12] = [
    ("without the white space at its end", |body| Some(body.trim_ascii_end().to_vec())),
    ("with a line feed at its end", |body| Some([body, b"\n"].concat())),
    ("with a carriage return and a line feed at its end", |body| Some([body, b"\r\n"].concat())),
    ("with a line feed alone at the end of each line", |body| Some(line_feeds(body))),
    ("with a carriage return before each line feed", |body| Some(carriage_returns(body))),
    ("without the byte order mark before it", |body| body.strip_prefix(MARK).map(<[u8]>::to_vec)),
    ("as JSON without white space", |body| restyled(body, Style::Compact)),
    ("as JSON with a space after each comma and colon", |body| restyled(body, Style::Spaced)),
    ("as JSON in which all but ASCII is escaped", |body| restyled(body, Style::Escaped)),
    ("as what is in its form's field, decoded", field),
    ("as the form that it was taken out of", |body| Some(form(body))),
    ("with nothing in it", |_| Some(Vec::new())),
];

/// The body without the carriage returns before its line feeds.
fn line_feeds(body: &[u8]) -> Vec<u8> {
    let next = body.iter().skip(1).map(Some).chain([None]);
    body.iter()
        .zip(next)
        .filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'))
        .map(|(byte, _)| *byte)
        .collect()
}

/// The body with a carriage return before each line feed.
fn carriage_returns(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 16);
    for byte in line_feeds(body) {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

/// The document in a form's field.
fn field(body: &[u8]) -> Option<Vec<u8>> {
    let (_, value) = form_urlencoded::parse(body).find(|(name, _)| FIELDS.contains(&name.as_ref()))?;
    Some(value.into_owned().into_bytes())
}

/// The document as a form's only field.
fn form(body: &[u8]) -> Vec<u8> {
    let value: String = form_urlencoded::byte_serialize(body).collect();
    format!("payload={value}").into_bytes()
}
