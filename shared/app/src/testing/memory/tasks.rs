//! The record of tasks in memory, and how often hooks had an event.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_core::id::{EventId, HookId, Owner, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{Collection, EventCount, EventCounts, Known, NewTurn, PortResult, TaskLog, Written};

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

    /// Writes tasks down.
    fn save(&mut self, tasks: &[Task], now: Timestamp) {
        for task in self.writable(tasks, now) {
            self.tasks.insert(task.id.clone(), Kept { task: task.clone(), written: true });
        }
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
    async fn destination(&self, key: &str, tasks: &[TaskId]) -> PortResult<Known> {
        self.call("destination", |world, now| {
            let text =
                world.note(&(Collection::Destination, key.to_owned()), now).map(|document| document.text.clone());
            let kept = tasks.iter().filter_map(|id| world.tasks.get(id).filter(|kept| !kept.written));
            let succeeded = kept.filter_map(|Kept { task, .. }| Some((task.id.clone(), task.plain_success()?.clone())));
            Known { text, place: String::new(), succeeded: succeeded.collect() }
        })
        .await
    }

    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        self.call("end_turn", |world, now| {
            world.save(turn.tasks, now);
            // Of what just succeeded it keeps as little as the thriftiest adapter.
            for (task, _) in turn.tasks.iter().zip(turn.unwritten).filter(|(_, unwritten)| **unwritten) {
                if task.plain_success().is_some()
                    && let Some(kept) = world.tasks.get_mut(&task.id)
                {
                    kept.written = false;
                }
            }
            let place = (turn.destination.collection, turn.destination.key.to_owned());
            let version = world.note(&place, now).map_or(0, |document| document.version);
            world.write(&turn.destination, version + 1);
        })
        .await
    }

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
        self.call("save", |world, now| world.save(tasks, now)).await
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
    async fn add(&self, owner: &Owner, events: u64, last: Timestamp) -> PortResult<()> {
        self.call("count", |world, _| {
            let count = world.counts.entry(owner.clone()).or_default();
            count.events += events;
            count.last = count.last.max(last);
        })
        .await
    }

    async fn counts(&self) -> PortResult<HashMap<Owner, EventCount>> {
        self.call("counts", |world, _| world.counts.clone()).await
    }
}
