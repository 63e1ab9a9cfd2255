//! The families of signatures, as data.

use super::published::{AppStore, KeyPlace};
use super::web_token::Jwt;

/// How a request proves who sent it.
#[derive(Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A signature over the request: a keyed hash, a plain hash with the secret in it, or one of a public key.
    Signed(Signed),
    /// The secret itself.
    Token(TokenPlace),
    /// A JSON Web Token that speaks of the request, or of whom it is for.
    Jwt(Jwt),
    /// A document in a field of the body that Apple's App Store signed, with its certificates.
    AppStore(AppStore),
    /// No proof: the hook's path is the secret, or its addresses are named.
    None,
}

/// Another scheme of the same sender.
#[derive(Debug, PartialEq, Eq)]
pub struct Alternative {
    /// What it is for.
    pub when: AlternativeWhen,
    /// The scheme.
    pub scheme: Scheme,
}

/// When a sender's other scheme counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlternativeWhen {
    /// For secrets that begin with this text: `whpk_`.
    SecretBegins(&'static str),
    /// For every secret, where the request carries nothing of the first scheme: whoever knows the secret can make either
    /// proof, so that taking both makes neither weaker.
    FirstIsAbsent,
}

/// A signature: where it stands, how it is written and what it covers.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed {
    /// How it is computed.
    pub algorithm: Algorithm,
    /// Where it stands.
    pub place: Carrier,
    /// How the header is written.
    pub shape: Shape,
    /// What else it may be written like.
    pub writing: Writing,
    /// How the signature's bytes are written.
    pub encoding: Encoding,
    /// What is signed, in order.
    pub content: &'static [Part],
    /// How a secret is read.
    pub secret: SecretFormat,
    /// Where the time of signing is, and how far it may be off.
    pub timestamp: Option<Clock>,
    /// Headers that must have these values.
    pub require: &'static [(&'static str, &'static str)],
    /// The parts of the body that are each signed on their own: a path in which `*` stands for every item.
    pub each: Option<&'static str>,
    /// Where the public key is fetched from, where it is not the secret.
    pub key: Option<&'static KeyPlace>,
    /// What of the body must be equal to the secret, because the key proves the service alone and not the account.
    pub bind: &'static [Part],
    /// The field of a form that holds the JSON with the signature; `None` where the body itself is that.
    pub document: Option<&'static str>,
}

/// How a signature is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// A keyed hash.
    Hmac(Hash),
    /// The plain hash of the secret followed by the content.
    Digest(Hash),
    /// Ed25519.
    Ed25519,
    /// ECDSA on P-256 with SHA-256, written in DER.
    EcdsaP256,
    /// RSA with PKCS #1 v1.5.
    Rsa(Hash),
    /// RSA with PKCS #1 v1.5; the body's `SignatureVersion` says 1 for SHA-1 and 2 for SHA-256.
    RsaByVersion,
}

/// What carries a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// One of these headers, in lower case; a signature in any of them may match.
    Headers(&'static [&'static str]),
    /// A header that ends with a number, in lower case, or the same with another number: one for each of several secrets.
    Numbered(&'static str),
    /// This field of the JSON body.
    Field(&'static str),
}

/// How signatures are written in their header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One signature, with this text before it.
    Whole(&'static str),
    /// Several signatures, of which any may match; one without the prefix is passed over.
    List {
        /// What stands between them.
        separator: char,
        /// What stands before each.
        prefix: &'static str,
    },
    /// Pairs `key=value`, of which those with the signature's key count, and any may match.
    Pairs {
        /// What may stand between them, besides spaces.
        separators: &'static str,
        /// The key of the signature.
        signature: &'static str,
    },
}

/// What a signature's header may be written like, besides its shape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Writing {
    /// The shape's prefix may be missing.
    pub bare: bool,
    /// The header may be there more than once, each time with signatures.
    pub repeated: bool,
    /// What stands between sets of pairs, each with a time and signatures of its own.
    pub sets: Option<char>,
}

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// MD5, for the one sender that has nothing better.
    Md5,
    /// SHA-1, for those who still use it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Two hexadecimal digits a byte, in either case.
    Hex,
    /// Base64 with the standard alphabet, padded.
    Base64,
    /// Base64 with the alphabet for URLs, not padded.
    Base64Url,
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
    /// The value of this pair in the signature's header.
    Pair(&'static str),
    /// This field of the JSON body.
    Field(&'static str),
    /// This field of the JSON body, nothing where it is missing.
    OptionalField(&'static str),
    /// This field of a form body, decoded.
    FormField(&'static str),
    /// The secret's text.
    Secret,
    /// The method, in capitals.
    Method,
    /// The public URL with the path and query as received.
    Url,
    /// The same URL, once without a port and once with one.
    UrlAnyPort,
    /// The URL with those characters decoded that `HubSpot` decodes.
    UrlHubspot,
    /// The path and query in `Contentful`'s spelling.
    UrlContentful,
    /// The path.
    Path,
    /// The query, without the question mark.
    Query,
    /// The query with its pairs in the order of their names.
    QuerySorted,
    /// The fields of a form body, each name followed by its value, sorted, each once.
    Form,
    /// The same, or nothing where the query carries the body's SHA-256 as `bodySHA256`.
    FormOrBodyHash,
    /// The SHA-256 of the body, as bytes.
    BodySha256,
    /// The SHA-256 of the body, in hexadecimal.
    BodySha256Hex,
    /// The SHA-256 of the body, in base64.
    BodySha256Base64,
    /// The CRC-32 of the body, in decimal.
    BodyCrc32,
    /// The values of the headers that this pair names, with dots between them.
    ListedValues(&'static str),
    /// `name:value` of the headers that this header names, with semicolons between them.
    ListedHeaders(&'static str),
    /// The fields of an SNS message, each name and value on its own line.
    Sns,
    /// `id:…;request-id:…;ts:…;` of `Mercado Pago`: of the query, of a header and of the signature's own pairs.
    Manifest,
}

/// How a secret's text becomes a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFormat {
    /// The text's bytes.
    Raw,
    /// Base64, with or without `whsec_` before it.
    Whsec,
    /// Base64.
    Base64,
    /// Hexadecimal.
    Hex,
    /// The bytes of the text in Unicode's normalization form KD.
    Nfkd,
    /// A public key: PEM, base64 or hexadecimal.
    PublicKey,
}

/// Where the time of signing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The part of the request that says it.
    pub place: ClockPlace,
    /// How it is written.
    pub unit: Unit,
    /// How many seconds the time may lie before or after ours.
    pub tolerance_seconds: u64,
}

/// The part of a request that says when it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockPlace {
    /// This header, in lower case.
    Header(&'static str),
    /// This pair in the signature's header.
    Pair(&'static str),
    /// This field of the JSON body; it is read once the body is proved.
    Field(&'static str),
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unix seconds.
    Seconds,
    /// Unix milliseconds.
    Milliseconds,
    /// ISO 8601 with an offset.
    Iso8601,
    /// As in the header `Date`.
    HttpDate,
}

/// What carries a shared token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPlace {
    /// This header, after a prefix in any case.
    Header {
        /// The header, in lower case.
        name: &'static str,
        /// What stands before the token: `Bearer `.
        prefix: &'static str,
    },
    /// The header `Authorization` with a user name and password; the secret is `user:password`.
    Basic,
    /// This parameter of the query.
    Query(&'static str),
    /// This field of the JSON body, or the first of several with `|` between them; with `*` in its path, every item must
    /// have it.
    Field(&'static str),
    /// This field of a form; after a dot, this field of the JSON that the form's field holds.
    Form(&'static str),
}

impl Scheme {
    /// The header, field or parameter that carries the proof; empty where there is none.
    pub const fn carrier(&self) -> &'static str {
        match self {
            Self::Signed(signed) => signed.place.name(),
            Self::Token(
                TokenPlace::Header { name, .. }
                | TokenPlace::Query(name)
                | TokenPlace::Field(name)
                | TokenPlace::Form(name),
            ) => name,
            Self::Token(TokenPlace::Basic) => "authorization",
            Self::Jwt(jwt) => jwt.header,
            Self::AppStore(_) => AppStore::FIELD,
            Self::None => "",
        }
    }

    /// Whether every byte of the body is a part of what is proved.
    pub fn covers_body(&self) -> bool {
        match self {
            Self::Signed(signed) => signed.covers_body(),
            Self::Jwt(jwt) => jwt.body_hash.is_some(),
            Self::Token(_) | Self::AppStore(_) | Self::None => false,
        }
    }

    /// Where the public key is fetched from, where it is.
    pub const fn key_place(&self) -> Option<&'static KeyPlace> {
        match self {
            Self::Signed(signed) => signed.key,
            Self::Jwt(jwt) => jwt.key,
            Self::Token(_) | Self::AppStore(_) | Self::None => None,
        }
    }
}

impl Signed {
    /// Whether every byte of the body is a part of what is signed.
    pub fn covers_body(&self) -> bool {
        use Part::{Body, BodyCrc32, BodySha256, BodySha256Base64, BodySha256Hex, Form, FormOrBodyHash};
        self.content.iter().any(|part| {
            matches!(part, Body | BodyCrc32 | BodySha256 | BodySha256Base64 | BodySha256Hex | Form | FormOrBodyHash)
        })
    }
}

impl Carrier {
    /// The first header, or the field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Headers([first, ..]) => first,
            Self::Headers([]) => "",
            Self::Numbered(name) | Self::Field(name) => name,
        }
    }
}

impl Hash {
    /// The length of its output in bytes.
    pub const fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
