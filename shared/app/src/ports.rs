//! Everything the use cases ask of the world. An adapter implements these; a use case holds only those it needs.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_core::config::Settings;
use bellhop_core::event::Event;
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::inbox::Message;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::Task;
use bellhop_core::telegram::pace::Pace;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use serde::{Deserialize, Serialize};

/// A part of the world did not do what was asked; asking again later may help.
///
/// The text is for the log: adapters keep secrets and bodies out of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct PortError(String);

impl PortError {
    /// Says what failed, and why.
    pub fn new(what: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

/// What a port answers.
pub type PortResult<T> = Result<T, PortError>;

/// The time, and luck.
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
pub trait HookReader: Send + Sync {
    /// Every hook, and what holds for all of them; the defaults where nothing was ever set.
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)>;

    /// What holds for all hooks.
    async fn settings(&self) -> PortResult<Settings>;
}

/// The hooks and what holds for all of them, for changing.
#[async_trait]
pub trait HookWriter: Send + Sync {
    /// Writes the hooks and deletes those named, all or nothing; settings too where they are given.
    async fn write_hooks(&self, put: &[Hook], delete: &[HookId], settings: Option<&Settings>) -> PortResult<()>;
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
    /// Keeps a value under a name, so that `stored:NAME` resolves to it.
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

/// The record of events, and of the tasks made of them.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Claims a sender's delivery for a hook and an event, until `expires`.
    async fn claim_delivery(
        &self,
        hook: &HookId,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim>;

    /// Records an event and its tasks, until `expires`; what is recorded already stays as it is.
    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<()>;

    /// The event of this id.
    async fn event(&self, id: EventId) -> PortResult<Option<Event>>;
}

/// The workers' queues.
#[async_trait]
pub trait WorkQueue: Send + Sync {
    /// Puts work on its queue; the same task's work put twice is there once, for as long as the queue remembers.
    async fn send(&self, work: &[Work]) -> PortResult<()>;
}

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
}

/// What a worker finds when it wants to start a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// The task is the worker's, until its lease ends.
    Go(Box<Task>),
    /// There is nothing to do: the task is final, or its record has expired.
    Done,
    /// Another worker has it until then.
    Held(Timestamp),
}

/// The record of tasks, as workers keep it.
#[async_trait]
pub trait TaskLog: Send + Sync {
    /// Takes a task, until `lease_ends`; nobody else may have it meanwhile.
    async fn start(&self, id: &TaskId, now: Timestamp, lease_ends: Timestamp) -> PortResult<Start>;

    /// Writes a task down as it stands after an attempt, and gives it back.
    async fn save(&self, task: &Task) -> PortResult<()>;

    /// Takes tasks in order, up to the first that another worker has, which ends the answer.
    async fn start_all(&self, ids: &[TaskId], now: Timestamp, lease_ends: Timestamp) -> PortResult<Vec<Start>> {
        let mut starts = Vec::with_capacity(ids.len());
        for id in ids {
            let start = self.start(id, now, lease_ends).await?;
            let held = matches!(start, Start::Held(_));
            starts.push(start);
            if held {
                break;
            }
        }
        Ok(starts)
    }

    /// Writes tasks down that shared an attempt; the sooner all are, the fewer effects a crash repeats.
    async fn save_all(&self, tasks: &[Task]) -> PortResult<()> {
        futures_util::future::try_join_all(tasks.iter().map(|task| self.save(task))).await.map(|_| ())
    }

    /// The task of this id.
    async fn task(&self, id: &TaskId) -> PortResult<Option<Task>>;
}

/// What the Telegram workers remember of chats, together.
#[async_trait]
pub trait ChatBook: Send + Sync {
    /// What is remembered of a chat, or of the whole bot.
    async fn entry(&self, key: &str) -> PortResult<Option<ChatEntry>>;

    /// Remembers it.
    async fn set_entry(&self, key: &str, entry: &ChatEntry) -> PortResult<()>;
}

/// What is remembered of a chat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatEntry {
    /// The pace kept with it.
    pub pace: Pace,
    /// Where it has moved to, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
}

/// A message for the Bot API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotMessage<'a> {
    /// The chat.
    pub chat: &'a str,
    /// The text.
    pub text: &'a str,
    /// Whether the text is HTML; plain text otherwise.
    pub html: bool,
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
    /// Calls `sendMessage`; the error, where no answer came, holds no token.
    async fn send_message(&self, bot: &Bot, message: &BotMessage<'_>) -> PortResult<BotAnswer>;
}

/// Where messages go while there is no bot.
pub trait DryRun: Send + Sync {
    /// Shows a message as it would look.
    fn show(&self, message: &BotMessage<'_>);
}
