//! Batches of queue messages, and which of them failed.

use std::time::Duration;

use bellhop_core::time::Timestamp;
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};

/// What a queue hands over at once.
#[derive(Debug, Deserialize)]
pub struct Batch {
    /// The messages.
    #[serde(rename = "Records")]
    pub records: Vec<Record>,
}

/// One message.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The queue's id for it.
    pub message_id: String,
    /// The receipt by which it is given back.
    #[serde(default)]
    pub receipt_handle: String,
    /// The message.
    pub body: String,
    /// What the queue knows of it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// What a queue knows of a message.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attributes {
    /// The group whose order is kept.
    #[serde(default)]
    pub message_group_id: Option<String>,
    /// How often the message has been received.
    #[serde(default)]
    pub approximate_receive_count: Option<String>,
}

impl Record {
    /// Whether the message has been received before.
    pub(crate) fn came_before(&self) -> bool {
        let count = self.attributes.approximate_receive_count.as_deref();
        count.and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count > 1)
    }
}

/// The messages that are to come again; the queue forgets all others.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Them.
    pub batch_item_failures: Vec<Failure>,
}

/// One message that is to come again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The queue's id for it.
    pub item_identifier: String,
}

impl Outcome {
    /// An outcome with these failures.
    pub fn failed(message_ids: impl IntoIterator<Item = String>) -> Self {
        let failures = message_ids.into_iter().map(|item_identifier| Failure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }
}

/// When an invocation must have ended, with a second to spare for its answer.
pub fn deadline<T>(event: &LambdaEvent<T>) -> Timestamp {
    Timestamp::from_ms(event.context.deadline.saturating_sub(1_000))
}

/// How long it is until then.
pub(crate) fn until(deadline: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(deadline.ms_since(now))
}
