//! Everything the use cases ask of the world. An adapter implements these; a use case holds only those it needs.

mod aws;
mod configurations;
mod documents;
mod due;
mod fetch;
mod mail;
mod orders;
mod outbound;
mod tasks;

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_core::action::telegram::{Document as SentDocument, Style};
use bellhop_core::config::Settings;
use bellhop_core::event::{Event, EventHead};
use bellhop_core::hook::{DoorHook, Hook};
use bellhop_core::id::{EventId, Owner};
use bellhop_core::inbox::Message;
use bellhop_core::order::RefusedRequest;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Queued, Work};

pub use aws::{AwsAnswer, AwsApi, AwsCall, AwsReach, AwsRefusal, BusEvent};
pub use configurations::{ConfigChange, ConfigWriter, Configurations, HookWriter};
pub use documents::{Collection, Document, Documents, NewDocument};
pub use due::{DueTime, DueTimes};
pub use fetch::Fetch;
pub use mail::{MailAnswer, MailError, MailFailure, Mailer, OutboundMail};
pub use orders::{MOST_DELAY_SECONDS, Orders};
pub use outbound::{
    MOST_ANSWER_BYTES, Outbound, OutboundAnswer, OutboundError, OutboundFailure, OutboundRequest, Told,
};
pub use tasks::{DELETED_KNOWN_MS, Known, NewTurn, TaskLog, Written};

/// A part of the world did not do what was asked; asking again later may help.
///
/// The text is for the log: adapters keep secrets and bodies out of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct PortError {
    text: String,
    too_much: bool,
}

impl PortError {
    /// Says what failed, and why.
    pub fn new(what: &str, why: impl std::fmt::Display) -> Self {
        Self { text: format!("{what}: {why}"), too_much: false }
    }

    /// Says what was refused because it was more than can be done at once: asking again will not help, asking for less
    /// will.
    pub fn too_much(what: &str, why: impl std::fmt::Display) -> Self {
        Self { too_much: true, ..Self::new(what, why) }
    }

    /// Says that something stored is unreadable, and where: what stood there is not for the log.
    pub fn unreadable(what: &str, error: &serde_json::Error) -> Self {
        Self::new(what, format_args!("it is no JSON of ours at line {}, column {}", error.line(), error.column()))
    }

    /// Whether it was refused because it was more than can be done at once.
    pub const fn is_too_much(&self) -> bool {
        self.too_much
    }
}

/// What a port answers.
pub type PortResult<T> = Result<T, PortError>;

/// The time, and randomness.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Fills a buffer with bytes nobody can foretell.
    fn random(&self, bytes: &mut [u8]);
}

/// Where accepted requests are written down before they are answered.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Writes a message down; when this returns, the message survives a crash of anything.
    async fn put(&self, message: &Message<'_>) -> PortResult<()>;
}

/// Bodies that were too large for an inbox message.
#[async_trait]
pub trait Bodies: Send + Sync {
    /// The body kept under an event's id.
    async fn get(&self, event: EventId) -> PortResult<Vec<u8>>;
}

/// The hooks and what holds for all of them, for reading.
#[async_trait]
pub trait HookReader: SettingsReader {
    /// Every hook, and what holds for all of them; the defaults where nothing was ever set.
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)>;
}

/// Reads the hooks as far as ingress needs them.
#[async_trait]
pub trait DoorReader: Send + Sync {
    /// Every hook, its actions unread, and what holds for all of them; the defaults where nothing was ever set.
    async fn doors_and_settings(&self) -> PortResult<(Vec<DoorHook>, Settings)>;
}

/// Reads what holds for all hooks.
#[async_trait]
pub trait SettingsReader: Send + Sync {
    /// What holds for all hooks; the defaults where nothing was ever set.
    async fn settings(&self) -> PortResult<Settings>;
}

/// The values behind secret references.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Looks references up; one that leads nowhere, or to an empty value, is absent from the answer.
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>>;
}

/// Where secret values given through the API are kept.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Keeps a value under a name, so that a reference with it as its [`SecretRef::stored_name`] resolves to it.
    async fn keep(&self, name: &str, value: &Secret) -> PortResult<()>;

    /// Forgets values that no hook refers to any more.
    async fn forget(&self, names: &[String]) -> PortResult<()>;
}

/// What became of a claim on a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The event has the delivery: now, or from an earlier run of the same routing.
    Ours,
    /// Another event had it first.
    Duplicate(EventId),
}

/// The record of events, as the router keeps it.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Claims a delivery, by its key, for an owner and an event; an event that is accepted at `expires` or later may claim it
    /// again. A claim is remembered for a day longer, as events may have to wait before they are routed.
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim>;

    /// Records an event with the tasks made of it, together, until `expires`; says whether it is new. What is recorded
    /// already stays as it is, and what was deleted stays so.
    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool>;

    /// The event of this id.
    async fn event(&self, id: EventId) -> PortResult<Option<Event>>;

    /// Records a refused request, until `expires`.
    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()>;
}

/// A recorded event, without its body, and its tasks as they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedEvent {
    /// The event's head.
    pub head: EventHead,
    /// Its tasks, those of replays among them, by id.
    pub tasks: Vec<Task>,
}

/// A part of a list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the list goes on, if it does: older than this. It may go on though there were no entries.
    pub next: Option<EventId>,
}

/// The record of events, as people look at it, newest first.
#[async_trait]
pub trait History: Send + Sync {
    /// At most `most` events older than `older_than` and not older than `oldest`.
    async fn events(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RecordedEvent>>;

    /// The same, but only events with a task that stands so; `None` where the store keeps no list of such tasks, so that
    /// they are to be looked for among all events.
    ///
    /// Every store lists what is retrying or dead.
    async fn events_with_task(
        &self,
        status: TaskStatus,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Option<Page<RecordedEvent>>>;

    /// One event with its tasks.
    async fn recorded(&self, id: EventId) -> PortResult<Option<RecordedEvent>>;

    /// At most `most` refused requests older than `older_than` and not older than `oldest`.
    async fn refused(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RefusedRequest>>;

    /// Deletes an event's headers and body and documents when; says whether there was such an event.
    async fn erase(&self, id: EventId, now: Timestamp) -> PortResult<bool>;

    /// Deletes an event and its tasks: their work is not done any more, and a late copy of the event's message does not
    /// bring them back. Both hold for [`DELETED_KNOWN_MS`].
    async fn delete(&self, id: EventId) -> PortResult<()>;
}

/// How often owners had an event.
#[async_trait]
pub trait EventCounts: Send + Sync {
    /// Adds events to an owner's count; the last of them came at `last`.
    async fn add(&self, owner: &Owner, events: u64, last: Timestamp) -> PortResult<()>;

    /// Every owner's count; one without events is absent.
    async fn counts(&self) -> PortResult<HashMap<Owner, EventCount>>;
}

/// How often an owner had an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventCount {
    /// How many events it had.
    pub events: u64,
    /// When the last of them came.
    pub last: Timestamp,
}

/// The workers' queues.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Puts messages on their queues; the same task's work put twice is there once, for as long as the queue remembers.
    async fn send_queued(&self, messages: Vec<Queued>) -> PortResult<()>;
}

/// Queues work that is at hand. It is no part of the queue's port, or whoever has a queue would carry the writers of all kinds.
#[async_trait]
pub trait SendWork: WorkQueue {
    /// Puts work on its queues, as [`WorkQueue::send_queued`] does with messages.
    async fn send(&self, work: &[Work]) -> PortResult<()> {
        let messages = work.iter().map(Work::queued).collect::<Result<_, _>>();
        self.send_queued(messages.map_err(|e| PortError::new("work cannot be written", e))?).await
    }
}

impl<Q: WorkQueue + ?Sized> SendWork for Q {}

/// A message that a worker has received and wants to have again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Postponed<'a> {
    /// The receipt it came with.
    pub receipt: &'a str,
    /// In how many seconds it is to come again.
    pub seconds: u64,
}

/// Messages a worker has received from a queue that keeps their order.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// Has messages come again after their time; each must be reported as not done besides.
    async fn postpone(&self, messages: &[Postponed<'_>]) -> PortResult<()>;

    /// Forgets messages by their receipts, so that those behind them can be received; they may be reported as done
    /// besides.
    async fn delete(&self, receipts: &[&str]) -> PortResult<()>;
}

/// A message that a queue has put aside, because whoever received it failed on it too often.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The queue's id for it.
    pub id: String,
    /// The receipt it came with.
    pub receipt: String,
    /// The message.
    pub body: String,
}

/// The messages that a queue has put aside.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// At most ten of them, which are out of sight for some minutes then; none where no more are in sight.
    async fn receive(&self) -> PortResult<Vec<DeadLetter>>;

    /// Deletes at most ten of them, by the receipts they came with.
    async fn delete(&self, receipts: &[String]) -> PortResult<()>;
}

/// A message for the Bot API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BotMessage<'a> {
    /// The chat.
    pub chat: &'a str,
    /// The text; the caption of a document.
    pub text: &'a str,
    /// Whether the text is HTML; plain text otherwise.
    pub html: bool,
    /// How it is sent.
    pub style: Style,
    /// The message that it takes the place of, by its id in the chat; `None` for a new one.
    pub edits: Option<i64>,
    /// The document that it goes with.
    pub document: Option<&'a SentDocument>,
}

/// What the Bot API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most 64 KiB of it.
    pub body: Vec<u8>,
}

/// A Telegram bot.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Its token.
    pub token: Secret,
    /// Where its Bot API is, without a slash at its end.
    pub api_base: String,
}

/// The Telegram Bot API.
#[async_trait]
pub trait BotApi: Send + Sync {
    /// Calls `sendMessage`, `sendDocument` or `editMessageText`, as the message asks for; the error, where no answer came,
    /// holds no token.
    async fn send_message(&self, bot: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer>;
}

/// Where messages go while there is no bot.
pub trait DryRun: Send + Sync {
    /// Shows a message as it would look.
    fn show(&self, message: &BotMessage<'_>);
}

/// Since when the oldest thing has been waiting in each queue of one process; `None` where nothing waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oldest {
    /// In the inbox.
    pub inbox: Option<Timestamp>,
    /// In the workers' queue; what waits for its next attempt waits too.
    pub work: Option<Timestamp>,
}

/// The queues of one process, as its operator looks at them.
pub trait Queues: Send + Sync {
    /// Since when the oldest thing has been waiting.
    fn oldest(&self) -> PortResult<Oldest>;
}
