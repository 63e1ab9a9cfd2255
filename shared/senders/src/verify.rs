//! Proof of who sent a request.
//!
//! [`Verified`] can only be made here, so whatever holds one holds a request that proved itself to its hook's scheme.

mod app_store;
pub(crate) mod candidates;
mod chain;
pub(crate) mod clock;
pub(crate) mod content;
mod escape;
mod fetched;
mod jwt;
mod key;
pub(crate) mod mac;
mod public;
mod signed;
mod token;

pub(crate) use fetched::is_own_host;
pub use fetched::{FetchedKey, KeyRequest, Wanted, question, wanted_key};
pub use key::{BadKey, Key};
pub(crate) use signed::fields;
pub(crate) use token::parameter;

use crate::inbound::{Headers, Inbound};
use crate::sender::{Scheme, Sender};
use crate::time::Timestamp;

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
    /// The token is there, and wrong.
    #[error("the token in {0} is none of the hook's secrets")]
    WrongToken(&'static str),
    /// The body lacks a field that the proof needs.
    #[error("the body's field {0} is missing, or not as this sender sends it")]
    MissingField(&'static str),
    /// The body is encrypted, and the proof is in it.
    #[error(
        "the body is encrypted, which cannot be read here: take the encryption key away where the sender is set up"
    )]
    Encrypted,
    /// The proof in the body is not written as the scheme writes it.
    #[error("the body's field {0} is not written as this sender writes it")]
    MalformedField(&'static str),
    /// The proof in the body is well formed, and wrong.
    #[error("the body's field {0} does not match under any of the hook's secrets")]
    WrongField(&'static str),
    /// The body cannot be read, and the proof is in it.
    #[error("the body is not the JSON or form that this sender sends")]
    Unparsable,
    /// The proof would be in the body, and the body is longer than any that this sender sends.
    #[error("the body is longer than the {0} bytes in which this sender's proof is looked for")]
    TooLong(u64),
    /// The query lacks a parameter that the proof needs.
    #[error("the query parameter {0} is missing or empty")]
    MissingParameter(&'static str),
    /// A parameter that must stand alone stands there more than once.
    #[error("the query parameter {0} stands there more than once")]
    DoubledParameter(&'static str),
    /// The query carries another body's hash.
    #[error("the query parameter {0} is not the hash of this body")]
    WrongBodyHash(&'static str),
    /// The signature covers the URL, and nobody said what ours is.
    #[error("this sender signs the URL it calls: set public_url")]
    NoPublicUrl,
    /// A claim of the token does not hold for this request.
    #[error("the token's {0} is missing, or not right for this request")]
    Claim(&'static str),
    /// The address of the sender's key is not one of the sender's own.
    #[error("the address of the signing key is not one of this sender's own")]
    KeyAddress,
    /// The sender's key was not fetched, or no longer counts.
    #[error("the sender's signing key could not be had, or is out of date")]
    NoKey,
    /// The certificates that came with the proof do not lead to the sender's own root.
    #[error("the certificates in the body's field {0} are not this sender's own, or did not count when it was signed")]
    Certificates(&'static str),
    /// The sender signed it, for somebody else.
    #[error("the sender signed this for another account than the one the hook's secret names")]
    AnotherAccount,
    /// What a handshake is to be answered with is nothing that may be sent back.
    #[error("{0} is not the challenge of a handshake, or too long, or not in plain ASCII")]
    Challenge(&'static str),
}

/// Checks a request against its hook's keys; any key in force may match.
///
/// `fetched` is the key that [`wanted_key`] asked for; most senders want none. Without a key that is wanted, the refusal is
/// [`Refusal::NoKey`] only where the request has everything else that can be looked at without it.
pub fn verify<'a>(
    sender: &'static Sender,
    keys: &[Key],
    inbound: Inbound<'a>,
    fetched: Option<&FetchedKey>,
    now: Timestamp,
) -> Result<Verified<'a>, Refusal> {
    if sender.is_unsigned() {
        return Ok(Verified { sender, inbound, key: None });
    }
    check_length(sender, inbound)?;
    let mut refusal = Refusal::NoSecret;
    for (index, key) in in_force(keys, now) {
        let checked = match check(key.scheme(sender), key, inbound, fetched, now) {
            None => continue,
            Some(Err(missing @ Refusal::Missing(_))) => match (sender.second_scheme(), key.second()) {
                (Some(scheme), Some(key)) => match check(scheme, &key, inbound, fetched, now) {
                    None | Some(Err(Refusal::Missing(_))) => Err(missing),
                    Some(checked) => checked,
                },
                _ => Err(missing),
            },
            Some(checked) => checked,
        };
        match checked {
            Ok(()) => return Ok(Verified { sender, inbound, key: Some(index) }),
            // Under one secret it would have counted: that says more than what is wrong under another.
            Err(_) if refusal == Refusal::NoKey => {}
            Err(cause) => refusal = cause,
        }
    }
    Err(refusal)
}

/// Checks that a body in which the proof is to be looked for is no longer than what the sender sends.
fn check_length(sender: &Sender, inbound: Inbound<'_>) -> Result<(), Refusal> {
    match sender.max_proof_bytes() {
        Some(most) if inbound.body.len() as u64 > most => Err(Refusal::TooLong(most)),
        _ => Ok(()),
    }
}

/// Checks a request with one key of a scheme; `None` where the scheme proves nothing.
fn check(
    scheme: &'static Scheme,
    key: &Key,
    inbound: Inbound<'_>,
    fetched: Option<&FetchedKey>,
    now: Timestamp,
) -> Option<Result<(), Refusal>> {
    match scheme {
        Scheme::Signed(signed) => Some(signed::check(scheme, signed, key, inbound, fetched, now)),
        Scheme::Token(place) => Some(token::check(*place, key, inbound)),
        Scheme::Jwt(jwt) => Some(jwt::check(scheme, jwt, key, inbound, fetched, now)),
        Scheme::AppStore(store) => Some(app_store::check(*store, key, inbound, fetched, now)),
        Scheme::None => None,
    }
}

impl<'a> Verified<'a> {
    /// A request as if it had proved itself, for tests of what comes after.
    #[cfg(test)]
    pub(crate) const fn assumed(sender: &'static Sender, inbound: Inbound<'a>) -> Self {
        Self { sender, inbound, key: None }
    }

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

    /// The same, where so many keys stood before the one it was checked with.
    #[must_use]
    pub fn after(self, keys: usize) -> Self {
        Self { key: self.key.map(|place| place + keys), ..self }
    }

    /// The query, without the question mark; empty where there is none.
    pub fn query(&self) -> &'a str {
        self.inbound.url.query()
    }

    /// The event type, where the sender puts it into a header.
    pub fn event_type(&self) -> Option<&'a str> {
        self.sender.event_type.in_headers(self.inbound.headers)
    }

    /// The sender's delivery id, where it puts it into a header.
    pub fn delivery_id(&self) -> Option<&'a str> {
        self.sender.delivery_id.in_headers(self.inbound.headers)
    }
}

/// The keys that still match at this moment, with their places.
pub(crate) fn in_force(keys: &[Key], now: Timestamp) -> impl Iterator<Item = (usize, &Key)> {
    keys.iter().enumerate().filter(move |(_, key)| key.is_in_force(now))
}

/// The one value of a header that carries a proof.
fn proof<'a>(headers: Headers<'a>, name: &'static str) -> Result<&'a [u8], Refusal> {
    let value = headers.single(name).map_err(|_| Refusal::Doubled(name))?;
    value.filter(|value| !value.is_empty()).ok_or(Refusal::Missing(name))
}

#[cfg(test)]
mod tests;
