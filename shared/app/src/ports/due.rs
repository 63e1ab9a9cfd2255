//! The index of due times: what of which job is to be acted on when.

use async_trait::async_trait;
use bellhop_core::id::JobId;
use bellhop_core::time::Timestamp;

use super::PortResult;

/// A due time of a job that is to be acted on, as it stands in the index.
///
/// Its `at`, `job`, `version` and `due` say which one it is: of two that have them alike one is in the index. Several
/// versions of a job may be there side by side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DueTime {
    /// When it is to be acted on.
    pub at: Timestamp,
    /// The job.
    pub job: JobId,
    /// The job's version that it was planned by: of another version of the job it is not acted on.
    pub version: u64,
    /// The due time that it stands for; the same as `at`, unless its run waits for another one.
    pub due: Timestamp,
    /// The local time that it stands for, `2027-03-28T02:30:00`, where its schedule has local times.
    pub local: Option<String>,
    /// How many due times of the job came before it.
    pub count: u64,
}

/// The due times that are to be acted on, of all jobs.
#[async_trait]
pub trait DueTimes: Send + Sync {
    /// At most `most` that are to be acted on at `until` or before, the earliest first.
    async fn due(&self, until: Timestamp, most: usize) -> PortResult<Vec<DueTime>>;

    /// When the earliest is to be acted on; `None` where there is none.
    async fn earliest(&self) -> PortResult<Option<Timestamp>>;

    /// Adds these and then removes those: adding one that is there, and removing one that is not, changes nothing, so doing
    /// it again after a crash half-way is safe. All of `add` is durable before anything of `remove` is done.
    async fn step(&self, add: &[DueTime], remove: &[DueTime]) -> PortResult<()>;
}
