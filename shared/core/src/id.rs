//! Identifiers: opaque strings to everyone but us.

mod task;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::time::Timestamp;

pub use task::{BadTaskId, TaskId};

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

/// The id of a job: `jb_` and 22 letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// What every job's id begins with, and no hook's.
    const PREFIX: &str = "jb_";

    /// The id made of these random bytes.
    pub fn from_random(random: &[u8; 22]) -> Self {
        Self(format!("{}{}", Self::PREFIX, random_word(random)))
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

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose an event or a task is: what was configured to do something with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A hook.
    Hook(HookId),
    /// A job.
    Job(JobId),
}

impl Owner {
    /// The owner's id as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Hook(hook) => hook.as_str(),
            Self::Job(job) => job.as_str(),
        }
    }

    /// The hook, if it is one.
    pub const fn hook(&self) -> Option<&HookId> {
        match self {
            Self::Hook(hook) => Some(hook),
            Self::Job(_) => None,
        }
    }

    /// The job, if it is one.
    pub const fn job(&self) -> Option<&JobId> {
        match self {
            Self::Job(job) => Some(job),
            Self::Hook(_) => None,
        }
    }

    /// The word for its kind, as [`Configured::KIND`](crate::config::Configured::KIND) has it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hook(_) => "hook",
            Self::Job(_) => "job",
        }
    }

    /// Takes an id as it was stored or sent; what is no job's is a hook's.
    pub fn from_text(text: impl Into<String>) -> Self {
        let text = text.into();
        match text.starts_with(JobId::PREFIX) {
            true => Self::Job(JobId(text)),
            false => Self::Hook(HookId(text)),
        }
    }
}

/// An id that says whose something is: an [`Owner`], or the id of one of a known kind.
pub trait OwnerId: fmt::Display {}

impl OwnerId for Owner {}
impl OwnerId for HookId {}
impl OwnerId for JobId {}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<HookId> for Owner {
    fn from(hook: HookId) -> Self {
        Self::Hook(hook)
    }
}

impl From<JobId> for Owner {
    fn from(job: JobId) -> Self {
        Self::Job(job)
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Owner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from_text)
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
    fn an_owner_is_read_back_as_what_it_is() {
        for owner in [Owner::Hook(HookId::from_random(&[7; 22])), Owner::Job(JobId::from_random(&[7; 22]))] {
            let json = serde_json::to_string(&owner).unwrap();
            assert_eq!(json, format!("\"{owner}\""));
            assert_eq!(serde_json::from_str::<Owner>(&json).unwrap(), owner);
            assert_eq!(Owner::from_text(owner.as_str()), owner);
        }
        // Ids of hooks that another system made, and those that tests write.
        assert_eq!(Owner::from_text("my-repos"), Owner::Hook(HookId::from_text("my-repos")));
    }
}
