//! Tokens that are rightly signed and say something wrong.

use serde_json::{Value, json};

use super::request::Request;
use super::*;

const SECRET: &str = "secret";

/// The same request with its token's claims changed, and signed again.
fn with_claims(request: &Request, change: &[(&str, Value)]) -> Request {
    let encoding = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let token = &request.headers[0].1;
    let (head, rest) = token.split_once('.').unwrap();
    let mut claims: serde_json::Map<String, Value> =
        serde_json::from_slice(&encoding.decode(rest.split('.').next().unwrap()).unwrap()).unwrap();
    for (name, value) in change {
        match value {
            Value::Null => drop(claims.remove(*name)),
            value => drop(claims.insert((*name).to_owned(), value.clone())),
        }
    }
    let input = format!("{head}.{}", encoding.encode(Value::Object(claims).to_string()));
    let signature = encoding.encode(mac(SECRET.as_bytes(), input.as_bytes()));
    request.with(0, Some(format!("{input}.{signature}")))
}

#[test]
fn each_claim_of_a_token_must_hold() {
    let sender = Sender::named("messagebird").unwrap();
    let full = Request::signed(sender, SECRET, BODY);
    let empty = Request::signed(sender, SECRET, b"");
    let hash = hex::encode(Sha256::digest(BODY));
    let of_nothing = hex::encode(Sha256::digest(b""));
    assert_eq!(with_claims(&full, &[]).check(NOW), Ok(Some(0)));
    assert_eq!(empty.check(NOW), Ok(Some(0)));
    let claim = |name: &'static str| Err(Refusal::Claim(name));
    let cases: &[(&Request, &str, Value, Checked)] = &[
        (&full, "iss", Value::Null, claim("iss")),
        (&full, "iss", json!("messagebird"), claim("iss")),
        (&full, "iss", json!(["MessageBird"]), claim("iss")),
        (&full, "nbf", json!(NOW + 1), Ok(Some(0))),
        (&full, "nbf", json!(NOW + 2), Err(Refusal::Stale(-2))),
        (&full, "nbf", json!(i64::MAX), Err(Refusal::Stale(i64::try_from(NOW).unwrap() - i64::MAX))),
        (&full, "nbf", json!(-1), claim("nbf")),
        (&full, "nbf", json!("1700000000"), claim("nbf")),
        (&full, "nbf", json!(1.5), claim("nbf")),
        (&full, "exp", json!(NOW), Ok(Some(0))),
        (&full, "exp", json!(NOW - 1), Err(Refusal::Stale(1))),
        (&full, "exp", json!(u64::MAX), claim("exp")),
        (&full, "exp", json!(1e300), claim("exp")),
        (&full, "exp", json!([]), claim("exp")),
        (&full, "payload_hash", Value::Null, claim("payload_hash")),
        (&full, "payload_hash", json!(""), claim("payload_hash")),
        (&full, "payload_hash", json!(of_nothing), claim("payload_hash")),
        (&full, "payload_hash", json!([hash]), claim("payload_hash")),
        (&full, "payload_hash", json!(&hash[..62]), claim("payload_hash")),
        (&empty, "payload_hash", json!(of_nothing), claim("payload_hash")),
        (&empty, "payload_hash", json!(hash), claim("payload_hash")),
        (&full, "url_hash", Value::Null, claim("url_hash")),
        (&full, "url_hash", json!(hash), claim("url_hash")),
    ];
    for (request, name, value, expected) in cases {
        assert_eq!(with_claims(request, &[(name, value.clone())]).check(NOW), *expected, "{name}: {value}");
    }
}
