//! The record of tasks and events as one sandbox reaches it: looked at, and forgetful where a safety step is taken out.

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_app::ports::{Claim, EventLog, Known, NewTurn, PortResult, TaskLog, Written};
use bellhop_app::testing::memory::Memory;
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, Owner, TaskId};
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;

use crate::faults::{KILLS_ROUTER, Plan};
use crate::invariants::marker_of;
use crate::sim::{Removed, Sim};

/// The record.
pub(crate) struct Watched {
    pub(crate) sim: Arc<Sim>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) memory: Memory,
}

impl Watched {
    /// Whether it forgets what workers write down.
    fn forgets(&self) -> bool {
        self.sim.removed == Removed::TaskWrites
    }

    /// Closes the window in which a crash may repeat the effects of these tasks, unless they are only about to have any.
    fn saved(&self, tasks: &[Task]) {
        let observed = self.sim.observed.lock().unwrap();
        let ended = tasks.iter().filter(|task| task.status != TaskStatus::Running);
        let bases: Vec<_> = ended.filter_map(|task| marker_of(&observed, task)).collect();
        drop(observed);
        self.plan.close_window(&bases);
    }
}

#[async_trait]
impl TaskLog for Watched {
    async fn destination(&self, key: &str, tasks: &[TaskId]) -> PortResult<Known> {
        self.memory.destination(key, tasks).await
    }

    async fn end_turn(&self, turn: &NewTurn<'_>) -> PortResult<()> {
        let tasks = if self.forgets() { &[] } else { turn.tasks };
        self.memory.end_turn(&NewTurn { tasks, ..*turn }).await?;
        self.saved(turn.tasks);
        Ok(())
    }

    async fn written(&self, ids: &[TaskId]) -> PortResult<Vec<Written>> {
        self.memory.written(ids).await
    }

    async fn save(&self, tasks: &[Task]) -> PortResult<()> {
        self.memory.save(if self.forgets() { &[] } else { tasks }).await?;
        self.saved(tasks);
        Ok(())
    }

    async fn add(&self, tasks: &[Task]) -> PortResult<()> {
        TaskLog::add(&self.memory, tasks).await
    }
}

#[async_trait]
impl EventLog for Watched {
    async fn claim_delivery(
        &self,
        owner: &Owner,
        delivery: &str,
        event: EventId,
        expires: Timestamp,
    ) -> PortResult<Claim> {
        self.memory.claim_delivery(owner, delivery, event, expires).await
    }

    async fn record(&self, event: &Event, tasks: &[Task], expires: Timestamp) -> PortResult<bool> {
        let is_routed = tasks.iter().any(|task| task.status != TaskStatus::Dead);
        if is_routed && String::from_utf8_lossy(&event.body).contains(KILLS_ROUTER) {
            self.plan.kill().await;
        }
        match self.sim.removed {
            Removed::EventWrites => Ok(true),
            _ => self.memory.record(event, tasks, expires).await,
        }
    }

    async fn event(&self, id: EventId) -> PortResult<Option<Event>> {
        self.memory.event(id).await
    }

    async fn record_refused(&self, refused: &RefusedRequest, expires: Timestamp) -> PortResult<()> {
        self.memory.record_refused(refused, expires).await
    }
}
