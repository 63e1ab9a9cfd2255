//! The families of signatures, as data.

/// How a request proves who sent it.
#[derive(Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A keyed hash over the request.
    Hmac(HmacScheme),
    /// The secret itself in a header.
    Token {
        /// The header, in lower case.
        header: &'static str,
    },
    /// No proof: the hook's path is the secret, or its addresses are named.
    None,
}

/// A keyed hash: where it stands, how it is written and what it covers.
#[derive(Debug, PartialEq, Eq)]
pub struct HmacScheme {
    /// The hash function.
    pub hash: Hash,
    /// The header of the signature, in lower case.
    pub header: &'static str,
    /// What stands before the encoded signature; a candidate without it is passed over.
    pub prefix: &'static str,
    /// What separates several signatures, of which any may match; `None` where there is only one.
    pub separator: Option<char>,
    /// How the signature's bytes are written.
    pub encoding: Encoding,
    /// What is signed, in order.
    pub content: &'static [Part],
    /// How a secret is read.
    pub secret: SecretFormat,
    /// Where the time of signing is, and how far it may be off.
    pub timestamp: Option<Clock>,
}

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256.
    Sha256,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Two hexadecimal digits a byte, in either case.
    Hex,
    /// Base64 with the standard alphabet, padded.
    Base64,
}

/// One part of the signed content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The body's exact bytes.
    Body,
    /// The value of this header, which must be there once.
    Header(&'static str),
    /// This text.
    Text(&'static str),
}

/// How a secret's text becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFormat {
    /// The text's bytes.
    Raw,
    /// Base64, with or without `whsec_` before it.
    Whsec,
}

/// A header with the time of signing in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The header, in lower case.
    pub header: &'static str,
    /// How many seconds the time may lie before or after ours.
    pub tolerance_seconds: u64,
}
