//! What is remembered of destinations: their pace, how they failed of late, and where they have moved to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bellhop_core::action::Kind;
use bellhop_core::breaker::{Breaker, Change};
use bellhop_core::id::TaskId;
use bellhop_core::pace::Pace;
use bellhop_core::task::Attempt;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use futures_util::future::join;
use serde::{Deserialize, Serialize};

use super::worker::{Attempted, Failure, Worker};
use super::{Batch, Engine};
use crate::ports::{Collection, Documents, NewDocument, NewTurn, PortError, PortResult};

/// How long a destination that nothing is sent to is remembered: it may have moved, and would be looked for in vain.
const REMEMBERED_MS: u64 = 400 * 24 * 60 * 60 * 1000;

/// How long one is remembered of which there is no more to know than its pace: longer than any wait that it may ask for.
const RECENT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// How old what a process remembers may be: others may have found out more.
const FRESH_MS: u64 = 60_000;

/// How many destinations a process remembers; beyond that, it begins again.
const MOST: usize = 10_000;

/// What is remembered of a destination.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Destination {
    /// The pace kept with it.
    pub(super) pace: Pace,
    /// How it has failed of late.
    #[serde(default)]
    pub(super) breaker: Breaker,
    /// Where it has moved to, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) moved_to: Option<String>,
    /// Until when it is remembered at least, because there was more to know than its pace; what is known later must not be
    /// forgotten before what was known earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remembered_until: Option<Timestamp>,
    /// Where the store has it.
    #[serde(skip)]
    pub(super) place: String,
    /// Which of the tasks in hand have succeeded there before.
    #[serde(skip)]
    pub(super) succeeded: Vec<(TaskId, Attempt)>,
}

/// What this process remembers of destinations, by name, and when it was read.
#[derive(Debug, Default)]
pub(super) struct Destinations(Mutex<HashMap<String, (Timestamp, Destination)>>);

/// What an attempt changed for its destination.
pub(super) struct Changed {
    pub(super) change: Change,
    pub(super) was_disabled: bool,
    /// The destination as it is now.
    pub(super) entry: Destination,
    /// Whether that is to be written down.
    pub(super) is_news: bool,
}

impl Destination {
    /// A destination of which nothing is known but its pace.
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            breaker: Breaker::default(),
            moved_to: None,
            remembered_until: None,
            place: String::new(),
            succeeded: Vec::new(),
        }
    }

    /// When it may be called: `now` or later.
    pub(super) fn next(&self, now: Timestamp) -> Timestamp {
        self.pace.next(now).max(self.breaker.next(now))
    }

    /// Until when it is remembered, where a turn has just ended.
    pub(super) fn expires(&mut self, now: Timestamp) -> Timestamp {
        if self.moved_to.is_some() || self.breaker.failing_since().is_some() {
            self.remembered_until = Some(now.plus_ms(REMEMBERED_MS));
        }
        self.remembered_until.unwrap_or_default().max(now.plus_ms(RECENT_MS))
    }

    /// Takes an attempt's result in; gives what that changed.
    fn take(&mut self, attempted: &Attempted) -> Change {
        let at = attempted.ended_at;
        self.pace.sent(at);
        if let Some(until) = attempted.blocked_until {
            self.pace.block(until);
        }
        if let Some(moved_to) = &attempted.moved_to {
            self.moved_to = Some(moved_to.clone());
        }
        match &attempted.result {
            Ok(()) => self.breaker.note(true, at),
            Err(Failure::Gone(_)) => self.breaker.disable(at),
            Err(failure) => failure.speaks_against().map_or(Change::None, |_| self.breaker.note(false, at)),
        }
    }
}

impl Destinations {
    /// What is remembered; nothing panics while it is held.
    fn all(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, Destination)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Worker> Engine<W> {
    /// What is known of a destination, and of this work for it; a fresh entry where nothing is.
    pub(super) async fn destination(&self, kind: Kind, name: &str, works: &[Work]) -> PortResult<Destination> {
        if kind.shares_pace() {
            let tasks: Vec<_> = works.iter().map(|work| work.task.id.clone()).collect();
            let known = self.tasks.destination(&key(kind, name), &tasks).await?;
            let entry = known.text.as_deref().map(from_text).transpose()?;
            let entry = entry.unwrap_or_else(|| Destination::new(Pace::new(kind.scope(name))));
            return Ok(Destination { place: known.place, succeeded: known.succeeded, ..entry });
        }
        let now = self.clock.now();
        let kept = self
            .remembered
            .all()
            .get(&key(kind, name))
            .filter(|(read_at, _)| now.ms_since(*read_at) < FRESH_MS)
            .cloned();
        if let Some((_, entry)) = kept {
            return Ok(entry);
        }
        let read = read(&*self.documents, &key(kind, name)).await?;
        let read = read.unwrap_or_else(|| Destination::new(Pace::new(kind.scope(name))));
        let mut all = self.remembered.all();
        if all.len() >= MOST {
            all.clear();
        }
        // What this process saw of its failures stays, unless somebody else has found it shut.
        let (read_at, entry) = all.entry(key(kind, name)).or_insert_with(|| (now, read.clone()));
        *read_at = now;
        if read.breaker.is_disabled() != entry.breaker.is_disabled() || read.breaker.next(now) > entry.breaker.next(now)
        {
            *entry = read;
        }
        Ok(entry.clone())
    }

    /// Takes in what an attempt says of its destination, which was this before.
    pub(super) fn take(&self, kind: Kind, name: &str, entry: Destination, attempted: &Attempted) -> Changed {
        let was_disabled = entry.breaker.is_disabled();
        if kind.shares_pace() {
            // Nobody else had the destination meanwhile.
            let mut entry = entry;
            return Changed { change: entry.take(attempted), was_disabled, entry, is_news: true };
        }
        let mut all = self.remembered.all();
        let (_, entry) = all.entry(key(kind, name)).or_insert((attempted.ended_at, entry));
        let began = entry.breaker.failing_since().is_some();
        let change = entry.take(attempted);
        let is_news = change != Change::None || began != entry.breaker.failing_since().is_some();
        Changed { change, was_disabled, entry: entry.clone(), is_news }
    }

    /// Whether the trouble of a destination is to be told of: the first since its last success, and its end.
    pub(super) fn is_to_be_told(&self, kind: Kind, name: &str, changed: &mut Changed) -> bool {
        let ends = changed.change == Change::Disabled;
        if changed.was_disabled {
            return ends;
        }
        let first = match self.remembered.all().get_mut(&key(kind, name)).filter(|_| !kind.shares_pace()) {
            Some((_, entry)) => entry.breaker.tell(),
            None => changed.entry.breaker.tell(),
        };
        changed.is_news |= first;
        first || ends
    }

    /// Writes down what came of a turn: its tasks, and what is known of their destination since.
    pub(super) async fn write_down(
        &self,
        kind: Kind,
        name: &str,
        batch: &Batch<'_>,
        changed: &mut Changed,
        now: Timestamp,
    ) -> PortResult<()> {
        let (key, entry) = (key(kind, name), &mut changed.entry);
        if kind.shares_pace() {
            let expires = Some(entry.expires(now));
            let text = to_text(entry)?;
            let destination = NewDocument { collection: Collection::Destination, key: &key, text: &text, expires };
            let (tasks, unwritten) = (&batch.tasks, &batch.unwritten);
            return self.tasks.end_turn(&NewTurn { destination, place: &entry.place, tasks, unwritten }).await;
        }
        let remembered = async {
            match changed.is_news {
                true => write(&*self.documents, &key, entry, now).await,
                false => Ok(()),
            }
        };
        // Neither waits for the other, and neither is left undone because the other fails.
        let (saved, remembered) = join(self.tasks.save(&batch.tasks), remembered).await;
        saved.and(remembered)
    }
}

/// What is written down under a key.
pub(super) async fn read(documents: &dyn Documents, key: &str) -> PortResult<Option<Destination>> {
    let document = documents.document(Collection::Destination, key).await?;
    document.map(|document| from_text(&document.text)).transpose()
}

/// Writes down what is known of a destination.
pub(super) async fn write(documents: &dyn Documents, key: &str, entry: &Destination, now: Timestamp) -> PortResult<()> {
    let text = to_text(entry)?;
    let expires = Some(now.plus_ms(REMEMBERED_MS));
    documents.write(&NewDocument { collection: Collection::Destination, key, text: &text, expires }).await
}

/// A destination from its document.
fn from_text(text: &str) -> PortResult<Destination> {
    serde_json::from_str(text).map_err(|e| PortError::unreadable("a destination's document", &e))
}

/// A destination's document.
fn to_text(entry: &Destination) -> PortResult<String> {
    serde_json::to_string(entry).map_err(|e| PortError::new("a destination's document cannot be written", e))
}

/// A destination's key among those of all kinds.
pub(super) fn key(kind: Kind, name: &str) -> String {
    format!("{kind}:{name}")
}
