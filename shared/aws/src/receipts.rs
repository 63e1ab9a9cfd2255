//! Messages of an SQS queue that a worker has received, and gives back or is done with.

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, Postponed, Receipts};

use crate::sqs::{Entry, MOST_ENTRIES, POSTPONE, Queue};

/// How long a message may stay out of sight: 12 hours from when it was received, of which some have passed.
const MOST_SECONDS: u64 = 12 * 60 * 60 - 15 * 60;

/// The queue they came from.
#[derive(Clone)]
pub struct SqsReceipts {
    queue: Queue,
}

impl SqsReceipts {
    /// Receipts of this queue.
    pub(crate) const fn new(queue: Queue) -> Self {
        Self { queue }
    }
}

#[async_trait]
impl Receipts for SqsReceipts {
    async fn postpone(&self, messages: &[Postponed<'_>]) -> PortResult<()> {
        for some in messages.chunks(MOST_ENTRIES) {
            let entries = some.iter().enumerate().map(|(place, message)| Entry {
                id: place.to_string(),
                receipt_handle: Some(message.receipt),
                visibility_timeout: Some(message.seconds.min(MOST_SECONDS)),
                ..Entry::default()
            });
            self.queue.batch("messages could not be postponed", POSTPONE, &entries.collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    async fn delete(&self, receipts: &[&str]) -> PortResult<()> {
        for some in receipts.chunks(MOST_ENTRIES) {
            self.queue.delete(some).await?;
        }
        Ok(())
    }
}
