//! Checks one job.

use super::actions::{KeptActions, check_actions};
use super::{Problem, Problems, SecretInput, SecretsAs, between};
use crate::config::JobSpec;
use crate::filter::Condition;
use crate::hook::Origin;
use crate::id::JobId;
use crate::job::{CatchUp, Job, Overlap};
use crate::schedule::Schedule;
use crate::time::{DAY_MS, Timestamp};

/// The most that a job's own data may be, as JSON in bytes.
const MOST_DATA_BYTES: usize = 64 * 1024;

/// A job that passed its checks.
#[derive(Debug, Clone)]
pub struct JobDraft {
    /// The job, with secrets that are not kept yet. Its id and its times are its store's to fill in.
    pub job: Job<SecretInput>,
    /// Whether nobody wrote if it is enabled: it stays as it is.
    pub enabled_is_open: bool,
}

/// Checks a job that stands alone and keeps secrets that its actions had before.
pub fn check_job(spec: &JobSpec, secrets: SecretsAs, kept: &KeptActions) -> Result<JobDraft, Vec<Problem>> {
    let mut problems = Problems::default();
    check(spec, secrets, kept, &mut problems).filter(|_| problems.0.is_empty()).ok_or(problems.0)
}

/// Checks a job; `None` where it cannot even be drafted.
fn check(spec: &JobSpec, secrets: SecretsAs, kept: &KeptActions, problems: &mut Problems) -> Option<JobDraft> {
    if spec.name.trim().is_empty() || spec.name.len() > 100 {
        problems.add("name", "every job has a name of 1 to 100 characters: `name = \"stand-up\"`");
    }
    let schedule = schedule(spec, problems);
    let start_at = moment("start_at", spec.start_at.as_deref(), problems);
    let end_at = moment("end_at", spec.end_at.as_deref(), problems);
    if start_at.zip(end_at).is_some_and(|(start, end)| end <= start) {
        problems.add("end_at", "it ends before it begins: write a time after `start_at`");
    }
    if let Some(most) = spec.max_runs {
        problems.take("max_runs", between(most, 1, 1_000_000_000));
    }
    let jitter = problems.take("jitter_seconds", between(spec.jitter_seconds.unwrap_or(0), 0, DAY_MS / 1000));
    let data = spec.data.clone().unwrap_or_default();
    let bytes = serde_json::to_string(&data).map_or(usize::MAX, |text| text.len());
    if bytes > MOST_DATA_BYTES {
        problems.add("data", format!("it is {bytes} bytes of JSON; {MOST_DATA_BYTES} are the most"));
    }
    if let Some(when) = &spec.when {
        problems.take("when", Condition::compile(when));
    }
    let catch_up = spec.catch_up.unwrap_or_default();
    let usual = if catch_up == CatchUp::All { Overlap::Queue } else { Overlap::Skip };
    let overlap = spec.overlap.unwrap_or(usual);
    if (catch_up, overlap) == (CatchUp::All, Overlap::Skip) {
        let what = "runs that are caught up come one right after another, so `skip` would leave out all but the first: \
                    write `overlap = \"queue\"`, or leave it out";
        problems.add("overlap", what);
    }
    if spec.actions.is_empty() {
        problems.add("actions", "a job needs an action: `[[jobs.actions]]` with a `kind`");
    }
    let (actions, fallbacks) = check_actions(&spec.actions, secrets, kept, problems);
    let job = Job {
        id: JobId::from_random(&[0; 22]),
        name: spec.name.clone(),
        description: spec.description.clone().unwrap_or_default(),
        schedule: schedule?,
        start_at,
        end_at,
        max_runs: spec.max_runs,
        jitter_seconds: jitter?,
        data,
        when: spec.when.clone(),
        catch_up,
        overlap,
        auto_remove: spec.auto_remove.unwrap_or_default(),
        actions,
        fallbacks,
        enabled: spec.enabled.unwrap_or(true),
        origin: Origin::Api,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        scheduled_at: Timestamp::default(),
        version: 1,
    };
    Some(JobDraft { job, enabled_is_open: spec.enabled.is_none() })
}

/// Reads when it is due.
fn schedule(spec: &JobSpec, problems: &mut Problems) -> Option<Schedule> {
    let named = |field: String| if field.is_empty() { "schedule".to_owned() } else { format!("schedule.{field}") };
    let wrong = |Problem { field, message }| problems.add(named(field), message);
    spec.schedule.check().map_err(|found| found.into_iter().for_each(wrong)).ok()
}

/// Reads a moment, if one is written.
fn moment(field: &str, text: Option<&str>, problems: &mut Problems) -> Option<Timestamp> {
    let wrong = "not a moment as RFC 3339 writes it, with an offset: `2027-01-31T09:00:00+01:00`";
    text.and_then(|text| problems.take(field, Timestamp::from_rfc3339(text.trim()).ok_or(wrong)))
}
