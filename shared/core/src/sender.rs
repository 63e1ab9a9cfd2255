//! Senders as data: how each one signs, and where its event type and delivery id are.
//!
//! The rows come from `senders/*.toml`, each with a sample event beside it; a sender that needs no new family of
//! cryptography needs no Rust.

mod scheme;

pub use scheme::{Clock, Encoding, Hash, HmacScheme, Part, Scheme, SecretFormat};

/// One kind of sender.
#[derive(Debug, PartialEq, Eq)]
pub struct Sender {
    /// The name used in configurations: `github`.
    pub name: &'static str,
    /// The name for people: `GitHub`.
    pub title: &'static str,
    /// The page of the provider that describes the scheme; empty where there is no provider.
    pub docs: &'static str,
    /// Where the event type is.
    pub event_type: Place,
    /// Where the delivery id is, which stays the same when a delivery is sent again.
    pub delivery_id: Place,
    /// How requests are signed.
    pub scheme: Scheme,
    /// A small event as it sends them.
    sample: Sample,
}

/// A small event as a sender sends them, with invented values, to try a hook out with.
#[derive(Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its type; `None` where the sender's events need none.
    pub event_type: Option<&'static str>,
    /// Its headers, by lower-case name, besides those that prove it.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its body.
    pub body: &'static str,
}

/// Where a value is found in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In this header, named in lower case.
    Header(&'static str),
    /// In this top-level field of the JSON body.
    Field(&'static str),
}

include!(concat!(env!("OUT_DIR"), "/senders.rs"));

impl Sender {
    /// The sender of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SENDERS.iter().find(|sender| sender.name == name)
    }

    /// All senders, by name.
    pub fn all() -> &'static [Self] {
        SENDERS
    }

    /// A small event as this sender sends them.
    pub const fn sample(&'static self) -> &'static Sample {
        &self.sample
    }

    /// Whether requests of this sender carry no proof at all.
    pub fn is_unsigned(&self) -> bool {
        self.scheme == Scheme::None
    }

    /// The header that carries the secret itself, which must never be stored.
    pub fn credential_header(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Token { header } => Some(header),
            Scheme::Hmac(_) | Scheme::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_usable() {
        for sender in Sender::all() {
            assert_eq!(Sender::named(sender.name), Some(sender));
            assert!(!sender.title.is_empty());
            if let Scheme::Hmac(scheme) = &sender.scheme {
                assert_eq!(scheme.header, scheme.header.to_lowercase(), "{}", sender.name);
                assert!(scheme.content.contains(&Part::Body), "{} does not sign the body", sender.name);
            }
        }
        assert_eq!(Sender::named("nobody"), None);
    }

    #[test]
    fn every_sample_is_an_event_of_its_sender() {
        for sender in Sender::all() {
            let sample = sender.sample();
            let body: serde_json::Value = serde_json::from_str(sample.body).expect(sender.name);
            let found = match sender.event_type {
                Place::Header(name) => sample.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| *value),
                Place::Field(name) => body[name].as_str(),
            };
            assert_eq!(found, sample.event_type, "{}", sender.name);
            assert!(sample.headers.contains(&("content-type", "application/json")), "{}", sender.name);
        }
    }
}
