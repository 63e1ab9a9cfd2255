//! Which of the work that waits for a destination goes out together.

use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Fallback, Work};

use super::outcome;
use crate::ports::Written;

/// Work that goes out together, and its tasks.
pub struct Batch<'w> {
    /// The tasks that are still to be done, and are due.
    pub tasks: Vec<Task>,
    /// Their work, in the same order.
    pub works: Vec<&'w Work>,
    /// For each of them, whether nothing was written down of it before.
    pub(super) unwritten: Vec<bool>,
    /// In how many steps the effect is made; work of several goes out alone, step by step.
    pub steps: usize,
    /// When the first open task is due, where it has to wait.
    pub(super) due_at: Option<Timestamp>,
    places: Vec<usize>,
    looked_at: usize,
}

impl<'w> Batch<'w> {
    /// The messages among these that go out now, with their tasks as they were written down.
    ///
    /// What is settled is passed over. A message that has to wait ends the batch: those behind it wait as well.
    pub(super) fn new(works: &'w [Work], written: Vec<Written>, now: Timestamp) -> Self {
        let steps = works.first().map_or(1, |work| work.payload.steps());
        let mut batch = Self {
            tasks: Vec::new(),
            works: Vec::new(),
            unwritten: Vec::new(),
            steps,
            due_at: None,
            places: Vec::new(),
            looked_at: works.len(),
        };
        for (place, (work, written)) in works.iter().zip(written).enumerate() {
            let unwritten = written == Written::Nothing;
            let Some(task) = newest(work, written).filter(|task| batch.tasks.iter().all(|other| other.id != task.id))
            else {
                continue;
            };
            if let Some(due_at) = task.waits_until(now) {
                batch.due_at = batch.tasks.is_empty().then_some(due_at);
                batch.looked_at = place;
                break;
            }
            batch.tasks.push(task);
            batch.works.push(work);
            batch.unwritten.push(unwritten);
            batch.places.push(place);
        }
        batch
    }

    /// Where the work goes, as people name it.
    pub fn destination(&self) -> &'w str {
        self.works.first().map_or("", |work| work.task.destination.as_str())
    }

    /// The tasks as they stand now, each with what takes its place where it is dead.
    pub(super) fn fallbacks(&self) -> impl Iterator<Item = (&Task, Option<&Fallback>)> {
        self.tasks.iter().zip(self.works.iter().map(|work| work.fallback.as_ref()))
    }

    /// Leaves all but the first tasks for later.
    pub(super) fn truncate(&mut self, count: usize) {
        if let Some(place) = self.places.get(count) {
            self.looked_at = *place;
        }
        self.tasks.truncate(count);
        self.works.truncate(count);
        self.unwritten.truncate(count);
        self.places.truncate(count);
    }

    /// Logs and counts where the tasks stand.
    pub(super) fn tell(&self) {
        self.tasks.iter().zip(&self.works).for_each(|(task, work)| outcome::tell(task, work.trace.as_deref()));
    }

    /// How many of the first messages are settled, as the tasks stand now.
    pub(super) fn settled(&self) -> usize {
        let open = self.tasks.iter().position(|task| !task.status.is_final());
        open.and_then(|open| self.places.get(open)).copied().unwrap_or(self.looked_at)
    }
}

/// A message's task as it stands; `None` where nothing is left to do, where it is done again by a later message, and where
/// its event was deleted.
fn newest(work: &Work, written: Written) -> Option<Task> {
    match written {
        Written::Deleted => {
            log::info!(event:% = work.task.event, task = work.task.id.as_str(); "its event was deleted, so it is not sent");
            None
        }
        Written::Task(task) if task.retries > work.task.retries => None,
        Written::Task(task) if task.retries == work.task.retries => (!task.status.is_final()).then_some(*task),
        Written::Task(_) | Written::Nothing => Some(work.task.clone()),
    }
}
