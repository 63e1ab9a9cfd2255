//! The functions and queues of `infra/functions.toml`, and what they are called in `template.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::build::workspace;

/// Everything that the file holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The functions by name.
    pub functions: BTreeMap<String, Function>,
    /// The queues by name; each has a dead-letter queue.
    pub queues: BTreeMap<String, Queue>,
}

/// One function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its memory in MB.
    pub memory_mb: i64,
    /// How long one invocation may take, in seconds.
    pub timeout_seconds: i64,
    /// What starts it.
    pub started_by: Start,
    /// The queues it sends to.
    #[serde(default)]
    pub sends_to: Vec<String>,
    /// The queues whose dead letters it settles.
    #[serde(default)]
    pub settles: Vec<String>,
}

/// What starts a function.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// Routes of the API.
    Http(bool),
    /// Messages of this queue.
    Queue(String),
    /// This schedule expression.
    Rule(String),
}

/// One queue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Whether it keeps order.
    pub fifo: bool,
    /// The variable in which a function finds its address.
    pub address: String,
    /// The same of its dead-letter queue.
    pub dead_letter_address: String,
    /// How long a received message stays out of sight, in seconds.
    pub visibility_seconds: i64,
    /// How often a message is received before it is set aside.
    pub max_receives: i64,
    /// How many instances of its function work at it at most.
    pub concurrency: i64,
}

impl Manifest {
    /// Reads the file; it fails the test where that is not well formed.
    pub fn load() -> Self {
        let text = std::fs::read_to_string(workspace().join("infra/functions.toml")).expect("there is a manifest");
        toml::from_str(&text).expect("the manifest is well formed")
    }

    /// The names of the functions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// The resources of all queues, dead-letter queues among them.
    pub fn queue_resources(&self) -> impl Iterator<Item = String> {
        self.queues.keys().flat_map(|name| [resource(name, "Queue"), resource(name, "DeadLetterQueue")])
    }
}

/// What `template.yaml` calls the resource of this kind of a function or queue: `inbox`'s `Queue` is `InboxQueue`.
pub fn resource(name: &str, kind: &str) -> String {
    let word = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').map(word).collect::<String>() + kind
}
