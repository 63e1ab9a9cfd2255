//! Runs jobs: makes an event of a due time, once, if the job is still what it was when that was planned.

use bellhop_core::id::JobId;
use bellhop_core::job::{Cause, DueRun, Job, LastRun, Overlap, RunResult};
use bellhop_core::time::DAY_MS;

use super::{Recorded, Routing};
use crate::jobs::runs;
use crate::ports::{Collection, DueTime, NewDocument, PortError, PortResult, RecordedEvent};

/// After how long a run is tried again that waits for another one, in milliseconds.
const WAIT_MS: u64 = 10_000;

/// How often what is known of a job's runs is tried to be written where others write it too.
const TRIES: usize = 32;

/// What becomes of a due time while an earlier run is at work.
const OVERLAPS: &str = "an earlier run of the job is still at work (`overlap = \"skip\"`)";

/// What becomes of one that has waited for very long.
const WAITED: &str = "it has waited for an earlier run of the job for a day";

impl Routing {
    /// Runs a job; however often it is asked, a due time has one run.
    pub(super) async fn run_job(&self, id: &JobId, cause: Cause) -> PortResult<Recorded> {
        let Some(job) = self.rules.job(id).await? else { return Ok(left_out(id, "it was deleted")) };
        if let Cause::Due(run) = &cause
            && (run.version != job.version || !job.enabled)
        {
            return Ok(left_out(id, "it was changed, and is due as it is now"));
        }
        let (runs, _) = runs(&*self.documents, id).await?;
        let event = cause.event();
        let before = match runs.ran.filter(|before| *before != event) {
            Some(before) => self.history.recorded(before).await?,
            None => None,
        };
        let mut undone = None;
        if let Cause::Due(run) = &cause {
            undone.clone_from(&run.undone);
            let is_at_work = before.as_ref().is_some_and(|before| RunResult::is_at_work(&before.tasks));
            match job.overlap {
                _ if !is_at_work || undone.is_some() => {}
                Overlap::Allow => {}
                Overlap::Skip => undone = Some(OVERLAPS.to_owned()),
                Overlap::Queue if self.clock.now() < run.due.at.plus_ms(DAY_MS) => return self.wait(&job, run).await,
                Overlap::Queue => undone = Some(WAITED.to_owned()),
            }
        }
        let last = before.map(|RecordedEvent { head, tasks }| LastRun::of(head.id, &tasks));
        // One that was recorded before stays as it was made.
        let recorded = self.events.event(event).await?;
        let made = recorded.unwrap_or_else(|| job.event(&cause, runs.count, last.as_ref()));
        let rules = self.rules.rules().await?.of_job(job);
        let (recorded, is_skipped) = self.record_by(made, &rules, undone.as_deref()).await?;
        self.note_run(id, &cause, is_skipped).await?;
        Ok(recorded)
    }

    /// Has a due time come again once the run before it may be over.
    async fn wait(&self, job: &Job, run: &DueRun) -> PortResult<Recorded> {
        let waiting = DueTime {
            at: self.clock.now().plus_ms(WAIT_MS),
            job: job.id.clone(),
            version: run.version,
            due: run.due.at,
            local: run.due.local.clone(),
            count: run.count,
        };
        self.due.step(&[waiting], &[]).await?;
        log::info!(job = job.id.as_str(), due:% = run.due.at.rfc3339(); "the run waits for an earlier one");
        Ok(Recorded::default())
    }

    /// Notes a run; the same again changes nothing.
    async fn note_run(&self, job: &JobId, cause: &Cause, is_skipped: bool) -> PortResult<()> {
        for _ in 0..TRIES {
            let (runs, version) = runs(&*self.documents, job).await?;
            let noted = runs.after(cause, is_skipped);
            if noted == runs {
                return Ok(());
            }
            let text =
                serde_json::to_string(&noted).map_err(|e| PortError::new("a job's runs cannot be written", e))?;
            let new = NewDocument { collection: Collection::Run, key: job.as_str(), text: &text, expires: None };
            if self.documents.swap(&new, version).await? {
                return Ok(());
            }
        }
        Err(PortError::new("a job's runs are written by too many at once", job))
    }
}

/// A run that is not done, and why.
fn left_out(job: &JobId, why: &str) -> Recorded {
    log::info!(job = job.as_str(), why; "the job does not run");
    Recorded::default()
}
