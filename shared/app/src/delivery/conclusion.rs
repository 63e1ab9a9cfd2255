//! Writes down what came of a turn, and tells the operator of trouble.

use bellhop_core::action::Kind;
use bellhop_core::breaker::Change;
use bellhop_core::task::{Task, TaskStatus};

use super::batch::Batch;
use super::worker::{Attempted, Failure, Worker};
use super::{Destination, Engine, Turn, is_notice, outcome};
use crate::ports::PortResult;

impl<W: Worker> Engine<W> {
    /// Writes down what came of a batch's tasks and of their destination, and says how many of the first messages are
    /// settled.
    pub(super) async fn conclude(
        &self,
        kind: Kind,
        name: &str,
        destination: Destination,
        mut batch: Batch<'_>,
        attempted: Attempted,
    ) -> PortResult<Turn> {
        let (jitter, steps) = (self.jitter(), batch.steps);
        for (place, task) in batch.tasks.iter_mut().enumerate() {
            outcome::apply(task, place, &attempted, steps, jitter);
        }
        let mut changed = self.take(kind, name, destination, &attempted);
        log_change(kind.as_str(), name, changed.change);
        let speaks_against = attempted.result.as_ref().err().and_then(Failure::speaks_against) == Some(true);
        // One failure is enough where the destination is given up already, and where it is now.
        if changed.entry.breaker.is_disabled() && speaks_against {
            for task in &mut batch.tasks {
                task.reason = Some(task.attempts.last().map_or_else(String::new, |attempt| attempt.detail.clone()));
                outcome::give_up(task);
            }
        }
        // First the notice, which is the same however often it is queued: a task that is written down as dead is not
        // looked at again.
        if let Some(task) = batch.tasks.iter().find(|task| is_trouble(task))
            && self.is_to_be_told(kind, name, &mut changed)
        {
            let operator_chat = self.worker.operator_chat().await?;
            self.notices(operator_chat.as_deref()).tell(task).await?;
        }
        self.notices(None).fall_back(batch.fallbacks()).await?;
        self.write_down(kind, name, &batch, &mut changed, attempted.ended_at).await?;
        batch.tell();
        let due_at = batch.tasks.iter().filter(|task| !task.status.is_final()).map(|task| task.due_at).max();
        Ok(Turn {
            settled: batch.settled(),
            next: changed.entry.next(attempted.ended_at).max(due_at.unwrap_or_default()),
        })
    }
}

/// Whether a task's end is to be told of; a notice's own is not.
fn is_trouble(task: &Task) -> bool {
    task.status == TaskStatus::Dead && !is_notice(task)
}

/// Logs what a result changed for its destination.
fn log_change(kind: &str, destination: &str, change: Change) {
    match change {
        Change::None => {}
        Change::Opened => log::warn!(kind, destination; "the destination keeps failing; it is left alone for a minute"),
        Change::Closed => log::info!(kind, destination; "the destination is back"),
        Change::Disabled => log::error!(kind, destination; "the destination is given up; it is disabled"),
    }
}
