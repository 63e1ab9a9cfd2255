//! Public keys: reading them, and checking signatures with them.
//!
//! The checking is ring's, which carries the functions' TLS too: asymmetric senders cost them next to nothing.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Encode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::key::BadKey;
use crate::sender::{Algorithm, Hash, JwtAlgorithm};

/// What stands in DER before the 32 bytes of an Ed25519 key.
const ED25519_HEAD: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// What stands in DER before the two coordinates of a P-256 key, its last byte being that of a point written whole.
const P256_HEAD: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

/// What stands in DER before the two coordinates of a P-384 key, its last byte being that of a point written whole.
const P384_HEAD: &[u8] = &[
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00,
    0x22, 0x03, 0x62, 0x00, 0x04,
];

/// What says that a key is one of RSA.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The lengths of an RSA modulus that count, in bytes: a shorter one is weak, a longer one would make us compute for long.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// The Ed25519 points that sign anything for everybody, without their last bit.
///
/// Facts: the points of small order and their other spellings, <https://eprint.iacr.org/2020/1244>, table 1.
const WEAK: [&str; 7] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// A public key of one of the families.
#[derive(Clone)]
pub(crate) enum PublicKey {
    /// Ed25519.
    Ed25519(Box<[u8]>),
    /// ECDSA on P-256: a point written whole.
    P256(Box<[u8]>),
    /// ECDSA on P-384: a point written whole.
    P384(Box<[u8]>),
    /// RSA: modulus and exponent, after PKCS #1.
    Rsa(Box<[u8]>),
}

impl PublicKey {
    /// Reads a public key as people copy it: PEM, base64, or hexadecimal for Ed25519.
    pub(crate) fn read(algorithm: Algorithm, text: &str) -> Result<Self, BadKey> {
        let bytes = unwrap(text.trim()).ok_or(BadKey::NotPublicKey)?;
        match algorithm {
            Algorithm::Ed25519 => Self::ed25519(&bytes),
            Algorithm::EcdsaP256 => Self::p256(bytes.strip_prefix(P256_HEAD).unwrap_or_default()),
            Algorithm::Rsa(_) | Algorithm::RsaByVersion => Self::rsa_der(&bytes),
            Algorithm::Hmac(_) | Algorithm::Digest(_) => Err(BadKey::NotPublicKey),
        }
    }

    /// Reads a public key of any family, which the key itself names: PEM.
    pub(super) fn read_any(text: &str) -> Result<Self, BadKey> {
        let bytes = unwrap(text.trim()).ok_or(BadKey::NotPublicKey)?;
        if let Some(coordinates) = bytes.strip_prefix(P384_HEAD).filter(|rest| rest.len() == 96) {
            return Ok(Self::P384([&[4], coordinates].concat().into()));
        }
        match (bytes.strip_prefix(P256_HEAD), bytes.starts_with(ED25519_HEAD)) {
            (Some(coordinates), _) => Self::p256(coordinates),
            (None, true) => Self::ed25519(&bytes),
            (None, false) => Self::rsa_der(&bytes),
        }
    }

    /// Reads the 32 bytes of an Ed25519 key, with or without those that say what it is.
    fn ed25519(bytes: &[u8]) -> Result<Self, BadKey> {
        let bytes = bytes.strip_prefix(ED25519_HEAD).unwrap_or(bytes);
        let mut point: [u8; 32] = bytes.try_into().map_err(|_| BadKey::NotPublicKey)?;
        point[31] &= 0x7f;
        if WEAK.contains(&hex::encode(point).as_str()) {
            return Err(BadKey::NotPublicKey);
        }
        Ok(Self::Ed25519(bytes.into()))
    }

    /// Makes a P-256 key of its two coordinates, one after the other.
    pub(super) fn p256(coordinates: &[u8]) -> Result<Self, BadKey> {
        match coordinates.len() {
            64 => Ok(Self::P256([&[4], coordinates].concat().into())),
            _ => Err(BadKey::NotPublicKey),
        }
    }

    /// Makes a P-256 key of its two coordinates in base64url, as a JSON Web Key has them.
    pub(crate) fn p256_coordinates(x: &str, y: &str) -> Result<Self, BadKey> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == 32);
        let (x, y) = (decode(x).ok_or(BadKey::NotPublicKey)?, decode(y).ok_or(BadKey::NotPublicKey)?);
        Self::p256(&[x, y].concat())
    }

    /// Reads an RSA key in DER, of a sane length.
    pub(crate) fn rsa_der(der: &[u8]) -> Result<Self, BadKey> {
        let key = rsa_numbers(der).map_err(|_| BadKey::NotPublicKey)?;
        key.map(|key| Self::Rsa(key.into())).ok_or(BadKey::NotPublicKey)
    }

    /// Makes an RSA key of its modulus and exponent in base64url, as a JSON Web Key has them.
    pub(crate) fn rsa_numbers(modulus: &str, exponent: &str) -> Result<Self, BadKey> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| BadKey::NotPublicKey);
        let (modulus, exponent) = (decode(modulus)?, decode(exponent)?);
        let length = modulus.iter().position(|byte| *byte != 0).map_or(0, |zeros| modulus.len() - zeros);
        let numbers = UintRef::new(&modulus).and_then(|n| [n, UintRef::new(&exponent)?].to_der());
        let der = numbers.map_err(|_| BadKey::NotPublicKey)?;
        if RSA_BYTES.contains(&length) { Ok(Self::Rsa(der.into())) } else { Err(BadKey::NotPublicKey) }
    }

    /// Whether this is a signature over a message; one of ECDSA is in DER. The hash counts for RSA alone.
    pub(crate) fn signs(&self, hash: Hash, message: &[u8], signature: &[u8]) -> bool {
        match (self, hash) {
            (Self::Ed25519(key), _) => signs(&ED25519, key, message, signature),
            (Self::P256(key), _) => signs(&ECDSA_P256_SHA256_ASN1, key, message, signature),
            (Self::P384(_), _) => false,
            (Self::Rsa(key), Hash::Sha1) => {
                signs(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key, message, signature)
            }
            (Self::Rsa(key), Hash::Sha256) => signs(&RSA_PKCS1_2048_8192_SHA256, key, message, signature),
            (Self::Rsa(key), Hash::Sha384) => signs(&RSA_PKCS1_2048_8192_SHA384, key, message, signature),
            (Self::Rsa(key), Hash::Sha512) => signs(&RSA_PKCS1_2048_8192_SHA512, key, message, signature),
            (Self::Rsa(_), Hash::Md5) => false,
        }
    }

    /// Whether this is a token's signature over a message by this algorithm; one of ECDSA is its two numbers.
    pub(super) fn signs_token(&self, algorithm: JwtAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match (self, algorithm) {
            (Self::P256(key), JwtAlgorithm::Es256) => signs(&ECDSA_P256_SHA256_FIXED, key, message, signature),
            (Self::P384(key), JwtAlgorithm::Es384) => signs(&ECDSA_P384_SHA384_FIXED, key, message, signature),
            (Self::Ed25519(_), JwtAlgorithm::EdDsa) => self.signs(Hash::Sha512, message, signature),
            (Self::Rsa(_), JwtAlgorithm::Rsa(hash)) => self.signs(hash, message, signature),
            _ => false,
        }
    }
}

/// Whether a key signed a message.
fn signs(algorithm: &'static dyn VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

/// The modulus and exponent in the DER of an RSA key, as they stand there; `None` where it is another's or insane.
fn rsa_numbers(der: &[u8]) -> x509_cert::der::Result<Option<&[u8]>> {
    let info = SubjectPublicKeyInfoRef::from_der(der)?;
    let Some(numbers) = info.subject_public_key.as_bytes().filter(|_| info.algorithm.oid == RSA) else {
        return Ok(None);
    };
    let mut reader = SliceReader::new(numbers)?;
    let modulus: usize = reader.sequence(|numbers| {
        let modulus = UintRef::decode(numbers)?.as_bytes().len();
        UintRef::decode(numbers).map(|_| modulus)
    })?;
    Ok(Some(numbers).filter(|_| RSA_BYTES.contains(&modulus)))
}

/// The bytes within PEM, base64 or hexadecimal.
fn unwrap(text: &str) -> Option<Vec<u8>> {
    if let Some(rest) = text.strip_prefix("-----BEGIN ") {
        return pem(rest);
    }
    let text = text.strip_prefix("whpk_").unwrap_or(text);
    if text.len() == 64
        && let Ok(bytes) = hex::decode(text)
    {
        return Some(bytes);
    }
    STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()
}

/// The bytes of a PEM block whose first dashes are gone.
pub(crate) fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----")?;
    let (inside, _) = rest.split_once("-----END ")?;
    let compact: String = inside.split_ascii_whitespace().collect();
    STANDARD.decode(compact).ok()
}
