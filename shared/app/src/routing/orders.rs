//! Does the router's orders. Every order may come more than once, and has its effect once.

use bellhop_core::job::Cause;
use bellhop_core::order::Order;

use super::{Recorded, Routing};
use crate::ports::PortResult;

impl Routing {
    /// Does an order.
    pub(super) async fn obey(&self, order: &Order) -> PortResult<Recorded> {
        match order {
            Order::RefusedV1(refused) => {
                let expires = self.rules.rules().await?.expires(self.clock.now());
                self.events.record_refused(refused, expires).await?;
                Ok(Recorded::default())
            }
            Order::RetryV1 { task, retries } => self.retry(task, *retries).await,
            Order::DueV1(run) => self.run_job(&run.job, Cause::Due(run.clone())).await,
            Order::RunV1 { job, event } => self.run_job(job, Cause::Asked(*event)).await,
            Order::ReplayV1 { replay } => self.replay(replay).await.map(|()| Recorded::default()),
        }
    }
}
