//! Every handshake with its answer, and the ways in which it is none. An answer is written on one line.

mod greeting;
mod introduction;
mod knock;

use super::*;
use crate::inbound::{Headers, Inbound, Url};
use crate::time::Timestamp;

const NOW: Timestamp = Timestamp::from_ms(1_700_000_000_000);
const BASE: &str = "https://hooks.example.com";

/// The headers of a request.
type Sent<'a> = &'a [(&'a str, &'a str)];

/// The sender of this name.
fn sender(name: &str) -> &'static Sender {
    Sender::named(name).unwrap()
}

/// A sender's keys of these secrets.
fn keys(sender: &Sender, secrets: &[&str]) -> Vec<Key> {
    secrets.iter().map(|secret| Key::new(sender, &Secret::new(*secret).unwrap()).unwrap()).collect()
}

/// Pairs of a name and a value as a request has them.
fn pairs<'a>(headers: &'a [(&'a str, &'a str)]) -> Vec<(&'a str, &'a [u8])> {
    headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
}

/// An answer on one line: status, type, headers and body.
fn line(reply: &Reply) -> String {
    let headers: String = reply.headers.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{} {}{headers} | {}", reply.status, reply.content_type, reply.body)
}

/// How a text is sent back.
fn echoed(text: &str) -> String {
    format!("200 text/plain x-content-type-options=nosniff | {text}")
}

/// How JSON is sent back.
fn json(text: &str) -> String {
    format!("200 application/json | {text}")
}

#[test]
fn a_look_at_a_body_passes_over_what_is_long_or_says_nothing_of_the_kind() {
    let long = format!("{}word", "x".repeat(LONGEST_BODY - 4));
    for (body, found) in
        [("a word in a text", true), (&long, true), (&format!("{long}."), false), ("a wor d", false), ("", false)]
    {
        assert_eq!(speaks_of(body.as_bytes(), "word"), found, "{} bytes", body.len());
    }
    assert!(speaks_of(b"word \xff", "word"), "bytes that are no text hide nothing");
}

#[test]
fn an_answer_does_not_show_the_secret_it_was_made_of() {
    let body = br#"{"verification_token":"octo_hello"}"#;
    let brought = introduction(sender("notion"), Inbound::new(Headers::new(&[]), body)).unwrap();
    let header = [("x-hook-secret", &b"octo_hello"[..])];
    let returned = introduction(sender("asana"), Inbound::new(Headers::new(&header), b"")).unwrap();
    assert!(!format!("{brought:?} {returned:?}").contains("octo_hello"));
}
