//! The family of shared tokens.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::content::form_field;
use super::{Key, Refusal, proof};
use crate::inbound::Inbound;
use crate::json::scan::{Fields, Raw};
use crate::sender::TokenPlace;

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
            let body = Raw::of(inbound.body).ok_or(Refusal::Unparsable)?;
            let found = path.split('|').find_map(|path| all_at(body, path, &matches));
            (found.ok_or_else(|| missing(body, path))?, Refusal::WrongToken(path))
        }
        TokenPlace::Form(path) => (matches(&form_token(inbound, path)?), Refusal::WrongToken(path)),
    };
    if matched { Ok(()) } else { Err(refusal) }
}

/// Whether every text at a path is the token; `None` where there is none, or something of the path is missing. The first
/// that is another ends it.
fn all_at(body: Raw<'_>, path: &'static str, matches: &impl Fn(&[u8]) -> bool) -> Option<bool> {
    let mut same = None;
    let whole = body.each(path, &mut |value| {
        let found = value.string().is_some_and(|text| matches(text.as_bytes()));
        same = Some(found);
        found.then_some(())
    });
    same.filter(|same| !same || whole.is_some())
}

/// The text of a form's field, or of a field of the JSON that it holds.
fn form_token<'a>(inbound: Inbound<'a>, path: &'static str) -> Result<Cow<'a, [u8]>, Refusal> {
    let (field, inner) = path.split_once('.').map_or((path, None), |(field, inner)| (field, Some(inner)));
    let value = form_field(inbound, field)?;
    let Some(inner) = inner else { return Ok(value) };
    let mut fields = Fields::at([inner]);
    fields.find(&value).ok_or(Refusal::Unparsable)?;
    let found = fields.get(inner).and_then(Raw::string).ok_or(Refusal::MissingField(path))?;
    Ok(Cow::Owned(found.into_owned().into_bytes()))
}

/// Why a body has no token.
fn missing(body: Raw<'_>, path: &'static str) -> Refusal {
    let mut fields = Fields::at(["encrypt"]);
    let is_encrypted = fields.find(body.bytes()).and_then(|()| fields.get("encrypt")?.string()).is_some();
    if is_encrypted { Refusal::Encrypted } else { Refusal::MissingField(path) }
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
