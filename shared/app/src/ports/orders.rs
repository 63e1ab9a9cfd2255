//! Where orders are given.

use async_trait::async_trait;
use bellhop_core::order::Order;

use super::PortResult;

/// For how many seconds an order may wait before it is acted on: what SQS takes.
///
/// Facts: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>.
pub const MOST_DELAY_SECONDS: u64 = 900;

/// Where the router is given orders; they take the inbox's way.
#[async_trait]
pub trait Orders: Send + Sync {
    /// Gives an order; when this returns, it survives a crash of anything.
    async fn give(&self, order: &Order) -> PortResult<()>;

    /// Gives several orders, each to be acted on in so many seconds, at most [`MOST_DELAY_SECONDS`]; when this returns, all
    /// survive a crash of anything. Where it fails, some may have been given: giving all again is safe.
    ///
    /// One process has a timer that gives none before its time, and refuses any other delay than 0.
    async fn give_in(&self, orders: &[(Order, u64)]) -> PortResult<()>;
}
