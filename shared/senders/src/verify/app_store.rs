//! Notifications of Apple's App Store: a signed document that brings its certificates along.
//!
//! Facts: `SignedDataVerifier` of apple/app-store-server-library-node.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use x509_cert::der::asn1::ObjectIdentifier;

use super::chain::vouched;
use super::fetched::FetchedKey;
use super::mac::sha256;
use super::{Key, Refusal};
use crate::inbound::Inbound;
use crate::sender::{AppStore, JwtAlgorithm};
use crate::time::Timestamp;

/// How many seconds Apple's clock may be ahead of ours.
const AHEAD_SECONDS: u64 = 300;

/// Apple Root CA - G3, which counts until April 2039.
static ROOT: &[u8] = include_bytes!("../../certificates/apple-root-ca-g3.der");

/// The extensions of who signs for the App Store, and of who vouches for them.
const EXTENSIONS: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.2.840.113635.100.6.11.1"),
    ObjectIdentifier::new_unwrap("1.2.840.113635.100.6.2.1"),
];

/// What a document says of its signature.
#[derive(Deserialize)]
struct Head<'a> {
    alg: Cow<'a, str>,
    #[serde(borrow)]
    x5c: [&'a str; 3],
    #[serde(default)]
    crit: Option<serde::de::IgnoredAny>,
}

/// What a document says of itself; one of the four is what it is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    signed_date: u64,
    data: Option<About>,
    summary: Option<About>,
    external_purchase_token: Option<About>,
    app_data: Option<About>,
}

/// The app that a document is about.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    bundle_id: Option<String>,
    environment: Option<String>,
    external_purchase_id: Option<String>,
}

/// Checks a notification: its certificates, its signature, and that it is about the app that the secret names.
///
/// `fetched` may bring another root than Apple's, for tests.
pub(super) fn check(
    store: AppStore,
    key: &Key,
    inbound: Inbound<'_>,
    fetched: Option<&FetchedKey>,
    now: Timestamp,
) -> Result<(), Refusal> {
    const NAME: &str = AppStore::FIELD;
    let payload = signed_payload(inbound.body)?;
    let parts = parts(&payload).ok_or(Refusal::MalformedField(NAME))?;
    let head: Head<'_> = serde_json::from_slice(&parts.head).map_err(|_| Refusal::MalformedField(NAME))?;
    let claims: Claims = serde_json::from_slice(&parts.claims).map_err(|_| Refusal::MalformedField(NAME))?;
    if head.alg != "ES256" || head.crit.is_some() {
        return Err(Refusal::MalformedField(NAME));
    }
    let root = fetched.and_then(FetchedKey::root).unwrap_or(ROOT);
    let [leaf, issuer, _] = head.x5c;
    let signed_at = claims.signed_date / 1000;
    let public = vouched([leaf, issuer], root, EXTENSIONS, signed_at).ok_or(Refusal::Certificates(NAME))?;
    if !public.signs_token(JwtAlgorithm::Es256, parts.signed.as_bytes(), &parts.signature) {
        return Err(Refusal::WrongField(NAME));
    }
    if signed_at > now.as_seconds().saturating_add(AHEAD_SECONDS) {
        let ahead = i64::try_from(signed_at - now.as_seconds()).unwrap_or(i64::MAX);
        return Err(Refusal::Stale(-ahead));
    }
    check_app(store, key, claims)
}

/// The signed document that is a body's field.
fn signed_payload(body: &[u8]) -> Result<Cow<'_, str>, Refusal> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow, rename = "signedPayload")]
        signed_payload: Cow<'a, str>,
    }
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| match error.is_data() {
        true => Refusal::MissingField(AppStore::FIELD),
        false => Refusal::Unparsable,
    })?;
    Ok(body.signed_payload)
}

/// A document, taken apart.
struct Parts<'a> {
    signed: &'a str,
    head: Vec<u8>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

/// Three parts in base64url with dots between them.
fn parts(text: &str) -> Option<Parts<'_>> {
    let (signed, signature) = text.rsplit_once('.')?;
    let (head, claims) = signed.split_once('.')?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    Some(Parts { signed, head: decode(head)?, claims: decode(claims)?, signature: decode(signature)? })
}

/// Checks that a document is about the app that the secret names, in the right world.
fn check_app(store: AppStore, key: &Key, claims: Claims) -> Result<(), Refusal> {
    let Claims { data, summary, external_purchase_token: purchase, app_data, .. } = claims;
    let is_sandbox = |about: &About| about.external_purchase_id.as_deref().is_some_and(|id| id.starts_with("SANDBOX"));
    let of_purchase = purchase.map(|about| About {
        environment: Some(if is_sandbox(&about) { "Sandbox" } else { "Production" }.to_owned()),
        ..about
    });
    let about = data.or(summary).or(of_purchase).or(app_data).ok_or(Refusal::AnotherAccount)?;
    let bundle = about.bundle_id.filter(|id| !id.is_empty()).ok_or(Refusal::AnotherAccount)?;
    if !bool::from(sha256(bundle.as_bytes()).ct_eq(&sha256(key.name().as_bytes()))) {
        return Err(Refusal::AnotherAccount);
    }
    match about.environment.as_deref() == Some(store.environment) {
        true => Ok(()),
        false => Err(Refusal::Claim("environment")),
    }
}
