//! JSON Web Tokens that speak of a request.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Draft, Proof, Unsignable, encoded};
use crate::sender::{Jwt, JwtAlgorithm};
use crate::time::Timestamp;
use crate::verify::Key;
use crate::verify::mac::{Mac, sha256};

/// How many seconds a token lives.
const LIFE_SECONDS: u64 = 60;

/// The proof of a token signed with the hook's secret.
pub(super) fn sign(scheme: &Jwt, key: &Key, draft: Draft<'_>, now: Timestamp) -> Result<Proof, Unsignable> {
    let (secret, hash) = match (key.bytes(), scheme.algorithms.first()) {
        (Some(secret), Some(JwtAlgorithm::Hmac(hash))) => (secret, *hash),
        _ => return Err(Unsignable::OnlyItself),
    };
    let hashed = |bytes: &[u8]| encoded(scheme.encoding, &sha256(bytes));
    let seconds = now.as_seconds();
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    if let Some(issuer) = scheme.issuers.first() {
        claim("iss", (*issuer).into());
    }
    claim("iat", seconds.into());
    claim("nbf", seconds.into());
    claim("exp", seconds.saturating_add(LIFE_SECONDS).into());
    claim("jti", draft.id.into());
    if let Some(name) = scheme.body_hash.filter(|_| !(scheme.body_hash_optional && draft.body.is_empty())) {
        claim(name, hashed(draft.body).into());
    }
    if let Some(name) = scheme.url_hash {
        if !draft.url.is_known() {
            return Err(Unsignable::NoPublicUrl);
        }
        claim(name, hashed(draft.url.to_string().as_bytes()).into());
    }
    let head = json!({"alg": JwtAlgorithm::Hmac(hash).names().first(), "typ": "JWT"});
    let encode = |value: String| URL_SAFE_NO_PAD.encode(value);
    let input = format!("{}.{}", encode(head.to_string()), encode(Value::Object(claims).to_string()));
    let mut mac = Mac::keyed(hash, secret).ok_or(Unsignable::OnlyItself)?;
    mac.update(input.as_bytes());
    let token = format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac.finish().bytes()));
    Ok(Proof { headers: vec![(scheme.header.to_owned(), format!("{}{token}", scheme.prefix))], ..Proof::default() })
}
