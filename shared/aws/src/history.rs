//! The record of events as people look at it.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use bellhop_app::ports::{History, Page, PortResult, RecordedEvent};
use bellhop_core::event::EventHead;
use bellhop_core::id::EventId;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use futures_util::future::try_join_all;

use crate::Events;
use crate::events::event_row;
use crate::newest::Newest;
use crate::record::{pack_erased, unpack_record};
use crate::table::{Key, Row, day, number, read_document, read_packed};

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
        let list = Newest { kind: "EVENT", older_than, oldest, most };
        let (found, next) = self.table.newest(list, made).await?;
        let mut items: Vec<_> = found.into_iter().map(|(_, recorded)| recorded).collect();
        self.overlay(&mut items).await?;
        Ok(Page { items, next })
    }

    async fn events_with_task(
        &self,
        _status: TaskStatus,
        _older_than: Option<EventId>,
        _oldest: Timestamp,
        _most: usize,
    ) -> PortResult<Option<Page<RecordedEvent>>> {
        Ok(None)
    }

    async fn recorded(&self, id: EventId) -> PortResult<Option<RecordedEvent>> {
        let Some(row) = self.row(id).await? else { return Ok(None) };
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
        let list = Newest { kind: "REFUSED", older_than, oldest, most };
        let (found, next) = self.table.newest(list, |row| read_document(row, "doc")).await?;
        Ok(Page { items: found.into_iter().map(|(_, refused)| refused).collect(), next })
    }

    async fn erase(&self, id: EventId, now: Timestamp) -> PortResult<bool> {
        let Some(row) = self.row(id).await? else { return Ok(false) };
        let record = unpack_record(read_packed(&row, "record")?)?;
        let head = EventHead { headers: Vec::new(), erased_at: Some(now), ..record.head };
        let expires = Timestamp::from_seconds(number(&row, "expires_at").unwrap_or_default());
        self.bodies.delete(id).await?;
        // It may have been deleted meanwhile, and must not come back.
        self.table.put_if(event_row(id, pack_erased(&head, &record.tasks)?, expires), THERE).await
    }

    async fn delete(&self, id: EventId) -> PortResult<()> {
        let written = self.table.tasks_written(id, id).await?;
        let made = match self.row(id).await? {
            Some(row) => made(&row)?.tasks,
            None => Vec::new(),
        };
        let tasks: BTreeSet<_> = written.into_iter().chain(made).map(|task| task.id).collect();
        let keys: Vec<_> = tasks.iter().map(Key::task).collect();
        self.bodies.delete(id).await?;
        // The event last: as long as it is there, a deletion that was cut short is done again.
        try_join_all(keys.iter().map(|key| self.table.mark_deleted(key))).await?;
        self.table.mark_deleted(&Key::event(id)).await
    }
}

impl Events {
    /// Puts what was written down of tasks in place of what they were when they were made; the events are in order.
    async fn overlay(&self, events: &mut [RecordedEvent]) -> PortResult<()> {
        let day_of = |event: &RecordedEvent| day(event.head.id.accepted_at());
        let days: Vec<_> = events.chunk_by_mut(|a, b| day_of(a) == day_of(b)).collect();
        try_join_all(days.into_iter().map(|events| async move {
            let (Some(newest), Some(oldest)) = (events.first(), events.last()) else { return Ok(()) };
            let mut written: BTreeMap<EventId, Vec<Task>> = BTreeMap::new();
            for task in self.table.tasks_written(oldest.head.id, newest.head.id).await? {
                written.entry(task.event).or_default().push(task);
            }
            for event in events {
                let made = std::mem::take(&mut event.tasks);
                let later = written.remove(&event.head.id).unwrap_or_default();
                let by_id: BTreeMap<_, _> = made.into_iter().chain(later).map(|task| (task.id.clone(), task)).collect();
                event.tasks = by_id.into_values().collect();
            }
            Ok(())
        }))
        .await
        .map(|_: Vec<()>| ())
    }
}

/// The event in a row, with its tasks as they were made.
fn made(row: &Row) -> PortResult<RecordedEvent> {
    let record = unpack_record(read_packed(row, "record")?)?;
    Ok(RecordedEvent { head: record.head, tasks: record.tasks })
}
