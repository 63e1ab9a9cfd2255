//! Hashes, keyed and plain, behind one face.

use hmac::{Hmac, KeyInit, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use crate::sender::Hash;

/// A hash that is ready to take content. It does not print.
#[derive(Clone)]
pub(crate) enum Mac {
    /// HMAC with MD5.
    HmacMd5(Hmac<Md5>),
    /// HMAC with SHA-1.
    HmacSha1(Hmac<Sha1>),
    /// HMAC with SHA-256.
    HmacSha256(Hmac<Sha256>),
    /// HMAC with SHA-384.
    HmacSha384(Hmac<Sha384>),
    /// HMAC with SHA-512.
    HmacSha512(Hmac<Sha512>),
    /// MD5.
    Md5(Md5),
    /// SHA-1.
    Sha1(Sha1),
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-384.
    Sha384(Sha384),
    /// SHA-512.
    Sha512(Sha512),
}

/// What a hash came to.
#[derive(Clone, Copy)]
pub(crate) struct Sum {
    bytes: [u8; 64],
    length: usize,
}

impl Mac {
    /// A hash keyed with these bytes; `None` where they cannot be a key.
    pub(crate) fn keyed(hash: Hash, key: &[u8]) -> Option<Self> {
        Some(match hash {
            Hash::Md5 => Self::HmacMd5(Hmac::new_from_slice(key).ok()?),
            Hash::Sha1 => Self::HmacSha1(Hmac::new_from_slice(key).ok()?),
            Hash::Sha256 => Self::HmacSha256(Hmac::new_from_slice(key).ok()?),
            Hash::Sha384 => Self::HmacSha384(Hmac::new_from_slice(key).ok()?),
            Hash::Sha512 => Self::HmacSha512(Hmac::new_from_slice(key).ok()?),
        })
    }

    /// A hash without a key.
    pub(crate) fn plain(hash: Hash) -> Self {
        match hash {
            Hash::Md5 => Self::Md5(Md5::new()),
            Hash::Sha1 => Self::Sha1(Sha1::new()),
            Hash::Sha256 => Self::Sha256(Sha256::new()),
            Hash::Sha384 => Self::Sha384(Sha384::new()),
            Hash::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    /// Takes more content.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::HmacMd5(mac) => mac.update(bytes),
            Self::HmacSha1(mac) => mac.update(bytes),
            Self::HmacSha256(mac) => mac.update(bytes),
            Self::HmacSha384(mac) => mac.update(bytes),
            Self::HmacSha512(mac) => mac.update(bytes),
            Self::Md5(hash) => Digest::update(hash, bytes),
            Self::Sha1(hash) => Digest::update(hash, bytes),
            Self::Sha256(hash) => Digest::update(hash, bytes),
            Self::Sha384(hash) => Digest::update(hash, bytes),
            Self::Sha512(hash) => Digest::update(hash, bytes),
        }
    }

    /// What all the content comes to.
    pub(crate) fn finish(self) -> Sum {
        match self {
            Self::HmacMd5(mac) => Sum::new(&mac.finalize().into_bytes()),
            Self::HmacSha1(mac) => Sum::new(&mac.finalize().into_bytes()),
            Self::HmacSha256(mac) => Sum::new(&mac.finalize().into_bytes()),
            Self::HmacSha384(mac) => Sum::new(&mac.finalize().into_bytes()),
            Self::HmacSha512(mac) => Sum::new(&mac.finalize().into_bytes()),
            Self::Md5(hash) => Sum::new(&hash.finalize()),
            Self::Sha1(hash) => Sum::new(&hash.finalize()),
            Self::Sha256(hash) => Sum::new(&hash.finalize()),
            Self::Sha384(hash) => Sum::new(&hash.finalize()),
            Self::Sha512(hash) => Sum::new(&hash.finalize()),
        }
    }
}

impl Sum {
    /// Takes at most 64 bytes.
    fn new(output: &[u8]) -> Self {
        let mut bytes = [0; 64];
        let length = output.len().min(bytes.len());
        bytes.iter_mut().zip(output).for_each(|(to, from)| *to = *from);
        Self { bytes, length }
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Whether these are the same bytes, in a time that does not tell how many of them are.
    pub(crate) fn matches(&self, other: &[u8]) -> bool {
        self.bytes().ct_eq(other).into()
    }
}

/// The SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
