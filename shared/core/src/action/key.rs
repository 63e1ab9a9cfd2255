//! Keys: events of one key go on with one message, or one thread, at a destination.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Check, Material};
use crate::config::between;
use crate::template::{Escape, Template};

/// For how long after its last event a key's message is gone on with unless said, at least and at most, in seconds: seven
/// days, a minute and a year.
const SECONDS: u64 = 7 * 24 * 60 * 60;
const LEAST_SECONDS: u64 = 60;
const MOST_SECONDS: u64 = 365 * 24 * 60 * 60;

/// What makes events' keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRule {
    /// The template of the key.
    pub template: String,
    /// For how long after its last event a key's message is gone on with, in seconds.
    pub seconds: u64,
}

/// An event's key at a destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// A digest of the text that the template made.
    pub digest: String,
    /// For how long after this event its message is gone on with, in seconds.
    pub seconds: u64,
}

impl KeyRule {
    /// Checks what was written in `key` and `key_seconds`; `Some(None)` where there is no key.
    pub(super) fn check(key: Option<&String>, seconds: Option<u64>, check: &mut Check<'_>) -> Option<Option<Self>> {
        let Some(template) = key else {
            if seconds.is_some() {
                check.add("key_seconds", "there is no `key` that it could hold for: write one, or leave it out");
                return None;
            }
            return Some(None);
        };
        check.take("key", Template::compile(template, Escape::None))?;
        let seconds = between(seconds.unwrap_or(SECONDS), LEAST_SECONDS, MOST_SECONDS);
        let seconds = check.take("key_seconds", seconds)?;
        Some(Some(Self { template: template.clone(), seconds }))
    }

    /// Its template, with its field.
    pub(super) fn template(&self) -> (String, &str, Escape) {
        ("key".to_owned(), &self.template, Escape::None)
    }

    /// The key of an event, and why there is none where its template failed; none either where it makes nothing to see.
    pub(super) fn of(rule: Option<&Self>, material: &Material<'_>) -> (Option<Key>, Option<String>) {
        // What somebody tries out leaves real messages alone.
        let Some(Self { seconds, .. }) = rule.filter(|_| !material.head().test) else { return (None, None) };
        match material.rendered("key") {
            None => (None, None),
            Some(Ok(text)) => {
                let digest = || hex::encode(&Sha256::digest(text.trim())[..16]);
                let key = (!text.trim().is_empty()).then(|| Key { digest: digest(), seconds: *seconds });
                (key, None)
            }
            Some(Err(failure)) => (None, Some(format!("it is a message of its own: its key failed, {failure}"))),
        }
    }
}
