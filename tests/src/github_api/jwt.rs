//! The token of an app, checked as GitHub does: who signed it, with what, and for how long it holds.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls::SignatureScheme;
use serde_json::Value;

use super::APP_ID;

/// The app's public key.
const APP_PUBLIC_KEY: &str = include_str!("app-key.pub.pem");

/// What is wrong with an app's token, at a moment in seconds since 1970.
pub(super) fn problem(token: &str, now: i64) -> Option<&'static str> {
    let undecodable = "A JSON web token could not be decoded";
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Some(undecodable);
    };
    let json = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (Some(header_json), Some(claims_json), Ok(signature)) =
        (json(header), json(claims), URL_SAFE_NO_PAD.decode(signature))
    else {
        return Some(undecodable);
    };
    if header_json["alg"] != "RS256" {
        return Some("the algorithm must be RS256");
    }
    if !is_signed(&format!("{header}.{claims}"), &signature) {
        return Some(undecodable);
    }
    let (Some(issued), Some(expires)) = (claims_json["iat"].as_i64(), claims_json["exp"].as_i64()) else {
        return Some("'Issued at' and 'Expiration time' claims must be integers");
    };
    if issued > now {
        return Some("'Issued at' claim ('iat') must be in the past");
    }
    if expires <= now || expires > now + 600 {
        return Some("'Expiration time' claim ('exp') is too far in the future, or over");
    }
    (claims_json["iss"].as_str() != Some(APP_ID)).then_some("'Issuer' claim ('iss') is no app's")
}

/// Whether the app's key made a signature.
fn is_signed(content: &str, signature: &[u8]) -> bool {
    let key: String = APP_PUBLIC_KEY.lines().filter(|line| !line.starts_with('-')).collect();
    let key = STANDARD.decode(key).expect("the public key is PEM");
    let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let (_, algorithms) = known
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256)
        .expect("RSA with SHA-256 is known");
    algorithms.iter().any(|algorithm| algorithm.verify_signature(&key, content.as_bytes(), signature).is_ok())
}
