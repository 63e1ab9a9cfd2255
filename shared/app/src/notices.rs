//! Notices to the operator: messages of our own about what died. Whatever makes a task dead tells of it here.

use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::telegram::beginning;
use bellhop_core::telegram::html::escape;
use bellhop_core::work::{TelegramV1, Work};

use crate::metrics::METRICS;
use crate::ports::{Clock, Collection, Documents, NewDocument, PortResult, TaskLog, WorkQueue};

/// The kind of task that stands for a hook's whole part in an event, which could not be routed when it came. It has the id
/// of the first task that the routing would have made.
pub(crate) const ROUTE: &str = "route";

/// What the id of a notice's task ends with, after that of the task it is about.
const ENDING: &str = ".notice";

/// The longest reason a notice tells, in characters.
const REASON_CHARS: usize = 600;

/// For how long nothing more is told of a kind and destination, in milliseconds: an hour.
pub(crate) const QUIET_MS: u64 = 60 * 60 * 1000;

/// How long the notice of a message that held no event is kept, in milliseconds: 7 days.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// Tells the operator's chat, over these ports.
pub(crate) struct Notices<'a> {
    pub(crate) tasks: &'a dyn TaskLog,
    pub(crate) documents: &'a dyn Documents,
    pub(crate) queue: &'a dyn WorkQueue,
    pub(crate) clock: &'a dyn Clock,
    /// The chat; `None` where none is set.
    pub(crate) operator_chat: Option<&'a str>,
}

impl Notices<'_> {
    /// Counts and logs those of these tasks that are dead, and tells of the first of each kind and destination, unless one
    /// of these was told of within the hour.
    ///
    /// Call it before they are written down: a task that is written down as dead is not looked at again, and a notice is
    /// the same however often it is queued.
    pub(crate) async fn died(&self, tasks: &[Task]) -> PortResult<()> {
        let dead = tasks.iter().filter(|task| task.status == TaskStatus::Dead);
        for task in dead {
            METRICS.dead.add(1);
            let (id, reason) = (task.id.as_str(), task.reason.as_deref().unwrap_or_default());
            log::error!(event:% = task.event, task = id, status = "dead", reason; "task is dead");
            let collection = format!("{}:{}", task.kind, task.destination);
            // The same once more was cut short, and must not be lost by that.
            if self.told_of(&collection).await?.is_none_or(|told| told == id)
                && self.takes_turn(&collection, id).await?
            {
                self.tell(task).await?;
            }
        }
        Ok(())
    }

    /// Tells of a task that is dead, unless it is a notice itself, or meant for the operator's chat.
    pub(crate) async fn tell(&self, task: &Task) -> PortResult<()> {
        if is_notice(task) {
            return Ok(());
        }
        let Some(chat) = self.operator_chat.filter(|chat| *chat != task.destination) else {
            log::error!(event:% = task.event, chat = task.destination.as_str(); "nobody is told of dead tasks: `telegram.operator_chat` is not set, or is this chat");
            return Ok(());
        };
        let work = self.of(task, chat);
        // A notice that is queued and not yet recorded is recorded by whoever sends it; the other way round one that was
        // cut short in between would wait for ever.
        self.queue.send(std::slice::from_ref(&work)).await?;
        self.tasks.add(std::slice::from_ref(work.task())).await
    }

    /// Tells of a message of the inbox that was set aside and holds no event: what it is, and why.
    pub(crate) async fn lost(&self, what: &str, reason: &str) -> PortResult<()> {
        if self.told_of("inbox").await?.is_some() || !self.takes_turn("inbox", what).await? {
            return Ok(());
        }
        let Some(chat) = self.operator_chat else {
            log::error!("nobody is told of messages that were set aside: `telegram.operator_chat` is not set");
            return Ok(());
        };
        let (now, mut random) = (self.clock.now(), [0; 10]);
        self.clock.random(&mut random);
        let (event, hook) = (EventId::new(now, &random), HookId::from_text("inbox"));
        let id = TaskId::from_text(format!("{}{ENDING}", TaskId::new(event, &hook, 0)));
        let task = Task::queued(id, event, hook, "telegram", chat, now, now.plus_ms(KEPT_MS));
        let text = format!(
            "<b>A message of the inbox was set aside</b>, {}: {}.\nYou are not told of more of them for an hour.",
            escape(what),
            escape(beginning(reason, REASON_CHARS)),
        );
        self.queue.send(&[Work::TelegramV1(TelegramV1 { task, parts: vec![text], trace: None })]).await
    }

    /// What of a collection was told of within the hour.
    async fn told_of(&self, collection: &str) -> PortResult<Option<String>> {
        Ok(self.documents.document(Collection::Notice, collection).await?.map(|document| document.text))
    }

    /// Notes that something is told of, unless somebody else told of something of the collection at the same time.
    async fn takes_turn(&self, collection: &str, what: &str) -> PortResult<bool> {
        let expires = Some(self.clock.now().plus_ms(QUIET_MS));
        let document = NewDocument { collection: Collection::Notice, key: collection, text: what, expires };
        Ok(self.documents.swap(&document, None).await?
            || self.told_of(collection).await?.is_some_and(|told| told == what))
    }

    /// The notice that a task is dead, as work of its own.
    fn of(&self, task: &Task, operator_chat: &str) -> Work {
        // A task that was done again and died again is told of again.
        let which = if task.retries == 0 { String::new() } else { task.retries.to_string() };
        let (id, now) = (TaskId::from_text(format!("{}{ENDING}{which}", task.id)), self.clock.now());
        let notice = Task::queued(id, task.event, task.hook.clone(), "telegram", operator_chat, now, task.expires_at);
        Work::TelegramV1(TelegramV1 { task: notice, parts: vec![text(task)], trace: None })
    }
}

/// Whether a task is a notice.
pub(crate) fn is_notice(task: &Task) -> bool {
    subject_id(task).is_some()
}

/// The task that a notice is about, among its event's tasks.
pub(crate) fn subject<'a>(notice: &Task, tasks: &'a [Task]) -> Option<&'a Task> {
    let id = subject_id(notice)?;
    tasks.iter().find(|task| task.id.as_str() == id)
}

/// A notice's text.
pub(crate) fn text(task: &Task) -> String {
    let reason = escape(beginning(task.reason.as_deref().unwrap_or("no reason is known"), REASON_CHARS));
    let (id, chat) = (escape(task.id.as_str()), escape(&task.destination));
    if task.kind == ROUTE {
        return format!(
            "<b>An event could not be routed</b>: {reason}.\nIts task is <code>{id}</code>. You are not told of more of \
             them for an hour."
        );
    }
    let until = if task.attempts.is_empty() { "for an hour" } else { "until one has arrived there again" };
    format!(
        "<b>A message did not arrive</b> in the chat <code>{chat}</code>: {reason}.\nIts task is <code>{id}</code>. You are \
         not told of more of them {until}."
    )
}

/// The id of the task that a notice is about.
fn subject_id(task: &Task) -> Option<&str> {
    let (subject, which) = task.id.as_str().rsplit_once(ENDING)?;
    which.bytes().all(|byte| byte.is_ascii_digit()).then_some(subject)
}

#[cfg(test)]
mod tests;
