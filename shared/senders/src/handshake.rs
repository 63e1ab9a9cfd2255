//! How senders make sure that an address is ours, and what they are answered.
//!
//! A handshake is answered only once the sender proved itself, wherever its protocol lets it.

mod greeting;
mod introduction;
mod knock;
mod reply;

pub use greeting::greeting;
pub use introduction::introduction;
pub use knock::knock;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use crate::secret::Secret;
use crate::sender::Sender;
use crate::verify::{Key, Refusal};

/// The longest body that is looked at for a handshake, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// What a request is answered with, where that is not Bellhop's own answer. It may hold a secret, and does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The type of the body; empty where there is none.
    pub content_type: &'static str,
    /// More headers, by lower-case name.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Cow<'static, str>,
}

/// A hook, as far as handshakes ask for it.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// Its sender.
    pub sender: &'static Sender,
    /// Its keys.
    pub keys: &'a [Key],
    /// How many requests it takes in a minute.
    pub rate_per_minute: u32,
}

/// A request with which a sender introduces itself before it can prove anything.
#[derive(Debug)]
pub struct Introduction {
    /// The secret it brings, which the operator may take for the hook's.
    pub offer: Option<Secret>,
    /// What it is answered.
    pub reply: Reply,
}

/// What a proved request asks for besides being taken in.
#[derive(Debug, PartialEq, Eq)]
pub enum Greeting {
    /// This answer; it is no event.
    Reply(Reply),
    /// That this address is visited, which is one of the sender's own; then it is an event.
    Visit(String),
    /// Nothing that may be answered.
    Refused(Refusal),
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer of status {}", self.status)
    }
}

/// Whether a body is short, and has this word in it; whoever has no handshake in mind is passed over by this look.
fn speaks_of(body: &[u8], word: &str) -> bool {
    let speaks = || match std::str::from_utf8(body) {
        Ok(text) => text.contains(word),
        Err(_) => String::from_utf8_lossy(body).contains(word),
    };
    body.len() <= LONGEST_BODY && speaks()
}

/// What is wanted of a JSON body, borrowed from it. What is not wanted is passed over, whatever is wrong in its strings
/// and numbers; so is a byte order mark.
fn wanted<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    serde_json::from_slice(unmarked(body)).ok()
}

/// A body without the byte order mark and the white space that it may begin with.
fn unmarked(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
}

#[cfg(test)]
mod tests;
