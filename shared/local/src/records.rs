//! The record of events and tasks, and the chat book, on the SQLite file.

use std::io::{Read as _, Write as _};

use async_trait::async_trait;
use bellhop_app::ports::{ChatBook, ChatEntry, Claim, EventLog, PortError, PortResult, Start, TaskLog};
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::Database;

/// The longest body that is ever unpacked, in bytes.
const MOST_BODY_BYTES: u64 = 26 * 1024 * 1024;

#[async_trait]
impl EventLog for Database {
    async fn claim_delivery(
        &self,
        hook: &HookId,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        let (hook, delivery) = (hook.as_str().to_owned(), delivery.to_owned());
        let now = milliseconds(event.accepted_at());
        let first: String = self
            .write(move |connection| {
                let mut claim = connection.prepare_cached(
                    "INSERT INTO claims (hook, delivery, event, expires_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (hook, delivery) DO UPDATE SET
                        event = iif(expires_at <= ?5, excluded.event, event),
                        expires_at = iif(expires_at <= ?5, excluded.expires_at, expires_at)
                     RETURNING event",
                )?;
                claim.query_row((hook, delivery, event.to_string(), milliseconds(expires), now), |row| row.get(0))
            })
            .await?;
        let first: EventId = first.parse().map_err(|e| PortError::new("a claim is unreadable", e))?;
        Ok(if first == event { Claim::Ours } else { Claim::Duplicate(first) })
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<()> {
        let (id, head, body) = (event.head.id.to_string(), to_json(&event.head)?, pack(&event.body));
        let tasks = tasks.iter().map(|task| Ok((task.clone(), to_json(task)?))).collect::<PortResult<Vec<_>>>()?;
        let expires = milliseconds(expires);
        self.write(move |connection| {
            connection
                .prepare_cached("INSERT OR IGNORE INTO events (id, head, body, expires_at) VALUES (?1, ?2, ?3, ?4)")?
                .execute((id, head, body, expires))?;
            let mut insert = connection.prepare_cached(
                "INSERT OR IGNORE INTO tasks (id, status, due_at, doc, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for (task, doc) in tasks {
                insert.execute((task.id.as_str(), task.status.as_str(), milliseconds(task.due_at), doc, expires))?;
            }
            Ok(())
        })
        .await
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        let row: Option<(String, Vec<u8>)> = self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT head, body FROM events WHERE id = ?1")?;
            select.query_row([id.to_string()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })?;
        let Some((head, body)) = row else {
            return Ok(None);
        };
        let head = from_json(&head)?;
        Ok(Some(Event { head, body: unpack(&body)? }))
    }
}

#[async_trait]
impl TaskLog for Database {
    async fn start(&self, id: &TaskId, now: Timestamp, lease_ends: Timestamp) -> PortResult<Start> {
        let starts = self.start_all(std::slice::from_ref(id), now, lease_ends).await?;
        starts.into_iter().next().ok_or_else(|| PortError::new("a start was not decided", id))
    }

    async fn start_all(&self, ids: &[TaskId], now: Timestamp, lease_ends: Timestamp) -> PortResult<Vec<Start>> {
        let ids = ids.to_vec();
        self.write(move |connection| {
            let mut starts = Vec::with_capacity(ids.len());
            for id in &ids {
                let start = start_task(connection, id, now, lease_ends)?;
                let held = matches!(start, Start::Held(_));
                starts.push(start);
                if held {
                    break;
                }
            }
            Ok(starts)
        })
        .await
    }

    async fn save(&self, task: &Task) -> PortResult<()> {
        self.save_all(std::slice::from_ref(task)).await
    }

    async fn save_all(&self, tasks: &[Task]) -> PortResult<()> {
        let tasks = tasks.to_vec();
        self.write(move |connection| tasks.iter().try_for_each(|task| save_task(connection, task))).await
    }

    async fn task(&self, id: &TaskId) -> PortResult<Option<Task>> {
        let doc = self.read(|connection| task_doc(connection, id))?;
        doc.as_deref().map(from_json).transpose()
    }
}

#[async_trait]
impl ChatBook for Database {
    async fn entry(&self, key: &str) -> PortResult<Option<ChatEntry>> {
        let entry: Option<String> = self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT entry FROM chats WHERE key = ?1")?;
            select.query_row([key], |row| row.get(0)).optional()
        })?;
        entry.as_deref().map(from_json).transpose()
    }

    async fn set_entry(&self, key: &str, entry: &ChatEntry) -> PortResult<()> {
        let (key, entry) = (key.to_owned(), to_json(entry)?);
        self.write(move |connection| {
            let mut put = connection.prepare_cached("INSERT OR REPLACE INTO chats (key, entry) VALUES (?1, ?2)")?;
            put.execute((key, entry)).map(|_| ())
        })
        .await
    }
}

impl Database {
    /// Deletes what has expired, a little at a time; says whether there may be more.
    pub(crate) async fn purge(&self, now: Timestamp) -> PortResult<bool> {
        const AT_ONCE: usize = 500;
        self.write(move |connection| {
            let mut most = 0;
            for (table, key) in [("events", "id"), ("tasks", "id")] {
                let delete = format!(
                    "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE expires_at <= ?1 LIMIT {AT_ONCE})"
                );
                most = most.max(connection.prepare_cached(&delete)?.execute([milliseconds(now)])?);
            }
            let claims = "DELETE FROM claims WHERE expires_at <= ?1";
            connection.prepare_cached(claims)?.execute([milliseconds(now)])?;
            Ok(most == AT_ONCE)
        })
        .await
    }
}

/// Takes a task, unless it is final or another worker's lease on it runs.
fn start_task(connection: &Connection, id: &TaskId, now: Timestamp, lease_ends: Timestamp) -> rusqlite::Result<Start> {
    let Some(doc) = task_doc(connection, id)? else { return Ok(Start::Done) };
    let mut task: Task = serde_json::from_str(&doc).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    if task.status.is_final() {
        return Ok(Start::Done);
    }
    if !task.may_start(now) {
        return Ok(Start::Held(task.due_at));
    }
    task.status = TaskStatus::Running;
    task.due_at = lease_ends;
    save_task(connection, &task)?;
    Ok(Start::Go(Box::new(task)))
}

/// A task's document.
fn task_doc(connection: &Connection, id: &TaskId) -> rusqlite::Result<Option<String>> {
    let mut select = connection.prepare_cached("SELECT doc FROM tasks WHERE id = ?1")?;
    select.query_row([id.as_str()], |row| row.get(0)).optional()
}

/// Writes a task down as it stands; one that has expired stays gone.
fn save_task(connection: &Connection, task: &Task) -> rusqlite::Result<()> {
    let doc = serde_json::to_string(task).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    let mut update = connection.prepare_cached("UPDATE tasks SET status = ?2, due_at = ?3, doc = ?4 WHERE id = ?1")?;
    update.execute((task.id.as_str(), task.status.as_str(), milliseconds(task.due_at), doc)).map(|_| ())
}

/// A moment as the database holds it.
fn milliseconds(moment: Timestamp) -> i64 {
    i64::try_from(moment.as_ms()).unwrap_or(i64::MAX)
}

/// A value as JSON.
pub(crate) fn to_json(value: &impl serde::Serialize) -> PortResult<String> {
    serde_json::to_string(value).map_err(|e| PortError::new("a value cannot be written", e))
}

/// A value from JSON of ours.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> PortResult<T> {
    serde_json::from_str(json).map_err(|e| PortError::new("a stored value is unreadable", e))
}

/// A body, compressed.
fn pack(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// A body, as it came.
fn unpack(packed: &[u8]) -> PortResult<Vec<u8>> {
    let mut body = Vec::new();
    let read = DeflateDecoder::new(packed).take(MOST_BODY_BYTES).read_to_end(&mut body);
    read.map_err(|e| PortError::new("a stored body is unreadable", e))?;
    Ok(body)
}
