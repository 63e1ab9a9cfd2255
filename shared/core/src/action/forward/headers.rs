//! The headers of forwarded requests: which of an event's go along, and which an action may set.

use std::collections::BTreeMap;

use http::HeaderName;

use super::{Check, MOST_HEADERS};
use crate::event::{EventHead, REDACTED};
use crate::template::{Escape, Template};

/// The header that counts how often an event has gone through a Bellhop.
pub const HOPS: &str = "x-bellhop-hops";

/// With so many hops an event is not acted on: it goes round in a circle.
pub const MOST_HOPS: u32 = 5;

/// Headers of one connection (RFC 9110, section 7.6.1), and those that the request itself makes.
const OF_THE_CONNECTION: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// What the names of our own headers begin with.
const OURS: &str = "x-bellhop-";

/// What the names of headers begin with that a proxy in front of us has added.
const OF_PROXIES: &[&str] = &["x-forwarded-", "x-amzn-", "x-amz-", "forwarded", "cf-", "x-real-ip"];

/// How often an event has gone through a Bellhop before it came here.
pub fn hops(head: &EventHead) -> u32 {
    let found = head.headers.iter().find(|(name, _)| name == HOPS);
    // What cannot be read was not written by us, and counts as much as it can.
    found.map_or(0, |(_, value)| value.trim().parse().unwrap_or(MOST_HOPS))
}

/// The headers of an event that go along: none of a connection, of a proxy or of ours, and no credential.
pub(super) fn passed_on(head: &EventHead) -> impl Iterator<Item = (&str, &str)> {
    let kept = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    kept.filter(|(name, value)| {
        let foreign = OF_PROXIES.iter().any(|prefix| name.starts_with(prefix));
        !OF_THE_CONNECTION.contains(name) && !name.starts_with(OURS) && !foreign && !value.contains(REDACTED)
    })
}

/// Checks the headers of an action: names that exist, and values that are templates.
pub(super) fn check(headers: &BTreeMap<String, String>, check: &mut Check<'_>) -> Option<BTreeMap<String, String>> {
    if headers.len() > MOST_HEADERS {
        check.add("headers", format!("{MOST_HEADERS} headers at most"));
        return None;
    }
    let mut read = BTreeMap::new();
    let mut good = true;
    for (name, value) in headers {
        let field = format!("headers.{name}");
        match problem(name) {
            Some(problem) => {
                check.add("headers", format!("`{}`: {problem}", name.escape_debug()));
                good = false;
            }
            None => {
                good &= check.take(&field, Template::compile(value, Escape::None)).is_some();
                read.insert(name.to_ascii_lowercase(), value.clone());
            }
        }
    }
    good.then_some(read)
}

/// What is wrong with a header's name, if anything is.
fn problem(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Some("no name of a header: letters, digits and `-`");
    }
    if OF_THE_CONNECTION.contains(&lower.as_str()) {
        return Some("this header is the connection's own");
    }
    lower.starts_with(OURS).then_some("headers that begin with `x-bellhop-` are Bellhop's own")
}
