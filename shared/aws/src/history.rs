//! The record of events as people look at it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use bellhop_app::ports::{History, Page, PortError, PortResult, RecordedEvent};
use bellhop_core::event::EventHead;
use bellhop_core::id::EventId;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use futures_util::future::try_join_all;

use crate::Events;
use crate::events::{EVENT, REFUSED, event_row};
use crate::key::{Key, TASK, day, is_trouble};
use crate::newest::Newest;
use crate::record::{pack_erased, unpack_record};
use crate::table::{Row, number, read_document, read_packed, read_text};

/// How many events are read side by side where each is read by itself.
const READ_TOGETHER: usize = 16;

/// The condition that a row is there still, and no mark of its deletion.
const THERE: &str = "attribute_exists(pk) AND attribute_not_exists(deleted)";

#[async_trait]
impl History for Events {
    async fn events(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RecordedEvent>> {
        let list = Newest { kind: EVENT, older_than, oldest, most };
        let (found, next) = self.table.newest(list, made).await?;
        let mut items: Vec<_> = found.into_iter().map(|(_, recorded)| recorded).collect();
        self.overlay(&mut items).await?;
        Ok(Page { items, next })
    }

    async fn events_with_task(
        &self,
        status: TaskStatus,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Option<Page<RecordedEvent>>> {
        if !is_trouble(status) {
            return Ok(None);
        }
        let (ids, next) = self.table.events_in_trouble(status, older_than, oldest, most).await?;
        let mut items = Vec::new();
        for some in ids.chunks(READ_TOGETHER) {
            let recorded = try_join_all(some.iter().map(|id| self.recorded(*id))).await?;
            // The list may be out of date; the tasks are not.
            let stands = |one: &RecordedEvent| one.tasks.iter().any(|task| task.status == status);
            items.extend(recorded.into_iter().flatten().filter(stands));
        }
        Ok(Some(Page { items, next }))
    }

    async fn recorded(&self, id: EventId) -> PortResult<Option<RecordedEvent>> {
        let Some((_, row)) = self.row(id).await? else { return Ok(None) };
        let mut items = [made(&row)?];
        self.overlay(&mut items).await?;
        let [recorded] = items;
        Ok(Some(recorded))
    }

    async fn refused(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RefusedRequest>> {
        let list = Newest { kind: REFUSED, older_than, oldest, most };
        let (found, next) = self.table.newest(list, |row| read_document(row, "doc")).await?;
        Ok(Page { items: found.into_iter().map(|(_, refused)| refused).collect(), next })
    }

    async fn erase(&self, id: EventId, now: Timestamp) -> PortResult<bool> {
        let Some((key, row)) = self.row(id).await? else { return Ok(false) };
        let record = unpack_record(read_packed(&row, "record")?, id)?;
        let head = EventHead { headers: Vec::new(), erased_at: Some(now), ..record.head };
        let expires = Timestamp::from_seconds(number(&row, "expires_at").unwrap_or_default());
        self.bodies.delete(id).await?;
        // It may have been deleted meanwhile, and must not come back.
        self.table.put_if(event_row(&key, pack_erased(&head, &record.tasks)?, expires), THERE).await
    }

    async fn delete(&self, id: EventId) -> PortResult<()> {
        let pk = Key::of_day(TASK, id);
        let written = self.table.tasks_written(&pk, id, id).await?;
        let former = self.table.tasks_written(&Key::event(id).former().pk.replace(EVENT, TASK), id, id).await?;
        let event = self.row(id).await?;
        let made = match &event {
            Some((_, row)) => made(row)?.tasks,
            None => Vec::new(),
        };
        let tasks: BTreeSet<_> = written.iter().chain(&made).chain(&former).map(|task| &task.id).collect();
        let keys = tasks.into_iter().map(Key::task).chain(former.iter().map(|task| Key::task(&task.id).former()));
        let keys: Vec<_> = keys.collect();
        self.bodies.delete(id).await?;
        self.table.take_out(id, &made).await?;
        // The event last: as long as it is there, a deletion that was cut short is done again.
        try_join_all(keys.iter().map(|key| self.table.mark_deleted(key))).await?;
        let at = Key::event(id);
        match event {
            Some((key, _)) if key != at => self.table.mark_deleted(&key).await?,
            _ => {}
        }
        self.table.mark_deleted(&at).await
    }
}

impl Events {
    /// Puts what was written down of tasks in place of what they were when they were made; the events are newest first.
    async fn overlay(&self, events: &mut [RecordedEvent]) -> PortResult<()> {
        let mut spans: BTreeMap<String, (EventId, EventId)> = BTreeMap::new();
        for id in events.iter().map(|event| event.head.id) {
            // What versions before shards wrote comes first, so that what was written since overrules it.
            for pk in [format!("{TASK}#{}", day(id.accepted_at())), Key::of_day(TASK, id)] {
                spans.entry(pk).or_insert((id, id)).0 = id;
            }
        }
        let spans = spans.iter().map(|(pk, (oldest, newest))| self.table.tasks_written(pk, *oldest, *newest));
        let mut written: BTreeMap<EventId, Vec<Task>> = BTreeMap::new();
        for task in try_join_all(spans).await?.into_iter().flatten() {
            written.entry(task.id.event()).or_default().push(task);
        }
        for event in &mut *events {
            let made = std::mem::take(&mut event.tasks);
            let later = written.remove(&event.head.id).unwrap_or_default();
            let by_id: BTreeMap<_, _> = made.into_iter().chain(later).map(|task| (task.id.clone(), task)).collect();
            event.tasks = by_id.into_values().collect();
        }
        let mut tasks: Vec<_> = events.iter_mut().flat_map(|event| &mut event.tasks).collect();
        self.table.look_up(&mut tasks).await
    }
}

/// The event in a row, with its tasks as they were made.
fn made(row: &Row) -> PortResult<RecordedEvent> {
    let id = read_text(row, "sk")?.parse().map_err(|e| PortError::new("an event's key is unreadable", e))?;
    let record = unpack_record(read_packed(row, "record")?, id)?;
    Ok(RecordedEvent { head: record.head, tasks: record.tasks })
}
