//! Attempts that take long: while they do, they stand in the record as running, under a lease.

use std::pin::pin;
use std::time::Duration;

use bellhop_core::task::TaskStatus;
use futures_util::future::join;

use super::Engine;
use super::batch::Batch;
use super::worker::{Attempted, Worker};
use crate::ports::PortResult;

/// How long an attempt takes before it is written down as running: nearly all end sooner, and cost no write more.
const LONG: Duration = Duration::from_secs(3);

/// For how long nobody makes a running attempt again, in milliseconds: longer than the rest of one takes, which is a
/// request of 30 s at most, or a message of 15 s twice.
pub(super) const LEASE_MS: u64 = 40_000;

impl<W: Worker> Engine<W> {
    /// Has the worker make one attempt.
    ///
    /// Who finds a task running that nobody runs any more, for its worker was killed, waits for the end of the lease: it
    /// cannot be told from one that takes long.
    pub(super) async fn attempt(&self, batch: &mut Batch<'_>, moved_to: Option<&str>) -> PortResult<Attempted> {
        let attempted = {
            let mut attempt = pin!(self.worker.attempt(batch, moved_to));
            match tokio::time::timeout(LONG, &mut attempt).await {
                Ok(attempted) => return attempted,
                Err(_) => join(attempt, self.lease(batch)).await.0,
            }
        };
        batch.unwritten.fill(false);
        attempted
    }

    /// Writes a batch's tasks down as running. Where that fails, they are seen as they were before, which does no harm.
    async fn lease(&self, batch: &Batch<'_>) {
        let until = self.clock.now().plus_ms(LEASE_MS);
        let mut running = batch.tasks.clone();
        for task in &mut running {
            (task.status, task.due_at) = (TaskStatus::Running, until);
        }
        if let Err(error) = self.tasks.save(&running).await {
            log::warn!(error:%; "a long attempt could not be written down as running");
        }
    }
}
