//! The token of a GitHub app: a claim of who it is, signed with its private key and good for ten minutes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

/// How far in the past a token begins, in seconds, for clocks that differ.
const BEGINS_BEFORE: u64 = 60;

/// For how many seconds it holds from now; GitHub allows 600.
const HOLDS: u64 = 540;

/// A token for the app of this id; errors hold nothing of the key.
pub(super) fn token(app: &str, key: &Secret, now: Timestamp) -> PortResult<String> {
    let failed = |why| PortError::new("the app's private key", why);
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes())
        .map_err(|_| failed("it is not PEM; give the whole file that GitHub made, from `-----BEGIN` on"))?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key).map_err(|_| failed("it is not usable"))?;
    let signer = key.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
    let signer = signer.ok_or_else(|| failed("it is not an RSA key, as GitHub's are"))?;
    let now = now.as_seconds();
    let claims = json!({"iat": now.saturating_sub(BEGINS_BEFORE), "exp": now + HOLDS, "iss": app});
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let content = format!("{}.{}", encode(br#"{"alg":"RS256","typ":"JWT"}"#), encode(claims.to_string().as_bytes()));
    let signature = signer.sign(content.as_bytes()).map_err(|_| failed("it does not sign"))?;
    Ok(format!("{content}.{}", encode(&signature)))
}
