//! Tasks as the API shows them.

use bellhop_core::action::Kind;
use bellhop_core::id::{HookId, JobId};
use bellhop_core::task::{AttemptOutcome, Task, TaskStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Open;

use bellhop_app::history::Found;

/// A task in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Execution {
    /// The task's id.
    pub id: String,
    /// The event's id.
    pub event: String,
    /// The event's type.
    pub event_type: Option<String>,
    /// The event's sender.
    pub sender: String,
    /// The hook's id; null where it is a job's.
    pub hook: Option<String>,
    /// The job's id; null where it is a hook's.
    pub job: Option<String>,
    /// The kind of action.
    #[schema(value_type = Kind)]
    pub kind: Open<Kind>,
    /// Where the effect goes.
    pub destination: String,
    /// Where the task stands.
    #[schema(value_type = TaskStatus)]
    pub status: Open<TaskStatus>,
    /// Why it is dead or skipped.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: usize,
    /// When it was made.
    pub created_at: String,
    /// When it is next due, while it is not over.
    pub due_at: Option<String>,
    /// How often people have asked for it again.
    pub retries: u32,
    /// The replay that made it.
    pub replay: Option<String>,
    /// Whether its event was made to try the hook out.
    pub test: bool,
}

impl Execution {
    /// A task as lists show it.
    pub(crate) fn new(found: &Found) -> Self {
        let task = &found.task;
        Self {
            id: task.id.to_string(),
            event: task.event.to_string(),
            event_type: found.event_type.clone(),
            sender: found.sender.clone(),
            hook: task.owner.hook().map(HookId::to_string),
            job: task.owner.job().map(JobId::to_string),
            kind: task.kind.into(),
            destination: task.destination.clone(),
            status: task.status.into(),
            reason: task.reason.clone(),
            attempts: task.attempts.len(),
            created_at: task.created_at.rfc3339(),
            due_at: Some(task.due_at.rfc3339()).filter(|_| !task.status.is_final()),
            retries: task.retries,
            replay: task.replay.as_ref().map(ToString::to_string),
            test: task.test,
        }
    }
}

/// A task with everything that was tried.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TaskView {
    /// The task's id.
    pub id: String,
    /// The event's id.
    pub event: String,
    /// The hook's id; null where it is a job's.
    pub hook: Option<String>,
    /// The job's id; null where it is a hook's.
    pub job: Option<String>,
    /// The kind of action.
    #[schema(value_type = Kind)]
    pub kind: Open<Kind>,
    /// Where the effect goes.
    pub destination: String,
    /// Where the task stands.
    #[schema(value_type = TaskStatus)]
    pub status: Open<TaskStatus>,
    /// Why it is dead or skipped.
    pub reason: Option<String>,
    /// What was tried, oldest first.
    pub attempts: Vec<AttemptView>,
    /// When it was made.
    pub created_at: String,
    /// When it is next due, while it is not over.
    pub due_at: Option<String>,
    /// When its record may be deleted.
    pub expires_at: String,
    /// How often people have asked for it again.
    pub retries: u32,
    /// The replay that made it.
    pub replay: Option<String>,
    /// Whether its event was made to try the hook out.
    pub test: bool,
}

/// One try.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AttemptView {
    /// When it began.
    pub started_at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What came of it.
    #[schema(value_type = AttemptOutcome)]
    pub outcome: Open<AttemptOutcome>,
    /// What went wrong, in a few words.
    pub detail: String,
    /// The HTTP status of the answer.
    pub response_status: Option<u16>,
    /// The first 2 KiB of the answer.
    pub answer: String,
}

impl TaskView {
    /// A task with its attempts.
    pub(crate) fn new(task: &Task) -> Self {
        let attempts = task.attempts.iter().map(|attempt| AttemptView {
            started_at: attempt.started_at.rfc3339(),
            duration_ms: attempt.duration_ms,
            outcome: attempt.outcome.into(),
            detail: attempt.detail.clone(),
            response_status: attempt.response_status,
            answer: attempt.answer.clone(),
        });
        Self {
            id: task.id.to_string(),
            event: task.event.to_string(),
            hook: task.owner.hook().map(HookId::to_string),
            job: task.owner.job().map(JobId::to_string),
            kind: task.kind.into(),
            destination: task.destination.clone(),
            status: task.status.into(),
            reason: task.reason.clone(),
            attempts: attempts.collect(),
            created_at: task.created_at.rfc3339(),
            due_at: Some(task.due_at.rfc3339()).filter(|_| !task.status.is_final()),
            expires_at: task.expires_at.rfc3339(),
            retries: task.retries,
            replay: task.replay.as_ref().map(ToString::to_string),
            test: task.test,
        }
    }
}
