//! Which of a chat's waiting messages go out as one.

use std::borrow::Cow;

use bellhop_core::task::Task;
use bellhop_core::telegram::digest;
use bellhop_core::time::Timestamp;
use bellhop_core::work::TelegramV1;

use super::outcome;
use crate::ports::Written;

/// Messages that are sent as one, and their tasks.
pub(super) struct Batch<'w> {
    /// The tasks that are still to be done, and are due.
    pub(super) tasks: Vec<Task>,
    /// How many parts the message has; a message of several goes out alone, part by part.
    pub(super) parts: usize,
    /// When the first open task is due, where it has to wait.
    pub(super) due_at: Option<Timestamp>,
    texts: Vec<&'w str>,
    /// The trace contexts that the tasks' work carries.
    traces: Vec<Option<&'w str>>,
    places: Vec<usize>,
    looked_at: usize,
}

/// The first message, and as many after it as one message has room for.
pub(super) fn fitting(works: &[TelegramV1]) -> &[TelegramV1] {
    let together = works.iter().take_while(|work| work.parts.len() == 1).count();
    if together == 0 {
        return &works[..works.len().min(1)];
    }
    let texts: Vec<_> = works[..together].iter().filter_map(|work| work.parts.first()).map(String::as_str).collect();
    &works[..digest(&texts).0]
}

impl<'w> Batch<'w> {
    /// The messages among these that go out now, with their tasks as they were written down.
    ///
    /// What is settled is passed over. A message that has to wait ends the batch: those behind it wait as well.
    pub(super) fn new(works: &'w [TelegramV1], written: Vec<Written>, now: Timestamp) -> Self {
        let parts = works.first().map_or(1, |work| work.parts.len());
        let (tasks, texts, traces, places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut batch = Self { tasks, parts, due_at: None, texts, traces, places, looked_at: works.len() };
        for (place, (work, written)) in works.iter().zip(written).enumerate() {
            let Some(task) = newest(work, written).filter(|task| batch.tasks.iter().all(|other| other.id != task.id))
            else {
                continue;
            };
            if let Some(due_at) = task.waits_until(now) {
                batch.due_at = batch.tasks.is_empty().then_some(due_at);
                batch.looked_at = place;
                break;
            }
            let part = if parts > 1 { task.parts_done } else { 0 };
            batch.texts.push(work.parts.get(part).map_or("", String::as_str));
            batch.tasks.push(task);
            batch.traces.push(work.trace.as_deref());
            batch.places.push(place);
        }
        batch
    }

    /// Leaves all but the first tasks for later.
    pub(super) fn truncate(&mut self, count: usize) {
        if let Some(place) = self.places.get(count) {
            self.looked_at = *place;
        }
        self.tasks.truncate(count);
        self.texts.truncate(count);
    }

    /// Logs and counts where the tasks stand.
    pub(super) fn tell(&self) {
        self.tasks.iter().zip(&self.traces).for_each(|(task, trace)| outcome::tell(task, *trace));
    }

    /// The message.
    pub(super) fn text(&self) -> Cow<'w, str> {
        match self.texts.first() {
            Some(text) if self.parts > 1 => Cow::Borrowed(text),
            _ => Cow::Owned(digest(&self.texts).1),
        }
    }

    /// How many of the first messages are settled, as the tasks stand now.
    pub(super) fn settled(&self) -> usize {
        let open = self.tasks.iter().position(|task| !task.status.is_final());
        open.and_then(|open| self.places.get(open)).copied().unwrap_or(self.looked_at)
    }
}

/// A message's task as it stands; `None` where nothing is left to do, where it is done again by a later message, and where
/// its event was deleted.
fn newest(work: &TelegramV1, written: Written) -> Option<Task> {
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
