//! Content types and their parameters, and text in the charset that they name.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

use crate::json::{self, MOST_VALUES, Unreadable, Value};

/// The most parameters of a header that are read.
const MOST_PARAMETERS: usize = 32;

/// The value of a header such as `Content-Type`: a name and parameters.
#[derive(Debug, Default)]
pub(super) struct Media {
    /// The type, in lower case and without parameters.
    pub(super) name: String,
    parameters: Vec<(String, String)>,
}

impl Media {
    /// Reads a header's value (RFC 9110, section 5.6.6). A backslash escapes a quote or itself, and nothing else: some
    /// write Windows' paths.
    pub(super) fn of(header: &str) -> Self {
        let (name, mut rest) = header.split_once(';').unwrap_or((header, ""));
        let mut parameters = Vec::new();
        while let Some((key, after)) = rest.split_once('=').filter(|_| parameters.len() < MOST_PARAMETERS) {
            // A parameter without a value stands before this one.
            let key = key.rsplit(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let after = after.trim_start();
            let (value, left) = match after.strip_prefix('"') {
                Some(quoted) => unquoted(quoted),
                None => {
                    let (value, left) = after.split_once(';').unwrap_or((after, ""));
                    (value.trim_end().to_owned(), left)
                }
            };
            parameters.push((key, value));
            rest = left;
        }
        Self { name: name.trim().to_ascii_lowercase(), parameters }
    }

    /// A parameter's value; of one that stands there twice, the first.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is what forms are sent as.
    pub(super) fn is_form(&self) -> bool {
        self.name == "application/x-www-form-urlencoded"
    }

    /// Whether this is XML.
    pub(super) fn is_xml(&self) -> bool {
        self.name.ends_with("/xml") || self.name.ends_with("+xml")
    }

    /// Whether this is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.name.ends_with("/json") || self.name.ends_with("+json")
    }

    /// Bytes as text, in the charset that is named.
    pub(super) fn text<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        decoded(bytes, self.get("charset"))
    }

    /// Bytes as JSON. JSON is UTF-8 whatever its charset says (RFC 8259, section 8.1), so that is asked first.
    pub(super) fn json(&self, bytes: &[u8]) -> Result<Value, Unreadable> {
        self.json_within(bytes, &mut { MOST_VALUES })
    }

    /// The same for one of several texts, which together have no more than so many values.
    pub(super) fn json_within(&self, bytes: &[u8], left: &mut usize) -> Result<Value, Unreadable> {
        let named = self.get("charset").and_then(named).filter(|encoding| *encoding != UTF_8);
        match named {
            Some(encoding) if !encoding.is_ascii_compatible() || std::str::from_utf8(bytes).is_err() => {
                let (text, ..) = encoding.decode(bytes);
                json::read_within(text.as_bytes(), left).or_else(|_| json::read_within(bytes, left))
            }
            _ => json::read_within(bytes, left),
        }
    }

    /// Bytes as the text of an XML document, which may name its own encoding.
    pub(super) fn xml<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(200)).unwrap_or_default());
        let declaration = start.split_once("?>").map_or("", |(declaration, _)| declaration);
        let value = declaration.split_once("encoding").and_then(|(_, rest)| rest.trim_start().strip_prefix('='));
        let declared = value.and_then(|value| value.split(['"', '\'']).nth(1));
        decoded(bytes, self.get("charset").or(declared))
    }
}

/// Bytes as text in a charset, UTF-8 where it is unknown; a byte order mark goes before it, and is passed over.
pub(super) fn decoded<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    charset.and_then(named).unwrap_or(UTF_8).decode(bytes).0
}

/// Bytes within a text in a charset, UTF-8 where it is unknown, whatever mark they begin with.
pub(super) fn within<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    charset.and_then(named).unwrap_or(UTF_8).decode_without_bom_handling(bytes).0
}

/// The encoding of a charset's name.
fn named(charset: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(charset.trim_matches('\'').as_bytes())
}

/// A quoted text up to its closing quote, and what stands after the next semicolon.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let after = text.get(at + 1..).unwrap_or_default();
                return (value, after.split_once(';').map_or("", |(_, left)| left));
            }
            '\\' => match characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            other => value.push(other),
        }
    }
    (value, "")
}
