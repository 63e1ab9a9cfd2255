//! What hostile input is thrown at: one function per parser and per scheme, each given bytes by a fuzzer or by a kept corpus.
//!
//! Each panics where a request passes that was not signed, or a program of users does what none may, and tells whether the
//! input was accepted.
//! The tests of `bellhop-core` include these files, so that the kept corpus is replayed without a fuzzer.

mod bodies;
pub mod corpus;
mod headers;
mod programs;
pub mod request;
mod seeds;
pub mod stage;
mod words;

pub use bodies::{
    adyen, app_store, body_token, event_body, fields, json, mailgun, sns, travis_form, twilio_body_hash, twilio_form,
};
pub use headers::{
    circleci_header, jwt, list_header, listed_headers, pairs_header, query_token, signed_urls, timestamps, token,
    whole_header,
};
pub use programs::{condition, template};
pub use seeds::{accepts_seeds, broken, seeds};
pub use words::{any_request, explained, fetched_key, handshakes, public_key};

/// What is fed with bytes; it tells whether they were accepted.
pub type Target = fn(&[u8]) -> bool;

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("adyen", adyen),
    ("any_request", any_request),
    ("app_store", app_store),
    ("body_token", body_token),
    ("circleci_header", circleci_header),
    ("condition", condition),
    ("event_body", event_body),
    ("explained", explained),
    ("fetched_key", fetched_key),
    ("fields", fields),
    ("handshakes", handshakes),
    ("json", json),
    ("jwt", jwt),
    ("list_header", list_header),
    ("listed_headers", listed_headers),
    ("mailgun", mailgun),
    ("pairs_header", pairs_header),
    ("public_key", public_key),
    ("query_token", query_token),
    ("signed_urls", signed_urls),
    ("sns", sns),
    ("template", template),
    ("timestamps", timestamps),
    ("token", token),
    ("travis_form", travis_form),
    ("twilio_body_hash", twilio_body_hash),
    ("twilio_form", twilio_form),
    ("whole_header", whole_header),
];
