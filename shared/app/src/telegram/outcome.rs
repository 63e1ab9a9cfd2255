//! What an attempt makes of its task.

use bellhop_core::retry::next_attempt;
use bellhop_core::task::{Attempt, AttemptOutcome, Task, TaskStatus};
use bellhop_core::telegram::Failure;
use bellhop_core::time::Timestamp;
use bellhop_core::trace::Trace;

use crate::metrics::{Kind, METRICS};
use crate::spans;

use super::sending::Sending;

/// Why a task for a disabled destination is dead, and how to mend that.
const GIVEN_UP: &str = "its destination is disabled, for it failed for five days without one success; mend it, then \
                        retry this task: a success enables the destination again";

/// Notes an attempt on its task and moves the task on; `parts` is how many parts its message has, and `jitter` places the
/// next wait inside its jitter, from 0 to 1.
pub(super) fn apply(task: &mut Task, sending: &Sending, parts: usize, jitter: f64) {
    let now = sending.ended_at;
    let outcome = match &sending.result {
        Ok(()) => AttemptOutcome::Succeeded,
        Err(Failure::RetryAfter { .. }) => AttemptOutcome::Throttled,
        Err(_) => AttemptOutcome::Failed,
    };
    task.note(Attempt {
        started_at: sending.started_at,
        duration_ms: now.ms_since(sending.started_at),
        outcome,
        detail: sending.result.as_ref().err().map(ToString::to_string).unwrap_or_default(),
        response_status: sending.status,
        answer: sending.answer.clone(),
    });
    task.due_at = now;
    match &sending.result {
        Ok(()) => arrived(task, parts),
        Err(Failure::RetryAfter { seconds }) => {
            task.status = TaskStatus::Retrying;
            task.due_at = now.plus_ms(seconds.saturating_mul(1000));
        }
        Err(failure) => match next_attempt(task.failures(), now, None, jitter) {
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

/// Notes that a message, or a part of it, was shown instead of sent.
pub(super) fn shown(task: &mut Task, parts: usize, now: Timestamp) {
    let attempt = Attempt {
        started_at: now,
        duration_ms: 0,
        outcome: AttemptOutcome::Succeeded,
        detail: "shown, for there is no bot".to_owned(),
        response_status: None,
        answer: String::new(),
    };
    task.note(attempt);
    task.due_at = now;
    arrived(task, parts);
}

/// Ends a task whose destination is disabled.
pub(super) fn give_up(task: &mut Task) {
    task.status = TaskStatus::Dead;
    task.reason = Some(match task.reason.take() {
        Some(reason) => format!("{reason}; {GIVEN_UP}"),
        None => GIVEN_UP.to_owned(),
    });
}

/// Whether a person wants a task to be tried though its destination is disabled.
pub(super) const fn is_probe(task: &Task) -> bool {
    task.retries > 0 || task.test
}

/// Whether a result speaks of the destination, and how: a message that is refused for itself says nothing of it.
pub(super) const fn verdict(result: &Result<(), Failure>) -> Option<bool> {
    match result {
        Ok(()) => Some(true),
        Err(Failure::RetryAfter { .. } | Failure::Refused { .. } | Failure::BadEntities { .. }) => None,
        Err(_) => Some(false),
    }
}

/// Logs and counts where a task stands after an attempt; `carried` is the trace context that its work carries.
pub(super) fn tell(task: &Task, carried: Option<&str>) {
    let trace = carried.and_then(Trace::read).unwrap_or_else(|| Trace::of(task.event, []));
    METRICS.attempted(Kind::Telegram, task);
    spans::attempted(task, trace);
    let (id, event, trace, status) = (task.id.as_str(), task.event, trace.id_beside(task.event), task.status.as_str());
    let detail = task.attempts.last().map_or("", |attempt| attempt.detail.as_str());
    match task.status {
        TaskStatus::Dead => {
            let reason = task.reason.as_deref().unwrap_or_default();
            log::error!(event:%, trace, task = id, status, detail, reason; "task is dead");
        }
        TaskStatus::Retrying => {
            log::warn!(event:%, trace, task = id, status, detail, due_at = task.due_at.rfc3339(); "attempt failed");
        }
        _ => log::info!(event:%, trace, task = id, status; "message sent"),
    }
}

/// Notes that a part arrived.
fn arrived(task: &mut Task, parts: usize) {
    task.parts_done += 1;
    task.status = if task.parts_done < parts { TaskStatus::Queued } else { TaskStatus::Succeeded };
}
