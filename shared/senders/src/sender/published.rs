//! Keys and certificates that senders publish, as data.

/// Where a public key is fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPlace {
    /// What says the address.
    pub url: KeyUrl,
    /// What is found there.
    pub kind: KeyKind,
    /// The hosts it may be at; `{region}` stands for the region of what the request is about.
    pub hosts: &'static [&'static str],
    /// The field of the body with the ARN that names that region.
    pub region: Option<&'static str>,
    /// The path it may be at; `*` stands for one to 64 letters, digits and `-`.
    pub path: &'static str,
    /// The name that a certificate must be made out to.
    pub subject: &'static str,
    /// The organisation that must have issued a certificate; empty where any may.
    pub issuer: &'static str,
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
    /// A set of JSON Web Keys for RSA; a token says which of them it was signed with.
    Jwks,
}

/// A notification of Apple's App Store; the hook's secret is the app's bundle id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppStore {
    /// Which of the App Store's worlds it must come from: `Production` or `Sandbox`.
    pub environment: &'static str,
}

impl AppStore {
    /// The field of the body with the signed document.
    pub const FIELD: &str = "signedPayload";
}
