//! Messages of an SQS queue that a worker has received, and gives back or is done with.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry};
use bellhop_app::ports::{PortError, PortResult, Postponed, Receipts};

use crate::error::failed;

/// How long a message may stay out of sight: 12 hours from when it was received, of which some have passed.
const MOST_SECONDS: u64 = 12 * 60 * 60 - 15 * 60;

/// How many messages one call changes.
const MOST_ENTRIES: usize = 10;

/// The queue they came from.
#[derive(Clone)]
pub struct SqsReceipts {
    client: Client,
    queue_url: String,
}

impl SqsReceipts {
    /// Receipts of the queue at this URL.
    pub(crate) const fn new(client: Client, queue_url: String) -> Self {
        Self { client, queue_url }
    }
}

#[async_trait]
impl Receipts for SqsReceipts {
    async fn postpone(&self, messages: &[Postponed<'_>]) -> PortResult<()> {
        for some in messages.chunks(MOST_ENTRIES) {
            let entries = some.iter().enumerate().map(|(place, message)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(place.to_string())
                    .receipt_handle(message.receipt)
                    .visibility_timeout(i32::try_from(message.seconds.min(MOST_SECONDS)).unwrap_or(i32::MAX))
                    .build()
                    .map_err(|e| PortError::new("a message cannot be postponed", e))
            });
            let entries = entries.collect::<PortResult<Vec<_>>>()?;
            let request = self.client.change_message_visibility_batch().queue_url(&self.queue_url);
            let answer =
                request.set_entries(Some(entries)).send().await.map_err(failed("messages could not be postponed"))?;
            if let Some(entry) = answer.failed().first() {
                let why = format!("{}: {}", entry.code(), entry.message().unwrap_or(""));
                return Err(PortError::new("a message could not be postponed", why));
            }
        }
        Ok(())
    }

    async fn delete(&self, receipts: &[&str]) -> PortResult<()> {
        for some in receipts.chunks(MOST_ENTRIES) {
            delete(&self.client, &self.queue_url, some).await?;
        }
        Ok(())
    }
}

/// Deletes at most ten messages of a queue by their receipts.
pub(crate) async fn delete(client: &Client, queue_url: &str, receipts: &[&str]) -> PortResult<()> {
    let what = "messages could not be deleted";
    if receipts.is_empty() {
        return Ok(());
    }
    let entries = receipts.iter().enumerate().map(|(place, receipt)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(place.to_string()).receipt_handle(*receipt);
        entry.build().map_err(|e| PortError::new(what, e))
    });
    let entries = entries.collect::<PortResult<Vec<_>>>()?;
    let request = client.delete_message_batch().queue_url(queue_url).set_entries(Some(entries));
    let answer = request.send().await.map_err(failed(what))?;
    match answer.failed().first() {
        None => Ok(()),
        Some(entry) => {
            Err(PortError::new(what, format_args!("{}: {}", entry.code(), entry.message().unwrap_or_default())))
        }
    }
}
