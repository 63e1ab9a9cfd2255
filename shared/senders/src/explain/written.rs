//! Signatures that are right, but computed with another hash or written in another encoding.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{Case, Finding};
use crate::json::scan::Fields;
use crate::secret::Secret;
use crate::sender::{Algorithm, Carrier, Encoding, Hash, Scheme, Shape, Signed};
use crate::verify::content::{Port, Reading, feed};
use crate::verify::{Key, Refusal, fields};

/// How many texts of a header are tried: enough for any that a person wrote.
const MOST_TEXTS: usize = 32;

const HASHES: [Hash; 4] = [Hash::Sha256, Hash::Sha1, Hash::Sha512, Hash::Sha384];

/// Whether the header holds the right signature in another hash or encoding, or with something else around it.
pub(super) fn other_writing(case: Case<'_>, refusal: Refusal) -> Option<Finding> {
    if !matches!(refusal, Refusal::Malformed(_) | Refusal::Mismatch(_)) {
        return None;
    }
    case.secrets.iter().find_map(|secret| {
        let Scheme::Signed(signed) = case.sender.scheme_for(secret.expose()) else { return None };
        let (Algorithm::Hmac(hash), Carrier::Headers(_) | Carrier::Numbered(_)) = (signed.algorithm, signed.place)
        else {
            return None;
        };
        let name = signed.place.name();
        let value = case.inbound.headers.text(name)?;
        let found = texts(value).take(MOST_TEXTS).find_map(|text| right(case, signed, secret, (value, text)))?;
        Some(Finding::Written { name, found, wanted: (hash, signed.encoding) })
    })
}

/// The texts of a header that may be a signature.
fn texts(value: &str) -> impl Iterator<Item = &str> {
    let parts = value.split([',', ';', ' ', '"', '\'']).filter(|part| !part.is_empty());
    parts.flat_map(|part| [Some(part), after(part, '='), after(part, ':')].into_iter().flatten())
}

/// What stands after the first of this character.
fn after(text: &str, separator: char) -> Option<&str> {
    text.split_once(separator).map(|(_, rest)| rest).filter(|rest| !rest.is_empty())
}

/// The hash and the encoding in which a text of a header is the right signature.
fn right(
    case: Case<'_>,
    signed: &'static Signed,
    secret: &Secret,
    (value, text): (&str, &str),
) -> Option<(Hash, Encoding)> {
    let decoded = [
        (Encoding::Hex, hex::decode(text).ok()),
        (Encoding::Base64, STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()),
        (Encoding::Base64Url, URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()),
    ];
    decoded.into_iter().find_map(|(encoding, bytes)| {
        let bytes = bytes?;
        let hash = HASHES.into_iter().find(|hash| hash.length() == bytes.len())?;
        is_sum(case, signed, (secret, hash), value, &bytes).then_some((hash, encoding))
    })
}

/// Whether these bytes are what the content comes to with this hash.
fn is_sum(case: Case<'_>, signed: &'static Signed, key: (&Secret, Hash), value: &str, bytes: &[u8]) -> bool {
    let (secret, hash) = key;
    let Some(mut mac) = Key::mac_with(case.sender, secret, hash) else { return false };
    let separators = match signed.shape {
        Shape::Pairs { separators, .. } => separators,
        Shape::Whole(_) | Shape::List { .. } => "",
    };
    let document = fields(signed, case.inbound.body).unwrap_or_else(|_| Fields::at([]));
    let pairs = (value, signed.place.name());
    let reading =
        Reading { inbound: case.inbound, pairs, separators, document: &document, name: "", port: Port::Without };
    feed(signed.content, reading, &mut |part| mac.update(part)).is_ok() && mac.finish().matches(bytes)
}
