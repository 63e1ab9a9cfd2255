//! The record of tasks, as workers keep it, on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{Collection, Documents as _, Known, NewTurn, PortResult, TaskLog, Written};
use bellhop_core::id::TaskId;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::work::key;
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::Database;
use crate::documents::{put, row};
use crate::packed::{from_json, milliseconds, to_json};

/// A task as its row: its id, its document, when it expires and how it stands, where it has not ended well.
pub(crate) type TaskRow = (String, String, i64, Option<&'static str>);

#[async_trait]
impl TaskLog for Database {
    async fn destination(&self, key: &str, _: &[TaskId]) -> PortResult<Known> {
        let document = self.document(Collection::Destination, key).await?;
        Ok(Known { text: document.map(|document| document.text), ..Known::default() })
    }

    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        let (outcomes, destination) = (Outcomes::of(turn.tasks, self.now())?, row(&turn.destination));
        let write = move |connection: &Connection| {
            outcomes.save(connection)?;
            put(connection, &destination)
        };
        self.write(write).await
    }

    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        let now = milliseconds(self.now());
        let docs: Vec<Option<String>> = self.read(|connection| {
            let mut select =
                connection.prepare_cached("SELECT doc FROM tasks WHERE id = ?1 AND expires_at > ?2 AND written = 1")?;
            ids.iter().map(|id| select.query_row((id.as_str(), now), |row| row.get(0)).optional()).collect()
        })?;
        let written = |doc: Option<String>| match doc.as_deref() {
            None => Ok(Written::Nothing),
            Some("") => Ok(Written::Deleted),
            Some(doc) => Ok(Written::Task(Box::new(from_json(doc)?))),
        };
        docs.into_iter().map(written).collect()
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        let outcomes = Outcomes::of(tasks, self.now())?;
        self.write(move |connection| outcomes.save(connection)).await
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        let rows = lasting(tasks, self.now())?;
        self.write(move |connection| insert_tasks(connection, &rows, true)).await
    }
}

/// What is to be written down of tasks, and the keys of the work that ends with it.
struct Outcomes {
    rows: Vec<TaskRow>,
    ended: Vec<String>,
}

impl Outcomes {
    /// What is to be written down of these tasks; what has expired is not.
    fn of(tasks: &[Task], now: Timestamp) -> PortResult<Self> {
        let ended = tasks.iter().filter(|task| task.status.is_final());
        Ok(Self { rows: lasting(tasks, now)?, ended: ended.map(|task| key(&task.id, task.retries)).collect() })
    }

    /// Writes it: the outcome and the end of the work are one write, so no crash can part them.
    fn save(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut settle = connection.prepare_cached("DELETE FROM work WHERE key = ?1")?;
        self.ended.iter().try_for_each(|key| settle.execute([key]).map(|_| ()))?;
        // What was deleted stays so.
        let mut upsert = connection.prepare_cached(
            "INSERT INTO tasks (id, doc, expires_at, written, standing) VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT (id) DO UPDATE SET
                 doc = excluded.doc, expires_at = excluded.expires_at, written = 1, standing = excluded.standing
             WHERE doc <> ''",
        )?;
        self.rows.iter().try_for_each(|row| upsert.execute((&row.0, &row.1, row.2, row.3)).map(|_| ()))
    }
}

/// How a task stands, where it has not ended well: those are found by it, whatever else there is.
pub(crate) const fn standing(status: TaskStatus) -> Option<&'static str> {
    match status {
        TaskStatus::Succeeded | TaskStatus::Skipped => None,
        open_or_dead => Some(open_or_dead.as_str()),
    }
}

/// The rows of those tasks that have not expired.
fn lasting(tasks: &[Task], now: Timestamp) -> PortResult<Vec<TaskRow>> {
    let lasting: Vec<_> = tasks.iter().filter(|task| task.expires_at > now).cloned().collect();
    task_rows(&lasting)
}

/// Tasks as their rows.
pub(crate) fn task_rows(tasks: &[Task]) -> PortResult<Vec<TaskRow>> {
    let row = |task: &Task| {
        let (doc, expires) = (to_json(task)?, milliseconds(task.expires_at));
        Ok((task.id.as_str().to_owned(), doc, expires, standing(task.status)))
    };
    tasks.iter().map(row).collect()
}

/// Inserts tasks, as written down or as made with their event; one that is there already stays as it is.
pub(crate) fn insert_tasks(connection: &Connection, rows: &[TaskRow], written: bool) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT OR IGNORE INTO tasks (id, doc, expires_at, written, standing) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    rows.iter().try_for_each(|row| insert.execute((&row.0, &row.1, row.2, written, row.3)).map(|_| ()))
}
