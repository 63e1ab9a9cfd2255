//! Checks the options of a custom scheme against the generic sender they are for.

use super::super::{Encoding, Scheme, SecretFormat, Sender, TokenPlace, Unit};
use super::template::{self, Piece};
use super::{CUSTOMISABLE, CustomScheme, Trouble};
use crate::inbound::names_credential;

/// How a signature may be written.
pub(super) const ENCODINGS: &[(&str, Encoding)] =
    &[("hex", Encoding::Hex), ("base64", Encoding::Base64), ("base64url", Encoding::Base64Url)];

/// How a secret may be read.
pub(super) const SECRETS: &[(&str, SecretFormat)] = &[
    ("raw", SecretFormat::Raw),
    ("base64", SecretFormat::Base64),
    ("hex", SecretFormat::Hex),
    ("whsec", SecretFormat::Whsec),
];

/// How a time may be written.
pub(super) const UNITS: &[(&str, Unit)] =
    &[("s", Unit::Seconds), ("ms", Unit::Milliseconds), ("iso8601", Unit::Iso8601), ("http-date", Unit::HttpDate)];

/// What is signed where the options do not say.
pub(super) const BODY: &str = "{body}";

/// The options of every generic sender, of those that sign, and of those that send a token.
const COMMON: &[&str] = &["event_type_header", "event_type_field", "delivery_id_header", "delivery_id_field"];
const SIGNED: &[&str] = &[
    "header",
    "prefix",
    "signature_key",
    "encoding",
    "content",
    "secret",
    "timestamp_header",
    "timestamp_key",
    "timestamp_unit",
    "tolerance_seconds",
];
const HEADER: &[&str] = &["header", "prefix"];
const QUERY: &[&str] = &["parameter"];

/// The longest name, prefix or path of a field, in bytes.
const LONGEST: usize = 200;

/// How many seconds a clock may be off at most.
const MOST_TOLERANCE: u64 = 86_400;

/// Notes troubles as the checks go along.
struct Check<'a> {
    scheme: &'a CustomScheme,
    troubles: Vec<Trouble>,
}

/// Finds everything that is wrong with options.
pub(super) fn check(scheme: &CustomScheme, generic: &Sender) -> Result<(), Vec<Trouble>> {
    let mut check = Check { scheme, troubles: Vec::new() };
    if CUSTOMISABLE.contains(&generic.name) {
        check.all(generic);
    } else {
        let all = CUSTOMISABLE.join(", ");
        check.note("", format!("the sender `{}` has a scheme of its own; those that take one are {all}", generic.name));
    }
    if check.troubles.is_empty() { Ok(()) } else { Err(check.troubles) }
}

impl Check<'_> {
    /// Notes what is wrong with a field.
    fn note(&mut self, field: &'static str, message: impl Into<String>) {
        self.troubles.push(Trouble { field, message: message.into() });
    }

    /// Checks every field.
    fn all(&mut self, generic: &Sender) {
        let own = match generic.scheme {
            Scheme::Token(TokenPlace::Query(_)) => QUERY,
            Scheme::Token(_) => HEADER,
            _ => SIGNED,
        };
        for (field, is_there) in self.scheme.fields() {
            if is_there && !own.contains(&field) && !COMMON.contains(&field) {
                let (name, all) = (generic.name, own.join(", "));
                self.note(field, format!("the sender `{name}` has no such option; besides the event's it has {all}"));
            }
        }
        let CustomScheme { header, parameter, prefix, encoding, secret, .. } = self.scheme;
        self.name("header", header.as_deref());
        self.name("parameter", parameter.as_deref());
        if prefix.as_deref().is_some_and(|prefix| !is_header_text(prefix)) {
            self.note("prefix", "no header holds this: letters, digits, signs and spaces of ASCII alone");
        }
        self.word("encoding", encoding.as_deref(), ENCODINGS);
        self.word("secret", secret.as_deref(), SECRETS);
        self.content();
        self.event(header.as_deref().unwrap_or(generic.scheme.carrier()));
    }

    /// Checks what is signed, and that the time is a part of it: one that is not signed proves nothing.
    fn content(&mut self) {
        let CustomScheme { prefix, signature_key, content, timestamp_header, timestamp_key, .. } = self.scheme;
        self.name("signature_key", signature_key.as_deref());
        self.name("timestamp_header", timestamp_header.as_deref());
        self.name("timestamp_key", timestamp_key.as_deref());
        if signature_key.is_some() && prefix.is_some() {
            self.note("prefix", "a header of pairs has no prefix: leave out `prefix` or `signature_key`");
        }
        self.clock();
        let pieces = match template::read(content.as_deref().unwrap_or(BODY)) {
            Ok(pieces) => pieces,
            Err(message) => return self.note("content", message),
        };
        if signature_key.is_none() && pieces.iter().any(|piece| matches!(piece, Piece::Pair(_))) {
            self.note(
                "content",
                "`{pair:KEY}` is of a header of pairs: say the key of the signature as `signature_key`",
            );
        }
        let by_header = timestamp_header.iter().map(|name| ("timestamp_header", Piece::header(name), "header"));
        let by_key = timestamp_key.iter().map(|key| ("timestamp_key", Piece::Pair(key.clone()), "pair"));
        for (field, piece, word) in by_header.chain(by_key) {
            if !pieces.contains(&piece) {
                let why = "the time is not signed, so that anybody may change it";
                self.note(field, format!("{why}: put it into `content` as `{{{word}:…}}`"));
            }
        }
    }

    /// Checks how the time of signing is written.
    fn clock(&mut self) {
        let CustomScheme { timestamp_header, timestamp_key, timestamp_unit, tolerance_seconds, .. } = self.scheme;
        let units = || UNITS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        match (timestamp_header.is_some() || timestamp_key.is_some(), timestamp_unit) {
            (true, None) => self.note("timestamp_unit", format!("say how the time is written: {}", units())),
            (false, Some(_)) => self.note("timestamp_unit", "say where the time is as well: `timestamp_header`"),
            (false, None) if tolerance_seconds.is_some() => {
                self.note("tolerance_seconds", "say where the time is as well: `timestamp_header`");
            }
            _ => {}
        }
        if timestamp_header.is_some() && timestamp_key.is_some() {
            self.note("timestamp_key", "the time is in one place: leave out this or `timestamp_header`");
        }
        self.word("timestamp_unit", timestamp_unit.as_deref(), UNITS);
        if tolerance_seconds.is_some_and(|seconds| seconds == 0 || seconds > MOST_TOLERANCE) {
            self.note("tolerance_seconds", format!("not between 1 and {MOST_TOLERANCE}"));
        }
    }

    /// Checks where the event's type and id are: they are kept and shown, so no secret may stand there.
    fn event(&mut self, carrier: &str) {
        let CustomScheme { event_type_header, event_type_field, delivery_id_header, delivery_id_field, .. } =
            self.scheme;
        for (field, name) in [("event_type_header", event_type_header), ("delivery_id_header", delivery_id_header)] {
            let Some(name) = name else { continue };
            self.name(field, Some(name));
            if name.eq_ignore_ascii_case(carrier) || names_credential(&name.to_ascii_lowercase()) {
                self.note(field, format!("the header `{name}` holds a secret, which is never kept: name another"));
            }
        }
        for (field, path) in [("event_type_field", event_type_field), ("delivery_id_field", delivery_id_field)] {
            if path.as_deref().is_some_and(|path| !is_path(path)) {
                self.note(field, "not a field of the body: names and numbers with dots between them, as `data.0.kind`");
            }
        }
    }

    /// Checks the name of a header, a parameter or a pair.
    fn name(&mut self, field: &'static str, name: Option<&str>) {
        if let Some(name) = name.filter(|name| !is_token(name)) {
            self.note(field, format!("`{name}` is no name of one: letters, digits and hyphens alone"));
        }
    }

    /// Checks one of several words.
    fn word<T>(&mut self, field: &'static str, word: Option<&str>, known: &[(&str, T)]) {
        if let Some(word) = word.filter(|word| known.iter().all(|(name, _)| name != word)) {
            let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
            self.note(field, format!("unknown word `{word}`; known are {}", names.join(", ")));
        }
    }
}

/// Whether a text is a token of HTTP, as names of headers are.
pub(super) fn is_token(text: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(is_good)
}

/// Whether a text may stand in a header.
fn is_header_text(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Whether a text is a path into a JSON body.
fn is_path(text: &str) -> bool {
    text.len() <= LONGEST && !text.split('.').any(str::is_empty) && !text.chars().any(char::is_control)
}
