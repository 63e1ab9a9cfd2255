//! Whatever goes out but Telegram: the worker of the forward queue, which hands each kind to its sink.

mod settings;

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::action::{Kind, QueueName};
use bellhop_core::work::Work;

pub use settings::SettingsCache;

use super::forward::Forward;
use super::{Attempted, Batch, Engine, Worker};
use crate::ports::{Bodies, Clock, EventLog, Outbound, PortError, PortResult, Secrets};

/// The engine of the forward queue.
pub type SinkEngine = Engine<Sinks>;

/// Makes the effects of one kind.
#[async_trait]
pub trait Sink: Send + Sync {
    /// How many of the first pieces of work make one effect together; at least one.
    fn fitting(&self, _works: &[Work]) -> usize {
        1
    }

    /// Makes an effect of a batch that is not empty, as [`Worker::attempt`] does.
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted>;
}

/// What sinks work with.
#[derive(Clone)]
pub struct SinkPorts {
    /// The client for addresses that users configure.
    pub outbound: Arc<dyn Outbound>,
    /// Where the events' own bytes are.
    pub events: Arc<dyn EventLog>,
    /// Where those are that were too large for the record.
    pub bodies: Arc<dyn Bodies>,
    /// Where addresses, tokens and keys are kept.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// The sinks, by kind.
pub struct Sinks {
    /// Requests to other URLs.
    pub forward: Forward,
    /// What holds for all hooks, kept for a while.
    pub settings: SettingsCache,
}

impl Sinks {
    /// All sinks, over these ports.
    pub fn new(ports: SinkPorts, settings: SettingsCache) -> Self {
        let SinkPorts { outbound, events, bodies, secrets, clock } = ports;
        Self { forward: Forward { outbound, events, bodies, secrets, clock }, settings }
    }

    /// The sink of a kind; `None` where another worker does its work.
    fn of(&self, kind: Kind) -> Option<&dyn Sink> {
        match kind {
            Kind::Forward => Some(&self.forward),
            Kind::Telegram | Kind::Route => None,
        }
    }

    /// The sink of the first piece of work.
    fn of_first(&self, work: Option<&Work>) -> PortResult<&dyn Sink> {
        let kind = work.map(Work::kind);
        kind.and_then(|kind| self.of(kind)).ok_or_else(|| PortError::new("no work of this queue", format!("{kind:?}")))
    }
}

#[async_trait]
impl Worker for Sinks {
    const QUEUE: QueueName = QueueName::Forward;

    fn fitting(&self, works: &[Work]) -> usize {
        self.of_first(works.first()).map_or(1, |sink| sink.fitting(works))
    }

    async fn operator_chat(&self) -> PortResult<Option<String>> {
        Ok(self.settings.settings().await?.operator_chat.clone())
    }

    async fn attempt(&self, batch: &Batch<'_>, _: Option<&str>) -> PortResult<Attempted> {
        self.of_first(batch.works.first().copied())?.attempt(batch).await
    }
}
