//! The family of shared tokens.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::content::form_field;
use super::{Key, Refusal, proof};
use crate::inbound::Inbound;
use crate::json::{self, Value};
use crate::sender::{TokenPlace, value_at, values_at};

/// Compares a request's token with the key's, in a time that does not tell how far they agree.
pub(super) fn check(place: TokenPlace, key: &Key, inbound: Inbound<'_>) -> Result<(), Refusal> {
    let matches = |given: &[u8]| key.is_token(given);
    let (matched, refusal) = match place {
        TokenPlace::Header { name, prefix } => {
            let given = proof(inbound.headers, name)?;
            let token = strip(given, prefix).filter(|token| !token.is_empty()).ok_or(Refusal::Malformed(name))?;
            (matches(token), Refusal::Mismatch(name))
        }
        TokenPlace::Basic => {
            let name = "authorization";
            let token = strip(proof(inbound.headers, name)?, "Basic ").ok_or(Refusal::Malformed(name))?;
            (matches(&STANDARD.decode(token).map_err(|_| Refusal::Malformed(name))?), Refusal::Mismatch(name))
        }
        TokenPlace::Query(name) => {
            (matches(parameter(inbound.url.query(), name)?.as_bytes()), Refusal::WrongToken(name))
        }
        TokenPlace::Field(path) => {
            let body = json::read(inbound.body).map_err(|_| Refusal::Unparsable)?;
            let found = path.split('|').find_map(|path| values_at(&body, path)).filter(|found| !found.is_empty());
            let found = found.ok_or_else(|| missing(&body, path))?;
            let all = found.iter().all(|value| value.as_str().is_some_and(|text| matches(text.as_bytes())));
            (all, Refusal::WrongToken(path))
        }
        TokenPlace::Form(path) => (matches(form_token(inbound.body, path)?.as_bytes()), Refusal::WrongToken(path)),
    };
    if matched { Ok(()) } else { Err(refusal) }
}

/// The text of a form's field, or of a field of the JSON that it holds.
fn form_token(body: &[u8], path: &'static str) -> Result<String, Refusal> {
    let (field, inner) = path.split_once('.').map_or((path, None), |(field, inner)| (field, Some(inner)));
    let value = form_field(body, field)?;
    let Some(inner) = inner else { return Ok(value) };
    let document = json::read(value.as_bytes()).map_err(|_| Refusal::Unparsable)?;
    let found = value_at(&document, inner).and_then(Value::as_str);
    found.map(str::to_owned).ok_or(Refusal::MissingField(path))
}

/// Why a body has no token.
fn missing(body: &Value, path: &'static str) -> Refusal {
    match body.get("encrypt") {
        Some(Value::String(_)) => Refusal::Encrypted,
        _ => Refusal::MissingField(path),
    }
}

/// What follows a prefix in any case.
pub(super) fn strip<'a>(value: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (head, rest) = value.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix.as_bytes()).then_some(rest)
}

/// The one value of a parameter of the query, decoded.
pub(crate) fn parameter<'a>(query: &'a str, name: &'static str) -> Result<Cow<'a, str>, Refusal> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) if !value.is_empty() => Ok(value),
        (Some(_), Some(_)) => Err(Refusal::DoubledParameter(name)),
        _ => Err(Refusal::MissingParameter(name)),
    }
}
