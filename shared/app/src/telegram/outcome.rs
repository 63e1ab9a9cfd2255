//! What an attempt makes of its task.

use bellhop_core::retry::next_attempt;
use bellhop_core::task::{Attempt, AttemptOutcome, Task, TaskStatus};
use bellhop_core::telegram::answer::Failure;
use bellhop_core::time::Timestamp;

/// An attempt's circumstances.
pub(super) struct Attempted {
    /// When it began.
    pub(super) started_at: Timestamp,
    /// When its answer was there.
    pub(super) ended_at: Timestamp,
    /// Where the next wait lies inside its jitter, from 0 to 1.
    pub(super) luck: f64,
}

/// Notes an attempt on its task and moves the task on; `parts` is how many parts its message has.
pub(super) fn apply(task: &mut Task, attempted: &Attempted, result: &Result<(), Failure>, parts: usize) {
    let now = attempted.ended_at;
    let outcome = match result {
        Ok(()) => AttemptOutcome::Succeeded,
        Err(Failure::RetryAfter { .. }) => AttemptOutcome::Throttled,
        Err(_) => AttemptOutcome::Failed,
    };
    task.note(Attempt {
        started_at: attempted.started_at,
        duration_ms: now.ms_since(attempted.started_at),
        outcome,
        detail: result.as_ref().err().map(ToString::to_string).unwrap_or_default(),
    });
    task.due_at = now;
    match result {
        Ok(()) => {
            task.parts_done += 1;
            task.status = if task.parts_done < parts { TaskStatus::Queued } else { TaskStatus::Succeeded };
        }
        Err(Failure::RetryAfter { seconds }) => {
            task.status = TaskStatus::Retrying;
            task.due_at = now.plus_ms(seconds.saturating_mul(1000));
        }
        Err(failure) => match next_attempt(task.failures(), now, None, attempted.luck) {
            Some(due_at) if !failure.is_final() => {
                task.status = TaskStatus::Retrying;
                task.due_at = due_at;
            }
            _ => {
                task.status = TaskStatus::Dead;
                task.reason = Some(failure.to_string());
            }
        },
    }
}

/// Logs where a task stands after an attempt.
pub(super) fn log(task: &Task) {
    let (id, event, status) = (task.id.as_str(), task.event, task.status.as_str());
    let detail = task.attempts.last().map_or("", |attempt| attempt.detail.as_str());
    match task.status {
        TaskStatus::Dead => log::error!(event:%, task = id, status, detail; "task is dead"),
        TaskStatus::Retrying => {
            log::warn!(event:%, task = id, status, detail, due_at = task.due_at.rfc3339(); "attempt failed")
        }
        _ => log::info!(event:%, task = id, status; "message sent"),
    }
}
