//! The record of tasks, in the table: what workers have written down of them since their event was recorded.

use async_trait::async_trait;
use bellhop_app::ports::{PortError, PortResult, TaskLog, Written};
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::task::Task;
use futures_util::future::try_join_all;

use crate::Table;
use crate::pack::{pack, unpack};
use crate::table::{DELETED, Key, Row, packed, read_packed, seconds};

#[async_trait]
impl TaskLog for Table {
    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        try_join_all(ids.iter().map(|id| async move {
            Ok(match self.row(&Key::task(id)).await? {
                None => Written::Nothing,
                Some(row) if row.contains_key(DELETED) => Written::Deleted,
                Some(row) => Written::Task(Box::new(read_task(&row)?)),
            })
        }))
        .await
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        self.write_where(tasks, "attribute_not_exists(deleted)").await
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        self.write_where(tasks, "attribute_not_exists(pk)").await
    }
}

impl Table {
    /// The tasks written down of all events between two, these among them; all were accepted on the same day.
    pub(crate) async fn tasks_written(&self, oldest: EventId, newest: EventId) -> PortResult<Vec<Task>> {
        let pk = Key::tasks_of_day(oldest.accepted_at());
        // A task's id is its event's, a dot, and more; a slash follows the dot.
        let (from, to) = (format!("{oldest}."), format!("{newest}/"));
        let rows = self.rows(&pk, Some((&from, &to))).await?;
        rows.iter().filter(|row| !row.contains_key(DELETED)).map(read_task).collect()
    }

    /// Writes tasks down, each where a condition holds for what is there; what has expired must not come back.
    async fn write_where(&self, tasks: &[Task], condition: &str) -> PortResult<()> {
        let now = self.clock.now();
        let lasting = tasks.iter().filter(|task| task.expires_at > now);
        try_join_all(lasting.map(|task| async move { self.put_if(task_row(task)?, condition).await })).await.map(|_| ())
    }
}

/// A task's row.
fn task_row(task: &Task) -> PortResult<Row> {
    let key = Key::task(&task.id);
    let json = serde_json::to_vec(task).map_err(|e| PortError::new("a task cannot be written", e))?;
    let mut row = key.row();
    row.insert("task".to_owned(), packed(pack(&json)));
    row.insert("expires_at".to_owned(), seconds(task.expires_at));
    Ok(row)
}

/// The task in a row.
fn read_task(row: &Row) -> PortResult<Task> {
    let json = unpack(read_packed(row, "task")?)?;
    serde_json::from_slice(&json)
        .map_err(|e| PortError::new("a stored task is unreadable", format_args!("column {}", e.column())))
}
