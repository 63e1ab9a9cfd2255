//! A request as it came in, before anyone vouches for it.

use std::net::IpAddr;

/// One request at a hook's path: borrowed from whatever carried it here.
#[derive(Debug, Clone, Copy)]
pub struct Inbound<'a> {
    /// The headers.
    pub headers: Headers<'a>,
    /// The body's exact bytes.
    pub body: &'a [u8],
    /// Who sent it, where that is known.
    pub source_ip: Option<IpAddr>,
    /// The method, in capitals.
    pub method: &'a str,
    /// Where it was sent to, as the sender sees it.
    pub url: Url<'a>,
}

/// Where a request was sent to: the configured public URL, and the path and query as received.
///
/// The header `Host` has no part in it: whoever sends a request chooses that one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Url<'a> {
    base: &'a str,
    target: &'a str,
}

/// The headers of a request: pairs of a lower-case name and a value.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(&'a [(&'a str, &'a [u8])]);

/// A header that must stand alone stands there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubled;

impl<'a> Inbound<'a> {
    /// A POST of this body, from nobody and to nowhere in particular.
    pub const fn new(headers: Headers<'a>, body: &'a [u8]) -> Self {
        Self { headers, body, source_ip: None, method: "POST", url: Url { base: "", target: "" } }
    }
}

impl<'a> Url<'a> {
    /// The public URL without a slash at its end, empty where none is configured; and the path and query as received.
    pub const fn new(base: &'a str, target: &'a str) -> Self {
        Self { base, target }
    }

    /// Whether a public URL is configured.
    pub const fn is_known(self) -> bool {
        !self.base.is_empty()
    }

    /// The configured public URL.
    pub const fn base(self) -> &'a str {
        self.base
    }

    /// The path and query as received.
    pub const fn target(self) -> &'a str {
        self.target
    }

    /// The path as received.
    pub fn path(self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The query, without the question mark; empty where there is none.
    pub fn query(self) -> &'a str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

impl std::fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.base, self.target)
    }
}

impl<'a> Headers<'a> {
    /// Takes pairs of a lower-case name and a value.
    pub const fn new(pairs: &'a [(&'a str, &'a [u8])]) -> Self {
        Self(pairs)
    }

    /// The value of a header that may stand there at most once.
    pub fn single(self, name: &str) -> Result<Option<&'a [u8]>, Doubled> {
        let mut values = self.0.iter().filter(|(found, _)| *found == name).map(|(_, value)| *value);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Doubled),
        }
    }

    /// The first value of a header, as text; `None` where it is absent or not UTF-8.
    pub fn text(self, name: &str) -> Option<&'a str> {
        let (_, value) = self.0.iter().find(|(found, _)| *found == name)?;
        std::str::from_utf8(value).ok()
    }

    /// All pairs, in the order they came.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.0.iter().copied()
    }
}
/// Whether a header's value is a secret, by its name in lower case.
pub fn names_credential(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "authorization",
        "cookie",
        "token",
        "secret",
        "password",
        "api-key",
        "apikey",
        "credential",
        "x-amz-security",
    ];
    WORDS.iter().any(|word| name.contains(word))
}
