//! Jobs as configured things.

use serde_json::{Map, Value};

use super::{Configured, Stamp, fallbacks_inside};
use crate::config::{JobDraft, JobSpec, KeptActions, Problem, SecretInput, SecretsAs, check_job};
use crate::hook::Origin;
use crate::id::JobId;
use crate::job::Job;
use crate::secret::SecretRef;
use crate::time::Timestamp;

impl Configured for Job {
    const KIND: &'static str = "job";

    type Spec = JobSpec;
    type Draft = JobDraft;

    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn spec(&self) -> JobSpec {
        JobSpec::of(self)
    }

    fn check(
        spec: &JobSpec,
        secrets: SecretsAs,
        change: Option<(&Self, &Map<String, Value>)>,
    ) -> Result<JobDraft, Vec<Problem>> {
        let Some((old, fields)) = change else {
            return check_job(spec, secrets, &KeptActions::default());
        };
        let kept = KeptActions {
            actions: old.actions.clone(),
            fallbacks: old.fallbacks.clone(),
            same: !fields.contains_key("actions"),
        };
        let mut draft = check_job(spec, secrets, &kept)?;
        if kept.same {
            (draft.job.actions, draft.job.fallbacks) = kept.as_written();
        }
        Ok(draft)
    }

    fn new_id(random: &[u8; 22]) -> String {
        JobId::from_random(random).to_string()
    }

    fn written_name(spec: &JobSpec) -> &str {
        &spec.name
    }

    fn name_of(draft: &JobDraft) -> &str {
        &draft.job.name
    }

    fn complete(
        draft: JobDraft,
        old: Option<&Self>,
        stamp: &Stamp,
        keep: &mut dyn FnMut(&str, SecretInput) -> SecretRef,
    ) -> Self {
        let JobDraft { mut job, enabled_is_open } = draft;
        job.id = JobId::from_text(stamp.id.clone());
        job.origin = stamp.origin;
        (job.created_at, job.updated_at, job.scheduled_at) = (stamp.now, stamp.now, stamp.now);
        if let Some(old) = old {
            (job.created_at, job.updated_at, job.version) = (old.created_at, old.updated_at, old.version);
            if enabled_is_open {
                job.enabled = old.enabled;
            }
            let is_same = (&job.schedule, job.start_at) == (&old.schedule, old.start_at);
            if is_same && (old.enabled || !job.enabled) {
                job.scheduled_at = old.scheduled_at;
            }
        }
        job.map(&mut |secret| keep(&format!("action-{}", stamp.id), secret))
    }

    fn secrets(&self) -> Vec<&SecretRef> {
        self.all_secrets().collect()
    }

    fn shown(&self) -> Value {
        let shown = self.clone().map(&mut |secret: SecretRef| secret.shown());
        // A struct of texts and numbers is an object.
        let mut shown = serde_json::to_value(shown).unwrap_or_default();
        fallbacks_inside(&mut shown);
        shown
    }

    fn touch(&mut self, version: u64, now: Timestamp) {
        (self.version, self.updated_at) = (version, now);
    }
}
