//! Jobs and their runs, as people see them.

use bellhop_app::jobs::Standing;
use bellhop_app::ports::RecordedEvent;
use bellhop_core::hook::Origin;
use bellhop_core::job::{ASKED, CatchUp, Job, Overlap, RunResult};
use bellhop_core::schedule::{Due, ScheduleSpec};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::view::{ActionView, Open};

/// A job.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Job)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it is due.
    #[schema(value_type = ScheduleSpec)]
    pub schedule: Open<ScheduleSpec>,
    /// The same in words.
    pub schedule_words: String,
    /// From when on it is due.
    pub start_at: Option<String>,
    /// Until when it is due.
    pub end_at: Option<String>,
    /// How many due times it has; null: as many as come.
    pub max_runs: Option<u64>,
    /// By up to how many seconds its runs are late.
    pub jitter_seconds: u64,
    /// What its events carry as `payload.data`.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    /// A condition in CEL: a due time for which it does not hold is skipped.
    pub when: Option<String>,
    /// What becomes of due times that nobody was there for.
    #[schema(value_type = CatchUp)]
    pub catch_up: Open<CatchUp>,
    /// What becomes of a due time while an earlier run is not over.
    #[schema(value_type = Overlap)]
    pub overlap: Open<Overlap>,
    /// Whether it is deleted once its last run is over.
    pub auto_remove: bool,
    /// What it does at a due time.
    pub actions: Vec<ActionView>,
    /// Whether it is due at all; it can be run by hand in any case.
    pub enabled: bool,
    /// Where it stands.
    #[schema(value_type = JobStatus)]
    pub status: Open<JobStatus>,
    /// When it is due next; null where nothing of it is due any more, or it is paused.
    pub next_run_at: Option<String>,
    /// The due times that come next, five at most.
    pub next_runs: Vec<DueView>,
    /// Its last run, whether it was due or asked for.
    pub last_run: Option<RunView>,
    /// How many due times were acted on.
    pub runs: u64,
    /// Who wrote it; applying a configuration overwrites those of the file.
    #[schema(value_type = Origin)]
    pub origin: Open<Origin>,
    /// When it was made.
    pub created_at: String,
    /// When it was last changed.
    pub updated_at: String,
    /// How often it has been changed; its `ETag`.
    pub version: u64,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Something of it is due.
    Active,
    /// It is due again when it is resumed.
    Paused,
    /// Nothing of it is due any more.
    Over,
}

/// A due time.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Due)]
pub struct DueView {
    /// When it is.
    pub at: String,
    /// The local time that it stands for, in the schedule's zone; null where the schedule has no local times.
    pub local: Option<String>,
}

/// A run of a job.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Run)]
pub struct RunView {
    /// Its event.
    pub event: String,
    /// When it was due, or asked for.
    pub due_at: String,
    /// Whether someone asked for it.
    pub asked: bool,
    /// Whether it ran.
    #[schema(value_type = RunStatus)]
    pub status: Open<RunStatus>,
    /// Whether what it made arrived.
    #[schema(value_type = Delivery)]
    pub delivery: Open<Delivery>,
    /// Why it was skipped, or what is dead of it.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: Option<String>,
    /// How long it took until all of it was over, in milliseconds; null while it is not.
    pub duration_ms: Option<u64>,
}

/// Whether a job ran at a due time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It did what it does.
    Ran,
    /// It was not to be done.
    Skipped,
}

/// Whether what a run made arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It made nothing.
    Nothing,
    /// Something is still on its way.
    Pending,
    /// All of it arrived.
    Delivered,
    /// Something is dead, and nothing took its place.
    Failed,
}

impl JobView {
    /// A job with where it stands.
    pub(super) fn new(job: &Job, standing: &Standing) -> Self {
        let next_runs: Vec<_> = standing.next.iter().map(DueView::new).collect();
        let status = match (job.enabled, next_runs.is_empty()) {
            (false, _) => JobStatus::Paused,
            (true, true) => JobStatus::Over,
            (true, false) => JobStatus::Active,
        };
        Self {
            id: job.id.to_string(),
            name: job.name.clone(),
            description: job.description.clone(),
            schedule: Open::Known(ScheduleSpec::of(&job.schedule)),
            schedule_words: job.schedule.words(),
            start_at: job.start_at.map(Timestamp::rfc3339),
            end_at: job.end_at.map(Timestamp::rfc3339),
            max_runs: job.max_runs,
            jitter_seconds: job.jitter_seconds,
            data: job.data.clone(),
            when: job.when.clone(),
            catch_up: job.catch_up.into(),
            overlap: job.overlap.into(),
            auto_remove: job.auto_remove,
            actions: ActionView::all(&job.actions, &job.fallbacks),
            enabled: job.enabled,
            status: status.into(),
            next_run_at: next_runs.first().map(|due| due.at.clone()),
            next_runs,
            last_run: standing.last.as_ref().map(RunView::new),
            runs: standing.runs,
            origin: job.origin.into(),
            created_at: job.created_at.rfc3339(),
            updated_at: job.updated_at.rfc3339(),
            version: job.version,
        }
    }
}

impl DueView {
    /// A due time as the API shows it.
    fn new(due: &Due) -> Self {
        Self { at: due.at.rfc3339(), local: due.local.clone() }
    }
}

impl RunView {
    /// The run that an event is of.
    pub(super) fn new(recorded: &RecordedEvent) -> Self {
        let RecordedEvent { head, tasks } = recorded;
        let (result, reason) = RunResult::of(tasks);
        let (status, delivery) = match result {
            RunResult::Skipped => (RunStatus::Skipped, Delivery::Nothing),
            RunResult::Running => (RunStatus::Ran, Delivery::Pending),
            RunResult::Succeeded => (RunStatus::Ran, Delivery::Delivered),
            RunResult::Failed => (RunStatus::Ran, Delivery::Failed),
        };
        let started = tasks.iter().filter(|task| task.id.is_own()).map(|task| task.created_at).min();
        let ended = tasks.iter().map(ended).max().filter(|_| !result.is_open());
        Self {
            event: head.id.to_string(),
            due_at: head.received_at.rfc3339(),
            asked: head.event_type.as_deref() == Some(ASKED),
            status: status.into(),
            delivery: delivery.into(),
            reason,
            started_at: started.map(Timestamp::rfc3339),
            duration_ms: ended.zip(started).map(|(ended, started)| ended.ms_since(started)),
        }
    }
}

/// When the last attempt of a task was over.
fn ended(task: &Task) -> Timestamp {
    task.attempts.last().map_or(task.created_at, |attempt| attempt.started_at.plus_ms(attempt.duration_ms))
}
