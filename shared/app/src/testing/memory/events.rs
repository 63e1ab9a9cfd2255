//! The record of events in memory.

use async_trait::async_trait;
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, Owner};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;

use super::{Memory, World, tasks};
use crate::ports::{Claim, EventLog, History, Page, PortResult, RecordedEvent};

/// An event, and when it expires.
pub(super) struct Kept {
    event: Event,
    expires: Timestamp,
}

/// A refused request, and when it expires.
pub(super) struct KeptRefusal {
    request: RefusedRequest,
    expires: Timestamp,
}

impl World {
    /// An event with its tasks, unless it has expired.
    fn recorded(&self, id: EventId, now: Timestamp) -> Option<RecordedEvent> {
        let kept = self.events.get(&id).filter(|kept| kept.expires > now)?;
        Some(RecordedEvent { head: kept.event.head.clone(), tasks: self.tasks_of(id) })
    }
}

#[async_trait]
impl EventLog for Memory {
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        self.call("claim_delivery", |world, _| {
            let claim = world.claims.entry((owner.clone(), delivery.to_owned())).or_insert((event, expires));
            if claim.1 <= event.accepted_at() {
                *claim = (event, expires);
            }
            if claim.0 == event { Claim::Ours } else { Claim::Duplicate(claim.0) }
        })
        .await
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        self.call("record", |world, _| {
            if world.events.contains_key(&event.head.id) || world.deleted_events.contains(&event.head.id) {
                return false;
            }
            world.events.insert(event.head.id, Kept { event: event.clone(), expires });
            for task in tasks {
                world.tasks.entry(task.id.clone()).or_insert_with(|| tasks::Kept::made(task));
            }
            true
        })
        .await
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        self.call("event", |world, now| {
            world.events.get(&id).filter(|kept| kept.expires > now).map(|kept| kept.event.clone())
        })
        .await
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        self.call("record_refused", |world, _| {
            let kept = || KeptRefusal { request: refused.clone(), expires };
            world.refused.entry(refused.id).or_insert_with(kept);
        })
        .await
    }
}

#[async_trait]
impl History for Memory {
    async fn events(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RecordedEvent>> {
        self.call("events", |world, now| {
            page(world.events.keys(), older_than, oldest, most, |id| world.recorded(id, now))
        })
        .await
    }

    async fn events_with_task(
        &self,
        status: TaskStatus,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Option<Page<RecordedEvent>>> {
        self.call("events_with_task", |world, now| {
            let wanted = |recorded: &RecordedEvent| recorded.tasks.iter().any(|task| task.status == status);
            Some(page(world.events.keys(), older_than, oldest, most, |id| world.recorded(id, now).filter(wanted)))
        })
        .await
    }

    async fn recorded(&self, id: EventId) -> PortResult<Option<RecordedEvent>> {
        self.call("recorded", |world, now| world.recorded(id, now)).await
    }

    async fn refused(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RefusedRequest>> {
        self.call("refused", |world, now| {
            page(world.refused.keys(), older_than, oldest, most, |id| {
                world.refused.get(&id).filter(|kept| kept.expires > now).map(|kept| kept.request.clone())
            })
        })
        .await
    }

    async fn erase(&self, id: EventId, now: Timestamp) -> PortResult<bool> {
        self.call("erase", |world, at| match world.events.get_mut(&id).filter(|kept| kept.expires > at) {
            Some(kept) => {
                kept.event.body.clear();
                kept.event.head.headers.clear();
                kept.event.head.erased_at = Some(now);
                true
            }
            None => false,
        })
        .await
    }

    async fn delete(&self, id: EventId) -> PortResult<()> {
        self.call("delete", |world, _| {
            world.events.remove(&id);
            world.deleted_events.insert(id);
            let tasks = world.tasks_of(id).into_iter().map(|task| task.id);
            world.deleted_tasks.extend(tasks);
            world.tasks.retain(|_, kept| kept.task.event != id);
        })
        .await
    }
}

/// A page of a list, newest first.
fn page<'a, T>(
    ids: impl DoubleEndedIterator<Item = &'a EventId>,
    older_than: Option<EventId>,
    oldest: Timestamp,
    most: usize,
    entry: impl Fn(EventId) -> Option<T>,
) -> Page<T> {
    let wanted = |id: &&EventId| older_than.is_none_or(|bound| **id < bound) && id.accepted_at() >= oldest;
    let mut found = ids.rev().filter(wanted).filter_map(|id| Some((*id, entry(*id)?)));
    let (mut items, mut last) = (Vec::new(), None);
    for (id, item) in found.by_ref().take(most) {
        items.push(item);
        last = Some(id);
    }
    let more = found.next().is_some();
    Page { items, next: last.filter(|_| more) }
}
