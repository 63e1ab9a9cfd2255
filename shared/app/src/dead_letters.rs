//! Makes dead tasks of what the queues have put aside, so that people see what crashed a function again and again, and
//! can do it anew.

use std::sync::Arc;

use bellhop_core::id::EventId;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::work::Work;

use crate::metrics::METRICS;
use crate::ports::{Clock, DeadLetter, DeadLetters, EventLog, History, HookReader, PortError, PortResult, TaskLog};
use crate::routing::poisoned;

/// Why such a task is dead.
const ROUTER_FAILED: &str = "the router failed on its event too often";
const WORKER_FAILED: &str = "a worker failed on it too often";

/// How often a queue is asked for more in one run.
const MOST_ROUNDS: usize = 20;

/// Works through the dead letters.
pub struct Drain {
    /// What the inbox has put aside.
    pub inbox: Arc<dyn DeadLetters>,
    /// What the Telegram queue has put aside.
    pub telegram: Arc<dyn DeadLetters>,
    /// The record of events.
    pub events: Arc<dyn EventLog>,
    /// The record of events, for reading.
    pub history: Arc<dyn History>,
    /// The record of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// What holds for all hooks.
    pub hooks: Arc<dyn HookReader>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Which queue a letter is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Inbox,
    Telegram,
}

impl Drain {
    /// Records what can be read of the dead letters and deletes it from its queue; what cannot be read is logged and stays.
    pub async fn run(&self) -> PortResult<()> {
        let (inbox, telegram) = (self.drain(&*self.inbox, From::Inbox), self.drain(&*self.telegram, From::Telegram));
        let (inbox, telegram) = futures_util::future::join(inbox, telegram).await;
        inbox.and(telegram)
    }

    /// Works through one queue.
    async fn drain(&self, queue: &dyn DeadLetters, from: From) -> PortResult<()> {
        for _ in 0..MOST_ROUNDS {
            let letters = queue.receive().await?;
            if letters.is_empty() {
                break;
            }
            let (mut recorded, mut trouble) = (Vec::new(), None);
            for letter in letters {
                let done = match from {
                    From::Inbox => self.record_event(&letter).await,
                    From::Telegram => self.record_task(&letter).await,
                };
                match done {
                    Ok(true) => recorded.push(letter.receipt),
                    Ok(false) => {
                        log::error!(message_id = letter.id.as_str(), queue:? = from; "dead letter left: nothing can be read in it");
                    }
                    Err(error) => trouble = Some(error),
                }
            }
            queue.delete(&recorded).await?;
            if let Some(error) = trouble {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Records the event in an inbox message with dead tasks; false where no event can be read in it.
    async fn record_event(&self, letter: &DeadLetter) -> PortResult<bool> {
        let now = self.clock.now();
        let expires = self.hooks.settings().await?.expiry(now);
        let Some((event, tasks)) = poisoned(letter.body.as_bytes(), ROUTER_FAILED, now, expires) else {
            return Ok(false);
        };
        let id = event.head.id;
        match self.events.record(&event, &tasks, expires).await? {
            true => METRICS.dead.add(tasks.len() as u64),
            false => self.end_tasks(id).await?,
        }
        log::error!(event:% = id, message_id = letter.id.as_str(); "event is dead: the router failed on it too often");
        Ok(true)
    }

    /// Ends the tasks of an event that was recorded before its router failed, so that their work may never have been
    /// queued; those that a worker has begun go on.
    async fn end_tasks(&self, event: EventId) -> PortResult<()> {
        let recorded = self.history.recorded(event).await?.ok_or_else(|| PortError::new("an event is gone", event))?;
        let anew = |task: &Task| task.replay.is_some() || task.retries > 0;
        let waiting = |task: &Task| task.status == TaskStatus::Queued && task.attempts.is_empty() && !anew(task);
        let tasks: Vec<_> =
            recorded.tasks.into_iter().filter(waiting).map(|task| self.dead(task, ROUTER_FAILED)).collect();
        self.tasks.save(&tasks).await
    }

    /// Writes down that the task in a worker's message is dead; false where no task can be read in it.
    async fn record_task(&self, letter: &DeadLetter) -> PortResult<bool> {
        let Ok(work) = serde_json::from_str::<Work>(&letter.body) else { return Ok(false) };
        let copy = work.task();
        let written = self.tasks.written(std::slice::from_ref(&copy.id)).await?.pop().flatten();
        let task = written.unwrap_or_else(|| copy.clone());
        // What has ended, or was asked for anew since, has nothing to do with this message any more.
        if !task.status.is_final() && task.retries == copy.retries {
            let task = self.dead(task, WORKER_FAILED);
            log::error!(event:% = task.event, task = task.id.as_str(), status = "dead", detail = WORKER_FAILED; "task is dead");
            self.tasks.save(&[task]).await?;
        }
        Ok(true)
    }

    /// A task as it ends.
    fn dead(&self, task: Task, reason: &str) -> Task {
        METRICS.dead.add(1);
        Task { status: TaskStatus::Dead, reason: Some(reason.to_owned()), due_at: self.clock.now(), ..task }
    }
}

#[cfg(test)]
mod tests;
