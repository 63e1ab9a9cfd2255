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
}

/// The headers of a request: pairs of a lower-case name and a value.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a>(&'a [(&'a str, &'a [u8])]);

/// A header that must stand alone stands there more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubled;

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
