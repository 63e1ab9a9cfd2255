//! A hook's secret, made ready for use once, when the hook is loaded.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit};
use sha2::{Digest, Sha256};

use crate::secret::Secret;
use crate::sender::{Scheme, SecretFormat, Sender};
use crate::time::Timestamp;

/// A secret in the form its sender's scheme computes with. It does not print.
#[derive(Clone)]
pub struct Key {
    form: Form,
    until: Option<Timestamp>,
}

#[derive(Clone)]
enum Form {
    Hmac(Box<Hmac<Sha256>>),
    Token([u8; 32]),
}

/// The secret cannot be used with the sender's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The sender's secrets are base64, and this one is not.
    #[error("the secret is not base64; copy it whole, with or without `whsec_` before it")]
    NotBase64,
    /// Nothing is left of the secret once it is decoded.
    #[error("the secret is empty once it is decoded")]
    Empty,
}

impl Key {
    /// Reads a secret as the sender's scheme reads it.
    pub fn new(sender: &Sender, secret: &Secret) -> Result<Self, BadKey> {
        let text = secret.expose();
        let form = match &sender.scheme {
            Scheme::Hmac(scheme) => {
                let bytes = match scheme.secret {
                    SecretFormat::Raw => text.as_bytes().to_vec(),
                    SecretFormat::Whsec => decode_whsec(text)?,
                };
                let mac = Hmac::<Sha256>::new_from_slice(&bytes).map_err(|_| BadKey::Empty)?;
                Form::Hmac(Box::new(mac))
            }
            Scheme::Token { .. } | Scheme::None => Form::Token(Self::digest(text.as_bytes())),
        };
        Ok(Self { form, until: None })
    }

    /// The same key, which from this moment on matches nothing.
    #[must_use]
    pub const fn until(mut self, end: Timestamp) -> Self {
        self.until = Some(end);
        self
    }

    /// Whether the key still matches at this moment.
    pub(super) fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|end| now < end)
    }

    /// The keyed hash, ready to take the signed content; `None` for a token's key.
    pub(crate) fn mac(&self) -> Option<Hmac<Sha256>> {
        match &self.form {
            Form::Hmac(mac) => Some((**mac).clone()),
            Form::Token(_) => None,
        }
    }

    /// The digest to compare a token's digest with; of no use for a keyed hash, where it equals no digest.
    pub(super) fn token_digest(&self) -> [u8; 32] {
        match &self.form {
            Form::Token(digest) => *digest,
            Form::Hmac(_) => [0; 32],
        }
    }

    /// The digest of a token: digests have one length, so comparing them does not tell the token's.
    pub(super) fn digest(token: &[u8]) -> [u8; 32] {
        Sha256::digest(token).into()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Decodes a Standard Webhooks secret.
fn decode_whsec(text: &str) -> Result<Vec<u8>, BadKey> {
    let text = text.trim();
    let encoded = text.strip_prefix("whsec_").unwrap_or(text);
    let bytes = STANDARD.decode(encoded).or_else(|_| STANDARD_NO_PAD.decode(encoded)).map_err(|_| BadKey::NotBase64)?;
    if bytes.is_empty() { Err(BadKey::Empty) } else { Ok(bytes) }
}
