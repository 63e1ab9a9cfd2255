//! Plaid: a token signed by a key that is published under its id.

use super::*;

/// The key of Plaid's tokens.
fn plaid_key() -> p256::ecdsa::SigningKey {
    p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

/// Bytes as they stand in JSON Web Tokens.
fn url_safe(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Plaid's key as it is found, with this id, for this algorithm and up to this moment.
pub(super) fn jwk(id: &str, alg: &str, end: Option<u64>) -> String {
    let key = plaid_key();
    let point = key.verifying_key().to_sec1_point(false);
    let (x, y) = (url_safe(point.x().unwrap()), url_safe(point.y().unwrap()));
    let key =
        serde_json::json!({"alg": alg, "kty": "EC", "crv": "P-256", "kid": id, "x": x, "y": y, "expired_at": end});
    serde_json::json!({ "key": key }).to_string()
}

/// A token of Plaid about a body.
pub(super) fn plaid_token(alg: &str, iat: u64, body: &[u8]) -> String {
    let head = format!(r#"{{"alg":"{alg}","kid":"key_1","typ":"JWT"}}"#);
    let claims = format!(r#"{{"iat":{iat},"request_body_sha256":"{}"}}"#, hex::encode(Sha256::digest(body)));
    let input = format!("{}.{}", url_safe(head.as_bytes()), url_safe(claims.as_bytes()));
    let signature: p256::ecdsa::Signature = plaid_key().sign_prehash(&Sha256::digest(&input)).unwrap();
    format!("{input}.{}", url_safe(&signature.to_bytes()))
}

/// A request of Plaid, or of its sandbox, with this token.
pub(super) fn plaid(name: &str, token: &str) -> Request {
    request(name, "client:secret", &[("plaid-verification", token)], BODY)
}

#[test]
fn plaid_proves_itself_by_a_key_of_its_id() {
    let token = plaid_token;
    let plaid = |token: &str| plaid("plaid", token);
    let good = with_key(plaid(&token("ES256", NOW, BODY)), &jwk("key_1", "ES256", None));
    assert_eq!(good.check(NOW), Ok(Some(0)));
    let pairs = good.pairs();
    let wanted = wanted_key(good.sender, good.inbound(&pairs)).unwrap().unwrap();
    assert_eq!((wanted.id.as_deref(), wanted.kind), (Some("key_1"), Wanted::Jwk));
    for (other, refusal) in [
        (token("ES256", NOW - 301, BODY), Refusal::Stale(301)),
        (token("ES256", NOW + 301, BODY), Refusal::Stale(-301)),
        (token("ES256", NOW, b"{}"), Refusal::Claim("request_body_sha256")),
        (token("HS256", NOW, BODY), Refusal::Claim("alg")),
        (token("none", NOW, BODY), Refusal::Claim("alg")),
    ] {
        let spoiled = Request { fetched: good.fetched.clone(), ..plaid(&other) };
        assert_eq!(spoiled.check(NOW), Err(refusal));
    }
    for bad in [jwk("key_2", "ES256", None), jwk("key_1", "RS256", None), "{}".to_owned(), String::new()] {
        assert!(FetchedKey::read(wanted.clone(), bad.as_bytes()).is_err(), "{bad}");
    }
    let client = Key::new(good.sender, &Secret::new("client:se:cret").unwrap()).unwrap();
    let asked = question(&wanted, &client).unwrap();
    assert_eq!(asked.expose(), r#"{"client_id":"client","key_id":"key_1","secret":"se:cret"}"#);
    assert_eq!(format!("{asked:?}"), "[redacted]");
    for bad in ["client", ":secret", "client:"] {
        assert_eq!(Key::new(good.sender, &Secret::new(bad).unwrap()).err(), Some(BadKey::NotClient), "{bad}");
    }
    let ended = FetchedKey::read(wanted, jwk("key_1", "ES256", Some(NOW - 1)).as_bytes()).unwrap();
    assert_eq!(Request { fetched: Some(ended), ..good.clone() }.check(NOW), Err(Refusal::NoKey));
}
