//! Every port in memory, for tests: quick, on a clock that is set, and with faults on demand.
//!
//! It passes the [`conformance`](crate::testing::conformance) suite, so what holds on it holds on the adapters.

mod aws;
mod bot;
mod clock;
mod documents;
mod due;
mod events;
mod hooks;
mod mail;
mod parts;
mod queue;
mod queues;
mod tasks;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bellhop_core::config::Settings;
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, HookId, Owner, TaskId};
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;

use crate::ports::{Clock, DueTime, EventCount, PortResult};

pub use aws::{AwsSeen, Calling, Putting};
pub use bot::{Answering, Seen};
pub use clock::SetClock;
pub use mail::{Handed, Taking};
pub use queue::{Queue, Received};

/// What goes wrong with calls of ports.
#[async_trait]
pub trait Faults: Send + Sync {
    /// Is asked before a call has its effect: an error means that it has none.
    async fn before(&self, call: &'static str) -> PortResult<()>;

    /// Is asked after a call has had its effect: an error means that nobody hears of it.
    async fn after(&self, call: &'static str) -> PortResult<()>;
}

/// Nothing goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

#[async_trait]
impl Faults for NoFaults {
    async fn before(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }

    async fn after(&self, _: &'static str) -> PortResult<()> {
        Ok(())
    }
}

/// A way into a world in memory: everyone who holds one meets the same store and the same queues.
#[derive(Clone)]
pub struct Memory {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
    faults: Arc<dyn Faults>,
}

/// What there is.
#[derive(Default)]
struct World {
    hooks: BTreeMap<HookId, Hook>,
    settings: Settings,
    vault: HashMap<String, Secret>,
    claims: HashMap<(Owner, String), (EventId, Timestamp)>,
    events: BTreeMap<EventId, events::Kept>,
    refused: BTreeMap<EventId, events::KeptRefusal>,
    tasks: BTreeMap<TaskId, tasks::Kept>,
    deleted_tasks: BTreeSet<TaskId>,
    deleted_events: BTreeSet<EventId>,
    counts: HashMap<Owner, EventCount>,
    documents: BTreeMap<documents::Place, documents::Kept>,
    due: BTreeMap<due::Place, DueTime>,
    bodies: HashMap<EventId, Vec<u8>>,
    inbox: Queue,
    work: Queue,
    aws: aws::FakeAws,
    bot: bot::FakeBot,
    mail: mail::FakeMailer,
}

impl Memory {
    /// A world of its own, in which nothing goes wrong.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let world = World { inbox: Queue::inbox(), work: Queue::fifo(), ..World::default() };
        Self { world: Arc::new(Mutex::new(world)), clock, faults: Arc::new(NoFaults) }
    }

    /// Another way into the same world, with a clock and faults of its own.
    #[must_use]
    pub fn entrance(&self, clock: Arc<dyn Clock>, faults: Arc<dyn Faults>) -> Self {
        Self { world: Arc::clone(&self.world), clock, faults }
    }

    /// The inbox queue.
    pub fn with_inbox<T>(&self, look: impl FnOnce(&mut Queue) -> T) -> T {
        look(&mut self.world().inbox)
    }

    /// The Telegram workers' queue.
    pub fn with_work<T>(&self, look: impl FnOnce(&mut Queue) -> T) -> T {
        look(&mut self.world().work)
    }

    /// Calls a port: what goes wrong before, the effect, what goes wrong after.
    async fn call<T: Send>(
        &self,
        call: &'static str,
        effect: impl FnOnce(&mut World, Timestamp) -> T + Send,
    ) -> PortResult<T> {
        self.faults.before(call).await?;
        let value = effect(&mut self.world(), self.clock.now());
        self.faults.after(call).await?;
        Ok(value)
    }

    /// The world; where a test panicked while it held it, the others go on.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
