//! A queue, and what is asked of it.

use bellhop_app::ports::{PortError, PortResult};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::refusal::failed;
use crate::retry::wait;
use crate::service::Service;

/// How many entries one call may have.
pub(crate) const MOST_ENTRIES: usize = 10;

/// How many bytes one call may send (the service takes 1 MiB).
pub(crate) const MOST_BYTES: usize = 1_000_000;

/// How often a message is sent that the queue does not take.
const MOST_SENT: u32 = 3;

/// The operations over several messages.
pub(crate) const SEND: &str = "AmazonSQS.SendMessageBatch";
pub(crate) const DELETE: &str = "AmazonSQS.DeleteMessageBatch";
pub(crate) const POSTPONE: &str = "AmazonSQS.ChangeMessageVisibilityBatch";

/// A queue.
#[derive(Clone)]
pub(crate) struct Queue {
    service: Service,
    url: String,
}

/// A message on its own.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Single<'a> {
    queue_url: &'a str,
    message_body: &'a str,
}

/// Several at once.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<'a> {
    queue_url: &'a str,
    entries: &'a [Entry<'a>],
}

/// One of them; each operation has some of the fields.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry<'a> {
    /// Its name within the batch.
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) receipt_handle: Option<&'a str>,
    /// For how many seconds it is not received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) visibility_timeout: Option<u64>,
    /// In how many seconds it is received at the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message_deduplication_id: Option<String>,
}

/// A batch is answered entry by entry.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answered {
    failed: Vec<Failed>,
}

/// An entry that was refused.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Failed {
    id: String,
    code: String,
    message: Option<String>,
}

impl Failed {
    /// Says what failed, of which this was the first of so many.
    fn as_error(&self, what: &str, count: usize, all: usize) -> PortError {
        let message = self.message.as_deref().unwrap_or_default();
        PortError::new(what, format_args!("{count} of {all}, first {}: {message}", self.code))
    }
}

impl Queue {
    /// The queue at this URL.
    pub(crate) const fn new(service: Service, url: String) -> Self {
        Self { service, url }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a message; an error says what failed.
    pub(crate) async fn send(&self, what: &str, text: &str) -> PortResult<()> {
        let single = Single { queue_url: &self.url, message_body: text };
        let sent = self.service.ask::<IgnoredAny>("AmazonSQS.SendMessage", &single).await;
        sent.map(|_| ()).map_err(failed(what))
    }

    /// Does the same to at most ten messages; that one of them was refused is an error too.
    pub(crate) async fn batch(&self, what: &str, operation: &'static str, entries: &[Entry<'_>]) -> PortResult<()> {
        let failed = self.ask_batch(what, operation, entries).await?;
        failed.first().map_or(Ok(()), |first| Err(first.as_error(what, failed.len(), entries.len())))
    }

    /// Sends at most ten messages, and those again that the queue did not take; an error says that it never took some.
    pub(crate) async fn send_all(&self, what: &str, mut entries: Vec<Entry<'_>>) -> PortResult<()> {
        let all = entries.len();
        for attempt in 1.. {
            let failed = self.ask_batch(what, SEND, &entries).await?;
            let Some(first) = failed.first() else { break };
            if attempt == MOST_SENT {
                return Err(first.as_error(what, failed.len(), all));
            }
            entries.retain(|entry| failed.iter().any(|failed| failed.id == entry.id));
            sleep(wait(attempt, None)).await;
        }
        Ok(())
    }

    /// Does the same to at most ten messages; what was refused.
    async fn ask_batch(&self, what: &str, operation: &'static str, entries: &[Entry<'_>]) -> PortResult<Vec<Failed>> {
        let batch = Batch { queue_url: &self.url, entries };
        let answered = self.service.ask::<Answered>(operation, &batch).await;
        answered.map(|answered| answered.failed).map_err(failed(what))
    }

    /// Deletes at most ten messages by their receipts.
    pub(crate) async fn delete(&self, receipts: &[&str]) -> PortResult<()> {
        if receipts.is_empty() {
            return Ok(());
        }
        let entries = receipts.iter().enumerate().map(|(place, receipt)| Entry {
            id: place.to_string(),
            receipt_handle: Some(receipt),
            ..Entry::default()
        });
        self.batch("messages could not be deleted", DELETE, &entries.collect::<Vec<_>>()).await
    }
}
