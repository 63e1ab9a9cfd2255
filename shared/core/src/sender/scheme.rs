//! The families of signatures, as data.

/// How a request proves who sent it.
#[derive(Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A signature over the request: a keyed hash, a plain hash with the secret in it, or one of a public key.
    Signed(Signed),
    /// The secret itself.
    Token(TokenPlace),
    /// A JSON Web Token that speaks of the request.
    Jwt(Jwt),
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
    /// This field of the JSON body; with `*` in its path, every item must have it.
    Field(&'static str),
}

/// A JSON Web Token that speaks of the request.
#[derive(Debug, PartialEq, Eq)]
pub struct Jwt {
    /// The header, in lower case.
    pub header: &'static str,
    /// The algorithms that count.
    pub algorithms: &'static [JwtAlgorithm],
    /// Who must have issued it.
    pub issuer: Option<&'static str>,
    /// The claim with the SHA-256 of the body.
    pub body_hash: &'static str,
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

/// Where a public key is fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPlace {
    /// What says the address.
    pub url: KeyUrl,
    /// What is found there.
    pub kind: KeyKind,
    /// The hosts it may be at; `*` stands for one label.
    pub hosts: &'static [&'static str],
    /// The path it may be at; `*` stands for anything but a slash.
    pub path: &'static str,
    /// The name that a certificate must be made out to.
    pub subject: &'static str,
}

/// What says where a public key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUrl {
    /// The table.
    Fixed(&'static str),
    /// This header.
    Header(&'static str),
    /// This field of the JSON body.
    Field(&'static str),
}

/// What a fetched key looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// An X.509 certificate in PEM.
    Certificate,
    /// JSON with an RSA public key in PEM in this field.
    JsonPem(&'static str),
    /// JSON with a JSON Web Key in its field `key`, asked for by id with the hook's secret.
    Jwk,
}

impl Scheme {
    /// The header, field or parameter that carries the proof; empty where there is none.
    pub const fn carrier(&self) -> &'static str {
        match self {
            Self::Signed(signed) => signed.place.name(),
            Self::Token(TokenPlace::Header { name, .. } | TokenPlace::Query(name) | TokenPlace::Field(name)) => name,
            Self::Token(TokenPlace::Basic) => "authorization",
            Self::Jwt(jwt) => jwt.header,
            Self::None => "",
        }
    }

    /// Where the public key is fetched from, where it is.
    pub const fn key_place(&self) -> Option<&'static KeyPlace> {
        match self {
            Self::Signed(signed) => signed.key,
            Self::Jwt(jwt) => jwt.key,
            Self::Token(_) | Self::None => None,
        }
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
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}
