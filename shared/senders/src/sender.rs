//! Senders as data: how each one signs, and where its event type and delivery id are.
//!
//! The rows come from `table/*.toml`, each with a sample event beside it; a sender that needs no new family of
//! cryptography needs no Rust.

mod answer;
mod cases;
mod custom;
mod delivery;
mod facts;
mod mint;
mod place;
mod proved;
mod published;
mod repeat;
mod scheme;
mod unpack;
mod web_token;
pub mod words;

pub use answer::{Answer, When};
pub use cases::Case;
pub use custom::{CUSTOMISABLE, CustomScheme, Trouble};
pub use delivery::{SameDelivery, WINDOW_SECONDS};
pub use facts::{Facts, Handshake, Verification};
pub use place::{Place, text_at, value_at, values_at};
pub(crate) use proved::ProvedAs;
pub use published::{AppStore, KeyKind, KeyPlace, KeyUrl};
pub use repeat::Repeat;
pub use scheme::{
    Algorithm, Alternative, AlternativeWhen, Carrier, Clock, ClockPlace, Encoding, Hash, Part, Scheme, SecretFormat,
    Shape, Signed, TokenPlace, Unit, Writing,
};
pub use unpack::{Unpack, Wrapping};
pub use web_token::{Jwt, JwtAlgorithm, Recipient};

/// One kind of sender.
#[derive(Debug, PartialEq, Eq)]
pub struct Sender {
    /// The name used in configurations: `github`.
    pub name: &'static str,
    /// Where the event type is.
    pub event_type: Place,
    /// Where the delivery id is, which stays the same when a delivery is sent again.
    pub delivery_id: Place,
    /// How requests are signed.
    pub scheme: Scheme,
    /// Another way.
    pub alternative: Option<&'static Alternative>,
    /// How the sender makes sure that the address is ours.
    pub handshake: Handshake,
    /// What its accepted events are answered with; the first that fits counts, and any answer is right where none does.
    pub answers: &'static [Answer],
    /// What stands packed in its payloads, in the order in which it is unpacked.
    pub unpack: &'static [Unpack],
    /// The longest body it sends, in bytes, where the proof stands in it and the usual bound is too small.
    proof_bytes: Option<u64>,
    /// Its place in the tables of what else is known: those stay out of a program that does not ask for them.
    at: usize,
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

include!(concat!(env!("OUT_DIR"), "/senders.rs"));

/// The sample of a sender that is not in the table.
static NO_SAMPLE: Sample = Sample { event_type: None, headers: &[], body: "{}" };

/// What is known of a sender that is not in the table.
static NO_FACTS: Facts = Facts {
    title: "",
    docs: "",
    source: "",
    category: "generic",
    deadline_seconds: None,
    retries: "",
    max_body_bytes: None,
    setup: &[],
    verified: Verification::Unverified,
};

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
    pub fn sample(&self) -> &'static Sample {
        SAMPLES.get(self.at).unwrap_or(&NO_SAMPLE)
    }

    /// What else is known of it.
    pub fn facts(&self) -> &'static Facts {
        FACTS.get(self.at).unwrap_or(&NO_FACTS)
    }

    /// Whether requests of this sender carry no proof at all.
    pub fn is_unsigned(&self) -> bool {
        self.scheme == Scheme::None
    }

    /// Whether hooks of this sender may have secrets; those of an unsigned one are for its handshake.
    pub fn takes_secrets(&self) -> bool {
        !self.is_unsigned() || self.handshake == Handshake::Strava
    }

    /// The header that carries the secret itself, which must never be stored.
    pub const fn credential_header(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Token(TokenPlace::Header { name, .. }) => Some(name),
            Scheme::Token(TokenPlace::Basic) => Some("authorization"),
            Scheme::Token(TokenPlace::Query(_) | TokenPlace::Field(_) | TokenPlace::Form(_)) => None,
            Scheme::Signed(_) | Scheme::Jwt(_) | Scheme::AppStore(_) | Scheme::None => None,
        }
    }

    /// The scheme that a secret is for: the alternative one where the secret begins as its secrets do.
    pub fn scheme_for(&self, secret: &str) -> &Scheme {
        match &self.alternative {
            Some(Alternative { when: AlternativeWhen::SecretBegins(prefix), scheme })
                if secret.trim_start().starts_with(prefix) =>
            {
                scheme
            }
            _ => &self.scheme,
        }
    }

    /// The other scheme that a secret is for too.
    pub fn second_scheme(&self) -> Option<&Scheme> {
        match &self.alternative {
            Some(Alternative { when: AlternativeWhen::FirstIsAbsent, scheme }) => Some(scheme),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
