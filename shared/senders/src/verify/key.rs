//! A hook's secret, made ready for use once, when the hook is loaded.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use icu_normalizer::DecomposingNormalizerBorrowed;
use subtle::ConstantTimeEq;

use super::mac::{Mac, sha256};
use super::public::PublicKey;
use crate::secret::Secret;
use crate::sender::{
    Algorithm, Hash, Jwt, JwtAlgorithm, Part, Recipient, Scheme, SecretFormat, Sender, Signed, TokenPlace,
};
use crate::time::Timestamp;

/// A secret in the form its sender's scheme computes with. It does not print.
#[derive(Clone)]
pub struct Key {
    form: Form,
    alternative: bool,
    second: Option<Box<Form>>,
    until: Option<Timestamp>,
}

/// What a scheme computes with.
#[derive(Clone)]
pub(super) enum Form {
    /// A hash that has taken the key; and the secret's text, where that is signed too.
    Mac(Box<Mac>, Box<str>),
    /// The digest of a token: digests have one length, so comparing them does not tell the token's.
    Token([u8; 32]),
    /// The secret of a JSON Web Token.
    Bytes(Box<[u8]>),
    /// The sender's public key.
    Public(PublicKey),
    /// What the request must name, where the key is fetched.
    Name(Box<str>),
}

/// The secret cannot be used with the sender's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The sender's secrets are base64, and this one is not.
    #[error("the secret is not base64; copy it whole, with or without `whsec_` before it")]
    NotBase64,
    /// The sender's secrets are hexadecimal, and this one is not.
    #[error("the secret is not hexadecimal; copy it whole")]
    NotHex,
    /// The sender's secret is a public key, and this is none.
    #[error("the secret is not this sender's public key; copy it whole, with its first and last line if it has those")]
    NotPublicKey,
    /// The sender's secret is a user name and a password.
    #[error("the secret must be `user:password`")]
    NotBasic,
    /// The sender's secret is the account that its keys are asked for with.
    #[error("the secret must be `CLIENT_ID:SECRET`")]
    NotClient,
    /// The sender's secret is the account that it sends for.
    #[error("the secret must be the service account's e-mail address, or `EMAIL:AUDIENCE`")]
    NotAccount,
    /// Nothing is left of the secret once it is decoded.
    #[error("the secret is empty once it is decoded")]
    Empty,
}

impl Key {
    /// Reads a secret as the sender's scheme reads it.
    pub fn new(sender: &Sender, secret: &Secret) -> Result<Self, BadKey> {
        Self::read(sender, secret, None)
    }

    /// Reads a secret in another format than the scheme's, to find out how it was copied.
    pub(crate) fn read_as(sender: &Sender, secret: &Secret, format: SecretFormat) -> Result<Self, BadKey> {
        Self::read(sender, secret, Some(format))
    }

    /// Another hash that has taken a keyed hash's secret, to find out how a request was signed.
    pub(crate) fn mac_with(sender: &Sender, secret: &Secret, hash: Hash) -> Option<Mac> {
        match sender.scheme_for(secret.expose()) {
            Scheme::Signed(signed) if matches!(signed.algorithm, Algorithm::Hmac(_)) => {
                Mac::keyed(hash, &decode(signed.secret, secret.expose()).ok()?)
            }
            _ => None,
        }
    }

    /// Reads a secret, of a hash in this format where one is given.
    fn read(sender: &Sender, secret: &Secret, format: Option<SecretFormat>) -> Result<Self, BadKey> {
        let text = secret.expose();
        let scheme = sender.scheme_for(text);
        let alternative = !std::ptr::eq(scheme, &raw const sender.scheme);
        let form = Form::of(scheme, text, format)?;
        let second = sender.second_scheme().map(|scheme| Form::of(scheme, text, format).map(Box::new)).transpose()?;
        Ok(Self { form, alternative, second, until: None })
    }

    /// The same secret, for the sender's other scheme, where it is for both.
    pub(super) fn second(&self) -> Option<Self> {
        let form = *self.second.clone()?;
        Some(Self { form, alternative: true, second: None, until: self.until })
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

    /// The scheme of the sender that this key is for.
    pub(super) fn scheme<'a>(&self, sender: &'a Sender) -> &'a Scheme {
        match &sender.alternative {
            Some(other) if self.alternative => &other.scheme,
            _ => &sender.scheme,
        }
    }

    /// Whether this is the key's token, found out in a time that does not tell how far they agree.
    pub(crate) fn is_token(&self, given: &[u8]) -> bool {
        match &self.form {
            Form::Token(digest) => digest.ct_eq(&sha256(given)).into(),
            _ => false,
        }
    }

    /// What the scheme computes with.
    pub(super) const fn form(&self) -> &Form {
        &self.form
    }

    /// The hash that has taken the key; `None` for another family's key.
    pub(crate) fn mac(&self) -> Option<Mac> {
        match &self.form {
            Form::Mac(mac, _) => Some((**mac).clone()),
            _ => None,
        }
    }

    /// The secret of a JSON Web Token; `None` for another family's key.
    pub(crate) const fn bytes(&self) -> Option<&[u8]> {
        match &self.form {
            Form::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The secret's text, where the request must name or sign it; else empty.
    pub(crate) const fn name(&self) -> &str {
        match &self.form {
            Form::Name(name) | Form::Mac(_, name) => name,
            _ => "",
        }
    }
}

impl Form {
    /// What a scheme computes with, for a secret; of a hash in this format where one is given.
    fn of(scheme: &Scheme, text: &str, format: Option<SecretFormat>) -> Result<Self, BadKey> {
        Ok(match scheme {
            Scheme::Signed(signed) => signed_form(signed, format.unwrap_or(signed.secret), text)?,
            Scheme::Jwt(Jwt { recipient: Some(recipient), .. }) => Self::Name(account(*recipient, text)?.into()),
            Scheme::AppStore(_) if text.trim().is_empty() => return Err(BadKey::Empty),
            Scheme::AppStore(_) => Self::Name(text.trim().into()),
            Scheme::Jwt(jwt) if jwt.key.is_some() => match text.split_once(':') {
                Some((client, secret)) if !client.is_empty() && !secret.is_empty() => Self::Name(text.into()),
                _ => return Err(BadKey::NotClient),
            },
            Scheme::Jwt(jwt) if jwt.algorithms.iter().any(|one| !matches!(one, JwtAlgorithm::Hmac(_))) => {
                Self::Public(PublicKey::read_any(text)?)
            }
            Scheme::Jwt(_) => Self::Bytes(text.as_bytes().into()),
            Scheme::Token(TokenPlace::Basic) if !text.contains(':') => return Err(BadKey::NotBasic),
            Scheme::Token(_) | Scheme::None => Self::Token(sha256(text.as_bytes())),
        })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What a signature's scheme computes with.
fn signed_form(scheme: &Signed, format: SecretFormat, text: &str) -> Result<Form, BadKey> {
    Ok(match scheme.algorithm {
        Algorithm::Hmac(hash) => {
            let mac = Mac::keyed(hash, &decode(format, text)?).ok_or(BadKey::Empty)?;
            let name = if scheme.content.contains(&Part::Secret) { text } else { "" };
            Form::Mac(Box::new(mac), name.into())
        }
        Algorithm::Digest(hash) => {
            let mut mac = Mac::plain(hash);
            mac.update(&decode(format, text)?);
            Form::Mac(Box::new(mac), "".into())
        }
        _ if scheme.key.is_some() => Form::Name(text.trim().into()),
        algorithm => Form::Public(PublicKey::read(algorithm, text)?),
    })
}

/// The account that a secret names.
fn account(recipient: Recipient, text: &str) -> Result<&str, BadKey> {
    let text = text.trim();
    let (email, rest) = text.split_once(':').unwrap_or((text, "?"));
    let is_email = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    match recipient {
        Recipient::Audience(_) if text.is_empty() => Err(BadKey::Empty),
        Recipient::Email if !is_email || rest.is_empty() => Err(BadKey::NotAccount),
        Recipient::Audience(_) | Recipient::Email => Ok(text),
    }
}

/// The bytes that a secret's text stands for.
fn decode(format: SecretFormat, text: &str) -> Result<Vec<u8>, BadKey> {
    let bytes = match format {
        SecretFormat::Raw | SecretFormat::PublicKey => text.as_bytes().to_vec(),
        SecretFormat::Whsec => decode_base64(text.trim().strip_prefix("whsec_").unwrap_or(text.trim()))?,
        SecretFormat::Base64 => decode_base64(text.trim())?,
        SecretFormat::Hex => hex::decode(text.trim()).map_err(|_| BadKey::NotHex)?,
        SecretFormat::Nfkd => DecomposingNormalizerBorrowed::new_nfkd().normalize(text).as_bytes().to_vec(),
    };
    if bytes.is_empty() { Err(BadKey::Empty) } else { Ok(bytes) }
}

/// Decodes base64, with or without its padding.
fn decode_base64(text: &str) -> Result<Vec<u8>, BadKey> {
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).map_err(|_| BadKey::NotBase64)
}
