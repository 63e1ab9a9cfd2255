//! The family of keyed hashes over the request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Key, Refusal, in_force, proof};
use crate::inbound::Inbound;
use crate::sender::{Clock, Encoding, HmacScheme, Part};
use crate::time::Timestamp;

/// The length of a SHA-256 signature, in bytes.
const LENGTH: usize = 32;

/// How many signatures one request may carry: enough for any rotation, too few to make us hash for long.
const MOST_SIGNATURES: usize = 16;

/// Checks a request's signatures against every key; says which key matched.
pub(super) fn check(scheme: &HmacScheme, keys: &[Key], inbound: Inbound<'_>, now: Timestamp) -> Result<usize, Refusal> {
    let header = scheme.header;
    let text = std::str::from_utf8(proof(inbound.headers, header)?).map_err(|_| Refusal::Malformed(header))?;
    let signatures = read_signatures(scheme, text).ok_or(Refusal::Malformed(header))?;
    if let Some(clock) = scheme.timestamp {
        check_clock(clock, inbound, now)?;
    }
    for (index, key) in in_force(keys, now) {
        let Some(mut mac) = key.mac() else { continue };
        feed(&mut mac, scheme, inbound)?;
        // Which key or which signature matches is no secret; how much of one matches is, and `verify_slice` hides it.
        if signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok()) {
            return Ok(index);
        }
    }
    Err(Refusal::Mismatch(header))
}

/// Gives the signed content to the hash, part by part.
fn feed(mac: &mut Hmac<Sha256>, scheme: &HmacScheme, inbound: Inbound<'_>) -> Result<(), Refusal> {
    for part in scheme.content {
        match part {
            Part::Body => mac.update(inbound.body),
            Part::Header(name) => mac.update(proof(inbound.headers, name)?),
            Part::Text(text) => mac.update(text.as_bytes()),
        }
    }
    Ok(())
}

/// Decodes the signatures of the scheme's version; `None` where there is not one well-formed signature.
fn read_signatures(scheme: &HmacScheme, text: &str) -> Option<Vec<[u8; LENGTH]>> {
    let found: Vec<_> = match scheme.separator {
        None => decode(scheme, text).into_iter().collect(),
        Some(separator) => text.split(separator).take(MOST_SIGNATURES).filter_map(|one| decode(scheme, one)).collect(),
    };
    if found.is_empty() { None } else { Some(found) }
}

/// Decodes one signature, which must have exactly the hash's length.
fn decode(scheme: &HmacScheme, text: &str) -> Option<[u8; LENGTH]> {
    let encoded = text.strip_prefix(scheme.prefix)?;
    let mut signature = [0; LENGTH];
    match scheme.encoding {
        Encoding::Hex => hex::decode_to_slice(encoded, &mut signature).ok()?,
        Encoding::Base64 => {
            // The decoder wants room for its estimate, which is a little more than what comes out.
            let mut room = [0; LENGTH + 3];
            let length = STANDARD.decode_slice(encoded, &mut room).ok()?;
            signature.copy_from_slice(room.get(..length).filter(|bytes| bytes.len() == LENGTH)?);
        }
    }
    Some(signature)
}

/// Refuses a request signed too long ago, or too far ahead.
fn check_clock(clock: Clock, inbound: Inbound<'_>, now: Timestamp) -> Result<(), Refusal> {
    let digits = proof(inbound.headers, clock.header)?;
    let signed_at = read_seconds(digits).ok_or(Refusal::Malformed(clock.header))?;
    let ours = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
    let off = ours.saturating_sub(signed_at);
    if off.unsigned_abs() > clock.tolerance_seconds { Err(Refusal::Stale(off)) } else { Ok(()) }
}

/// Reads Unix seconds: digits alone, no sign, no space, no fraction.
fn read_seconds(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
