//! The tasks that are in trouble, in partitions of their own: few, and found without reading the many that just succeed.
//!
//! A row is written before the task that it speaks of, and deleted after it: a task in trouble is always among them, and
//! what is among them may be out of it already.

use bellhop_app::ports::PortResult;
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;
use futures_util::future::try_join_all;

use crate::Table;
use crate::key::{Key, SHARDS};
use crate::merge::{Merge, Range};
use crate::table::seconds;

impl Table {
    /// Lists those of these tasks that are in trouble.
    pub(crate) async fn list_trouble(&self, tasks: &[Task]) -> PortResult<()> {
        let troubles = tasks.iter().filter_map(|task| Some((Key::trouble(&task.id, task.status)?, task.expires_at)));
        let rows = troubles.map(|(key, expires)| {
            let mut row = key.row();
            row.insert("expires_at".to_owned(), seconds(expires));
            self.put(row)
        });
        try_join_all(rows).await.map(|_| ())
    }

    /// Notes that a task is out of a trouble, if it was one.
    pub(crate) async fn unlist_trouble(&self, id: &TaskId, was: TaskStatus) -> PortResult<()> {
        match Key::trouble(id, was) {
            Some(key) => self.delete_row(&key).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// At most `most` events of tasks in a kind of trouble, newest first, and where the list goes on, if it does.
    pub(crate) async fn events_in_trouble(
        &self,
        status: TaskStatus,
        older_than: Option<EventId>,
        oldest: Timestamp,
        most: usize,
    ) -> PortResult<(Vec<EventId>, Option<EventId>)> {
        let partitions = (0..SHARDS).map(|shard| Key::troubled(status, shard)).collect();
        let mut merge = Merge::new(self, partitions, &Range::new(oldest, older_than), most);
        let mut found: Vec<EventId> = Vec::new();
        while let Some((id, _)) = merge.next().await? {
            if Some(id) == older_than || found.last() == Some(&id) {
                continue;
            }
            if found.len() >= most.max(1) {
                let next = found.last().copied();
                return Ok((found, next));
            }
            found.push(id);
        }
        Ok((found, None))
    }
}
