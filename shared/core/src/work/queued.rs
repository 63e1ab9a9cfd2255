//! Work as a queue has it, which nobody needs to read who only passes it on.

use std::borrow::Cow;

use serde::ser::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Payload, TelegramV1, Work, WrittenForChats, key};
use crate::action::{Kind, Lane, QueueName, telegram};
use crate::task::Task;

/// A message on a queue of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The queue.
    pub queue: QueueName,
    /// How it travels there.
    pub lane: Lane,
    /// What stays in order among itself, or is bounded together ([`Work::group`]).
    pub group: String,
    /// What tells it from every other message ([`Work::key`]).
    pub key: String,
    /// The work as JSON.
    pub message: String,
}

/// Work that takes the place of other work whose task is dead.
///
/// It travels with that work as it will be written to its own queue. The worker that queues it may be another than the one
/// that does it, so what the effect is made of stays unread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fallback(Map<String, Value>);

/// What of a message says where it goes.
#[derive(Deserialize)]
struct Envelope {
    task: Task,
    #[serde(default)]
    ordered: bool,
}

/// What of a message says what takes its place.
#[derive(Deserialize)]
struct Carrier {
    #[serde(default)]
    fallback: Option<Fallback>,
}

impl Work {
    /// The work as its queue has it; an error where it cannot be written as JSON.
    pub fn queued(&self) -> serde_json::Result<Queued> {
        Ok(Queued::new(&self.task, self.kind(), self.lane, serde_json::to_string(self)?))
    }

    /// The same of a message to a chat, for which no writer of another kind is needed; an error where it is something else.
    pub fn queued_for_chat(&self) -> serde_json::Result<Queued> {
        let Payload::Telegram(message) = &self.payload else {
            return Err(serde_json::Error::custom("this is no message to a chat"));
        };
        let (telegram::Message { parts, style, document, key }, task) = (message.clone(), self.task.clone());
        let (fallback, trace) = (self.fallback.clone(), self.trace.clone());
        let written = WrittenForChats::TelegramV1(TelegramV1 { task, parts, style, document, key, fallback, trace });
        Ok(Queued::new(&self.task, Kind::Telegram, self.lane, serde_json::to_string(&written)?))
    }

    /// The work as it goes on in its destination's own line once it has been held for long enough, as `write` queues work. It
    /// is another message than the one that was held.
    pub fn released(&self, write: fn(&Self) -> serde_json::Result<Queued>) -> serde_json::Result<Queued> {
        let task = Task { held_until: None, ..self.task.clone() };
        let released = write(&Self { task, ..self.clone() })?;
        Ok(Queued { key: format!("{} released", released.key), ..released })
    }

    /// The work that takes the place of a task that is dead, and says so.
    #[must_use]
    pub fn in_place_of(mut self, dead: &Task) -> Self {
        take_place(&mut self.task, dead);
        self
    }
}

impl Queued {
    /// A message of a task.
    fn new(task: &Task, kind: Kind, lane: Lane, message: String) -> Self {
        let group = group(kind, task).into_owned();
        Self { queue: kind.queue(), lane, group, key: key(&task.id, task.retries), message }
    }
}

impl Fallback {
    /// This work, to be queued where another task is dead; an error where it cannot be written as JSON.
    pub fn new(work: &Work) -> serde_json::Result<Self> {
        // Read back: writing it as a value would take a writer of every kind besides the one for queues.
        serde_json::from_str(&serde_json::to_string(work)?)
    }

    /// What takes the place of the work in a message, be that readable or not otherwise; `None` where nothing does.
    pub fn in_message(message: &str) -> Option<Self> {
        serde_json::from_str::<Carrier>(message).ok()?.fallback
    }

    /// Its task, and the message to queue, which say what it takes the place of; an error where it is nobody's work.
    pub fn in_place_of(&self, dead: &Task) -> serde_json::Result<(Task, Queued)> {
        let mut fields = self.0.clone();
        let Envelope { mut task, ordered } = Envelope::deserialize(&fields)?;
        take_place(&mut task, dead);
        fields.insert("task".to_owned(), serde_json::to_value(&task)?);
        // Messages to chats are always ordered, and do not say so.
        let lane = if ordered || task.kind == Kind::Telegram { Lane::Ordered } else { Lane::Parallel };
        let queued = Queued::new(&task, task.kind, lane, serde_json::to_string(&fields)?);
        Ok((task, queued))
    }
}

/// Says of a task which one that is dead it takes the place of, before what was said of it already.
fn take_place(task: &mut Task, dead: &Task) {
    let why = dead.reason.as_deref().unwrap_or("no reason is known");
    let mut reason = format!("in place of {} {}, which is dead: {why}", dead.kind, dead.destination);
    if let Some(said) = &task.reason {
        reason = format!("{reason}; {said}");
    }
    task.reason = Some(reason);
}

/// The line that a task waits in ([`Work::line`]).
pub(super) fn line(task: &Task) -> Cow<'_, str> {
    match task.held_until {
        Some(moment) => Cow::Owned(format!("{} from {}", task.destination, moment.rfc3339())),
        None => Cow::Borrowed(&task.destination),
    }
}

/// What must stay in order among itself, or be bounded together ([`Work::group`]).
pub(super) fn group(kind: Kind, task: &Task) -> Cow<'_, str> {
    if kind.names_groups() { Cow::Owned(format!("{kind}:{}", line(task))) } else { line(task) }
}
