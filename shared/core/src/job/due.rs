//! A run of a job, from its due time to the event that is made of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{ASKED, DUE, Job, LastRun, SENDER};
use crate::event::{Event, EventHead, Proof};
use crate::id::{EventId, JobId};
use crate::schedule::Due;
use crate::time::Timestamp;

/// A due time of a job on its way to the router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRun {
    /// The job.
    pub job: JobId,
    /// The job's version that it was planned by: another version of the job does not run for it.
    pub version: u64,
    /// The due time.
    pub due: Due,
    /// How many due times of the job were acted on before it.
    #[serde(default)]
    pub count: u64,
    /// How many due times before it nobody was there for, and are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub missed: u64,
    /// Why it is left out itself, where it is: its run is skipped, and says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<String>,
}

/// Why a job runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It is due.
    Due(DueRun),
    /// Someone asked for it, and was told this id of its event.
    Asked(EventId),
}

/// Nothing was missed.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl DueRun {
    /// The id of its event: made of the job and the due time, so that one due time is one event however often it comes.
    pub fn event(&self) -> EventId {
        let mut digest = Sha256::new();
        digest.update(self.job.as_str());
        digest.update(self.due.at.as_ms().to_be_bytes());
        let mut made = [0; 10];
        made.iter_mut().zip(digest.finalize()).for_each(|(byte, digested)| *byte = digested);
        EventId::new(self.due.at, &made)
    }
}

impl Cause {
    /// The id of the event.
    pub fn event(&self) -> EventId {
        match self {
            Self::Due(run) => run.event(),
            Self::Asked(event) => *event,
        }
    }
}

impl Job {
    /// The event of a run; `last` is what is known of the one before.
    ///
    /// Its payload is `job` with `id` and `name`; `message`, what a text of no template says; `due_at` as RFC 3339, `local_time` without a zone where the schedule has
    /// local times, and `timezone`; `asked`, whether someone asked for it; `missed`, how many due times were left out before
    /// it; `run`, which one it is, from 1; `data`, the job's own; and `last` with `event`, `due_at`, `status` and `reason`.
    pub fn event(&self, cause: &Cause, runs: u64, last: Option<&LastRun>) -> Event {
        let id = cause.event();
        let (due, run) = match cause {
            Cause::Due(run) => (run.due.clone(), Some(run)),
            Cause::Asked(_) => (Due { at: id.accepted_at(), local: None }, None),
        };
        let payload = json!({
            "job": { "id": self.id, "name": self.name },
            "message": self.message(),
            "due_at": due.at.rfc3339(),
            "local_time": due.local,
            "timezone": self.schedule.timezone(),
            "asked": run.is_none(),
            "missed": run.map_or(0, |run| run.missed),
            "run": runs + 1,
            "data": self.data,
            "last": last,
        });
        let body = payload.to_string().into_bytes();
        let head = EventHead {
            id,
            path: format!("job/{}", self.id),
            sender: SENDER.to_owned(),
            event_type: Some(if run.is_some() { DUE } else { ASKED }.to_owned()),
            delivery_id: run.map(|run| run.due.at.rfc3339()),
            received_at: id.accepted_at(),
            source_ip: None,
            query: None,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            owners: vec![Proof::new(self.id.clone(), None)],
            body_bytes: body.len(),
            test: false,
            erased_at: None,
            duplicates: Vec::new(),
        };
        Event { head, body }
    }

    /// What its messages say where no template says otherwise: what its data say, or its name.
    fn message(&self) -> &str {
        let said = ["message", "text", "prompt"].iter().find_map(|field| self.data.get(*field)?.as_str());
        said.unwrap_or(&self.name)
    }

    /// When a due time is to be acted on: up to the job's jitter later, each by its own.
    pub fn acts_at(&self, due: &Due) -> Timestamp {
        let spread = self.jitter_seconds.saturating_mul(1000).saturating_add(1);
        let mut digest = Sha256::new();
        digest.update("jitter");
        digest.update(self.id.as_str());
        digest.update(due.at.as_ms().to_be_bytes());
        let number = digest.finalize().iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        due.at.plus_ms(number % spread)
    }
}
