//! Jobs where they are kept: each with its place in the index of due times, written in one step.

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::config::Problem;
use bellhop_core::job::Job;
use bellhop_core::schedule::Schedule;

use super::runs;
use crate::catalogue::InDocuments;
use crate::ports::{
    Clock, Collection, ConfigChange, ConfigWriter, Configurations, Documents, NewDocument, PortError, PortResult,
};
use crate::schedule::entry;

/// The jobs where they are kept.
pub(super) struct Kept {
    jobs: InDocuments<Job>,
    documents: Arc<dyn Documents>,
    writer: Arc<dyn ConfigWriter>,
    clock: Arc<dyn Clock>,
    shortest_seconds: u64,
}

impl Kept {
    /// The jobs behind these ports.
    pub(super) fn new(
        documents: Arc<dyn Documents>,
        writer: Arc<dyn ConfigWriter>,
        clock: Arc<dyn Clock>,
        shortest_seconds: u64,
    ) -> Self {
        let jobs = InDocuments::new(Arc::clone(&documents), Collection::Job);
        Self { jobs, documents, writer, clock, shortest_seconds }
    }

    /// The entry of a job in the index, if something of it is due.
    async fn due(&self, job: &Job) -> PortResult<Option<ConfigChange>> {
        let (runs, _) = runs(&*self.documents, &job.id).await?;
        Ok(job.next_due(&runs).map(|due| ConfigChange::Due(entry(job, &due, runs.count))))
    }
}

#[async_trait]
impl Configurations<Job> for Kept {
    async fn all(&self) -> PortResult<Vec<Job>> {
        self.jobs.all().await
    }

    async fn changes(&self, put: Vec<Job>, delete: Vec<String>) -> PortResult<Vec<ConfigChange>> {
        let mut due = Vec::new();
        for job in &put {
            due.extend(self.due(job).await?);
        }
        let runs = delete.iter().cloned().map(|key| ConfigChange::NoDocument { collection: Collection::Run, key });
        let runs: Vec<_> = runs.collect();
        let jobs = self.jobs.changes(put, delete).await?;
        Ok(jobs.into_iter().chain(due).chain(runs).collect())
    }

    async fn replace(&self, job: &Job, version: u64) -> PortResult<bool> {
        let Some(found) = self.documents.document(Collection::Job, job.id.as_str()).await? else { return Ok(false) };
        let stored: Job = serde_json::from_str(&found.text).map_err(|error| PortError::unreadable("a job", &error))?;
        if stored.version != version {
            return Ok(false);
        }
        let text = serde_json::to_string(job).map_err(|error| PortError::new("a job cannot be written", error))?;
        let new = NewDocument { collection: Collection::Job, key: job.id.as_str(), text: &text, expires: None };
        let due = self.due(job).await?.into_iter().collect();
        self.writer.swap_together(&new, Some(found.version), due).await
    }

    fn problems(&self, job: &Job, old: Option<&Job>) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |field: &str, message: String| problems.push(Problem { field: field.to_owned(), message });
        let is_new = old
            .is_none_or(|old| (&old.schedule, old.start_at, old.end_at) != (&job.schedule, job.start_at, job.end_at));
        if let Schedule::Every { seconds } = job.schedule
            && seconds < self.shortest_seconds
        {
            let shortest = self.shortest_seconds;
            add("schedule.every_seconds", format!("{seconds} s is less than is kept here: write {shortest} or more"));
        }
        if is_new && job.enabled {
            let now = self.clock.now();
            match job.schedule {
                Schedule::Once { at } if at <= now => {
                    let (at, now) = (at.rfc3339(), now.rfc3339());
                    add("schedule.once", format!("{at} is past, it is {now}: write a time that is to come"));
                }
                _ if job.next_dues(&Default::default(), now, 1).is_empty() => {
                    add("end_at", "nothing is due until then: write a later time, or leave it out".to_owned());
                }
                _ => {}
            }
        }
        problems
    }
}
