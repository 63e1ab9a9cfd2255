//! The record of tasks, in the table: what workers have written down of them since their event was recorded.

use async_trait::async_trait;
use bellhop_app::ports::{Known, NewTurn, PortError, PortResult, TaskLog, Written};
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::task::{Task, TaskStatus};
use futures_util::future::try_join_all;

use crate::Table;
use crate::pack::{pack, unpack};
use crate::refusal::failed;
use crate::request::{ALL_OLD, PUT, Request};
use crate::table::{DELETED, Key, Row, packed, read_packed, seconds};

#[async_trait]
impl TaskLog for Table {
    async fn destination(&self, key: &str, tasks: &[TaskId]) -> PortResult<Known> {
        self.known(key, tasks).await
    }

    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        self.put_turn(turn).await
    }

    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        try_join_all(ids.iter().map(|id| async move {
            let key = Key::task(id);
            let row = match self.row(&key).await? {
                None if self.is_late(id.event()) => self.row(&key.former()).await?,
                row => row,
            };
            Ok(match row {
                None => Written::Nothing,
                Some(row) if row.contains_key(DELETED) => Written::Deleted,
                Some(row) => Written::Task(Box::new(read_task(&row)?)),
            })
        }))
        .await
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        let now = self.clock.now();
        let lasting = tasks.iter().filter(|task| task.expires_at > now);
        try_join_all(lasting.map(|task| self.save_one(task))).await.map(|_| ())
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        let now = self.clock.now();
        let lasting = tasks.iter().filter(|task| task.expires_at > now);
        try_join_all(lasting.map(|task| self.add_one(task))).await.map(|_| ())
    }
}

impl Table {
    /// The tasks that a partition has of all events between two, these among them.
    pub(crate) async fn tasks_written(&self, pk: &str, oldest: EventId, newest: EventId) -> PortResult<Vec<Task>> {
        // A task's id is its event's, a dot, and more; a slash follows the dot.
        let (from, to) = (format!("{oldest}."), format!("{newest}/"));
        let rows = self.rows(pk, Some((&from, &to))).await?;
        rows.iter().filter(|row| !row.contains_key(DELETED)).map(read_task).collect()
    }

    /// Writes a task down in place of what is there, unless it was deleted, and keeps the lists of trouble.
    async fn save_one(&self, task: &Task) -> PortResult<()> {
        self.list_trouble(std::slice::from_ref(task)).await?;
        let condition = Some("attribute_not_exists(deleted)".into());
        let request = Request { item: task_row(task)?, condition, return_values: ALL_OLD, ..self.request() };
        let before = match self.ask(PUT, &request).await {
            Err(refusal) if refusal.is_of_condition() => return self.unlist_trouble(&task.id, task.status).await,
            result => result.map_err(failed("a task could not be written"))?.attributes,
        };
        // Nothing is an empty row to some.
        let was = match before.filter(|row| row.contains_key("task")) {
            Some(row) => read_task(&row)?.status,
            // It was made dead with its event, if anything: then only somebody who wants it done again writes it down.
            None if task.retries > 0 => TaskStatus::Dead,
            None => return Ok(()),
        };
        if was == task.status { Ok(()) } else { self.unlist_trouble(&task.id, was).await }
    }

    /// Writes a task down unless there is one.
    async fn add_one(&self, task: &Task) -> PortResult<()> {
        if self.row(&Key::task(&task.id).former()).await?.is_some() {
            return Ok(());
        }
        self.list_trouble(std::slice::from_ref(task)).await?;
        self.put_if(task_row(task)?, "attribute_not_exists(pk)").await.map(|_| ())
    }
}

/// A task's row.
pub(crate) fn task_row(task: &Task) -> PortResult<Row> {
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
