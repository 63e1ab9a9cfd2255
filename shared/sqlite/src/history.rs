//! The record of events, as people look at it, on the SQLite file.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{DELETED_KNOWN_MS, History, Page, PortError, PortResult, RecordedEvent};
use bellhop_core::event::EventHead;
use bellhop_core::id::EventId;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use serde::de::DeserializeOwned;

use crate::database::Database;
use crate::packed::{from_json, milliseconds, pack, signed};
use crate::tasks::standing;

#[async_trait]
impl History for Database {
    async fn events(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RecordedEvent>> {
        let part = Part { older_than, oldest, most, now: self.now() };
        let (rows, tasks) = self.read(|connection| {
            let rows = part.rows(
                connection,
                "SELECT id, head FROM events WHERE id < ?1 AND id >= ?2 AND expires_at > ?3 AND head <> ''
                 ORDER BY id DESC LIMIT ?4",
            )?;
            let tasks = match (rows.last(), rows.first()) {
                (Some((first, _)), Some((last, _))) => tasks_of(connection, first, last, part.now)?,
                _ => Vec::new(),
            };
            Ok((rows, tasks))
        })?;
        part.recorded(&rows, &tasks)
    }

    async fn events_with_task(
        &self,
        status: TaskStatus,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Option<Page<RecordedEvent>>> {
        let Some(standing) = standing(status) else { return Ok(None) };
        let part = Part { older_than, oldest, most, now: self.now() };
        let select = format!(
            "SELECT id, head FROM events WHERE id < ?1 AND id >= ?2 AND expires_at > ?3 AND head <> '' AND id IN (
                 SELECT substr(id, 1, 36) FROM tasks
                 WHERE standing = '{standing}' AND id < ?1 AND id >= ?2 AND expires_at > ?3
             ) ORDER BY id DESC LIMIT ?4"
        );
        let (rows, tasks) = self.read(|connection| {
            let rows = part.rows(connection, &select)?;
            let of_events = rows.iter().map(|(id, _)| tasks_of(connection, id, id, part.now));
            let tasks = of_events.collect::<rusqlite::Result<Vec<_>>>()?.concat();
            Ok((rows, tasks))
        })?;
        part.recorded(&rows, &tasks).map(Some)
    }

    async fn recorded(&self, id: EventId) -> PortResult<Option<RecordedEvent>> {
        let (id, now) = (id.to_string(), self.now());
        let row: Option<(String, Vec<String>)> = self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT head FROM events WHERE id = ?1 AND expires_at > ?2 AND head <> ''")?;
            let head = select.query_row((&id, milliseconds(now)), |row| row.get(0)).optional()?;
            head.map(|head| Ok((head, tasks_of(connection, &id, &id, now)?))).transpose()
        })?;
        let Some((head, tasks)) = row else {
            return Ok(None);
        };
        let tasks = tasks.iter().map(|doc| from_json(doc)).collect::<PortResult<_>>()?;
        Ok(Some(RecordedEvent { head: from_json(&head)?, tasks }))
    }

    async fn refused(
        &self,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<Page<RefusedRequest>> {
        let part = Part { older_than, oldest, most, now: self.now() };
        let rows = self.read(|connection| {
            part.rows(
                connection,
                "SELECT id, doc FROM refused WHERE id < ?1 AND id >= ?2 AND expires_at > ?3 ORDER BY id DESC LIMIT ?4",
            )
        })?;
        part.page(&rows)
    }

    async fn erase(&self, id: EventId, now: Timestamp) -> PortResult<bool> {
        let row = (id.to_string(), milliseconds(now), pack(&[])?, milliseconds(self.now()));
        self.erase_by(move |connection| {
            let mut update = connection.prepare_cached(
                "UPDATE events SET head = json_set(head, '$.headers', json('[]'), '$.erased_at', ?2), body = ?3
                 WHERE id = ?1 AND expires_at > ?4 AND head <> ''",
            )?;
            Ok(update.execute(row)? > 0)
        })
        .await
    }

    async fn delete(&self, id: EventId) -> PortResult<()> {
        let (id, known_until) = (id.to_string(), milliseconds(self.now().plus_ms(DELETED_KNOWN_MS)));
        self.erase_by(move |connection| {
            let mut mark = connection.prepare_cached(
                "INSERT INTO events (id, head, body, expires_at) VALUES (?1, '', x'', ?2)
                 ON CONFLICT (id) DO UPDATE SET head = '', body = x'', expires_at = excluded.expires_at",
            )?;
            mark.execute((&id, known_until))?;
            let (after, before) = tasks_between(&id, &id);
            // What is queued has a copy of its task, so it goes too; a worker that has it in hand finds the mark.
            let mut delete = connection.prepare_cached("DELETE FROM work WHERE key > ?1 AND key < ?2")?;
            delete.execute((&after, &before))?;
            let mut mark = connection.prepare_cached(
                "UPDATE tasks SET doc = '', written = 1, standing = NULL, expires_at = ?3 WHERE id > ?1 AND id < ?2 AND doc <> ''",
            )?;
            mark.execute((after, before, known_until)).map(|_| ())
        })
        .await
    }
}

/// The part of a list that is asked for.
struct Part {
    older_than: Option<EventId>,
    oldest: Timestamp,
    most: usize,
    now: Timestamp,
}

impl Part {
    /// Its rows, ids and documents, and one more where the list goes on.
    fn rows(&self, connection: &Connection, select: &str) -> rusqlite::Result<Vec<(String, String)>> {
        // An id has no letter so late.
        let before = self.older_than.map_or_else(|| "~".to_owned(), |id| id.to_string());
        let first = EventId::new(self.oldest, &[0; 10]).to_string();
        let mut select = connection.prepare_cached(select)?;
        let rows = select.query_map((before, first, milliseconds(self.now), signed(self.most + 1)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    /// The page of events that rows of them make with these tasks.
    fn recorded(&self, rows: &[(String, String)], tasks: &[String]) -> PortResult<Page<RecordedEvent>> {
        let mut tasks = by_event(tasks)?;
        let heads: Page<EventHead> = self.page(rows)?;
        let with_tasks = |head: EventHead| RecordedEvent { tasks: tasks.remove(&head.id).unwrap_or_default(), head };
        Ok(Page { items: heads.items.into_iter().map(with_tasks).collect(), next: heads.next })
    }

    /// The page that the rows make.
    fn page<T: DeserializeOwned>(&self, rows: &[(String, String)]) -> PortResult<Page<T>> {
        let shown = &rows[..rows.len().min(self.most)];
        let items = shown.iter().map(|(_, doc)| from_json(doc)).collect::<PortResult<_>>()?;
        let goes_on = shown.len() < rows.len();
        let last = shown.last().filter(|_| goes_on).map(|(id, _)| id.parse());
        let next = last.transpose().map_err(|e| PortError::new("a stored id is unreadable", e))?;
        Ok(Page { items, next })
    }
}

/// The documents of the tasks of all events from one to another, by id, read at once.
fn tasks_of(connection: &Connection, from: &str, to: &str, now: Timestamp) -> rusqlite::Result<Vec<String>> {
    let (after, before) = tasks_between(from, to);
    let mut select = connection.prepare_cached(
        "SELECT doc FROM tasks WHERE id > ?1 AND id < ?2 AND expires_at > ?3 AND doc <> '' ORDER BY id",
    )?;
    select.query_map((after, before, milliseconds(now)), |row| row.get(0))?.collect()
}

/// What the ids of the tasks of all events from one to another are between: each begins with its event's id and a dot.
fn tasks_between(from: &str, to: &str) -> (String, String) {
    // In ASCII the slash follows the dot.
    (format!("{from}."), format!("{to}/"))
}

/// Tasks by their events.
fn by_event(docs: &[String]) -> PortResult<HashMap<EventId, Vec<Task>>> {
    let mut tasks: HashMap<EventId, Vec<Task>> = HashMap::new();
    for doc in docs {
        let task: Task = from_json(doc)?;
        tasks.entry(task.event).or_default().push(task);
    }
    Ok(tasks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellhop_app::ports::SendWork as _;
    use bellhop_core::action::Kind;
    use bellhop_core::id::{HookId, TaskId};
    use bellhop_core::work::Work;

    #[tokio::test]
    async fn what_is_queued_of_a_deleted_event_is_not_sent_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let events: Vec<_> = (1..=3).map(|n| EventId::new(Timestamp::from_ms(5), &[n; 10])).collect();
        let work = events.iter().map(|event| {
            let (hook, never) = (HookId::from_text("hk_1"), Timestamp::from_ms(u64::MAX));
            let id = TaskId::new(*event, &hook, 0);
            let task = Task::queued(id, Kind::Telegram, "5", never, never);
            Work::telegram(task, Vec::new())
        });
        let work: Vec<_> = work.collect();
        database.send(&work).await.unwrap();
        database.delete(events[1]).await.unwrap();
        let left: Vec<_> = database.group_work("telegram", "5", 9).unwrap().into_iter().map(|row| row.key).collect();
        assert_eq!(left, [work[0].key(), work[2].key()]);
    }
}
