//! Notices to the operator: messages of our own about what died. Whatever makes a task dead tells of it here.

use bellhop_core::action::Kind;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::telegram::beginning;
use bellhop_core::telegram::html::escape;
use bellhop_core::work::{Fallback, Work};

use crate::metrics::METRICS;
use crate::ports::{Clock, Collection, Documents, NewDocument, PortError, PortResult, TaskLog, WorkQueue};

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

    /// Queues what takes the place of those of these tasks that are dead.
    ///
    /// Call it before they are written down, as [`Notices::died`]: it is the same, however often it is queued, so it is done
    /// once.
    pub(crate) async fn fall_back<'t>(
        &self,
        ended: impl Iterator<Item = (&'t Task, Option<&'t Fallback>)>,
    ) -> PortResult<()> {
        let dead = ended.filter(|(task, _)| task.status == TaskStatus::Dead);
        let made = dead.filter_map(|(task, fallback)| Some(fallback?.in_place_of(task)));
        let made = made.collect::<Result<Vec<_>, _>>().map_err(|e| PortError::unreadable("a task's fallback", &e))?;
        let (tasks, messages): (Vec<Task>, Vec<_>) = made.into_iter().unzip();
        if tasks.is_empty() {
            return Ok(());
        }
        for task in &tasks {
            log::warn!(event:% = task.event, task = task.id.as_str(); "another action takes the place of one that is dead");
        }
        self.queue.send_queued(messages).await?;
        self.tasks.add(&tasks).await
    }

    /// Tells of a task that is dead, unless it is a notice itself, or meant for the operator's chat.
    pub(crate) async fn tell(&self, task: &Task) -> PortResult<()> {
        if is_notice(task) {
            return Ok(());
        }
        let Some(chat) = self.operator_chat.filter(|chat| task.kind != Kind::Telegram || *chat != task.destination)
        else {
            log::error!(event:% = task.event, destination = task.destination.as_str(); "nobody is told of dead tasks: `telegram.operator_chat` is not set, or is this chat");
            return Ok(());
        };
        let notice = self.of(task, chat);
        // A notice that is queued and not yet recorded is recorded by whoever sends it; the other way round one that was
        // cut short in between would wait for ever.
        self.say(&notice, text(task)).await?;
        self.tasks.add(&[notice]).await
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
        let id = TaskId::new(EventId::new(now, &random), &HookId::from_text("inbox"), 0).notice(0);
        let task = Task::queued(id, Kind::Telegram, chat, now, now.plus_ms(KEPT_MS));
        let text = format!(
            "<b>A message of the inbox was set aside</b>, {}: {}.\nYou are not told of more of them for an hour.",
            escape(what),
            escape(beginning(reason, REASON_CHARS)),
        );
        self.say(&task, text).await
    }

    /// Queues the text of a notice.
    async fn say(&self, notice: &Task, text: String) -> PortResult<()> {
        let message = Work::telegram(notice.clone(), vec![text]).queued_for_chat();
        self.queue.send_queued(vec![message.map_err(|e| PortError::new("a notice cannot be written", e))?]).await
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

    /// The notice that a task is dead, as a task of its own.
    fn of(&self, task: &Task, operator_chat: &str) -> Task {
        let id = task.id.notice(task.retries);
        Task::queued(id, Kind::Telegram, operator_chat, self.clock.now(), task.expires_at)
    }
}

/// Whether a task is a notice.
pub(crate) fn is_notice(task: &Task) -> bool {
    task.id.subject().is_some()
}

/// The task that a notice is about, among its event's tasks.
pub(crate) fn subject<'a>(notice: &Task, tasks: &'a [Task]) -> Option<&'a Task> {
    let id = notice.id.subject()?;
    tasks.iter().find(|task| task.id.as_str() == id)
}

/// A notice's text.
pub(crate) fn text(task: &Task) -> String {
    let reason = escape(beginning(task.reason.as_deref().unwrap_or("no reason is known"), REASON_CHARS));
    let (id, destination) = (escape(task.id.as_str()), escape(&task.destination));
    if task.kind == Kind::Route {
        return format!(
            "<b>An event could not be routed</b>: {reason}.\nIts task is <code>{id}</code>. You are not told of more of \
             them for an hour."
        );
    }
    let (what, whither) = task.kind.lost();
    let until = if task.attempts.is_empty() { "for an hour" } else { "until one has arrived there again" };
    format!(
        "<b>{what}</b> {whither} <code>{destination}</code>: {reason}.\nIts task is <code>{id}</code>. You are \
         not told of more of them {until}."
    )
}

#[cfg(test)]
mod tests;
