//! Jobs: schedules whose due times are events.

mod due;
mod runs;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::action::Action;
use crate::hook::Origin;
use crate::id::{JobId, Owner};
use crate::schedule::{Due, Schedule};
use crate::secret::SecretRef;
use crate::template::HookFacts;
use crate::time::Timestamp;

pub use due::{Cause, DueRun};
pub use runs::{LastRun, RunResult, Runs};

/// The sender of due times, as events name it.
pub const SENDER: &str = "job";

/// The event type of a due time.
pub const DUE: &str = "due";

/// The event type of a run that someone asked for.
pub const ASKED: &str = "asked";

/// A job, as it is kept in the store; `S` is where its secrets are, or what they are until they are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job<S = SecretRef> {
    /// Its id.
    pub id: JobId,
    /// Its name, unlike every other job's.
    pub name: String,
    /// What it is for, in the operator's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// When it is due.
    pub schedule: Schedule,
    /// From when on it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<Timestamp>,
    /// Until when it is due, this moment included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Timestamp>,
    /// How many due times it has; `None`: as many as come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
    /// By up to how many seconds its runs are late, so that jobs that are due together do not all run together.
    #[serde(default)]
    pub jitter_seconds: u64,
    /// What its events carry besides what is known of the job.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// A condition in CEL: a due time for which it does not hold is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What becomes of due times that nobody was there for.
    pub catch_up: CatchUp,
    /// What becomes of a due time while an earlier run is not over.
    pub overlap: Overlap,
    /// Whether it is deleted once nothing of it is due any more and its last run is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_remove: bool,
    /// What it does at a due time.
    pub actions: Vec<Action<S>>,
    /// What is done instead of an action whose task is dead, by the action's place.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub fallbacks: BTreeMap<usize, Action<S>>,
    /// Whether it is due at all; it can be run by hand in any case.
    pub enabled: bool,
    /// Who wrote it.
    pub origin: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// From when on its schedule holds: when it was made, or its schedule was last changed or resumed.
    pub scheduled_at: Timestamp,
    /// How often it has been changed: what a change must know so as not to undo another.
    pub version: u64,
}

/// What becomes of due times that nobody was there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are left out.
    Skip,
    /// The last of them is run, if it was within a day.
    #[default]
    Once,
    /// Each of them is run, one after another.
    All,
}

/// What becomes of a due time while an earlier run is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is skipped, and says so.
    #[default]
    Skip,
    /// It waits until that run is over.
    Queue,
    /// It runs beside it.
    Allow,
}

impl<S> Job<S> {
    /// The job as the owner of events and tasks.
    pub fn owner(&self) -> Owner {
        Owner::Job(self.id.clone())
    }

    /// Its actions, and what is done instead of them.
    pub fn all_actions(&self) -> impl Iterator<Item = &Action<S>> {
        self.actions.iter().chain(self.fallbacks.values())
    }

    /// The due time that comes next, where its schedule stands so; `None` where nothing of it is due any more.
    pub fn next_due(&self, runs: &Runs) -> Option<Due> {
        // What was due before its schedule was changed, or while it was paused, counts for another schedule.
        match runs.due.as_ref().filter(|last| last.at >= self.scheduled_at) {
            Some(last) => self.due_after(last, runs.count),
            None => self.lasts(self.schedule.first(self.begins(), self.anchor())?, runs.count),
        }
    }

    /// At most so many of the due times that come after `now`, the soonest first.
    pub fn next_dues(&self, runs: &Runs, now: Timestamp, most: usize) -> Vec<Due> {
        let (mut dues, mut count) = (Vec::new(), runs.count);
        let mut next = self.next_due(runs);
        while let Some(due) = next.take().filter(|_| dues.len() < most) {
            next = if due.at <= now {
                // What nobody was there for is caught up at once, and is no promise.
                let last = self.latest_due(&due, now).map_or(due, |(last, _)| last);
                self.due_after(&last, count)
            } else {
                count += 1;
                let next = self.due_after(&due, count);
                dues.push(due);
                next
            };
        }
        dues
    }

    /// The due time after another one, when `count` were acted on.
    pub fn due_after(&self, last: &Due, count: u64) -> Option<Due> {
        self.lasts(self.schedule.next(last, self.anchor())?, count)
    }

    /// The last due time after another one that is over by `now`, and how many there are until then.
    pub fn latest_due(&self, last: &Due, now: Timestamp) -> Option<(Due, u64)> {
        let until = self.end_at.map_or(now, |end| end.min(now));
        self.schedule.latest(last, until, self.anchor())
    }

    /// The first moment that may be due.
    fn begins(&self) -> Timestamp {
        self.start_at.map_or(self.scheduled_at, |start| start.max(self.scheduled_at))
    }

    /// What intervals are counted from.
    fn anchor(&self) -> Timestamp {
        self.start_at.unwrap_or(self.scheduled_at)
    }

    /// A due time that comes after `count` others, unless the job is over or paused by then.
    fn lasts(&self, due: Due, count: u64) -> Option<Due> {
        let is_over = self.end_at.is_some_and(|end| due.at > end) || self.max_runs.is_some_and(|most| count >= most);
        (self.enabled && !is_over).then_some(due)
    }

    /// The same with each of its secrets made another.
    #[must_use]
    pub fn map<T>(self, make: &mut impl FnMut(S) -> T) -> Job<T> {
        Job {
            actions: self.actions.into_iter().map(|action| action.map(&mut *make)).collect(),
            fallbacks: self.fallbacks.into_iter().map(|(place, action)| (place, action.map(&mut *make))).collect(),
            id: self.id,
            name: self.name,
            description: self.description,
            schedule: self.schedule,
            start_at: self.start_at,
            end_at: self.end_at,
            max_runs: self.max_runs,
            jitter_seconds: self.jitter_seconds,
            data: self.data,
            when: self.when,
            catch_up: self.catch_up,
            overlap: self.overlap,
            auto_remove: self.auto_remove,
            enabled: self.enabled,
            origin: self.origin,
            created_at: self.created_at,
            updated_at: self.updated_at,
            scheduled_at: self.scheduled_at,
            version: self.version,
        }
    }
}

impl Job {
    /// What templates and conditions know of it.
    pub fn facts(&self) -> HookFacts<'_> {
        HookFacts { id: self.id.as_str(), name: &self.name, path: "", sender: SENDER }
    }

    /// The secrets that it needs.
    pub fn all_secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.all_actions().flat_map(Action::secrets).map(|(_, secret)| secret)
    }
}

#[cfg(test)]
mod tests;
