//! The inbox on an SQS standard queue.

use async_trait::async_trait;
use bellhop_app::ports::{Inbox, Orders, PortResult};
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;

use crate::Bucket;
use crate::sqs::Queue;

/// The longest message that carries its body: five of the 64 KiB pieces by which SQS charges.
///
/// Five pieces cost as much to send and to receive as ten small messages, 4 USD a million; an object written and read
/// costs 5.40 USD, and time. A row of the table also holds this much (400 KB), so no other service need keep a body that
/// came whole.
pub(crate) const MOST_CARRIED_BYTES: usize = 5 * 64 * 1024;

/// The inbox queue, and the bucket for bodies too large for it.
#[derive(Clone)]
pub struct SqsInbox {
    queue: Queue,
    bodies: Bucket,
}

impl SqsInbox {
    /// The inbox of this queue.
    pub(crate) const fn new(queue: Queue, bodies: Bucket) -> Self {
        Self { queue, bodies }
    }

    /// Sends a message.
    async fn send(&self, text: String) -> PortResult<()> {
        self.queue.send("the inbox queue did not take a message", &text).await
    }
}

#[async_trait]
impl Inbox for SqsInbox {
    async fn put(&self, message: &Message<'_>) -> PortResult<()> {
        let text = message.to_text();
        let text = if text.len() <= MOST_CARRIED_BYTES {
            text
        } else {
            // First the body: whoever reads the message must find it.
            self.bodies.put(message.id, message.body).await?;
            message.to_claim()
        };
        self.send(text).await
    }
}

#[async_trait]
impl Orders for SqsInbox {
    async fn give(&self, order: &Order) -> PortResult<()> {
        self.send(order_text(order)).await
    }
}
