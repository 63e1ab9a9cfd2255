//! Identifiers: opaque strings to everyone but us.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Timestamp;

/// The id of an event: a `UUIDv7`, so that ids sort by the time their events were accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(Uuid);

impl EventId {
    /// The id of an event accepted at `now`, made unique by ten random bytes.
    pub fn new(now: Timestamp, random: &[u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(now.as_ms(), random).into_uuid())
    }

    /// The id's 128 bits.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// When the event was accepted, read from the id itself.
    pub fn accepted_at(self) -> Timestamp {
        let millis = self.0.as_bytes()[..6].iter().fold(0u64, |ms, byte| ms << 8 | u64::from(*byte));
        Timestamp::from_ms(millis)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// The id of a hook: `hk_` and 22 letters or digits, 110 random bits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HookId(String);

impl HookId {
    /// The id made of these random bytes.
    pub fn from_random(random: &[u8; 22]) -> Self {
        Self(format!("hk_{}", random_word(random)))
    }

    /// Takes an id as it was stored or sent; any text is an id, most are nobody's.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a task: its event, its hook and the action's place in the hook, so that routing twice makes the same task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// The id of the task that action number `action` of `hook` makes of `event`.
    pub fn new(event: EventId, hook: &HookId, action: usize) -> Self {
        Self(format!("{event}.{hook}.{action}"))
    }

    /// The id of the task that a replay makes of the same action: another one, so that both are seen.
    pub fn replayed(event: EventId, hook: &HookId, action: usize, replay: &ReplayId) -> Self {
        Self(format!("{event}.{hook}.{action}.{replay}"))
    }

    /// The event, the hook and the action's place that the id was made of; `None` where it is not one of ours.
    pub fn parts(&self) -> Option<(EventId, HookId, usize)> {
        let mut parts = self.0.split('.');
        let (event, hook, action) = (parts.next()?, parts.next()?, parts.next()?);
        Some((event.parse().ok()?, HookId::from_text(hook), action.parse().ok()?))
    }

    /// Takes an id as it was stored or sent.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a replay: `rp_` and 22 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReplayId(String);

impl ReplayId {
    /// The id made of these random bytes.
    pub fn from_random(random: &[u8; 22]) -> Self {
        Self(format!("rp_{}", random_word(random)))
    }

    /// Takes an id as it was stored or sent.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Turns random bytes into as many lower-case letters and digits (32 kinds, five bits of each byte are used).
pub fn random_word(random: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_ids_sort_by_time_and_carry_it() {
        let early = EventId::new(Timestamp::from_ms(1_700_000_000_000), &[255; 10]);
        let late = EventId::new(Timestamp::from_ms(1_700_000_000_001), &[0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(late.accepted_at(), Timestamp::from_ms(1_700_000_000_001));
        assert_eq!(late.to_string().parse(), Ok(late));
    }

    #[test]
    fn the_same_routing_makes_the_same_task_id() {
        let event = EventId::new(Timestamp::from_ms(1), &[1; 10]);
        let hook = HookId::from_random(&[7; 22]);
        assert_eq!(TaskId::new(event, &hook, 0), TaskId::new(event, &hook, 0));
        assert_ne!(TaskId::new(event, &hook, 0), TaskId::new(event, &hook, 1));
    }
}
