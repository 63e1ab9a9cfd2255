//! A job as people write it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ActionSpec, table};
use crate::job::{CatchUp, Job, Overlap};
use crate::schedule::ScheduleSpec;
use crate::secret::SecretRef;
use crate::time::Timestamp;

/// A job, as written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct JobSpec {
    /// Its name, unlike every other job's.
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it is due.
    #[serde(deserialize_with = "table::one")]
    pub schedule: ScheduleSpec,
    /// From when on it is due, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_at: Option<String>,
    /// Until when it is due, as RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_at: Option<String>,
    /// How many due times it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
    /// By up to how many seconds its runs are late; 0 unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_seconds: Option<u64>,
    /// What its events carry as `payload.data`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>))]
    pub data: Option<Map<String, Value>>,
    /// A condition in CEL: a due time for which it does not hold is skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What becomes of due times that nobody was there for; `once` unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catch_up: Option<CatchUp>,
    /// What becomes of a due time while an earlier run is not over; `skip` unless said, and `queue` with `catch_up = "all"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// Whether it is deleted once its last run is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_remove: Option<bool>,
    /// What it does at a due time.
    #[serde(deserialize_with = "table::many")]
    pub actions: Vec<ActionSpec>,
    /// Whether it is due at all; unless said, a new job is and another stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

impl JobSpec {
    /// The job as it would be written, without its secrets.
    pub fn of(job: &Job) -> Self {
        Self {
            name: job.name.clone(),
            description: Some(job.description.clone()).filter(|text| !text.is_empty()),
            schedule: ScheduleSpec::of(&job.schedule),
            start_at: job.start_at.map(Timestamp::rfc3339),
            end_at: job.end_at.map(Timestamp::rfc3339),
            max_runs: job.max_runs,
            jitter_seconds: Some(job.jitter_seconds),
            data: Some(job.data.clone()).filter(|data| !data.is_empty()),
            when: job.when.clone(),
            catch_up: Some(job.catch_up),
            overlap: Some(job.overlap),
            auto_remove: Some(job.auto_remove),
            actions: ActionSpec::all(&job.actions, &job.fallbacks),
            enabled: Some(job.enabled),
        }
    }

    /// Puts the values of secrets in the place of references to them, as far as `value_of` has them.
    pub fn resolve<E>(&mut self, value_of: &mut impl FnMut(&SecretRef) -> Result<Option<String>, E>) -> Result<(), E> {
        self.actions.iter_mut().try_for_each(|action| action.resolve(value_of))
    }
}
