//! What is known of a job's runs.

use serde::{Deserialize, Serialize};

use super::Cause;
use crate::id::EventId;
use crate::schedule::Due;
use crate::task::{Task, TaskStatus};
use crate::time::Timestamp;

/// What is kept of a job's runs besides their events: where the schedule stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// How many due times were acted on.
    pub count: u64,
    /// The last of them; one that comes late does not take its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// The event of the last run, whether it was due or asked for, done or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The event of the last run that was not skipped: what others wait for, and what conditions ask about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran: Option<EventId>,
}

/// What is known of the run before this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastRun {
    /// Its event.
    pub event: EventId,
    /// When it was due, or asked for; RFC 3339.
    pub due_at: String,
    /// What came of it.
    pub status: RunResult,
    /// Why it failed or was skipped.
    pub reason: Option<String>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Something of it is still to be done.
    Running,
    /// Everything that it does has arrived.
    Succeeded,
    /// Something of it is dead, and nothing took its place.
    Failed,
    /// It was not to be done.
    Skipped,
}

impl Runs {
    /// The same after a run.
    #[must_use]
    pub fn after(&self, cause: &Cause, is_skipped: bool) -> Self {
        let event = Some(cause.event());
        let ran = if is_skipped { self.ran } else { self.ran.max(event) };
        let noted = Self { event: self.event.max(event), ran, ..self.clone() };
        let Cause::Due(run) = cause else { return noted };
        // One that comes late does not take the place of a later one.
        let is_later = self.due.as_ref().is_none_or(|last| last.at <= run.due.at);
        let due = if is_later { Some(run.due.clone()) } else { noted.due };
        Self { count: self.count.max(run.count + u64::from(run.undone.is_none())), due, ..noted }
    }
}

impl RunResult {
    /// What came of a run by its tasks, and why where it failed or was skipped.
    pub fn of(tasks: &[Task]) -> (Self, Option<String>) {
        let counts = |task: &&Task| task.id.subject().is_none() && task.replay.is_none();
        let is_replaced = |task: &Task| {
            let fallback = task.id.fallback();
            tasks.iter().any(|other| other.id == fallback && other.status == TaskStatus::Succeeded)
        };
        let with = |wanted: fn(&Task) -> bool| tasks.iter().filter(counts).find(|task| wanted(task));
        if with(|task| !task.status.is_final()).is_some() {
            return (Self::Running, None);
        }
        let dead = tasks.iter().filter(counts).find(|task| task.status == TaskStatus::Dead && !is_replaced(task));
        if let Some(dead) = dead {
            return (Self::Failed, dead.reason.clone());
        }
        match (with(|task| task.status == TaskStatus::Succeeded), with(|task| task.status == TaskStatus::Skipped)) {
            (None, Some(skipped)) => (Self::Skipped, skipped.reason.clone()),
            _ => (Self::Succeeded, None),
        }
    }

    /// Whether more will come of it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Running)
    }

    /// Whether a run is still at work, by its tasks ([`Kind::is_call`](crate::action::Kind::is_call)).
    pub fn is_at_work(tasks: &[Task]) -> bool {
        tasks.iter().any(|task| !task.status.is_final() && task.replay.is_none() && task.kind.is_call())
    }
}

impl LastRun {
    /// What is known of a run, by its event and its tasks.
    pub fn of(event: EventId, tasks: &[Task]) -> Self {
        let (status, reason) = RunResult::of(tasks);
        let due_at: Timestamp = event.accepted_at();
        Self { event, due_at: due_at.rfc3339(), status, reason }
    }
}
