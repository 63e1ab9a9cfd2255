//! Makes a sender of options that passed their checks. Its texts live as long as the process.

use super::super::{Carrier, Clock, ClockPlace, Part, Place, Scheme, Sender, Shape, Signed, TokenPlace, Writing};
use super::CustomScheme;
use super::check::{BODY, ENCODINGS, SECRETS, UNITS};
use super::template::{self, Piece};

/// How many seconds a time may be off where the options do not say.
const TOLERANCE: u64 = 300;

/// The sender; `None` where the options did not pass their checks.
pub(super) fn sender(options: &CustomScheme, generic: &'static Sender) -> Option<&'static Sender> {
    let scheme = match &generic.scheme {
        Scheme::Signed(signed) => Scheme::Signed(self::signed(options, signed)?),
        Scheme::Token(TokenPlace::Header { name, prefix }) => Scheme::Token(TokenPlace::Header {
            name: options.header.as_deref().map_or(name, lower),
            prefix: options.prefix.as_deref().map_or(prefix, kept),
        }),
        Scheme::Token(TokenPlace::Query(name)) => {
            Scheme::Token(TokenPlace::Query(options.parameter.as_deref().map_or(name, kept)))
        }
        Scheme::Token(_) | Scheme::Jwt(_) | Scheme::AppStore(_) | Scheme::None => return None,
    };
    let CustomScheme { event_type_header, event_type_field, delivery_id_header, delivery_id_field, .. } = options;
    Some(Box::leak(Box::new(Sender {
        name: generic.name,
        event_type: place(event_type_header.as_deref(), event_type_field.as_deref(), generic.event_type),
        delivery_id: place(delivery_id_header.as_deref(), delivery_id_field.as_deref(), generic.delivery_id),
        scheme,
        alternative: None,
        handshake: generic.handshake,
        answers: generic.answers,
        unpack: generic.unpack,
        proof_bytes: generic.proof_bytes,
        at: generic.at,
    })))
}

/// The scheme of a signature.
fn signed(options: &CustomScheme, generic: &Signed) -> Option<Signed> {
    let content = template::read(options.content.as_deref().unwrap_or(BODY)).ok()?;
    let header = options.header.as_deref().map_or(generic.place.name(), lower);
    let timestamp = match (&options.timestamp_header, &options.timestamp_key) {
        (Some(name), _) => Some(ClockPlace::Header(lower(name))),
        (None, Some(key)) => Some(ClockPlace::Pair(kept(key))),
        (None, None) => None,
    };
    let timestamp = match timestamp {
        Some(place) => Some(Clock {
            place,
            unit: word(UNITS, options.timestamp_unit.as_deref()?)?,
            tolerance_seconds: options.tolerance_seconds.unwrap_or(TOLERANCE),
        }),
        None => None,
    };
    Some(Signed {
        algorithm: generic.algorithm,
        place: Carrier::Headers(Vec::leak(vec![header])),
        shape: match &options.signature_key {
            Some(key) => Shape::Pairs { separators: ",;", signature: kept(key) },
            None => Shape::Whole(kept(options.prefix.as_deref().unwrap_or_default())),
        },
        writing: Writing::default(),
        encoding: word(ENCODINGS, options.encoding.as_deref().unwrap_or("hex"))?,
        content: Vec::leak(content.into_iter().map(part).collect()),
        secret: word(SECRETS, options.decoding())?,
        timestamp,
        require: &[],
        each: None,
        key: None,
        document: None,
        bind: &[],
    })
}

/// A part of the content.
fn part(piece: Piece) -> Part {
    match piece {
        Piece::Plain(part) => part,
        Piece::Header(name) => Part::Header(kept(&name)),
        Piece::Pair(key) => Part::Pair(kept(&key)),
        Piece::Text(text) => Part::Text(kept(&text)),
    }
}

/// Where a value is: in the header or else in the field that the options name, or where the generic sender has it.
fn place(header: Option<&str>, field: Option<&str>, usual: Place) -> Place {
    match (header, field) {
        (None, None) => usual,
        (Some(name), None) => Place::Header(lower(name)),
        (None, Some(path)) => Place::Field(kept(path)),
        (Some(name), Some(path)) => Place::First(Vec::leak(vec![Place::Header(lower(name)), Place::Field(kept(path))])),
    }
}

/// What a word stands for.
fn word<T: Copy>(known: &[(&str, T)], word: &str) -> Option<T> {
    known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// The text, for ever.
fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// The text in lower case, for ever.
fn lower(text: &str) -> &'static str {
    text.to_ascii_lowercase().leak()
}
