//! Whatever goes out but Telegram: the worker of the forward queue, which hands each kind to its sink.

mod answer;
mod aws;
mod calls;
mod discord;
mod email;
mod eventbridge;
mod forward;
mod lambda;
mod ntfy;
mod settings;
mod slack;
mod sqs;

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::action::{Kind, QueueName};
use bellhop_core::work::Work;

pub use calls::Calls;
use calls::{Called, Values};
use discord::Discord;
use email::Email;
use eventbridge::Eventbridge;
use forward::Forward;
use lambda::Lambda;
use ntfy::Ntfy;
pub use settings::SettingsCache;
use slack::Slack;
use sqs::Sqs;

use super::{Attempted, Batch, Engine, Worker};
use crate::ports::{AwsReach, Bodies, Documents, EventLog, Mailer, PortError, PortResult};

/// The engine of the forward queue.
pub type SinkEngine = Engine<Sinks>;

/// Makes the effects of one kind.
#[async_trait]
pub trait Sink: Send + Sync {
    /// How many of the first pieces of work make one effect together, as [`Worker::fitting`] says; one, unless the kind
    /// goes together.
    fn fitting(&self, _works: &[Work]) -> usize {
        1
    }

    /// Makes an effect of a batch that is not empty, as [`Worker::attempt`] does.
    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted>;
}

/// What sinks work with.
pub struct SinkPorts {
    /// What calls are made with.
    pub calls: Calls,
    /// Where the events' own bytes are.
    pub events: Arc<dyn EventLog>,
    /// Where those are that were too large for the record.
    pub bodies: Arc<dyn Bodies>,
    /// What is remembered of messages that stand for keys.
    pub documents: Arc<dyn Documents>,
    /// What hands mails over.
    pub mailer: Arc<dyn Mailer>,
    /// The way to AWS, where there is one.
    pub aws: Option<AwsReach>,
}

/// The sinks, by kind.
pub struct Sinks {
    /// Requests to other URLs.
    pub forward: Forward,
    /// Messages to Slack.
    pub slack: Slack,
    /// Messages to Discord.
    pub discord: Discord,
    /// Mails.
    pub email: Email,
    /// Events on buses of EventBridge.
    pub eventbridge: Eventbridge,
    /// Calls of AWS Lambda functions.
    pub lambda: Lambda,
    /// Notifications through ntfy.
    pub ntfy: Ntfy,
    /// Messages on queues of SQS.
    pub sqs: Sqs,
    /// What holds for all hooks, kept for a while.
    pub settings: Arc<SettingsCache>,
}

impl Sinks {
    /// All sinks, over these ports.
    pub fn new(ports: SinkPorts, settings: SettingsCache) -> Self {
        let SinkPorts { calls, events, bodies, documents, mailer, aws } = ports;
        let settings = Arc::new(settings);
        Self {
            forward: Forward { calls: calls.clone(), events, bodies },
            slack: Slack { calls: calls.clone(), documents: Arc::clone(&documents) },
            discord: Discord { calls: calls.clone(), documents },
            eventbridge: Eventbridge { aws: aws.clone(), clock: Arc::clone(&calls.clock) },
            lambda: Lambda { aws: aws.clone(), clock: Arc::clone(&calls.clock) },
            sqs: Sqs { aws, clock: Arc::clone(&calls.clock) },
            ntfy: Ntfy { calls: calls.clone() },
            email: Email { mailer, calls, settings: Arc::clone(&settings) },
            settings,
        }
    }

    /// The sink of a kind; `None` where another worker does its work.
    fn of(&self, kind: Kind) -> Option<&dyn Sink> {
        match kind {
            Kind::Forward => Some(&self.forward),
            Kind::Slack => Some(&self.slack),
            Kind::Discord => Some(&self.discord),
            Kind::Email => Some(&self.email),
            Kind::Eventbridge => Some(&self.eventbridge),
            Kind::Lambda => Some(&self.lambda),
            Kind::Ntfy => Some(&self.ntfy),
            Kind::Sqs => Some(&self.sqs),
            Kind::Telegram | Kind::Route => None,
        }
    }
}

#[async_trait]
impl Worker for Sinks {
    const QUEUE: QueueName = QueueName::Forward;

    fn fitting(&self, works: &[Work]) -> usize {
        let sink = works.first().and_then(|work| self.of(work.kind()));
        sink.map_or(1, |sink| sink.fitting(works))
    }

    async fn operator_chat(&self) -> PortResult<Option<String>> {
        Ok(self.settings.settings().await?.operator_chat.clone())
    }

    async fn attempt(&self, batch: &Batch<'_>, _: Option<&str>) -> PortResult<Attempted> {
        let kind = batch.works.first().map(|work| work.kind());
        let sink = kind.and_then(|kind| self.of(kind));
        sink.ok_or_else(|| PortError::new("no work of this queue", format!("{kind:?}")))?.attempt(batch).await
    }
}
