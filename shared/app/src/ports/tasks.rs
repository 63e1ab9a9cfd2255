//! The record of tasks, and of the destinations that workers take their turns at.

use async_trait::async_trait;
use bellhop_core::id::TaskId;
use bellhop_core::task::{Attempt, Task};

use super::{NewDocument, PortResult};

/// For how long the tasks of a deleted event are known to be deleted, in milliseconds: 20 days. A message on a queue lives
/// for 4 days, and for 14 more among the dead letters.
pub const DELETED_KNOWN_MS: u64 = 20 * 24 * 60 * 60 * 1000;

/// What is written down of a task besides what was recorded with its event.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// Nothing: it is as it was made, or nobody knows it, or its record has expired.
    Nothing,
    /// The task as it was last written down.
    Task(Box<Task>),
    /// It was deleted with its event, at most [`DELETED_KNOWN_MS`] ago.
    Deleted,
}

impl Written {
    /// The task, where one is written down.
    pub fn task(self) -> Option<Task> {
        match self {
            Self::Task(task) => Some(*task),
            Self::Nothing | Self::Deleted => None,
        }
    }
}

/// What is known of a destination whose calls keep one pace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// What the last turn wrote down of it, as JSON; `None` where there was none, or it has expired.
    pub text: Option<String>,
    /// Where that is, in the store's own words, which wants it back at the end of the turn.
    pub place: String,
    /// Of the tasks that were asked for those that succeeded at their first attempt, and of which the store has kept no
    /// more than that.
    pub succeeded: Vec<(TaskId, Attempt)>,
}

/// What came of a turn at a destination whose calls keep one pace.
#[derive(Debug, Clone, Copy)]
pub struct NewTurn<'a> {
    /// What is known of the destination from now on.
    pub destination: NewDocument<'a>,
    /// [`Known::place`] from the turn's beginning.
    pub place: &'a str,
    /// The tasks that shared the attempt; at least one.
    pub tasks: &'a [Task],
    /// For each of them, whether nothing was written down of it when the turn began.
    pub unwritten: &'a [bool],
}

/// The record of tasks, as workers keep it.
///
/// None of these calls looks at the tasks' events: a task that is known to be deleted is neither saved nor added, and any
/// other is. What has expired is not written.
#[async_trait]
pub trait TaskLog: Send + Sync {
    /// What is known of a destination, by the key of its document, and which of these tasks have succeeded there.
    async fn destination(&self, key: &str, tasks: &[TaskId]) -> PortResult<Known>;

    /// Writes down what came of a turn: as one, where the tasks just succeeded.
    ///
    /// Nobody else has the destination meanwhile; if somebody has, the tasks' outcomes are kept all the same.
    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()>;

    /// What is written down of the tasks of these ids, in their order. Of a task that just succeeded there may be no more
    /// than what [`TaskLog::destination`] tells.
    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>>;

    /// Writes tasks down that shared an attempt; the sooner all are, the fewer effects a crash repeats.
    async fn save(&self, tasks: &[Task]) -> PortResult<()>;

    /// Writes down tasks made besides those of their event; one that is there already stays as it is.
    async fn add(&self, tasks: &[Task]) -> PortResult<()>;
}
