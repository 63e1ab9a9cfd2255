//! The record of tasks in memory, and how often hooks had an event.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{EventCount, EventCounts, PortResult, TaskLog, Written};

/// A task, and whether it was written down since it was made with its event.
pub(super) struct Kept {
    pub(super) task: Task,
    written: bool,
}

impl Kept {
    /// A task as it was made with its event.
    pub(super) fn made(task: &Task) -> Self {
        Self { task: task.clone(), written: false }
    }
}

impl World {
    /// An event's tasks, by id.
    pub(super) fn tasks_of(&self, event: EventId) -> Vec<Task> {
        // No owner's id begins with less than this one.
        let begin = TaskId::new(event, &HookId::from_text("!"), 0);
        let of_event = self.tasks.range(begin..).take_while(|(id, _)| id.event() == event);
        of_event.map(|(_, kept)| kept.task.clone()).collect()
    }
}

impl World {
    /// Those of these tasks that are neither deleted nor expired.
    fn writable<'t>(&self, tasks: &'t [Task], now: Timestamp) -> Vec<&'t Task> {
        let writable = |task: &&Task| task.expires_at > now && !self.deleted_tasks.contains(&task.id);
        tasks.iter().filter(writable).collect()
    }
}

impl Memory {
    /// Every task as it stands.
    pub fn all_tasks(&self) -> Vec<Task> {
        self.world().tasks.values().map(|kept| kept.task.clone()).collect()
    }

    /// An event's tasks as they stand, by id.
    pub fn event_tasks(&self, event: EventId) -> Vec<Task> {
        self.world().tasks_of(event)
    }

    /// A task as it stands.
    pub fn task(&self, id: &TaskId) -> Option<Task> {
        self.world().tasks.get(id).map(|kept| kept.task.clone())
    }
}

#[async_trait]
impl TaskLog for Memory {
    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        self.call("written", |world, now| {
            let written = |id| match world.tasks.get(id).filter(|kept| kept.written && kept.task.expires_at > now) {
                Some(kept) => Written::Task(Box::new(kept.task.clone())),
                None if world.deleted_tasks.contains(id) => Written::Deleted,
                None => Written::Nothing,
            };
            ids.iter().map(written).collect()
        })
        .await
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        self.call("save", |world, now| {
            for task in world.writable(tasks, now) {
                world.tasks.insert(task.id.clone(), Kept { task: task.clone(), written: true });
            }
        })
        .await
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        self.call("add", |world, now| {
            for task in world.writable(tasks, now) {
                let kept = || Kept { task: task.clone(), written: true };
                world.tasks.entry(task.id.clone()).or_insert_with(kept);
            }
        })
        .await
    }
}

#[async_trait]
impl EventCounts for Memory {
    async fn add(&self, hook: &HookId, events: u64, last: Timestamp) -> PortResult<()> {
        self.call("count", |world, _| {
            let count = world.counts.entry(hook.clone()).or_default();
            count.events += events;
            count.last = count.last.max(last);
        })
        .await
    }

    async fn counts(&self) -> PortResult<HashMap<HookId, EventCount>> {
        self.call("counts", |world, _| world.counts.clone()).await
    }
}
