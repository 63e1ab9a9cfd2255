//! What happened: events, their tasks and refused requests, to look at, to do again and to delete.

mod redo;
mod walk;

use std::collections::HashSet;
use std::sync::Arc;

use bellhop_core::action::Kind;
use bellhop_core::event::Event;
use bellhop_core::filter::type_passes;
use bellhop_core::hook::Hook;
use bellhop_core::id::{EventId, HookId, Owner, TaskId};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use futures_util::future::try_join_all;

pub use redo::{NotRedone, Redo};
pub use walk::{Slice, Window};

use crate::ports::{Clock, EventLog, History, HookReader, PortResult, RecordedEvent};
use walk::{Among, Entry};

/// How many events are deleted side by side, so that one emptying of a log serves them all.
const DELETED_TOGETHER: usize = 32;

/// What happened, for reading and deleting.
pub struct Records {
    /// The record of events.
    pub history: Arc<dyn History>,
    /// The same, for their bodies.
    pub events: Arc<dyn EventLog>,
    /// The hooks, for their names and for how long events live.
    pub hooks: Arc<dyn HookReader>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Which events are wanted; a field that is absent lets all through.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Those of this owner.
    pub owner: Option<Owner>,
    /// Those of this sender.
    pub sender: Option<String>,
    /// Those of a type that this pattern matches.
    pub event_type: Option<String>,
    /// Those with a task that stands so.
    pub status: Option<TaskStatus>,
    /// Those that are another copy of a delivery at some owner.
    pub duplicate: bool,
    /// Those made to try a hook out.
    pub test: bool,
    /// Those with this text in their delivery id.
    pub delivery: Option<String>,
}

/// Which tasks are wanted; a field that is absent lets all through.
#[derive(Debug, Clone, Default)]
pub struct TaskFilter {
    /// Those of this owner.
    pub owner: Option<Owner>,
    /// Those that stand so.
    pub status: Option<TaskStatus>,
    /// Those of this kind.
    pub kind: Option<Kind>,
}

/// One event with all that is known of it.
#[derive(Debug)]
pub struct Whole {
    /// The event.
    pub event: Event,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// Those of its hooks that still exist.
    pub hooks: Vec<Hook>,
    /// The paths that are secrets.
    pub secret_paths: HashSet<String>,
}

/// What a purge did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// How many events were deleted.
    pub deleted: usize,
    /// How many stayed because they are another owner's too.
    pub kept: usize,
    /// Where it goes on, if it does.
    pub next: Option<EventId>,
}

/// A task and the event it belongs to.
#[derive(Debug)]
pub struct Found {
    /// The event's type.
    pub event_type: Option<String>,
    /// The event's sender.
    pub sender: String,
    /// The task.
    pub task: Task,
}

impl EventFilter {
    /// Whether an event is wanted.
    fn takes(&self, recorded: &RecordedEvent) -> bool {
        let head = &recorded.head;
        let typed = |pattern: &String| type_passes(std::slice::from_ref(pattern), head.event_type.as_deref());
        let delivered = |text: &String| head.delivery_id.as_ref().is_some_and(|id| id.contains(text.as_str()));
        self.owner.as_ref().is_none_or(|owner| head.is_of(owner))
            && self.sender.as_ref().is_none_or(|sender| *sender == head.sender)
            && self.event_type.as_ref().is_none_or(typed)
            && self.status.is_none_or(|status| recorded.tasks.iter().any(|task| task.status == status))
            && (!self.duplicate || !head.duplicates.is_empty())
            && (!self.test || head.test)
            && self.delivery.as_ref().is_none_or(delivered)
    }
}

impl TaskFilter {
    /// Whether a task is wanted.
    fn takes(&self, task: &Task) -> bool {
        self.owner.as_ref().is_none_or(|owner| task.owner == *owner)
            && self.status.is_none_or(|status| task.status == status)
            && self.kind.is_none_or(|kind| task.kind == kind)
    }
}

impl Records {
    /// Events, newest first.
    pub async fn events(&self, window: &Window, filter: &EventFilter) -> PortResult<Slice<RecordedEvent>> {
        let take = |entry| match entry {
            Entry::Event(recorded) if filter.takes(&recorded) => vec![recorded],
            _ => Vec::new(),
        };
        self.walk(Among::Events(filter.status), window, take).await
    }

    /// Refused requests, newest first.
    pub async fn refused(&self, window: &Window, hook: Option<&HookId>) -> PortResult<Slice<RefusedRequest>> {
        let take = |entry| match entry {
            Entry::Refused(refused) if hook.is_none_or(|hook| refused.hook.as_ref() == Some(hook)) => vec![refused],
            _ => Vec::new(),
        };
        self.walk(Among::Refused, window, take).await
    }

    /// Tasks, those of the newest event first; the list breaks between events, so it may be a little longer than asked.
    pub async fn tasks(&self, window: &Window, filter: &TaskFilter) -> PortResult<Slice<Found>> {
        let take = |entry| match entry {
            Entry::Event(RecordedEvent { head, tasks }) => {
                let wanted = tasks.into_iter().filter(|task| filter.takes(task));
                let found = |task| Found { event_type: head.event_type.clone(), sender: head.sender.clone(), task };
                wanted.map(found).collect()
            }
            Entry::Refused(_) => Vec::new(),
        };
        self.walk(Among::Events(filter.status), window, take).await
    }

    /// The paths that are some hook's secret: who may see events may not therefore post some.
    pub async fn secret_paths(&self) -> PortResult<HashSet<String>> {
        let (hooks, _) = self.hooks.hooks_and_settings().await?;
        Ok(secret_paths(&hooks))
    }

    /// One event with its body, tasks and hooks.
    pub async fn event(&self, id: EventId) -> PortResult<Option<Whole>> {
        let (Some(recorded), Some(event)) = (self.history.recorded(id).await?, self.events.event(id).await?) else {
            return Ok(None);
        };
        let (mut hooks, _) = self.hooks.hooks_and_settings().await?;
        let secret_paths = secret_paths(&hooks);
        hooks.retain(|hook| event.head.hooks().any(|id| *id == hook.id));
        Ok(Some(Whole { event, tasks: recorded.tasks, hooks, secret_paths }))
    }

    /// One task.
    pub async fn task(&self, id: &TaskId) -> PortResult<Option<Found>> {
        find(self.history.as_ref(), id).await
    }

    /// Deletes an event's headers and body; says whether there was such an event.
    pub async fn erase(&self, id: EventId) -> PortResult<bool> {
        let erased = self.history.erase(id, self.clock.now()).await?;
        log::info!(event:% = id, erased; "content erased on request");
        Ok(erased)
    }

    /// Deletes events of this owner alone, the newest in the window first.
    pub async fn purge(&self, window: &Window, owner: &Owner) -> PortResult<Purged> {
        let mut kept = 0;
        let take = |entry| match entry {
            Entry::Event(RecordedEvent { head, .. }) if head.is_of(owner) => {
                if head.owners.iter().any(|proof| proof.owner != *owner) {
                    kept += 1;
                    return Vec::new();
                }
                vec![head.id]
            }
            _ => Vec::new(),
        };
        let Slice { items, next } = self.walk(Among::Events(None), window, take).await?;
        for some in items.chunks(DELETED_TOGETHER) {
            try_join_all(some.iter().map(|id| self.history.delete(*id))).await?;
        }
        log::info!(owner = owner.as_str(), deleted = items.len(), kept; "events purged");
        Ok(Purged { deleted: items.len(), kept, next })
    }
}

/// The paths of those hooks whose path is their secret.
fn secret_paths(hooks: &[Hook]) -> HashSet<String> {
    hooks.iter().filter(|hook| hook.has_secret_path()).map(|hook| hook.path.clone()).collect()
}

/// A task, found by the event that its id begins with.
async fn find(history: &dyn History, id: &TaskId) -> PortResult<Option<Found>> {
    let Some(RecordedEvent { head, tasks }) = history.recorded(id.event()).await? else {
        return Ok(None);
    };
    let task = tasks.into_iter().find(|task| task.id == *id);
    Ok(task.map(|task| Found { event_type: head.event_type, sender: head.sender, task }))
}
