//! What is done every few minutes, whether anything came in or not.

use std::sync::Arc;

use crate::delivery::dead_letters::Drain;
use crate::ports::Clock;
use crate::ranges::RangeRefresh;
use crate::reconcile::Reconciler;

/// The maintenance, each with the ports it uses.
pub struct Maintenance {
    /// Makes dead tasks of what the queues have put aside.
    pub drain: Drain,
    /// Asks for the networks that providers publish.
    pub ranges: RangeRefresh,
    /// Asks senders for deliveries that did not reach us.
    pub reconciler: Reconciler,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Maintenance {
    /// Does every step once; one that fails is logged, done again the next time, and keeps no other from being done.
    pub async fn run(&self) {
        if let Err(error) = self.drain.run().await {
            log::error!(error:%; "dead letters could not all be worked through");
        }
        if let Err(error) = self.ranges.refresh(self.clock.now()).await {
            log::error!(error:%; "published networks could not be renewed");
        }
        if let Err(error) = self.reconciler.run_once(self.clock.now()).await {
            log::error!(error:%; "lost deliveries could not be looked for");
        }
    }
}
