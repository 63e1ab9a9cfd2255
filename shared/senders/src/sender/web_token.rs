//! JSON Web Tokens that prove a request, as data.

use super::published::KeyPlace;
use super::scheme::{Encoding, Hash};

/// A JSON Web Token that speaks of the request, or of whom it is for.
#[derive(Debug, PartialEq, Eq)]
pub struct Jwt {
    /// The header, in lower case.
    pub header: &'static str,
    /// What stands before the token there, in any case: `Bearer `.
    pub prefix: &'static str,
    /// The algorithms that count.
    pub algorithms: &'static [JwtAlgorithm],
    /// Who may have issued it; anybody with the key where nobody is named.
    pub issuers: &'static [&'static str],
    /// Whom it is for, where it has to be for the hook.
    pub recipient: Option<Recipient>,
    /// The claim with the SHA-256 of the body, where the token speaks of that.
    pub body_hash: Option<&'static str>,
    /// Whether that claim is left out for an empty body, and for no other.
    pub body_hash_optional: bool,
    /// How the hashes are written.
    pub encoding: Encoding,
    /// The claim with the SHA-256 of the URL.
    pub url_hash: Option<&'static str>,
    /// How many seconds our clock may differ from the one that `nbf` and `exp` were set by.
    pub leeway_seconds: u64,
    /// How many seconds ago it may have been issued; it must say when, then.
    pub max_age_seconds: Option<u64>,
    /// Where the public key is fetched from; its `kid` says which.
    pub key: Option<&'static KeyPlace>,
}

/// Whom a token has to be for. Its issuer signs tokens for everybody, so the signature alone proves nothing to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// The secret is the claim `aud`; where an account is named, `email` must be its verified address.
    Audience(Option<&'static str>),
    /// The secret is `EMAIL`, the verified address of who sends, or `EMAIL:AUDIENCE`; the audience is the hook's own URL
    /// where that is not said.
    Email,
}

/// An algorithm of a JSON Web Token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with this hash.
    Hmac(Hash),
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSA with PKCS #1 v1.5 and this hash.
    Rsa(Hash),
    /// Ed25519.
    EdDsa,
}
