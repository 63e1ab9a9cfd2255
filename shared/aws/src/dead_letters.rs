//! The messages that a queue has put aside, in its dead-letter queue.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use bellhop_app::ports::{DeadLetter, DeadLetters, PortResult};

use crate::error::failed;
use crate::sqs::Queue;

/// How many messages one call receives or deletes.
const MOST_MESSAGES: i32 = 10;

/// The dead-letter queue.
#[derive(Clone)]
pub struct SqsDeadLetters {
    client: Client,
    queue: Queue,
}

impl SqsDeadLetters {
    /// The dead-letter queue that this is.
    pub(crate) const fn new(client: Client, queue: Queue) -> Self {
        Self { client, queue }
    }
}

#[async_trait]
impl DeadLetters for SqsDeadLetters {
    async fn receive(&self) -> PortResult<Vec<DeadLetter>> {
        // Waiting a second asks all of the queue's machines; an answer at once comes from some, and may be empty.
        let request = self.client.receive_message().queue_url(self.queue.url());
        let request = request.max_number_of_messages(MOST_MESSAGES).wait_time_seconds(1);
        let received = request.send().await.map_err(failed("dead letters could not be received"))?;
        let letter = |message: aws_sdk_sqs::types::Message| {
            Some(DeadLetter { id: message.message_id?, receipt: message.receipt_handle?, body: message.body? })
        };
        Ok(received.messages.unwrap_or_default().into_iter().filter_map(letter).collect())
    }

    async fn delete(&self, receipts: &[String]) -> PortResult<()> {
        let receipts: Vec<_> = receipts.iter().map(String::as_str).collect();
        self.queue.delete(&receipts).await
    }
}
