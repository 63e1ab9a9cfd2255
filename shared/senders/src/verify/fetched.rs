//! Public keys that a sender publishes: where they may be, and what is found there.
//!
//! Nothing is fetched here. A request says which key it wants; the address must be one of the sender's own.

mod pin;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::name::Name;

pub(crate) use pin::is_own_host;

use super::jwt::Parsed;
use super::key::BadKey;
use super::public::{PublicKey, pem};
use super::{Key, Refusal, proof};
use crate::inbound::Inbound;
use crate::json::scan::Fields;
use crate::secret::Secret;
use crate::sender::{KeyKind, KeyPlace, KeyUrl, Scheme, Sender};
use crate::time::Timestamp;

/// A key that has to be fetched before a request can be checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyRequest {
    /// The address: one of the sender's own.
    pub url: String,
    /// The key's id, where it is asked for by one, together with the hook's secret.
    pub id: Option<String>,
    /// What is found there.
    pub kind: Wanted,
}

/// What is to be found at the address of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// An X.509 certificate in PEM.
    Certificate {
        /// The name that it is made out to.
        subject: &'static str,
        /// The organisation that issued it; empty where any may.
        issuer: &'static str,
    },
    /// JSON with an RSA public key in PEM in this field.
    JsonPem(&'static str),
    /// JSON with a JSON Web Key in its field `key`.
    Jwk,
    /// A set of JSON Web Keys for RSA.
    Jwks,
    /// An X.509 certificate in DER or PEM, in place of the one that is built in: for those who try a sender out with
    /// certificates of their own. The front door asks for none.
    Root,
}

/// How many keys of a set are read.
const MOST_KEYS: usize = 16;

/// A key as it was fetched.
#[derive(Clone)]
pub struct FetchedKey {
    request: KeyRequest,
    found: Found,
    valid: (u64, u64),
}

/// What was found at the address of a key.
#[derive(Clone)]
enum Found {
    /// One key.
    One(PublicKey),
    /// Keys with their ids.
    Set(Vec<(String, PublicKey)>),
    /// A certificate in DER.
    Root(Box<[u8]>),
}

/// The key that this request has to be checked with, where it has to be fetched; a wrong address is a refusal.
pub fn wanted_key(sender: &Sender, inbound: Inbound<'_>) -> Result<Option<KeyRequest>, Refusal> {
    let Some(place) = sender.scheme.key_place() else {
        return Ok(None);
    };
    super::check_length(sender, inbound)?;
    request_for(&sender.scheme, place, inbound).map(Some)
}

/// The request for a scheme's key.
pub(super) fn request_for(scheme: &Scheme, place: &KeyPlace, inbound: Inbound<'_>) -> Result<KeyRequest, Refusal> {
    let mut arn = None;
    let url = match place.url {
        KeyUrl::Fixed(url) => url.to_owned(),
        KeyUrl::Header(name) => {
            String::from_utf8(proof(inbound.headers, name)?.to_vec()).map_err(|_| Refusal::KeyAddress)?
        }
        KeyUrl::Field(name) => {
            let mut fields = Fields::at([name].into_iter().chain(place.region));
            fields.find(inbound.body).ok_or(Refusal::Unparsable)?;
            arn = place.region.and_then(|field| fields.text(field)).map(Cow::into_owned);
            fields.text(name).ok_or(Refusal::MissingField(name))?.into_owned()
        }
    };
    if !pin::is_pinned(&url, place, arn.as_deref()) {
        return Err(Refusal::KeyAddress);
    }
    let (kind, id) = match place.kind {
        KeyKind::Certificate => (Wanted::Certificate { subject: place.subject, issuer: place.issuer }, None),
        KeyKind::JsonPem(field) => (Wanted::JsonPem(field), None),
        KeyKind::Jwk => {
            let Scheme::Jwt(jwt) = scheme else { return Err(Refusal::NoKey) };
            (Wanted::Jwk, Some(Parsed::of(jwt, inbound.headers)?.key_id()?))
        }
        KeyKind::Jwks => (Wanted::Jwks, None),
    };
    Ok(KeyRequest { url, id, kind })
}

/// What is posted to the address of a key to be given it, with the account of this secret; `None` where it is just there.
pub fn question(request: &KeyRequest, key: &Key) -> Option<Secret> {
    let id = request.id.as_ref()?;
    let (client, secret) = key.name().split_once(':')?;
    Secret::new(json!({"client_id": client, "secret": secret, "key_id": id}).to_string()).ok()
}

impl FetchedKey {
    /// Reads what was found at the address of a request.
    pub fn read(request: KeyRequest, content: &[u8]) -> Result<Self, BadKey> {
        let always = (0, u64::MAX);
        if request.kind == Wanted::Root {
            let text = std::str::from_utf8(content).ok().and_then(|text| text.trim().strip_prefix("-----BEGIN "));
            let der = text.and_then(pem).unwrap_or_else(|| content.to_vec());
            return Ok(Self { request, found: Found::Root(der.into()), valid: always });
        }
        let text = std::str::from_utf8(content).map_err(|_| BadKey::NotPublicKey)?;
        let (key, valid) = match request.kind {
            Wanted::Jwks => {
                return Ok(Self { request, found: Found::Set(read_set(text)?), valid: always });
            }
            Wanted::Root => return Err(BadKey::NotPublicKey),
            Wanted::Certificate { subject, issuer } => read_certificate(text, subject, issuer)?,
            Wanted::JsonPem(field) => {
                let mut fields = Fields::at([field]);
                fields.find(content).ok_or(BadKey::NotPublicKey)?;
                let found = fields.text(field).ok_or(BadKey::NotPublicKey)?;
                let der = found.trim().strip_prefix("-----BEGIN ").and_then(pem).ok_or(BadKey::NotPublicKey)?;
                (PublicKey::rsa_der(&der)?, always)
            }
            Wanted::Jwk => {
                let (key, end) = read_jwk(text, request.id.as_deref())?;
                (key, (0, end.unwrap_or(u64::MAX)))
            }
        };
        Ok(Self { request, found: Found::One(key), valid })
    }

    /// The key, where there is one alone.
    pub(super) const fn key(&self) -> Option<&PublicKey> {
        match &self.found {
            Found::One(key) => Some(key),
            Found::Set(_) | Found::Root(_) => None,
        }
    }

    /// The key of this id; one that was asked for by its id is that.
    pub(super) fn key_of(&self, id: &str) -> Option<&PublicKey> {
        match &self.found {
            Found::One(key) => Some(key),
            Found::Set(keys) => keys.iter().find(|(found, _)| found == id).map(|(_, key)| key),
            Found::Root(_) => None,
        }
    }

    /// The certificate that takes the place of the one that is built in.
    pub(super) const fn root(&self) -> Option<&[u8]> {
        match &self.found {
            Found::Root(der) => Some(der),
            Found::One(_) | Found::Set(_) => None,
        }
    }

    /// The last moment at which it counts.
    pub const fn end(&self) -> Timestamp {
        Timestamp::from_seconds(self.valid.1)
    }

    /// Whether this is the key that was asked for, and in force.
    pub(super) fn answers(&self, request: &KeyRequest, now: Timestamp) -> bool {
        self.request == *request && (self.valid.0..=self.valid.1).contains(&now.as_seconds())
    }
}

/// Reads a certificate's key, and the seconds from and to which it counts.
fn read_certificate(text: &str, subject: &str, issuer: &str) -> Result<(PublicKey, (u64, u64)), BadKey> {
    let der = text.trim().strip_prefix("-----BEGIN ").and_then(pem).ok_or(BadKey::NotPublicKey)?;
    let certificate = Certificate::from_der(&der).map_err(|_| BadKey::NotPublicKey)?;
    let inside = certificate.tbs_certificate();
    let says = |names: &Name, kind: &str, wanted: &str| {
        names.to_string().split(['+', ',']).any(|name| name.trim().strip_prefix(kind) == Some(wanted))
    };
    if !says(inside.subject(), "CN=", subject) || !(issuer.is_empty() || says(inside.issuer(), "O=", issuer)) {
        return Err(BadKey::NotPublicKey);
    }
    let key = inside.subject_public_key_info().to_der().map_err(|_| BadKey::NotPublicKey)?;
    let validity = inside.validity();
    let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
    Ok((PublicKey::rsa_der(&key)?, (seconds(validity.not_before), seconds(validity.not_after))))
}

/// Reads those keys of a set that are for RS256, with their ids; a set without any is none.
fn read_set(text: &str) -> Result<Vec<(String, PublicKey)>, BadKey> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Jwk>,
    }
    #[derive(Deserialize)]
    struct Jwk {
        kty: String,
        #[serde(default)]
        alg: Option<String>,
        #[serde(default)]
        kid: String,
        #[serde(default)]
        n: String,
        #[serde(default)]
        e: String,
    }
    let Set { keys } = serde_json::from_str(text).map_err(|_| BadKey::NotPublicKey)?;
    let fits = |key: &Jwk| key.kty == "RSA" && key.alg.as_deref().is_none_or(|alg| alg == "RS256");
    let read = |key: Jwk| Some((key.kid, PublicKey::rsa_numbers(&key.n, &key.e).ok()?));
    let found: Vec<_> = keys.into_iter().filter(fits).take(MOST_KEYS).filter_map(read).collect();
    if found.is_empty() { Err(BadKey::NotPublicKey) } else { Ok(found) }
}

/// Reads a JSON Web Key for ES256 with this id, and the second from which it no longer counts.
fn read_jwk(text: &str, id: Option<&str>) -> Result<(PublicKey, Option<u64>), BadKey> {
    #[derive(Deserialize)]
    struct Answer {
        key: Jwk,
    }
    #[derive(Deserialize)]
    struct Jwk {
        alg: String,
        kty: String,
        crv: String,
        kid: String,
        x: String,
        y: String,
        #[serde(default)]
        expired_at: Option<u64>,
    }
    let Answer { key } = serde_json::from_str(text).map_err(|_| BadKey::NotPublicKey)?;
    if (key.alg.as_str(), key.kty.as_str(), key.crv.as_str()) != ("ES256", "EC", "P-256")
        || Some(key.kid.as_str()) != id
    {
        return Err(BadKey::NotPublicKey);
    }
    Ok((PublicKey::p256_coordinates(&key.x, &key.y)?, key.expired_at))
}

impl std::fmt::Debug for FetchedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the key at {}", self.request.url)
    }
}
