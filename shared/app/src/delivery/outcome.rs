//! What an attempt makes of its task.

use bellhop_core::id::TaskId;
use bellhop_core::retry::next_attempt;
use bellhop_core::task::{Attempt, AttemptOutcome, Task, TaskStatus};
use bellhop_core::time::Timestamp;
use bellhop_core::trace::Trace;

use super::worker::{Attempted, Failure};
use crate::metrics::METRICS;
use crate::ports::Written;
use crate::spans;

/// Why a task for a disabled destination is dead, and how to mend that.
const GIVEN_UP: &str = "its destination is disabled, for it failed for five days without one success, or said that it is \
                        gone; mend it, then retry this task: a success enables the destination again";

/// Notes an attempt on the task at this place of its batch and moves the task on; `steps` is in how many its effect is made,
/// and `jitter` places the next wait inside its jitter, from 0 to 1.
pub(super) fn apply(task: &mut Task, place: usize, attempted: &Attempted, steps: usize, jitter: f64) {
    let now = attempted.ended_at;
    let (result, answer) = attempted.of(place);
    if let Err(Failure::Overtaken(why)) = result {
        task.due_at = now;
        task.status = TaskStatus::Skipped;
        task.reason = Some(why.clone());
        return;
    }
    let outcome = match result {
        Ok(()) => AttemptOutcome::Succeeded,
        Err(Failure::Throttled { .. }) => AttemptOutcome::Throttled,
        Err(_) => AttemptOutcome::Failed,
    };
    task.note(Attempt {
        started_at: attempted.started_at,
        duration_ms: now.ms_since(attempted.started_at),
        outcome,
        detail: result.as_ref().err().map(ToString::to_string).unwrap_or_default(),
        response_status: attempted.status,
        answer: answer.to_owned(),
    });
    task.due_at = now;
    let failure = match result {
        Ok(()) => return arrived(task, steps),
        Err(failure) => failure,
    };
    let due_at = match failure {
        Failure::Throttled { seconds, .. } => Some(now.plus_ms(seconds.saturating_mul(1000))),
        Failure::Passing { seconds, .. } => next_attempt(task.failures(), now, *seconds, jitter),
        Failure::Refused(_) | Failure::Overtaken(_) | Failure::Closed(_) | Failure::Gone(_) => None,
    };
    match due_at {
        Some(due_at) => {
            task.status = TaskStatus::Retrying;
            task.due_at = due_at;
        }
        None => task.die(failure.to_string()),
    }
}

/// Puts the outcome of a task of which nothing else is written down in its place, if it is among these.
pub(super) fn look_up(made: &Task, succeeded: &[(TaskId, Attempt)], written: &mut Written) {
    let found = succeeded.iter().find(|(id, _)| *id == made.id && made.retries == 0 && *written == Written::Nothing);
    if let Some((_, attempt)) = found {
        let mut task = Task { parts_done: 0, ..made.clone() };
        task.succeed(attempt.clone());
        *written = Written::Task(Box::new(task));
    }
}

/// Notes that an effect, or a step of it, was shown instead of made.
pub(super) fn shown(task: &mut Task, steps: usize, now: Timestamp) {
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
    arrived(task, steps);
}

/// Ends a task whose destination is disabled.
pub(super) fn give_up(task: &mut Task) {
    let reason = task.reason.take();
    task.die(reason.map_or_else(|| GIVEN_UP.to_owned(), |reason| format!("{reason}; {GIVEN_UP}")));
}

/// Whether a person wants a task to be tried though its destination is disabled.
pub(super) const fn is_probe(task: &Task) -> bool {
    task.retries > 0 || task.test
}

/// Logs and counts where a task stands after an attempt; `carried` is the trace context that its work carries.
pub(super) fn tell(task: &Task, carried: Option<&str>) {
    let trace = carried.and_then(Trace::read).unwrap_or_else(|| Trace::of(task.event, []));
    METRICS.attempted(task);
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
        TaskStatus::Skipped => {
            let reason = task.reason.as_deref().unwrap_or_default();
            log::info!(event:%, trace, task = id, status, reason; "task is skipped");
        }
        // What is done has succeeded, unless another status stands there.
        TaskStatus::Succeeded => log::info!(event:%, trace, task = id; "{}", task.kind.done()),
        _ => log::info!(event:%, trace, task = id, status; "{}", task.kind.done()),
    }
}

/// Notes that a step is done.
fn arrived(task: &mut Task, steps: usize) {
    task.parts_done += 1;
    task.status = if task.parts_done < steps { TaskStatus::Queued } else { TaskStatus::Succeeded };
}
