//! The record of tasks, as workers keep it, on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, TaskLog};
use bellhop_core::id::TaskId;
use bellhop_core::task::Task;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::Database;
use crate::packed::{from_json, milliseconds, to_json};

/// A task as its row: its id, its document and when it expires.
pub(crate) type TaskRow = (String, String, i64);

#[async_trait]
impl TaskLog for Database {
    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Option<Task>>> {
        let now = milliseconds(self.now());
        let docs: Vec<Option<String>> = self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT doc FROM tasks WHERE id = ?1 AND expires_at > ?2")?;
            ids.iter().map(|id| select.query_row((id.as_str(), now), |row| row.get(0)).optional()).collect()
        })?;
        docs.iter().map(|doc| doc.as_deref().map(from_json).transpose()).collect()
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        let rows = task_rows(tasks)?;
        self.write(move |connection| {
            // Never an insert: what has expired or was deleted stays gone.
            let mut update = connection.prepare_cached("UPDATE tasks SET doc = ?2, expires_at = ?3 WHERE id = ?1")?;
            rows.iter().try_for_each(|row| update.execute((&row.0, &row.1, row.2)).map(|_| ()))
        })
        .await
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        let rows = task_rows(tasks)?;
        self.write(move |connection| insert_tasks(connection, &rows)).await
    }
}

/// Tasks as their rows.
pub(crate) fn task_rows(tasks: &[Task]) -> PortResult<Vec<TaskRow>> {
    let row = |task: &Task| Ok((task.id.as_str().to_owned(), to_json(task)?, milliseconds(task.expires_at)));
    tasks.iter().map(row).collect()
}

/// Inserts tasks; one that is there already stays as it is.
pub(crate) fn insert_tasks(connection: &Connection, rows: &[TaskRow]) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO tasks (id, doc, expires_at) VALUES (?1, ?2, ?3)")?;
    rows.iter().try_for_each(|row| insert.execute((&row.0, &row.1, row.2)).map(|_| ()))
}
