//! Orders: what the router is asked to do besides routing what comes in. They take the inbox's way, so none is lost.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::id::{EventId, HookId, JobId, ReplayId, TaskId};
use crate::job::DueRun;
use crate::time::Timestamp;

/// Something for the router to do; tagged and versioned, as work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Order {
    /// Record a refused request.
    RefusedV1(RefusedRequest),
    /// Do a task again that has ended.
    RetryV1 {
        /// The task.
        task: TaskId,
        /// How often it had been done again when this was asked for, so that the order does it once, however often it
        /// comes.
        #[serde(default)]
        retries: u32,
    },
    /// Run a job at a due time.
    DueV1(DueRun),
    /// Run a job because someone asked for it.
    RunV1 {
        /// The job.
        job: JobId,
        /// The id of the event, which the asker was told.
        event: EventId,
    },
    /// Go on with a replay, whose record says how far it is.
    ReplayV1 {
        /// The replay.
        replay: ReplayId,
    },
}

/// A request that was not accepted, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRequest {
    /// Its id, from the same sequence as events'.
    pub id: EventId,
    /// When it came.
    pub received_at: Timestamp,
    /// The first hook of the path; `None` where no hook has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<HookId>,
    /// The path, where no hook has it; an unsigned hook's path is its secret and is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<IpAddr>,
    /// The HTTP status it was answered with.
    pub status: u16,
    /// Why, for the operator alone.
    pub cause: String,
    /// The body's length in bytes, as far as it was read or promised.
    pub body_bytes: u64,
}
