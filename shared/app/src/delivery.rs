//! The engine: carries tasks to where they go, each once, at the pace and in the order that their destination wants.
//!
//! A turn is given to the work of one destination: it gathers what goes out together, asks whether the destination may be
//! called, makes one attempt, writes down what came of it, and says when the next turn may follow. What a kind does, and how
//! it reads the answer, is its [`Worker`]'s; all else is here, once for all kinds.

mod batch;
mod conclusion;
mod destination;
mod keyed;
mod lease;
mod outcome;
mod worker;

pub mod dead_letters;
mod notices;
pub mod poison;
pub mod sinks;
pub mod telegram;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bellhop_core::id::TaskId;
use bellhop_core::task::Attempt;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

pub use batch::Batch;
use destination::{Destination, Destinations};
use keyed::KeyedMessages;
pub(crate) use notices::{Notices, is_notice, subject, text};
use worker::attempted;
pub use worker::{Attempted, Failure, Single, Worker};

use crate::ports::{Clock, Documents, PortError, PortResult, TaskLog, WorkQueue, Written};
use poison::bury;

/// The engine for one kind of work.
pub struct Engine<W> {
    /// What makes the effects.
    pub worker: W,
    /// The record of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// What is remembered of destinations.
    pub documents: Arc<dyn Documents>,
    /// Where notices to the operator are queued.
    pub queue: Arc<dyn WorkQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    remembered: Destinations,
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// How many of the first messages are settled and can be forgotten.
    pub settled: usize,
    /// When the rest may have their turn.
    pub next: Timestamp,
}

impl<W> Engine<W> {
    /// An engine over these ports, which remembers nothing yet.
    pub fn new(
        worker: W,
        tasks: Arc<dyn TaskLog>,
        documents: Arc<dyn Documents>,
        queue: Arc<dyn WorkQueue>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { worker, tasks, documents, queue, clock, remembered: Destinations::default() }
    }
}

impl<W: Worker> Engine<W> {
    /// Takes a turn with work for one destination, given in order.
    pub async fn turn(&self, works: &[Work]) -> PortResult<Turn> {
        self.turn_telling(works, &|| {}).await
    }

    /// The same, and tells when the destination is left alone again, though nothing is written down yet.
    pub async fn turn_telling(&self, works: &[Work], attempt_is_over: &(dyn Fn() + Sync)) -> PortResult<Turn> {
        let now = self.clock.now();
        let Some(first) = works.first() else {
            return Ok(Turn { settled: 0, next: now });
        };
        if self.worker.is_dry_run().await? {
            return self.show(works, now).await;
        }
        if let Some(end) = first.task.held_until {
            return self.release(works, end, now).await;
        }
        let (kind, line) = (first.kind(), first.line());
        let entry = self.destination(kind, &line, works).await?;
        let disabled = entry.breaker.is_disabled();
        if disabled && let Some(turn) = self.give_up(works, &entry, now).await? {
            return Ok(turn);
        }
        let next = entry.next(now);
        if next > now {
            return Ok(Turn { settled: 0, next });
        }
        if let Some(next) = self.worker.not_before(now).await? {
            return Ok(Turn { settled: 0, next });
        }
        let mut batch = self.gather(works, &entry.succeeded, now).await?;
        if disabled {
            batch.truncate(1);
        }
        if batch.tasks.is_empty() {
            return Ok(Turn { settled: batch.settled(), next: batch.due_at.unwrap_or(now) });
        }
        let attempted = self.attempt(&mut batch, entry.moved_to.as_deref()).await?;
        attempt_is_over();
        self.conclude(kind, &line, entry, batch, attempted).await
    }

    /// Puts work that was held until now into its destination's own line, where one pace is kept with all that goes there.
    ///
    /// Whoever is cut short before it is settled does so once more, to no effect: the line has it already, or finds it done.
    async fn release(&self, works: &[Work], end: Timestamp, now: Timestamp) -> PortResult<Turn> {
        if end > now {
            return Ok(Turn { settled: 0, next: end });
        }
        let released =
            works.iter().take_while(|work| work.task.held_until == Some(end)).map(|work| work.released(W::write));
        let released =
            released.collect::<Result<Vec<_>, _>>().map_err(|e| PortError::new("held work cannot be queued", e))?;
        let settled = released.len();
        self.queue.send_queued(released).await?;
        Ok(Turn { settled, next: now })
    }

    /// Writes down that work is dead which can never be done, and tells of it.
    pub async fn set_aside(&self, work: &Work, reason: &str) -> PortResult<()> {
        let operator_chat = self.worker.operator_chat().await?;
        bury(&self.notices(operator_chat.as_deref()), work, reason).await
    }

    /// The notices of this moment.
    fn notices<'a>(&'a self, operator_chat: Option<&'a str>) -> Notices<'a> {
        Notices {
            tasks: &*self.tasks,
            documents: &*self.documents,
            queue: &*self.queue,
            clock: &*self.clock,
            operator_chat,
        }
    }

    /// Shows what would go out, where that cannot be.
    async fn show(&self, works: &[Work], now: Timestamp) -> PortResult<Turn> {
        let (mut shown, mut traces, mut turn) = (Vec::new(), Vec::new(), Turn { settled: 0, next: now });
        // No pace holds them back, so all that wait share one write.
        loop {
            let mut batch = self.gather(&works[turn.settled..], &[], now).await?;
            if !batch.tasks.is_empty() {
                self.worker.show(&batch);
                let steps = batch.steps;
                batch.tasks.iter_mut().for_each(|task| outcome::shown(task, steps, now));
            }
            let settled = batch.settled();
            turn = Turn { settled: turn.settled + settled, next: batch.due_at.unwrap_or(now) };
            traces.extend(batch.works.iter().map(|work| work.trace.as_deref()));
            shown.append(&mut batch.tasks);
            if settled == 0 || turn.next > now || turn.settled == works.len() {
                break;
            }
        }
        if !shown.is_empty() {
            self.tasks.save(&shown).await?;
            shown.iter().zip(traces).for_each(|(task, trace)| outcome::tell(task, trace));
        }
        Ok(turn)
    }

    /// Looks up the tasks of the first message and of as many after it as go out together.
    ///
    /// Nobody else has them: the queue gives a destination, or a task of the parallel lane, to one worker at a time.
    async fn gather<'w>(
        &self,
        works: &'w [Work],
        succeeded: &[(TaskId, Attempt)],
        now: Timestamp,
    ) -> PortResult<Batch<'w>> {
        let fitting = &works[..self.worker.fitting(works).min(works.len())];
        let ids: Vec<_> = fitting.iter().map(|work| work.task.id.clone()).collect();
        let mut written = self.tasks.written(&ids).await?;
        fitting.iter().zip(&mut written).for_each(|(work, written)| outcome::look_up(&work.task, succeeded, written));
        // What has expired is as good as deleted, whether it was yet or not.
        let today = self.clock.now();
        for (work, written) in fitting.iter().zip(&mut written).filter(|(work, _)| work.task.expires_at <= today) {
            log::info!(event:% = work.task.event, task = work.task.id.as_str(); "its event has expired");
            *written = Written::Deleted;
        }
        Ok(Batch::new(fitting, written, now))
    }

    /// Ends the tasks for a destination that is disabled, without an attempt, unless the first is to be tried all the same.
    async fn give_up(&self, works: &[Work], entry: &Destination, now: Timestamp) -> PortResult<Option<Turn>> {
        let mut batch = self.gather(works, &entry.succeeded, Timestamp::from_ms(u64::MAX)).await?;
        let given_up = batch.tasks.iter().take_while(|task| !outcome::is_probe(task)).count();
        if given_up == 0 && !batch.tasks.is_empty() {
            return Ok(None);
        }
        batch.truncate(given_up);
        batch.tasks.iter_mut().for_each(outcome::give_up);
        self.notices(None).fall_back(batch.fallbacks()).await?;
        self.tasks.save(&batch.tasks).await?;
        batch.tell();
        Ok(Some(Turn { settled: batch.settled(), next: now }))
    }

    /// A number from 0 to 1 that places a wait inside its jitter.
    fn jitter(&self) -> f64 {
        let mut byte = [0];
        self.clock.random(&mut byte);
        f64::from(byte[0]) / 255.0
    }
}
