//! Signs a request as its sender would, to try a hook out and to find out why a signature does not match.

mod body;
mod jwt;
mod request;

pub use request::{Outline, Post, post, told_apart, with_id};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::inbound::{Headers, Inbound, Url};
use crate::json::Value;
use crate::secret::Secret;
use crate::sender::{Carrier, ClockPlace, Encoding, Part, Scheme, Sender, Shape, Signed, TokenPlace};
use crate::time::Timestamp;
use crate::verify::content::{Port, Reading, feed};
use crate::verify::mac::sha256;
use crate::verify::{BadKey, Key, Refusal, clock};

/// A request that is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// Where it will be sent to.
    pub url: Url<'a>,
    /// The body.
    pub body: &'a [u8],
    /// What stands where the sender signs an id of the delivery; not empty.
    pub id: &'a str,
}

/// What makes a request a signed one. The values may hold the secret: they are not for showing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// The headers to send besides those it has.
    pub headers: Vec<(String, String)>,
    /// The body to send, where the proof stands in it.
    pub body: Option<Vec<u8>>,
    /// The parameters to add to the query, each `name=value`.
    pub query: Vec<String>,
}

/// Why a request cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// The secret is not one of this sender's.
    #[error(transparent)]
    Secret(#[from] BadKey),
    /// The sender signs with a private key that nobody else has.
    #[error("only the sender itself can sign its requests")]
    OnlyItself,
    /// The proof is a part of the body.
    #[error("this sender's proof stands in the body, which must be a JSON object")]
    NotJson,
    /// The URL is a part of what is signed.
    #[error("this sender signs the URL it calls: set public_url")]
    NoPublicUrl,
    /// The request lacks something else that is signed.
    #[error("the request lacks something that this sender signs")]
    Incomplete,
}

/// The headers that prove a POST with this body, signed now; for senders that sign neither the URL nor within the body.
pub fn sign(
    sender: &'static Sender,
    secret: &Secret,
    body: &[u8],
    id: &str,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Unsignable> {
    let proof = sign_request(sender, secret, Draft { method: "POST", url: Url::default(), body, id }, now)?;
    Ok(proof.headers)
}

/// What proves a request, signed now.
pub fn sign_request(
    sender: &'static Sender,
    secret: &Secret,
    draft: Draft<'_>,
    now: Timestamp,
) -> Result<Proof, Unsignable> {
    sign_with(sender, secret, draft, &[], now)
}

/// The same for a request that has these headers, any of which may be signed.
fn sign_with(
    sender: &'static Sender,
    secret: &Secret,
    draft: Draft<'_>,
    given: &[(String, String)],
    now: Timestamp,
) -> Result<Proof, Unsignable> {
    let key = Key::new(sender, secret)?;
    match sender.scheme_for(secret.expose()) {
        Scheme::None => Ok(Proof::default()),
        Scheme::AppStore(_) => Err(Unsignable::OnlyItself),
        Scheme::Token(place) => token(*place, secret, draft.body),
        Scheme::Jwt(scheme) => jwt::sign(scheme, &key, draft, now),
        Scheme::Signed(scheme) => signed(scheme, &key, draft, given, now),
    }
}

/// What carries the secret itself.
fn token(place: TokenPlace, secret: &Secret, body: &[u8]) -> Result<Proof, Unsignable> {
    let text = secret.expose();
    let mut proof = Proof::default();
    match place {
        TokenPlace::Header { name, prefix } => proof.headers.push((name.to_owned(), format!("{prefix}{text}"))),
        TokenPlace::Basic => {
            proof.headers.push(("authorization".to_owned(), format!("Basic {}", STANDARD.encode(text))));
        }
        TokenPlace::Query(name) => {
            let value: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            proof.query.push(format!("{name}={value}"));
        }
        TokenPlace::Field(path) => {
            let mut document = body::read(body)?;
            body::set(&mut document, path.split('|').next().unwrap_or_default(), text);
            proof.body = Some(document.to_string().into_bytes());
        }
        TokenPlace::Form(path) => proof.body = Some(body::form_with(body, path, text)),
    }
    Ok(proof)
}

/// The proof of a keyed or plain hash.
fn signed(
    scheme: &Signed,
    key: &Key,
    draft: Draft<'_>,
    given: &[(String, String)],
    now: Timestamp,
) -> Result<Proof, Unsignable> {
    let mac = key.mac().ok_or(Unsignable::OnlyItself)?;
    let mut proof = Proof::default();
    let moment = scheme.timestamp.as_ref().map(|clock| (clock.place, clock::write(clock.unit, now)));
    let mut document = body::prepared(scheme, draft, moment.as_ref())?;
    let body = document.as_ref().map_or_else(|| draft.body.to_vec(), |value| body::written(scheme, value));
    let mut target = draft.url.target().to_owned();
    let is_form = !body.starts_with(b"{") && !body.starts_with(b"[");
    if scheme.content.contains(&Part::FormOrBodyHash) && !is_form {
        let parameter = format!("bodySHA256={}", hex::encode(sha256(&body)));
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(&parameter);
        proof.query.push(parameter);
    }
    let pairs = head(scheme, draft.id, moment.as_ref(), given, &mut proof.headers);
    let owned = proof.headers.clone();
    let lent: Vec<_> = owned.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let url = Url::new(draft.url.base(), &target);
    let inbound = Inbound { headers: Headers::new(&lent), body: &body, source_ip: None, method: draft.method, url };
    let write = |part: &Value| -> Result<String, Unsignable> {
        let reading = Reading {
            inbound,
            pairs: (&pairs, scheme.place.name()),
            separators: ",",
            document: part,
            name: key.name(),
            port: Port::Without,
        };
        let mut mac = mac.clone();
        feed(scheme.content, reading, &mut |bytes| mac.update(bytes)).map_err(|refusal| match refusal {
            Refusal::NoPublicUrl => Unsignable::NoPublicUrl,
            _ => Unsignable::Incomplete,
        })?;
        Ok(encoded(scheme.encoding, mac.finish().bytes()))
    };
    match scheme.place {
        Carrier::Headers(_) | Carrier::Numbered(_) => {
            let signature = write(document.as_ref().unwrap_or(&Value::Null))?;
            proof.headers.push((scheme.place.name().to_owned(), shaped(scheme.shape, &pairs, &signature)));
        }
        Carrier::Field(path) => {
            let whole = document.as_mut().ok_or(Unsignable::NotJson)?;
            for part in body::parts(whole, scheme.each.unwrap_or_default()) {
                let signature = write(part)?;
                body::set(part, path, &signature);
            }
        }
    }
    proof.body = document.map(|value| body::written(scheme, &value));
    Ok(proof)
}

/// Adds the headers that are signed, or that must be there; returns the pairs that stand before the signature.
fn head(
    scheme: &Signed,
    id: &str,
    moment: Option<&(ClockPlace, String)>,
    given: &[(String, String)],
    headers: &mut Vec<(String, String)>,
) -> String {
    let there = |name: &str| given.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    let mut pairs = Vec::new();
    let mut add = |name: &str, value: &str| {
        if headers.iter().all(|(there, _)| there != name) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    };
    scheme.require.iter().for_each(|(name, value)| add(name, value));
    if let Some((ClockPlace::Pair(key), value)) = moment {
        pairs.push(format!("{key}={value}"));
    }
    for part in scheme.content {
        match part {
            Part::Header(name) => match moment {
                Some((ClockPlace::Header(clock), value)) if clock == name => add(name, value),
                _ => add(name, there(name).unwrap_or(id)),
            },
            Part::Pair(key) if !pairs.iter().any(|pair| pair.starts_with(&format!("{key}="))) => {
                pairs.push(format!("{key}={id}"));
            }
            Part::ListedValues(key) => {
                add("x-event-id", id);
                pairs.retain(|pair| !pair.starts_with(&format!("{key}=")));
                pairs.push(format!("{key}=x-event-id"));
            }
            Part::Manifest => {
                add("x-request-id", id);
                pairs.push(format!("ts={id}"));
            }
            Part::ListedHeaders(name) => match moment {
                Some((ClockPlace::Header(clock), _)) => add(name, &format!("{name},{clock}")),
                _ => add(name, name),
            },
            _ => {}
        }
    }
    if let Some((ClockPlace::Header(name), value)) = moment {
        add(name, value);
    }
    pairs.join(",")
}

/// Bytes as text.
fn encoded(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(bytes),
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
    }
}

/// A header with a signature.
fn shaped(shape: Shape, pairs: &str, signature: &str) -> String {
    match shape {
        Shape::Whole(prefix) | Shape::List { prefix, .. } => format!("{prefix}{signature}"),
        Shape::Pairs { separators, signature: key } => {
            let separator = separators.chars().next().map(String::from).unwrap_or_default();
            let before: String =
                pairs.split(',').filter(|pair| !pair.is_empty()).map(|p| format!("{p}{separator}")).collect();
            format!("{before}{key}={signature}")
        }
    }
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests;
