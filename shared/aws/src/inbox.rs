//! The inbox on an SQS standard queue.

use async_trait::async_trait;
use bellhop_app::ports::{Inbox, MOST_DELAY_SECONDS, Orders, PortError, PortResult};
use bellhop_core::inbox::{Message, order_text};
use bellhop_core::order::Order;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::Bucket;
use crate::sqs::{Entry, MOST_BYTES, MOST_ENTRIES, Queue};

/// The longest message that carries its body: five of the 64 KiB pieces by which SQS charges.
///
/// Five pieces cost as much to send and to receive as ten small messages, 4 USD a million; an object written and read
/// costs 5.40 USD, and time. A row of the table also holds this much (400 KB), so no other service need keep a body that
/// came whole.
pub(crate) const MOST_CARRIED_BYTES: usize = 5 * 64 * 1024;

/// How many batches of orders are sent side by side.
const BATCHES_AT_ONCE: usize = 4;

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

    async fn give_in(&self, orders: &[(Order, u64)]) -> PortResult<()> {
        if let Some((_, seconds)) = orders.iter().find(|(_, seconds)| *seconds > MOST_DELAY_SECONDS) {
            let why = format_args!("{seconds} seconds, and the queue takes {MOST_DELAY_SECONDS}");
            return Err(PortError::new("an order cannot wait for so long", why));
        }
        let batches = batches(orders.iter().map(|(order, seconds)| (order_text(order), *seconds)));
        let what = "the inbox queue did not take all orders";
        let sent: Vec<_> = batches.into_iter().map(|batch| self.queue.send_all(what, batch)).collect();
        stream::iter(sent).buffer_unordered(BATCHES_AT_ONCE).try_collect().await
    }
}

/// Texts as batches that one call each may send, in their order.
fn batches(texts: impl Iterator<Item = (String, u64)>) -> Vec<Vec<Entry<'static>>> {
    let (mut batches, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (text, seconds) in texts {
        if batch.len() == MOST_ENTRIES || (bytes + text.len() > MOST_BYTES && !batch.is_empty()) {
            batches.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        bytes += text.len();
        let (id, delay_seconds) = (batch.len().to_string(), (seconds > 0).then_some(seconds));
        batch.push(Entry { id, delay_seconds, message_body: Some(text), ..Entry::default() });
    }
    batches.extend((!batch.is_empty()).then_some(batch));
    batches
}
