//! Turns inbox messages into tasks: once per event, however often a message comes; and does the router's orders.

mod events;
mod gate;
mod jobs;
mod making;
mod orders;
mod record;
mod replays;
mod retries;
mod rules;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use bellhop_core::event::Event;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::inbox::{self, BadMessage, Read};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

pub use record::{NewClaim, NewRecord, Part};
pub use rules::{Definition, Rule, RuleCache, Rules};

use crate::delivery::Notices;
use crate::delivery::poison::Poison;
use crate::ports::{
    Bodies, Clock, Documents, DueTimes, EventCounts, EventLog, History, Orders, PortError, PortResult, SendWork as _,
    TaskLog, WorkQueue,
};

/// The router.
pub struct Routing {
    /// The hooks' rules.
    pub rules: RuleCache,
    /// The record of events.
    pub events: Arc<dyn EventLog>,
    /// The same, with the tasks as they stand.
    pub history: Arc<dyn History>,
    /// The record of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// Quotas and replays.
    pub documents: Arc<dyn Documents>,
    /// How often hooks had an event.
    pub counts: Arc<dyn EventCounts>,
    /// Where a replay that is not finished goes on.
    pub orders: Arc<dyn Orders>,
    /// Where a run waits for another one of its job.
    pub due: Arc<dyn DueTimes>,
    /// Bodies that did not fit their inbox messages.
    pub bodies: Arc<dyn Bodies>,
    /// The workers' queues.
    pub queue: Arc<dyn WorkQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// An inbox message that has been taken in: its event is recorded, or its order is done.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The event, where it was about one.
    pub event: Option<EventId>,
    /// The work to queue; queueing it again does no harm.
    pub work: Vec<Work>,
    /// The owners that had the event for the first time, and when it came: to be counted.
    pub counted: Vec<(Owner, Timestamp)>,
}

/// Why a message was not routed.
#[derive(Debug, thiserror::Error)]
pub enum Unrouted {
    /// It will never be: it is not one of ours, or it was cut.
    #[error(transparent)]
    Poison(#[from] BadMessage),
    /// It may be, later.
    #[error(transparent)]
    Again(#[from] PortError),
}

impl Routing {
    /// Takes an inbox message in: records its event with its tasks, whose work is then to be queued, or does its order.
    ///
    /// Poison is told from trouble: a message that cannot be read never will be, so it must not be tried again for ever.
    pub async fn record(&self, message: &[u8]) -> Result<Recorded, Unrouted> {
        Ok(match inbox::read(message)? {
            Read::Whole(event) => self.record_event(event).await?,
            Read::Claim(head) => self.record_event(Event { body: self.bodies.get(head.id).await?, head }).await?,
            Read::Order(order) => self.obey(&order).await?,
        })
    }

    /// Sets a message aside that can never be routed; false where there is no event in it, so that it must be kept itself.
    pub async fn set_aside(&self, message: &[u8], reason: &str) -> PortResult<bool> {
        self.poison().message(message, reason).await
    }

    /// What sets aside that cannot be done.
    pub fn poison(&self) -> Poison {
        Poison {
            events: Arc::clone(&self.events),
            history: Arc::clone(&self.history),
            tasks: Arc::clone(&self.tasks),
            documents: Arc::clone(&self.documents),
            queue: Arc::clone(&self.queue),
            settings: self.rules.reader(),
            clock: Arc::clone(&self.clock),
        }
    }

    /// Tells of those of these tasks that are dead, before they are written down.
    async fn tell_of_dead(&self, tasks: &[Task], rules: &Rules) -> PortResult<()> {
        let notices = Notices {
            tasks: &*self.tasks,
            documents: &*self.documents,
            queue: &*self.queue,
            clock: &*self.clock,
            operator_chat: rules.operator_chat(),
        };
        notices.died(tasks).await
    }

    /// Queues what takes the place of tasks that are dead, before those are written down; the same, however often.
    async fn fall_back(&self, fallbacks: &[Work]) -> PortResult<()> {
        if fallbacks.is_empty() {
            return Ok(());
        }
        self.queue.send(fallbacks).await?;
        self.tasks.add(&fallbacks.iter().map(|work| work.task.clone()).collect::<Vec<_>>()).await
    }

    /// Counts events by owner, once for each; a count that fails is only logged, for the events are recorded.
    pub async fn count(&self, recorded: impl IntoIterator<Item = &Recorded>) {
        let mut sums: BTreeMap<&Owner, (u64, Timestamp)> = BTreeMap::new();
        for (owner, at) in recorded.into_iter().flat_map(|recorded| &recorded.counted) {
            let (events, last) = sums.entry(owner).or_default();
            *events += 1;
            *last = (*last).max(*at);
        }
        for (owner, (events, last)) in sums {
            if let Err(error) = self.counts.add(owner, events, last).await {
                log::warn!(owner = owner.as_str(), events, error:%; "events were not counted");
            }
        }
    }
}
