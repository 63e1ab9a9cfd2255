//! The family of JSON Web Tokens that speak of the request, or of whom they are for: the algorithm is the table's, never
//! the token's.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::fetched::{FetchedKey, request_for};
use super::key::Form;
use super::mac::{Mac, sha256};
use super::token::strip;
use super::{Key, Refusal, proof};
use crate::inbound::{Headers, Inbound};
use crate::sender::{Encoding, Hash, Jwt, JwtAlgorithm, Recipient, Scheme};
use crate::time::Timestamp;

/// A token, taken apart.
pub(super) struct Parsed<'a> {
    header_name: &'static str,
    signing_input: &'a str,
    head: Head,
    claims: Value,
    signature: Vec<u8>,
}

/// What a token says of itself.
#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

impl<'a> Parsed<'a> {
    /// Takes the token of a scheme's header apart.
    pub(super) fn of(jwt: &Jwt, headers: Headers<'a>) -> Result<Self, Refusal> {
        let value = strip(proof(headers, jwt.header)?, jwt.prefix);
        value.and_then(|value| Self::read(jwt.header, value)).ok_or(Refusal::Malformed(jwt.header))
    }

    /// Three parts in base64url, the first two of them JSON.
    fn read(header_name: &'static str, value: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let (signing_input, signature) = text.rsplit_once('.')?;
        let (head, claims) = signing_input.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let head: Head = serde_json::from_slice(&decode(head)?).ok()?;
        let claims: Value = serde_json::from_slice(&decode(claims)?).ok()?;
        if head.crit.is_some() || !claims.is_object() {
            return None;
        }
        Some(Self { header_name, signing_input, head, claims, signature: decode(signature)? })
    }

    /// The id of the key it was signed with: short, and plain enough to ask for.
    pub(super) fn key_id(&self) -> Result<String, Refusal> {
        let plain = |id: &&String| !id.is_empty() && id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic());
        self.head.kid.as_ref().filter(plain).cloned().ok_or(Refusal::Malformed(self.header_name))
    }

    /// A claim that is a text.
    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim).and_then(Value::as_str)
    }

    /// A claim with a moment, in whole seconds.
    fn seconds(&self, claim: &'static str) -> Result<Option<i64>, Refusal> {
        match self.claims.get(claim) {
            None => Ok(None),
            Some(value) => value.as_i64().filter(|seconds| *seconds >= 0).ok_or(Refusal::Claim(claim)).map(Some),
        }
    }
}

/// Checks a request's token with one key.
pub(super) fn check(
    scheme: &Scheme,
    jwt: &Jwt,
    key: &Key,
    inbound: Inbound<'_>,
    fetched: Option<&FetchedKey>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let token = Parsed::of(jwt, inbound.headers)?;
    let algorithm = jwt.algorithms.iter().find(|algorithm| algorithm.names().contains(&token.head.alg.as_str()));
    let signed = match algorithm.ok_or(Refusal::Claim("alg"))? {
        JwtAlgorithm::Hmac(hash) => key.bytes().and_then(|bytes| Mac::keyed(*hash, bytes)).is_some_and(|mut mac| {
            mac.update(token.signing_input.as_bytes());
            mac.finish().matches(&token.signature)
        }),
        algorithm => {
            let public = match (jwt.key, key.form()) {
                (Some(place), _) => {
                    let request = request_for(scheme, place, inbound)?;
                    let fetched = fetched.filter(|fetched| fetched.answers(&request, now)).ok_or(Refusal::NoKey)?;
                    // A key that is not in the set may be newer than the set.
                    fetched.key_of(&token.key_id()?).ok_or(Refusal::Mismatch(jwt.header))?
                }
                (None, Form::Public(public)) => public,
                (None, _) => return Err(Refusal::NoSecret),
            };
            public.signs_token(*algorithm, token.signing_input.as_bytes(), &token.signature)
        }
    };
    if !signed {
        return Err(Refusal::Mismatch(jwt.header));
    }
    check_issue(jwt, &token, now)?;
    check_recipient(jwt, &token, key, inbound)?;
    check_body(jwt, &token, inbound)?;
    check_url(jwt, &token, inbound)
}

/// Checks who issued the token, and when.
fn check_issue(jwt: &Jwt, token: &Parsed<'_>, now: Timestamp) -> Result<(), Refusal> {
    if !jwt.issuers.is_empty() && !token.text("iss").is_some_and(|issuer| jwt.issuers.contains(&issuer)) {
        return Err(Refusal::Claim("iss"));
    }
    let ours = i64::try_from(now.as_seconds()).unwrap_or(i64::MAX);
    let leeway = i64::try_from(jwt.leeway_seconds).unwrap_or(i64::MAX);
    if let Some(start) = token.seconds("nbf")?.filter(|start| start.saturating_sub(leeway) > ours) {
        return Err(Refusal::Stale(ours.saturating_sub(start)));
    }
    if let Some(end) = token.seconds("exp")?.filter(|end| end.saturating_add(leeway) <= ours) {
        return Err(Refusal::Stale(ours.saturating_sub(end)));
    }
    if let Some(oldest) = jwt.max_age_seconds {
        let off = ours.saturating_sub(token.seconds("iat")?.ok_or(Refusal::Claim("iat"))?);
        if off.unsigned_abs() > oldest {
            return Err(Refusal::Stale(off));
        }
    }
    Ok(())
}

/// Checks that the token was made for this hook, at the behest of the account that its secret names.
fn check_recipient(jwt: &Jwt, token: &Parsed<'_>, key: &Key, inbound: Inbound<'_>) -> Result<(), Refusal> {
    let Some(recipient) = jwt.recipient else { return Ok(()) };
    let (email, audience) = match (recipient, key.name().split_once(':')) {
        (Recipient::Audience(email), _) => (email, Some(key.name())),
        (Recipient::Email, Some((email, audience))) => (Some(email), Some(audience)),
        (Recipient::Email, None) => (Some(key.name()), None),
    };
    if let Some(email) = email {
        let is_verified = token.claims.get("email_verified").and_then(Value::as_bool) == Some(true);
        if !token.text("email").is_some_and(|claimed| is_same(claimed, email)) || !is_verified {
            return Err(Refusal::Claim("email"));
        }
    }
    let claimed = token.text("aud").ok_or(Refusal::Claim("aud"))?;
    let fits = match audience {
        Some(audience) => is_same(claimed, audience),
        None if !inbound.url.is_known() => return Err(Refusal::NoPublicUrl),
        None => {
            let before_query = claimed.strip_prefix(inbound.url.base()).unwrap_or_default();
            before_query == inbound.url.path() || before_query == inbound.url.target()
        }
    };
    if fits { Ok(()) } else { Err(Refusal::Claim("aud")) }
}

/// Whether two texts are the same, in a time that does not tell how far they agree.
fn is_same(one: &str, other: &str) -> bool {
    sha256(one.as_bytes()).ct_eq(&sha256(other.as_bytes())).into()
}

/// Checks that the token speaks of this body.
fn check_body(jwt: &Jwt, token: &Parsed<'_>, inbound: Inbound<'_>) -> Result<(), Refusal> {
    let Some(name) = jwt.body_hash else { return Ok(()) };
    let may_lack = jwt.body_hash_optional && inbound.body.is_empty();
    let fits = match token.claims.get(name).map(Value::as_str) {
        None => may_lack,
        Some(None) => false,
        Some(Some(claimed)) => !may_lack && is_hash(jwt.encoding, claimed, sha256(inbound.body)),
    };
    if fits { Ok(()) } else { Err(Refusal::Claim(name)) }
}

/// Checks that the token speaks of this URL.
fn check_url(jwt: &Jwt, token: &Parsed<'_>, inbound: Inbound<'_>) -> Result<(), Refusal> {
    let Some(name) = jwt.url_hash else { return Ok(()) };
    if !inbound.url.is_known() {
        return Err(Refusal::NoPublicUrl);
    }
    let mut hash = Mac::plain(Hash::Sha256);
    hash.update(inbound.url.base().as_bytes());
    hash.update(inbound.url.target().as_bytes());
    let sum = hash.finish().bytes().try_into().unwrap_or_default();
    if is_hash(jwt.encoding, token.text(name).unwrap_or_default(), sum) { Ok(()) } else { Err(Refusal::Claim(name)) }
}

/// Whether a text is this hash.
fn is_hash(encoding: Encoding, text: &str, hash: [u8; 32]) -> bool {
    let decoded = match encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Base64Url => URL_SAFE_NO_PAD.decode(text).ok(),
    };
    decoded.is_some_and(|bytes| bytes.ct_eq(&hash).into())
}

impl JwtAlgorithm {
    /// The names in a token, the usual one first.
    pub(crate) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Hmac(Hash::Sha256) => &["HS256"],
            Self::Hmac(Hash::Sha384) => &["HS384"],
            Self::Hmac(Hash::Sha512) => &["HS512"],
            Self::Es256 => &["ES256"],
            Self::Es384 => &["ES384"],
            Self::Rsa(Hash::Sha256) => &["RS256"],
            Self::Rsa(Hash::Sha384) => &["RS384"],
            Self::Rsa(Hash::Sha512) => &["RS512"],
            Self::Hmac(Hash::Md5 | Hash::Sha1) | Self::Rsa(Hash::Md5 | Hash::Sha1) => &[],
            // RFC 8037, and RFC 9864, which says the curve.
            Self::EdDsa => &["EdDSA", "Ed25519"],
        }
    }
}
