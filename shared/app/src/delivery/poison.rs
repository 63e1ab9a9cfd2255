//! Sets poison aside: what can never be done gets dead tasks, so that people see it, are told of it, and can do it again.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bellhop_core::action::Kind;
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::inbox::{self, Read};
use bellhop_core::order::Order;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Fallback, Work};

use super::{Notices, destination, outcome};
use crate::ports::{Clock, Documents, EventLog, History, PortResult, SettingsReader, TaskLog, WorkQueue, Written};

/// Sets aside what the router cannot do.
pub struct Poison {
    /// The record of events.
    pub events: Arc<dyn EventLog>,
    /// The same, with the tasks as they stand.
    pub history: Arc<dyn History>,
    /// The record of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// What the operator was told of lately.
    pub documents: Arc<dyn Documents>,
    /// Where notices are queued.
    pub queue: Arc<dyn WorkQueue>,
    /// What holds for all hooks.
    pub settings: Arc<dyn SettingsReader>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Poison {
    /// Records the event in an inbox message with dead tasks, and tells of it; false where there is no event in it, so that
    /// the message itself must be kept.
    pub async fn message(&self, message: &[u8], reason: &str) -> PortResult<bool> {
        let (settings, now) = (self.settings.settings().await?, self.clock.now());
        let notices = self.notices(settings.operator_chat.as_deref());
        let expires = settings.expiry(now);
        // The router may have panicked over reading it.
        let read = std::panic::catch_unwind(AssertUnwindSafe(|| poisoned(message, reason, now, expires)));
        let Some((event, tasks)) = read.ok().flatten() else {
            let what = described(message);
            log::error!(what, reason; "a message without an event can never be handled");
            notices.lost(&what, reason).await?;
            return Ok(false);
        };
        match self.events.record(&event, &tasks, expires).await? {
            true => notices.died(&tasks).await?,
            false => self.end_tasks(&notices, event.head.id, reason).await?,
        }
        Ok(true)
    }

    /// Keeps a message aside that nobody may even read, for that is what ended the process; only tells of it.
    pub async fn unread(&self, reason: &str) -> PortResult<()> {
        let settings = self.settings.settings().await?;
        self.notices(settings.operator_chat.as_deref()).lost("one that cannot even be read", reason).await
    }

    /// Writes down that the task in a worker's message is dead, and tells of it.
    pub async fn work(&self, work: &Work, reason: &str) -> PortResult<()> {
        let settings = self.settings.settings().await?;
        bury(&self.notices(settings.operator_chat.as_deref()), work, reason).await
    }

    /// The same for a task of which nothing more is known than its id, and what takes its place, if anything does.
    pub async fn task(&self, id: &TaskId, fallback: Option<&Fallback>, reason: &str) -> PortResult<()> {
        let settings = self.settings.settings().await?;
        let tasks = self.history.recorded(id.event()).await?.map(|recorded| recorded.tasks).unwrap_or_default();
        let task = tasks.into_iter().find(|task| task.id == *id && !task.status.is_final());
        let dead: Vec<_> = task.into_iter().map(|task| dead(task, reason, self.clock.now())).collect();
        let notices = self.notices(settings.operator_chat.as_deref());
        notices.died(&dead).await?;
        notices.fall_back(dead.iter().map(|task| (task, fallback))).await?;
        self.tasks.save(&dead).await
    }

    /// Ends the tasks of an event that was recorded before its router failed, so that their work may never have been
    /// queued; those that a worker has begun go on.
    async fn end_tasks(&self, notices: &Notices<'_>, event: EventId, reason: &str) -> PortResult<()> {
        let recorded = self.history.recorded(event).await?;
        let tasks = recorded.map(|recorded| recorded.tasks).unwrap_or_default();
        let again = |task: &Task| task.replay.is_some() || task.retries > 0;
        let waits = |task: &Task| task.status == TaskStatus::Queued && task.attempts.is_empty() && !again(task);
        let (waiting, others): (Vec<_>, Vec<_>) = tasks.into_iter().partition(waits);
        let ended: Vec<_> = waiting.into_iter().map(|task| dead(task, reason, self.clock.now())).collect();
        // Recorded so by a run that was cut short before it told anybody.
        for task in others.iter().filter(|task| task.kind == Kind::Route && task.status == TaskStatus::Dead) {
            notices.died(std::slice::from_ref(task)).await?;
        }
        notices.died(&ended).await?;
        self.tasks.save(&ended).await
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
}

/// Writes down that the task in a worker's message is dead, unless it has ended, was asked for again since, or is deleted.
pub(crate) async fn bury(notices: &Notices<'_>, work: &Work, reason: &str) -> PortResult<()> {
    let copy = &work.task;
    let ids = std::slice::from_ref(&copy.id);
    let mut written = notices.tasks.written(ids).await?.pop().unwrap_or(Written::Nothing);
    if written == Written::Nothing && copy.kind.shares_pace() {
        let known = notices.tasks.destination(&destination::key(copy.kind, &work.line()), ids).await?;
        outcome::look_up(copy, &known.succeeded, &mut written);
    }
    let task = match written {
        Written::Task(task) => *task,
        Written::Deleted => return Ok(()),
        Written::Nothing => copy.clone(),
    };
    if task.status.is_final() || task.retries != copy.retries {
        return Ok(());
    }
    let dead = [dead(task, reason, notices.clock.now())];
    notices.died(&dead).await?;
    notices.fall_back(std::iter::once((&dead[0], work.fallback.as_ref()))).await?;
    notices.tasks.save(&dead).await
}

/// A task as it ends.
fn dead(mut task: Task, reason: &str, now: Timestamp) -> Task {
    task.die(reason);
    Task { due_at: now, ..task }
}

/// What a message without an event is, for people; nothing of what a sender wrote.
fn described(message: &[u8]) -> String {
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| inbox::read(message)));
    match read {
        Ok(Ok(Read::Order(Order::RetryV1 { task, .. }))) => format!("an order to retry the task {task}"),
        Ok(Ok(Read::Order(Order::ReplayV1 { replay }))) => format!("an order to go on with the replay {replay}"),
        Ok(Ok(Read::Order(Order::RefusedV1(refused)))) => format!("the record of the refused request {}", refused.id),
        _ => "one that is not Bellhop's".to_owned(),
    }
}

/// The event in a message that cannot be routed, and a dead task for each of its owners.
///
/// There is none where the message is an order or cannot be read. An event whose body is kept elsewhere comes without it.
fn poisoned(message: &[u8], reason: &str, now: Timestamp, expires: Timestamp) -> Option<(Event, Vec<Task>)> {
    let event = match inbox::read(message).ok()? {
        Read::Whole(event) => event,
        Read::Claim(head) => Event { head, body: Vec::new() },
        Read::Order(_) => return None,
    };
    let (id, test) = (event.head.id, event.head.test);
    let tasks = event.head.owners.iter().map(|proof| {
        let task = Task::queued(TaskId::new(id, &proof.owner, 0), Kind::Route, "router", now, expires);
        Task { test, ..dead(task, reason, now) }
    });
    let tasks = tasks.collect();
    Some((event, tasks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_core::event::Proof;
    use bellhop_core::id::{EventId, Owner, ReplayId};
    use bellhop_core::inbox::{Message, order_text};
    use bellhop_core::order::Order;

    fn message(body: &[u8]) -> Message<'_> {
        let proof = |owner: &str| Proof::new(Owner::from_text(owner), None);
        Message {
            id: EventId::new(Timestamp::from_ms(5), &[3; 10]),
            path: "github",
            sender: "github",
            event_type: Some("push"),
            delivery_id: None,
            received_at: Timestamp::from_ms(5),
            source_ip: None,
            query: None,
            headers: vec![("user-agent", "a".to_owned())],
            owners: vec![proof("hk_1"), proof("jb_2")],
            body,
            test: true,
        }
    }

    #[test]
    fn an_event_is_kept_with_a_dead_task_for_each_of_its_owners() {
        let (now, expires) = (Timestamp::from_ms(7), Timestamp::from_ms(9));
        let whole = message(b"[1]");
        for (bytes, body) in [(whole.to_bytes(), &b"[1]"[..]), (whole.to_claim().into_bytes(), b"")] {
            let (event, tasks) = poisoned(&bytes, "because", now, expires).unwrap();
            assert_eq!((event.head.id, event.head.body_bytes, event.body.as_slice()), (whole.id, 3, body));
            let owners: Vec<_> = tasks.iter().map(|task| task.owner.clone()).collect();
            assert_eq!(owners, ["hk_1", "jb_2"].map(Owner::from_text));
            for task in tasks {
                assert_eq!((task.kind, task.destination.as_str()), (Kind::Route, "router"));
                assert_eq!((task.status, task.reason.as_deref()), (TaskStatus::Dead, Some("because")));
                assert_eq!((task.event, task.created_at, task.expires_at, task.test), (whole.id, now, expires, true));
            }
        }
    }

    #[test]
    fn orders_and_what_is_cut_hold_no_event() {
        let now = Timestamp::from_ms(7);
        let order = order_text(&Order::ReplayV1 { replay: ReplayId::from_text("rp_1") });
        let cut = message(b"body").to_bytes();
        for bytes in [order.as_bytes(), &cut[..cut.len() - 1], b"", b"nonsense"] {
            assert_eq!(poisoned(bytes, "because", now, now), None, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
