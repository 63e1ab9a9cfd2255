//! Tasks: one action for one event, with its attempts.

use serde::{Deserialize, Serialize};

use crate::id::{EventId, HookId, TaskId};
use crate::time::Timestamp;

/// How many attempts a task remembers; failures are far fewer, so only throttled ones are ever forgotten.
const MOST_ATTEMPTS: usize = 40;

/// One action for one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The event.
    pub event: EventId,
    /// The hook.
    pub hook: HookId,
    /// The kind of action: `telegram`.
    pub kind: String,
    /// Where the effect goes, as people name it: the chat.
    pub destination: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Why it is dead or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was tried.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// How many parts of a split message have arrived.
    #[serde(default)]
    pub parts_done: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is next due, or when its worker's lease ends.
    pub due_at: Timestamp,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It waits for its first attempt.
    Queued,
    /// A worker has it.
    Running,
    /// An attempt failed and another will follow.
    Retrying,
    /// Its effect happened.
    Succeeded,
    /// It failed for good.
    Dead,
    /// It was not to be done.
    Skipped,
}

/// One try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// What was answered, in a few words; empty where it went well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The effect happened.
    Succeeded,
    /// The destination asked us to come back later, which is no fault of the task's and does not wear it out.
    Throttled,
    /// It failed.
    Failed,
}

impl TaskStatus {
    /// Whether nothing more will happen to the task by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Dead | Self::Skipped)
    }

    /// The word for it in the API and in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
        }
    }
}

impl Task {
    /// A task that waits for its first attempt.
    pub fn queued(id: TaskId, event: EventId, hook: HookId, kind: &str, destination: &str, now: Timestamp) -> Self {
        Self {
            id,
            event,
            hook,
            kind: kind.to_owned(),
            destination: destination.to_owned(),
            status: TaskStatus::Queued,
            reason: None,
            attempts: Vec::new(),
            parts_done: 0,
            created_at: now,
            due_at: now,
        }
    }

    /// Notes an attempt; of very many, the latest are kept.
    pub fn note(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MOST_ATTEMPTS {
            let throttled = self.attempts.iter().position(|attempt| attempt.outcome == AttemptOutcome::Throttled);
            self.attempts.remove(throttled.unwrap_or(0));
        }
        self.attempts.push(attempt);
    }

    /// How many attempts failed.
    pub fn failures(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Failed).count()
    }

    /// Whether a worker may take the task now: it is not final, and no other worker's lease on it runs.
    pub fn may_start(&self, now: Timestamp) -> bool {
        match self.status {
            TaskStatus::Queued | TaskStatus::Retrying => true,
            TaskStatus::Running => self.due_at <= now,
            TaskStatus::Succeeded | TaskStatus::Dead | TaskStatus::Skipped => false,
        }
    }
}
