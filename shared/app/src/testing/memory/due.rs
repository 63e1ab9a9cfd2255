//! The index of due times in memory.

use async_trait::async_trait;
use bellhop_core::id::JobId;
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{DueTime, DueTimes, PortResult};

/// Where a due time is: when it is to be acted on, its job, the job's version, and what it stands for.
pub(super) type Place = (Timestamp, JobId, u64, Timestamp);

/// Where a due time is.
fn place(time: &DueTime) -> Place {
    (time.at, time.job.clone(), time.version, time.due)
}

impl World {
    /// Adds a due time, unless it is there.
    pub(super) fn add_due(&mut self, time: &DueTime) {
        self.due.entry(place(time)).or_insert_with(|| time.clone());
    }
}

#[async_trait]
impl DueTimes for Memory {
    async fn due(&self, until: Timestamp, most: usize) -> PortResult<Vec<DueTime>> {
        self.call("due", |world, _| {
            world.due.values().take_while(|time| time.at <= until).take(most).cloned().collect()
        })
        .await
    }

    async fn earliest(&self) -> PortResult<Option<Timestamp>> {
        self.call("earliest", |world, _| world.due.values().next().map(|time| time.at)).await
    }

    async fn step(&self, add: &[DueTime], remove: &[DueTime]) -> PortResult<()> {
        self.call("add_due", |world, _| add.iter().for_each(|time| world.add_due(time))).await?;
        self.call("remove_due", |world, _| remove.iter().for_each(|time| drop(world.due.remove(&place(time))))).await
    }
}
