//! One part: its headers and its content.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::without_break;
use crate::body::media::{Media, decoded};
use crate::json::{Map, Value};
use crate::percent;

/// Base64 as people write it: with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The most headers of one part that are read.
const MOST_HEADERS: usize = 32;

/// One part of a body.
pub(super) struct Part<'a> {
    /// The field's name.
    pub(super) name: Option<String>,
    /// The name of the file that it is.
    filename: Option<String>,
    /// The content's type; empty where there is none.
    pub(super) media: Media,
    /// The content, without its transfer encoding.
    pub(super) content: Cow<'a, [u8]>,
}

impl<'a> Part<'a> {
    /// Reads what stands between two boundaries.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let (headers, content) = headers(bytes);
        let header = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let disposition = Media::of(header("content-disposition").unwrap_or_default());
        let coding = header("content-transfer-encoding").unwrap_or_default().trim().to_ascii_lowercase();
        Self {
            name: disposition.get("name").map(unescaped),
            filename: disposition
                .get("filename*")
                .and_then(extended)
                .or_else(|| disposition.get("filename").map(unescaped)),
            media: Media::of(header("content-type").unwrap_or_default()),
            content: match coding.as_str() {
                "base64" => from_base64(content).map_or(Cow::Borrowed(content), Cow::Owned),
                "quoted-printable" => Cow::Owned(from_quoted_printable(content)),
                _ => Cow::Borrowed(content),
            },
        }
    }

    /// Whether it is a file rather than a text.
    pub(super) fn is_file(&self) -> bool {
        let name = self.media.name.as_str();
        let text = name.is_empty() || name.starts_with("text/") || self.media.is_json() || self.media.is_xml();
        self.filename.is_some() || !(text || self.media.is_form())
    }

    /// What is to be said of a file: its name, its type and how large it is, but not what is in it.
    pub(super) fn file(&self) -> Value {
        let media = Some(self.media.name.as_str()).filter(|name| !name.is_empty());
        let facts = [
            ("filename", self.filename.clone().map(Value::from)),
            ("content_type", media.map(Value::from)),
            ("size_bytes", Some(self.content.len().into())),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Map>().into()
    }

    /// The content as text, in its own charset or the form's.
    pub(super) fn text(&self, charset: Option<&str>) -> Cow<'_, str> {
        decoded(&self.content, self.media.get("charset").or(charset))
    }
}

/// The name of what stands between two boundaries, as [`Part::of`] reads it.
pub(super) fn name(bytes: &[u8]) -> Option<String> {
    let (headers, _) = headers(bytes);
    let (_, disposition) = headers.iter().find(|(found, _)| found == "content-disposition")?;
    Media::of(disposition).get("name").map(unescaped)
}

/// The headers before the first empty line, by lower-case name, and what comes after it.
fn headers(bytes: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut rest = bytes;
    while let Some(line) = rest.split_inclusive(|byte| *byte == b'\n').next() {
        rest = rest.get(line.len()..).unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            break;
        }
        if headers.len() == MOST_HEADERS {
            continue;
        }
        match (headers.last_mut(), text.split_once(':')) {
            (Some((_, value)), _) if text.starts_with([' ', '\t']) => value.push_str(text),
            (_, Some((name, value))) => headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned())),
            (_, None) => {}
        }
    }
    (headers, rest)
}

/// A name as browsers write it: with `%22`, `%0D` and `%0A` for what would end it (HTML, section 4.10.21.8).
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// A name with its charset (RFC 8187): `UTF-8''caf%C3%A9`.
fn extended(value: &str) -> Option<String> {
    let mut pieces = value.splitn(3, '\'');
    let (charset, _, name) = (pieces.next()?, pieces.next()?, pieces.next()?);
    Some(decoded(&percent::decoded(name.as_bytes()), Some(charset)).into_owned())
}

/// The bytes that Base64 stands for, whatever white space is in it.
fn from_base64(content: &[u8]) -> Option<Vec<u8>> {
    let written: Vec<u8> = content.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(written).ok()
}

/// The bytes that quoted-printable stands for (RFC 2045, section 6.7).
fn from_quoted_printable(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let breaks = line.get(without_break(line).len()..).unwrap_or_default();
        let (text, breaks) = text.strip_suffix(b"=").map_or((text, breaks), |text| (text, b""));
        out.extend_from_slice(&percent::unescaped(text, b'='));
        out.extend_from_slice(breaks);
    }
    out
}
