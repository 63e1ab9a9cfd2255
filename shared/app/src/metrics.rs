//! What Bellhop counts, under the same names in both deployments: Prometheus reads them from one process, CloudWatch from
//! the functions.
//!
//! Counting is an atomic addition: nothing is looked up, made into text or locked where requests are taken in.

mod cause;
mod exposition;
mod registry;

use std::slice;

use bellhop_core::action::Kind;
use bellhop_core::task::{Task, TaskStatus};

pub use cause::Cause;
pub use exposition::exposition;
pub use registry::{Counter, Histogram};

use crate::answer::Refused;

/// What this process has counted.
pub static METRICS: Metrics = Metrics::new();

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// Requests written down and answered 200.
    pub accepted: Counter,
    /// Events dropped as another copy of a delivery.
    pub duplicates: Counter,
    /// Attempts that failed and will be followed by another.
    pub retried: Counter,
    /// Tasks that failed for good.
    pub dead: Counter,
    /// Entries that were logged as errors.
    pub errors: Counter,
    /// Spans that no collector has taken.
    pub spans_dropped: Counter,
    /// From acceptance to effect.
    pub delivery: Histogram,
    refused: [Counter; Cause::ALL.len()],
    delivered: [Counter; KINDS.len()],
}

/// One thing that is counted, under one name.
#[derive(Debug, Clone, Copy)]
pub struct Family<'a> {
    /// Its name, without what a system of metrics puts before or behind it.
    pub name: &'static str,
    /// What it counts.
    pub help: &'static str,
    /// What its counters are told apart by; empty where there is one.
    pub label: &'static str,
    /// The label's values.
    pub values: &'static [&'static str],
    /// A counter for each value.
    pub counters: &'a [Counter],
}

/// The words of the kinds that have workers, in their order.
const KINDS: [&str; Kind::WITH_WORKERS.len()] = {
    let mut words = [""; Kind::WITH_WORKERS.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = Kind::WITH_WORKERS[at].as_str();
        at += 1;
    }
    words
};

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// The name of the histogram of seconds from acceptance to effect.
    pub const DELIVERY: &'static str = "delivery_seconds";

    /// Nothing counted yet.
    pub const fn new() -> Self {
        Self {
            accepted: Counter::new(),
            duplicates: Counter::new(),
            retried: Counter::new(),
            dead: Counter::new(),
            errors: Counter::new(),
            spans_dropped: Counter::new(),
            delivery: Histogram::new(),
            refused: [const { Counter::new() }; Cause::ALL.len()],
            delivered: [const { Counter::new() }; KINDS.len()],
        }
    }

    /// Counts a refused request.
    pub fn refused(&self, refused: &Refused) {
        self.refused[refused.cause as usize].add(1);
    }

    /// Counts what an attempt made of a task that ended at `task.due_at`, where it succeeded.
    ///
    /// What people have asked for again has waited for them, so it does not count as slow.
    pub fn attempted(&self, task: &Task) {
        match task.status {
            TaskStatus::Succeeded => {
                if let Some(place) = Kind::WITH_WORKERS.iter().position(|kind| *kind == task.kind) {
                    self.delivered[place].add(1);
                }
                if task.retries == 0 && task.replay.is_none() {
                    self.delivery.observe(task.due_at.ms_since(task.event.accepted_at()));
                }
            }
            TaskStatus::Retrying => self.retried.add(1),
            TaskStatus::Dead => self.dead.add(1),
            TaskStatus::Queued | TaskStatus::Running | TaskStatus::Skipped => {}
        }
    }

    /// All counters, by name.
    pub fn families(&self) -> [Family<'_>; 8] {
        let one =
            |name, counter, help| Family { name, help, label: "", values: &[""], counters: slice::from_ref(counter) };
        [
            one("accepted", &self.accepted, "Requests written down and answered 200."),
            Family {
                name: "refused",
                help: "Requests that were not accepted.",
                label: "cause",
                values: &Cause::WORDS,
                counters: &self.refused,
            },
            one("duplicates", &self.duplicates, "Events dropped as another copy of a delivery."),
            Family {
                name: "delivered",
                help: "Tasks whose effect happened.",
                label: "kind",
                values: &KINDS,
                counters: &self.delivered,
            },
            one("retried", &self.retried, "Attempts that failed and will be followed by another."),
            one("dead", &self.dead, "Tasks that failed for good."),
            one("errors", &self.errors, "Entries logged as errors."),
            one("spans_dropped", &self.spans_dropped, "Spans that no collector has taken."),
        ]
    }
}

#[cfg(test)]
mod tests;
