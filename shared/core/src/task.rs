//! Tasks: one action for one event, with its attempts.

use serde::{Deserialize, Serialize};

use crate::action::Kind;
use crate::id::{EventId, Owner, ReplayId, TaskId};
use crate::time::Timestamp;

/// How many attempts a task remembers; failures are far fewer, so only throttled ones are ever forgotten.
const MOST_ATTEMPTS: usize = 40;

/// How much of an answer an attempt remembers, in bytes.
pub const MOST_ANSWER_BYTES: usize = 2048;

/// One action for one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The event.
    pub event: EventId,
    /// Whose it is.
    #[serde(alias = "hook")]
    pub owner: Owner,
    /// The kind of its action.
    pub kind: Kind,
    /// Where the effect goes, as people name it: the chat, the address.
    pub destination: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Why it is dead or skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was tried.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// How many of the attempts failed before the task was last asked for again; the table of waits leaves them out.
    #[serde(default, skip_serializing_if = "nothing")]
    pub failures_before: usize,
    /// How many parts of a split message have arrived.
    #[serde(default)]
    pub parts_done: usize,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is next due, or when its worker's lease ends.
    pub due_at: Timestamp,
    /// Until when it was to wait from the beginning: the end of the quiet hours that it was made in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_until: Option<Timestamp>,
    /// When its record may be deleted.
    pub expires_at: Timestamp,
    /// How often people have asked for it again after it had ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: u32,
    /// The replay that made it; the event's own tasks have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayId>,
    /// Whether its event was made to try the hook out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    /// What went wrong, in a few words; empty where nothing did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The HTTP status of the answer, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// The first [`MOST_ANSWER_BYTES`] of the answer's body, as text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
    pub fn queued(id: TaskId, kind: Kind, destination: &str, now: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            event: id.event(),
            owner: id.owner(),
            id,
            kind,
            destination: destination.to_owned(),
            status: TaskStatus::Queued,
            reason: None,
            attempts: Vec::new(),
            failures_before: 0,
            parts_done: 0,
            created_at: now,
            due_at: now,
            held_until: None,
            expires_at,
            retries: 0,
            replay: None,
            test: false,
        }
    }

    /// Notes an attempt; of very many, the latest are kept.
    pub fn note(&mut self, attempt: Attempt) {
        if self.attempts.len() >= MOST_ATTEMPTS {
            let throttled = self.attempts.iter().position(|attempt| attempt.outcome == AttemptOutcome::Throttled);
            let forgotten = self.attempts.remove(throttled.unwrap_or(0));
            if forgotten.outcome == AttemptOutcome::Failed {
                self.failures_before = self.failures_before.saturating_sub(1);
            }
        }
        self.attempts.push(attempt);
    }

    /// The attempt of a task that succeeded at the first one, and of which nothing else has changed since it was made:
    /// [`Task::succeed`] makes the same of what it was.
    pub fn plain_success(&self) -> Option<&Attempt> {
        let [attempt] = self.attempts.as_slice() else { return None };
        let mut again = Self {
            status: TaskStatus::Queued,
            attempts: Vec::new(),
            parts_done: 0,
            due_at: self.created_at,
            ..self.clone()
        };
        again.succeed(attempt.clone());
        (self.retries == 0 && again == *self).then_some(attempt)
    }

    /// Notes an attempt by which the whole effect happened.
    pub fn succeed(&mut self, attempt: Attempt) {
        self.due_at = attempt.started_at.plus_ms(attempt.duration_ms);
        self.status = TaskStatus::Succeeded;
        self.parts_done += 1;
        self.note(attempt);
    }

    /// How many attempts failed since the task was made, or last asked for again.
    pub fn failures(&self) -> usize {
        self.all_failures().saturating_sub(self.failures_before)
    }

    /// Has the task done again, `parts` parts this time: it waits for an attempt as if there had been none.
    ///
    /// What arrived of one that died on its way does not go out again; all else does.
    pub fn retry(&mut self, parts: usize, now: Timestamp) {
        if self.status != TaskStatus::Dead || self.parts_done >= parts {
            self.parts_done = 0;
        }
        self.status = TaskStatus::Queued;
        self.retries += 1;
        self.reason = None;
        self.held_until = None;
        self.failures_before = self.all_failures();
        self.due_at = now;
    }

    /// Ends the task without its effect, and says why. Nothing else does: whoever calls it tells of it.
    pub fn die(&mut self, reason: impl Into<String>) {
        self.status = TaskStatus::Dead;
        self.reason = Some(reason.into());
    }

    /// When the next attempt may be made, if that is later than `now`.
    pub fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        (!self.status.is_final() && self.due_at > now).then_some(self.due_at)
    }

    /// How many of the attempts that are remembered failed.
    fn all_failures(&self) -> usize {
        self.attempts.iter().filter(|attempt| attempt.outcome == AttemptOutcome::Failed).count()
    }
}

/// For serde.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// For serde.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn nothing(number: &usize) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::HookId;

    /// A task with so many failed attempts.
    fn failed(times: usize) -> Task {
        let (event, hook, now) =
            (EventId::new(Timestamp::from_ms(0), &[0; 10]), HookId::from_text("hk_1"), Timestamp::from_ms(0));
        let id = TaskId::new(event, &hook, 0);
        let mut task = Task::queued(id, Kind::Telegram, "1", now, now);
        (0..times).for_each(|_| fail(&mut task));
        task
    }

    fn fail(task: &mut Task) {
        task.note(Attempt {
            started_at: Timestamp::from_ms(0),
            duration_ms: 0,
            outcome: AttemptOutcome::Failed,
            detail: String::new(),
            response_status: None,
            answer: String::new(),
        });
    }

    #[test]
    fn failures_count_from_the_last_asking_even_where_old_attempts_are_forgotten() {
        let mut task = failed(8);
        for asked in 1..=9 {
            task.status = TaskStatus::Dead;
            task.retry(1, Timestamp::from_ms(asked));
            assert_eq!((task.failures(), task.retries), (0, u32::try_from(asked).unwrap()));
            for failure in 1..=8 {
                fail(&mut task);
                assert_eq!(task.failures(), failure, "asked {asked} times");
            }
            assert!(task.attempts.len() <= MOST_ATTEMPTS);
        }
    }

    #[test]
    fn a_success_at_the_first_attempt_is_plain_and_nothing_else_is() {
        let attempt = Attempt {
            started_at: Timestamp::from_ms(40),
            duration_ms: 7,
            outcome: AttemptOutcome::Succeeded,
            detail: String::new(),
            response_status: Some(200),
            answer: "{}".to_owned(),
        };
        let made = Task { reason: Some("the sender's own text".to_owned()), ..failed(0) };
        let mut task = made.clone();
        task.succeed(attempt.clone());
        assert_eq!((task.status, task.due_at), (TaskStatus::Succeeded, Timestamp::from_ms(47)));
        assert_eq!(task.plain_success(), Some(&attempt));
        let mut twice = task.clone();
        twice.note(attempt.clone());
        for other in [
            made,
            failed(1),
            twice,
            Task { attempts: Vec::new(), ..task.clone() },
            Task { retries: 1, ..task.clone() },
            Task { parts_done: 2, ..task.clone() },
            Task { status: TaskStatus::Queued, ..task.clone() },
            Task { status: TaskStatus::Dead, ..task.clone() },
            Task { due_at: Timestamp::from_ms(48), ..task.clone() },
        ] {
            assert_eq!(other.plain_success(), None, "{other:?}");
        }
    }

    #[test]
    fn parts_that_arrived_count_only_where_the_task_died_on_its_way() {
        for (status, done, parts, expected) in [
            (TaskStatus::Dead, 2, 3, 2),
            (TaskStatus::Dead, 2, 2, 0),
            (TaskStatus::Succeeded, 2, 3, 0),
            (TaskStatus::Skipped, 0, 1, 0),
        ] {
            let mut task = Task { status, parts_done: done, reason: Some("x".to_owned()), ..failed(1) };
            task.retry(parts, Timestamp::from_ms(7));
            assert_eq!((task.parts_done, task.status, task.reason), (expected, TaskStatus::Queued, None));
        }
    }
}
