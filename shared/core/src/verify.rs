//! Proof of who sent a request.
//!
//! [`Verified`] can only be made here, so whatever holds one holds a request that proved itself to its hook's scheme.

mod hmac;
mod key;

pub use key::{BadKey, Key};

use crate::inbound::{Headers, Inbound};
use crate::sender::{Place, Scheme, Sender};
use crate::time::Timestamp;
use subtle::ConstantTimeEq;

/// A request that proved itself to its sender's scheme.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'a> {
    sender: &'static Sender,
    inbound: Inbound<'a>,
    key: Option<usize>,
}

/// Why a request was not taken for its sender's. For the operator alone: the sender is told no more than "refused".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The hook has no usable secret, so nothing can be proved to it.
    #[error("the hook has no usable secret")]
    NoSecret,
    /// The header with the proof is absent or empty.
    #[error("the header {0} is missing or empty")]
    Missing(&'static str),
    /// A header that must stand alone stands there more than once.
    #[error("the header {0} stands there more than once")]
    Doubled(&'static str),
    /// The proof is not written as the scheme writes it.
    #[error("the header {0} is not written as this sender writes it")]
    Malformed(&'static str),
    /// The time of signing is too far from ours; the seconds are ours minus theirs.
    #[error("the clock is off by {0} s")]
    Stale(i64),
    /// The proof is well formed, and wrong.
    #[error("the header {0} does not match the body under any of the hook's secrets")]
    Mismatch(&'static str),
}

/// Checks a request against its hook's keys; any key in force may match.
pub fn verify<'a>(
    sender: &'static Sender,
    keys: &[Key],
    inbound: Inbound<'a>,
    now: Timestamp,
) -> Result<Verified<'a>, Refusal> {
    let key = match &sender.scheme {
        Scheme::None => None,
        _ if in_force(keys, now).next().is_none() => return Err(Refusal::NoSecret),
        Scheme::Hmac(scheme) => Some(hmac::check(scheme, keys, inbound, now)?),
        Scheme::Token { header } => Some(check_token(header, keys, inbound.headers, now)?),
    };
    Ok(Verified { sender, inbound, key })
}

impl<'a> Verified<'a> {
    /// The sender it proved to be.
    pub const fn sender(&self) -> &'static Sender {
        self.sender
    }

    /// The body's exact bytes.
    pub const fn body(&self) -> &'a [u8] {
        self.inbound.body
    }

    /// The headers.
    pub const fn headers(&self) -> Headers<'a> {
        self.inbound.headers
    }

    /// Which of the keys matched, counted from 0; `None` for an unsigned sender.
    pub const fn matched_key(&self) -> Option<usize> {
        self.key
    }

    /// The event type, where the sender puts it into a header.
    pub fn event_type(&self) -> Option<&'a str> {
        self.place(self.sender.event_type)
    }

    /// The sender's delivery id, where it puts it into a header.
    pub fn delivery_id(&self) -> Option<&'a str> {
        self.place(self.sender.delivery_id)
    }

    /// The value of a place that is a header; fields of the body are read later, off the hot path.
    fn place(&self, place: Place) -> Option<&'a str> {
        match place {
            Place::Header(name) => self.inbound.headers.text(name).filter(|value| !value.is_empty()),
            Place::Field(_) => None,
        }
    }
}

/// The keys that still match at this moment, with their places.
fn in_force(keys: &[Key], now: Timestamp) -> impl Iterator<Item = (usize, &Key)> {
    keys.iter().enumerate().filter(move |(_, key)| key.is_in_force(now))
}

/// The one value of a header that carries a proof.
fn proof<'a>(headers: Headers<'a>, name: &'static str) -> Result<&'a [u8], Refusal> {
    let value = headers.single(name).map_err(|_| Refusal::Doubled(name))?;
    value.filter(|value| !value.is_empty()).ok_or(Refusal::Missing(name))
}

/// Compares a shared token with every key, in a time that does not depend on which one matches or how far.
fn check_token(header: &'static str, keys: &[Key], headers: Headers<'_>, now: Timestamp) -> Result<usize, Refusal> {
    let given = Key::digest(proof(headers, header)?);
    let mut matched = None;
    for (index, key) in in_force(keys, now) {
        if bool::from(key.token_digest().ct_eq(&given)) && matched.is_none() {
            matched = Some(index);
        }
    }
    matched.ok_or(Refusal::Mismatch(header))
}

#[cfg(test)]
mod tests;
