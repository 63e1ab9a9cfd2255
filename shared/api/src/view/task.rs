//! Tasks as the API shows them.

use bellhop_core::action::Kind;
use bellhop_core::task::{AttemptOutcome, Task, TaskStatus};
use serde::Serialize;
use utoipa::ToSchema;

use bellhop_app::history::Found;

/// A task in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Execution {
    /// The task's id.
    pub(crate) id: String,
    /// The event's id.
    event: String,
    /// The event's type.
    event_type: Option<String>,
    /// The event's sender.
    sender: String,
    /// The hook's id.
    hook: String,
    /// The kind of action.
    kind: Kind,
    /// Where the effect goes.
    destination: String,
    /// Where the task stands.
    pub(crate) status: TaskStatus,
    /// Why it is dead or skipped.
    reason: Option<String>,
    /// How often it was tried.
    attempts: usize,
    /// When it was made.
    created_at: String,
    /// When it is next due, while it is not over.
    due_at: Option<String>,
    /// How often people have asked for it again.
    retries: u32,
    /// The replay that made it.
    replay: Option<String>,
    /// Whether its event was made to try the hook out.
    test: bool,
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
            hook: task.owner.to_string(),
            kind: task.kind,
            destination: task.destination.clone(),
            status: task.status,
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
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskView {
    /// The task's id.
    id: String,
    /// The event's id.
    event: String,
    /// The hook's id.
    hook: String,
    /// The kind of action.
    kind: Kind,
    /// Where the effect goes.
    destination: String,
    /// Where the task stands.
    status: TaskStatus,
    /// Why it is dead or skipped.
    reason: Option<String>,
    /// What was tried, oldest first.
    attempts: Vec<AttemptView>,
    /// When it was made.
    created_at: String,
    /// When it is next due, while it is not over.
    due_at: Option<String>,
    /// When its record may be deleted.
    expires_at: String,
    /// How often people have asked for it again.
    retries: u32,
    /// The replay that made it.
    replay: Option<String>,
    /// Whether its event was made to try the hook out.
    test: bool,
}

/// One try.
#[derive(Debug, Serialize, ToSchema)]
struct AttemptView {
    /// When it began.
    started_at: String,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// What came of it.
    outcome: AttemptOutcome,
    /// What went wrong, in a few words.
    detail: String,
    /// The HTTP status of the answer.
    response_status: Option<u16>,
    /// The first 2 KiB of the answer.
    answer: String,
}

impl TaskView {
    /// A task with its attempts.
    pub(crate) fn new(task: &Task) -> Self {
        let attempts = task.attempts.iter().map(|attempt| AttemptView {
            started_at: attempt.started_at.rfc3339(),
            duration_ms: attempt.duration_ms,
            outcome: attempt.outcome,
            detail: attempt.detail.clone(),
            response_status: attempt.response_status,
            answer: attempt.answer.clone(),
        });
        Self {
            id: task.id.to_string(),
            event: task.event.to_string(),
            hook: task.owner.to_string(),
            kind: task.kind,
            destination: task.destination.clone(),
            status: task.status,
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
