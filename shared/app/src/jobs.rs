//! Managing jobs: what all configured things have in common, and what jobs alone have: when they are due, being run by hand,
//! and what is known of their runs.

mod kept;
mod stored;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bellhop_core::config::{JobSpec, SecretsAs};
use bellhop_core::id::EventId;
use bellhop_core::job::{Job, RunResult};
use bellhop_core::order::Order;
use bellhop_core::schedule::{Due, ScheduleSpec};
use serde_json::{Map, Value};

use crate::cache::Changes;
use crate::catalogue::{Catalogue, Edit, NotMade};
use crate::ports::{Clock, ConfigWriter, Documents, History, Orders, PortResult, RecordedEvent, SettingsReader, Vault};
use kept::Kept;

pub(crate) use stored::{job, runs};

/// The kinds of schedules, by their fields: writing one takes the place of another.
const SCHEDULES: [&str; 4] = ["once", "every_seconds", "daily", "cron"];

/// The jobs, as people manage them.
pub struct Jobs {
    /// What all kinds have in common.
    pub catalogue: Catalogue<Job>,
    documents: Arc<dyn Documents>,
    history: Arc<dyn History>,
    orders: Arc<dyn Orders>,
    settings: Arc<dyn SettingsReader>,
    clock: Arc<dyn Clock>,
}

/// What jobs are managed with.
#[expect(missing_docs, reason = "each port says itself what it is for")]
pub struct JobPorts {
    pub documents: Arc<dyn Documents>,
    pub writer: Arc<dyn ConfigWriter>,
    pub vault: Arc<dyn Vault>,
    pub history: Arc<dyn History>,
    pub orders: Arc<dyn Orders>,
    pub settings: Arc<dyn SettingsReader>,
    pub clock: Arc<dyn Clock>,
    pub changes: Changes,
    /// The shortest interval that this deployment keeps to the second, in seconds.
    pub shortest_seconds: u64,
}

/// Where a job stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The due times that come next, the soonest first; none where nothing of it is due any more.
    pub next: Vec<Due>,
    /// Its last run.
    pub last: Option<RecordedEvent>,
    /// How many due times were acted on.
    pub runs: u64,
}

impl Jobs {
    /// The jobs behind these ports.
    pub fn new(ports: JobPorts) -> Self {
        let JobPorts { documents, writer, vault, history, orders, settings, clock, changes, shortest_seconds } = ports;
        let things =
            Arc::new(Kept::new(Arc::clone(&documents), Arc::clone(&writer), Arc::clone(&clock), shortest_seconds));
        let catalogue = Catalogue { things, writer, vault, clock: Arc::clone(&clock), changes };
        Self { catalogue, documents, history, orders, settings, clock }
    }

    /// Makes a job, with the rights of whoever wrote it; its local times are those of the settings' zone where it names none.
    pub async fn create(&self, mut spec: JobSpec, secrets: SecretsAs) -> Result<Job, NotMade> {
        self.sweep().await?;
        spec.schedule.in_zone(self.settings.settings().await?.timezone.as_deref());
        self.catalogue.create(spec, secrets).await
    }

    /// Changes the given fields of a job; a schedule takes the place of another as a whole.
    pub async fn change(
        &self,
        id: &str,
        expected: Option<&[u64]>,
        fields: &Map<String, Value>,
        secrets: SecretsAs,
    ) -> Result<Job, NotMade> {
        let mut fields = fields.clone();
        if let Some(Value::Object(schedule)) = fields.get_mut("schedule") {
            let zone = self.settings.settings().await?.timezone;
            replace_whole(schedule, zone.as_deref());
        }
        self.catalogue.change(id, expected, &Edit::Patch(&fields, secrets)).await
    }

    /// Pauses a job, or has it be due again from now on.
    pub async fn enable(&self, id: &str, expected: Option<&[u64]>, enabled: bool) -> Result<Job, NotMade> {
        let changed = |old: &Job, now| {
            let scheduled_at = if enabled && !old.enabled { now } else { old.scheduled_at };
            Job { enabled, scheduled_at, ..old.clone() }
        };
        self.catalogue.change(id, expected, &Edit::With(&changed, &[])).await
    }

    /// Runs a job now, whether it is due or paused; says which event that is.
    pub async fn run(&self, id: &str) -> Result<EventId, NotMade> {
        let job = self.catalogue.get(id).await?.ok_or(NotMade::Gone("job"))?;
        let mut random = [0; 10];
        self.clock.random(&mut random);
        let event = EventId::new(self.clock.now(), &random);
        self.orders.give(&Order::RunV1 { job: job.id, event }).await?;
        log::info!(job = id, event:%; "job is run on request");
        Ok(event)
    }

    /// The chat that is told where a job names none.
    pub async fn operator_chat(&self) -> PortResult<Option<String>> {
        Ok(self.settings.settings().await?.operator_chat)
    }

    /// Where a job stands, with at most so many of the due times that come next.
    pub async fn standing(&self, job: &Job, most: usize) -> PortResult<Standing> {
        let (runs, _) = runs(&*self.documents, &job.id).await?;
        let last = match runs.event {
            Some(event) => self.history.recorded(event).await?,
            None => None,
        };
        Ok(Standing { next: job.next_dues(&runs, self.clock.now(), most), last, runs: runs.count })
    }

    /// Deletes the jobs that are to go once they are over.
    pub async fn sweep(&self) -> Result<(), NotMade> {
        for job in self.catalogue.list().await?.iter().filter(|job| job.auto_remove && job.enabled) {
            let Standing { next, last, runs } = self.standing(job, 1).await?;
            let is_open = last.is_some_and(|last| RunResult::of(&last.tasks).0.is_open());
            if runs > 0 && next.is_empty() && !is_open {
                self.catalogue.delete(job.id.as_str(), Some(&[job.version])).await.or_else(gone)?;
            }
        }
        Ok(())
    }
}

/// What is deleted or changed by others meanwhile is theirs.
fn gone(why: NotMade) -> Result<(), NotMade> {
    match why {
        NotMade::Gone(_) | NotMade::Outdated(_) => Ok(()),
        other => Err(other),
    }
}

/// Has a schedule that is laid over another take its place, in the zone of the settings where it names none.
fn replace_whole(schedule: &mut Map<String, Value>, zone: Option<&str>) {
    if !SCHEDULES.iter().any(|kind| schedule.get(*kind).is_some_and(|value| !value.is_null())) {
        return;
    }
    if let Ok(mut spec) = serde_json::from_value::<ScheduleSpec>(Value::Object(schedule.clone())) {
        spec.in_zone(zone);
        schedule.entry("timezone").or_insert(spec.timezone.map_or(Value::Null, Value::String));
    }
    for kind in SCHEDULES {
        schedule.entry(kind).or_insert(Value::Null);
    }
}
