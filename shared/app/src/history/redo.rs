//! Doing again what is over: tasks that have ended, and events. The router does it; here it is asked to.

use std::sync::Arc;

use bellhop_core::id::{EventId, Owner, ReplayId, TaskId};
use bellhop_core::order::Order;
use bellhop_core::replay::{Replay, Selection};
use bellhop_core::task::{Task, TaskStatus};

use super::{Records, Slice, TaskFilter, Window, find};
use crate::ports::{Clock, Collection, Documents, NewDocument, Orders, PortError, PortResult};

/// How long a replay's record is kept, in milliseconds: 7 days.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// Asks for tasks and events to be done again.
pub struct Redo {
    /// What happened.
    pub records: Arc<Records>,
    /// Where replays are written down.
    pub documents: Arc<dyn Documents>,
    /// Where the router is asked.
    pub orders: Arc<dyn Orders>,
    /// The time, and randomness.
    pub clock: Arc<dyn Clock>,
}

/// Something cannot be done again.
#[derive(Debug, thiserror::Error)]
pub enum NotRedone {
    /// There is no such task or event.
    #[error("nothing has this id")]
    Unknown,
    /// The task is still under way.
    #[error("the task is {}; only one that has ended can be retried", .0.as_str())]
    NotEnded(TaskStatus),
    /// The event's content is gone.
    #[error("the event's content was erased, so there is nothing to do again")]
    Erased,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

impl Redo {
    /// Asks for a task that has ended to be done again.
    pub async fn retry(&self, id: &TaskId) -> Result<(), NotRedone> {
        let found = find(self.records.history.as_ref(), id).await?.ok_or(NotRedone::Unknown)?;
        if !found.task.status.is_final() {
            return Err(NotRedone::NotEnded(found.task.status));
        }
        Ok(self.orders.give(&Order::RetryV1 { task: id.clone(), retries: found.task.retries }).await?)
    }

    /// Asks for many tasks that have ended to be done again; gives how many, and where to go on.
    pub async fn retry_all(&self, window: &Window, filter: &TaskFilter) -> PortResult<(usize, Option<EventId>)> {
        let Slice { items, next } = self.records.tasks(window, filter).await?;
        let ended = items.into_iter().filter(|found| found.task.status.is_final());
        let mut asked = 0;
        for found in ended {
            let Task { id: task, retries, .. } = found.task;
            self.orders.give(&Order::RetryV1 { task, retries }).await?;
            asked += 1;
        }
        Ok((asked, next))
    }

    /// Asks for one event to be done again.
    pub async fn replay_one(&self, id: EventId, owner: Option<Owner>) -> Result<Replay, NotRedone> {
        let recorded = self.records.history.recorded(id).await?.ok_or(NotRedone::Unknown)?;
        if recorded.head.erased_at.is_some() {
            return Err(NotRedone::Erased);
        }
        Ok(self.replay(Selection::Events(vec![id]), owner).await?)
    }

    /// Asks for events to be done again.
    pub async fn replay(&self, selection: Selection, owner: Option<Owner>) -> PortResult<Replay> {
        let mut random = [0; 22];
        self.clock.random(&mut random);
        let now = self.clock.now();
        let replay = Replay {
            id: ReplayId::from_random(&random),
            selection,
            owner,
            created_at: now,
            seen: 0,
            replayed: 0,
            tasks: 0,
            older_than: None,
            finished_at: None,
        };
        let text = serde_json::to_string(&replay).map_err(|error| PortError::new("a replay's note", error))?;
        let key = replay.id.as_str();
        let document =
            NewDocument { collection: Collection::Replay, key, text: &text, expires: Some(now.plus_ms(KEPT_MS)) };
        self.documents.write(&document).await?;
        self.orders.give(&Order::ReplayV1 { replay: replay.id.clone() }).await?;
        log::info!(replay = key; "replay asked for");
        Ok(replay)
    }

    /// How far a replay is.
    pub async fn progress(&self, id: &ReplayId) -> PortResult<Option<Replay>> {
        let Some(document) = self.documents.document(Collection::Replay, id.as_str()).await? else {
            return Ok(None);
        };
        let replay = serde_json::from_str(&document.text).map_err(|e| PortError::unreadable("a replay's note", &e))?;
        Ok(Some(replay))
    }
}
